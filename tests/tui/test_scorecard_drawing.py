"""What the scorecard draws and says, from values made for the purpose."""

import pytest

from migrator_tui.history.records import DriftMark
from migrator_tui.parity.agreement import Agreement, agreement
from migrator_tui.parity.evidence import CaseEvidence, Evidence, Side
from migrator_tui.parity.outcomes import Outcome, Source
from migrator_tui.parity.scorecard import Figure, Scorecard, scorecard
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.project.schema import GateRules
from migrator_tui.tui.cards import Counted
from migrator_tui.tui.glyphs import ASCII, UNICODE
from migrator_tui.tui.scorecard.banner import banner
from migrator_tui.tui.scorecard.candidates_part import candidates_part
from migrator_tui.tui.scorecard.drift_part import bar, drift_part
from migrator_tui.tui.scorecard.evidence_part import evidence_part
from migrator_tui.tui.scorecard.figures_part import figures_part, spread
from migrator_tui.tui.scorecard.gate_part import gate_part
from migrator_tui.tui.scorecard.links import filter_of, tag_filter
from migrator_tui.tui.scorecard.rates_part import rates_part
from migrator_tui.tui.scorecard.reporting import usual_name
from migrator_tui.tui.scorecard.slices_part import slices_part
from migrator_tui.tui.scorecard.words import (
    change_role,
    change_words,
    figure_value,
    p_words,
    rests_on,
    tab_note,
)
from migrator_tui.tui.widgets.parts import Filled


def side(
    outcome: Outcome, *, runs: tuple[int, int] = (1, 1), ms: float = 500.0, source: Source = Source.CHECKS
) -> Side:
    return Side(
        outcome, source, runs, runs[1], words=20, cost=0.001, latency_ms=ms, output_tokens=40, total_cost=0.001
    )


def card_of(
    *kinds: tuple[Outcome, Outcome, int],
    rules: GateRules | None = None,
    runs: tuple[int, int] = (1, 1),
    agreements: tuple[Agreement, ...] = (),
    tags: tuple[str, ...] = ("refund",),
) -> Scorecard:
    """A scorecard over so many cases of each kind (old, new, how many)."""
    cases = [
        CaseEvidence(
            f"c{len(kinds)}-{kind}-{n}",
            tags,
            critical=False,
            baseline=side(old),
            candidate=side(new, runs=runs),
            drift=(DriftMark("fences", baseline=False, candidate=True),) if n % 3 else (),
        )
        for kind, (old, new, number) in enumerate(kinds)
        for n in range(number)
    ]
    evidence = Evidence("triage", "newer", "openai/old-1", "openai/new-2", None, None, cases)
    return scorecard(evidence, rules or GateRules(), agreements)


def text(filled: Filled, width: int) -> str:
    """A part's lines at a width; none may be longer."""
    heads = [filled.heads(width)] if filled.heads is not None else []
    lines = [*heads, *(row.draw(width, False) for row in filled.rows)]
    for line in lines:
        assert line.cell_length <= width or not line.plain[width:].strip(), (width, line.plain)
    return "\n".join(line.plain for line in lines)


PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.UNJUDGED


def test_the_bar_keeps_both_kinds_in_sight() -> None:
    assert bar(61, 19, 61, 46, UNICODE).plain == "━" * 14 + "┄" * 32
    assert bar(1000, 1, 1000, 20, UNICODE).plain == "━" + "┄" * 19, "one of a thousand is not none"
    assert bar(1000, 999, 1000, 20, UNICODE).plain == "━" * 19 + "┄"
    assert bar(1, 1, 1000, 20, UNICODE).plain == "━"
    assert bar(3, 0, 3, 10, ASCII).plain == "-" * 10


def test_the_spread_shows_the_middle_half_and_the_baseline() -> None:
    figure = Figure("cost", 100.0, 50.0, None, 9, (0, 90, 95, 100, 100, 100, 100), (0, 20, 40, 50, 60, 80, 100))
    assert spread(figure, 11, UNICODE).plain == "  ──━●━── ┊"
    assert spread(Figure("cost", None, None, None, 0), 11, UNICODE).plain == " " * 11


@pytest.mark.parametrize(
    ("share", "words"),
    [(-0.12, "12 % less"), (0.31, "31 % slower"), (1.3, "×2.3 slower"), (0.004, "the same"), (None, "–")],
)
def test_differences_are_words(share: float | None, words: str) -> None:
    assert change_words(share, "less", "slower") == words


def test_colours_follow_from_the_interval() -> None:
    def role(low: float, estimate: float, high: float) -> str:
        return change_role(Figure("cost", 1.0, 1.0, Interval(estimate, low, high, 0.95), 20))

    assert role(-0.2, -0.12, -0.05) == "success"
    assert role(0.1, 0.3, 0.5) == "warning"
    assert role(-0.1, 0.3, 0.6) == "muted", "it may be an accident"
    assert role(0.01, 0.02, 0.03) == "muted", "sure, and of no account"


def test_values() -> None:
    assert [figure_value("cost", value) for value in (0.0041, 1.5, None)] == ["$0.0041", "$1.50", "–"]
    assert [figure_value("latency_p50", value) for value in (1210.0, 7.0)] == ["1.21 s", "0.01 s"]
    assert [figure_value("words", value) for value in (1.5, 20.0, 1234.0)] == ["1.5", "20", "1,234"]
    assert [p_words(p) for p in (1.0, 0.0135, 0.00042, 1e-9)] == [
        "p = 1.00",
        "p = 0.013",
        "p = 0.00042",
        "p < 0.0001",
    ]


@pytest.mark.parametrize(
    ("tag", "query"),
    [("refund", "tag:refund"), ("two words", 'tag:"two words"'), ('5"', 'tag:5"'), ('a "b', None), ('"a', None)],
)
def test_tags_as_they_are_typed(tag: str, query: str | None) -> None:
    assert tag_filter(tag) == query


def test_a_judge_leads_to_what_nobody_has_judged() -> None:
    card = card_of((PASS, PASS, 3))
    assert filter_of("evidence", "judge:polite", card) == "-is:judged"
    assert filter_of("evidence", "noise", card) == "is:baseline-flaky"
    assert filter_of("figures", "cost", card) is None and filter_of("gate", "max_cost_increase", card) is None


def test_names_of_reports_suit_any_file_system() -> None:
    assert usual_name("triage", "newer", "markdown") == "triage-newer.md"
    assert usual_name("../a b:c", "x/y", "html") == "a-b-c-x-y.html"


# Whole parts


def test_ready_not_ready_not_enough() -> None:
    ready, worse, few = (
        card_of((PASS, PASS, 400)),
        card_of((PASS, FAIL, 60), (PASS, PASS, 40)),
        card_of((PASS, PASS, 9)),
    )
    notes = [tab_note(Counted(card), UNICODE) for card in (ready, worse, few)]
    assert [note.words for note in notes if note] == ["✓ ready", "✗ not ready", "~ not enough"]
    lines = banner(Counted(few), "ada", "", 118, UNICODE, narrow=False).plain
    assert "~ NOT ENOUGH EVIDENCE" in lines and "more cases like these would settle it" in lines
    lines = banner(Counted(ready), "ada", "", 78, ASCII, narrow=True).plain
    assert "v READY" in lines and lines.isascii() and all(len(line) <= 78 for line in lines.split("\n"))


def test_nothing_judged_on_both_says_so() -> None:
    card = card_of((PASS, OPEN, 5))
    assert "No case is judged on both models yet." in text(rates_part(card, UNICODE, full=False), 76)
    assert "No case is judged on both models yet." in text(slices_part(card, UNICODE, full=False, width=76), 76)


@pytest.mark.parametrize("width", [36, 52, 74, 77, 100, 117, 157])
@pytest.mark.parametrize("full", [False, True])
def test_parts_fit_their_width(width: int, full: bool) -> None:
    card = card_of((PASS, PASS, 9_000), (PASS, FAIL, 700), (FAIL, PASS, 250), (FAIL, FAIL, 50), runs=(2, 3))
    for part in (
        figures_part(card, UNICODE, full=full, width=width),
        slices_part(card, UNICODE, full=full, width=width),
        evidence_part(card, (), "ada", UNICODE, full=full),
        candidates_part([("newer", Counted(card)), ("other", None)], "newer", UNICODE),
        *((rates_part(card, UNICODE, full=full),) if width > 50 else ()),
    ):
        for row in part.rows:
            assert row.draw(width, False).truncate(width).plain, "something is drawn"
        assert all(line for line in text_of_heads(part, width))


def text_of_heads(part: Filled, width: int) -> list[str]:
    """The heads, where there are some."""
    return [part.heads(width).plain] if part.heads is not None else []


def test_rows_can_be_drawn_at_any_width() -> None:
    """A terminal that has just become smaller draws rows that were made for the width before."""
    card = card_of((PASS, PASS, 90), (PASS, FAIL, 10), runs=(2, 3), agreements=(agreement("polite", []),))
    parts = (
        gate_part(card, "migrator.toml", UNICODE, full=True, width=157),
        rates_part(card, UNICODE, full=True),
        figures_part(card, UNICODE, full=True, width=157),
        drift_part(card, UNICODE, full=True),
        slices_part(card, UNICODE, full=True, width=157),
        evidence_part(card, (), "ada", UNICODE, full=True),
        candidates_part([("newer", Counted(card))], "newer", UNICODE),
    )
    for part in parts:
        for width in (0, 1, 2, 5, 17, 40, 63, 200):
            for row in part.rows:
                row.draw(width, True).truncate(width, pad=True)
            if part.heads is not None:
                part.heads(width).truncate(width)


def test_judges_are_judged() -> None:
    proven = agreement("polite", [(True, True)] * 30 + [(False, False)] * 10 + [(True, False)] * 4)
    young = agreement("short", [(True, True)] * 12)
    card = card_of((PASS, PASS, 50), agreements=(proven, young))
    wide, narrow = (evidence_part(card, (), "ada", UNICODE, full=full) for full in (True, False))
    assert f"kappa {proven.kappa:.2f} on 44 outputs" in text(wide, 150)
    assert "judge passes what people fail 4" in text(wide, 150)
    assert "unproven: only 12 outputs judged by people too, 30 are needed" in text(wide, 150)
    assert "unproven: 12 of 30 outputs judged" in text(narrow, 54)


def test_flaky_cases_and_the_noise_floor() -> None:
    cases = [
        CaseEvidence(
            f"c{n}", (), critical=False, baseline=side(old, runs=old_runs), candidate=side(new, runs=new_runs)
        )
        for n, (old, old_runs, new, new_runs) in enumerate(
            [(PASS, (3, 3), PASS, (3, 3))] * 20
            + [(PASS, (3, 3), Outcome.FLAKY, (2, 3))] * 2
            + [(Outcome.FLAKY, (1, 3), PASS, (3, 3))]
        )
    ]
    card = scorecard(Evidence("triage", "newer", "old", "new", None, None, cases), GateRules())
    told = text(evidence_part(card, (), "ada", UNICODE, full=False), 100)
    assert "2 of 23   c20 c21" in told and "1 flaky" in told and "the baseline against itself" in told
    assert "3 runs each" in rests_on(card, "ada")
    assert "per run" in text(rates_part(card, UNICODE, full=True), 117)


def test_who_judged_and_what_was_assumed() -> None:
    cases = [
        CaseEvidence(
            "c1",
            (),
            critical=False,
            baseline=side(Outcome.ASSUMED, source=Source.NOBODY),
            candidate=side(PASS, source=Source.VERDICT),
        ),
        CaseEvidence("c2", (), critical=False, baseline=side(PASS), candidate=side(FAIL, source=Source.VERDICT)),
        CaseEvidence("c3", (), critical=False, baseline=side(PASS), candidate=side(PASS)),
    ]
    evidence = Evidence("triage", "newer", "old", "openai/new-2", None, None, cases, {"v5": 3}, {"ada": 1, "bob": 1})
    words = rests_on(scorecard(evidence, GateRules(confidence=0.9)), "ada")
    assert "1 baseline answer assumed to pass" in words and "90 % confidence" in words
    assert "1 judged by checks, 1 by you, 1 by bob" in words and "v5 since tried on 3 cases" in words


def test_a_tag_that_is_no_accident_is_marked() -> None:
    bad = [
        CaseEvidence(f"b{n}", ("german",), critical=False, baseline=side(PASS), candidate=side(FAIL))
        for n in range(20)
    ]
    good = [
        CaseEvidence(f"g{n}", ("english",), critical=False, baseline=side(PASS), candidate=side(PASS))
        for n in range(20)
    ]
    card = scorecard(Evidence("triage", "newer", "old", "new", None, None, [*bad, *good]), GateRules())
    filled = slices_part(card, UNICODE, full=False, width=120)
    rows = {row.key: row.draw(117, False).plain for row in filled.rows}
    assert "−100.0 !" in rows["german"] and "!" not in rows["english"]
    assert "no accident among 2 tags" in filled.bottom.plain
