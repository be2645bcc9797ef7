"""The scorecard on real histories: the decision, its parts, the way to the cases, a signature, a report."""

from pathlib import Path
from typing import Any

import pytest

from migrator_tui.tui.scorecard.bench import PAGES, PARTS
from migrator_tui.tui.scorecard.reporting import ReportDialog
from migrator_tui.tui.scorecard.screen import ScorecardScreen
from migrator_tui.tui.scorecard.signing import SignDialog
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.widgets.parts import Part
from migrator_tui.tui.widgets.sizes import Size
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.conftest import (
    CASES,
    FENCED,
    MEDIUM,
    NARROW,
    OLD,
    RECORDED,
    WIDE,
    Driver,
    opened,
    record,
    run_all,
    write_project,
)
from tests.tui.test_hostile import BAD, harmless, hostile_project
from tests.tui.test_looking import settings

SIZES = pytest.mark.parametrize("size", [WIDE, MEDIUM, NARROW], ids=["160x45", "120x36", "80x24"])
EXTREMES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x45", "80x24"])
"""Where the words matter and not the layout."""
TWIN = """
[[candidates]]
name = "twin"
model = "recorded:outputs/old.jsonl"
params = { max_tokens = 100 }
"""


def card_screen(driver: Driver) -> ScorecardScreen:
    screen = driver.app.current
    assert isinstance(screen, ScorecardScreen)
    return screen


async def to_scorecard(driver: Driver) -> ScorecardScreen:
    """Press `2` and wait until there is something to see."""
    await driver.press("2")
    await driver.until(lambda: isinstance(driver.app.current, ScorecardScreen))
    await driver.until(lambda: driver.app.cards.holds(card_screen(driver).track))
    await driver.settle_but_for_questions()
    await driver.handled()
    return card_screen(driver)


async def go_to_row(driver: Driver, part: str, key: str) -> None:
    """Put the focus into a part, and the cursor on a row of it."""
    screen = card_screen(driver)
    screen.focus_part(part)
    await driver.handled()
    screen.part(part).rows.go_to(key)
    await driver.handled()
    assert screen.focused_part is not None and screen.focused_part.rows.highlighted == key, screen.part(
        part
    ).rows.keys


# The decision


async def test_the_decision_is_in_sight_from_the_workbench(answered: Path) -> None:
    async with opened(answered) as driver:
        assert "2 Scorecard  ✗ not ready" in driver.lines[1]
        assert driver.app.current.NAME == "workbench"


@EXTREMES
async def test_the_decision_and_why(answered: Path, size: tuple[int, int]) -> None:
    async with opened(answered, size=size) as driver:
        await to_scorecard(driver)
        assert "✗ NOT READY" in driver.text
        assert "1 critical case regressed: c1" in driver.text
        # Five screens leave no room for words in 80 columns: there the sign alone stands.
        assert ("✗ not ready" if size != NARROW else "Scorecard  ✗") in driver.lines[1]


@EXTREMES
async def test_before_a_run_it_says_what_one_takes(shop: Path, size: tuple[int, int]) -> None:
    async with opened(shop, size=size) as driver:
        await to_scorecard(driver)
        await driver.until(lambda: "6 cases wait. One run on both models takes under 1 s." in driver.text)
        assert "○ NOTHING RUN YET" in driver.text and "R run all on both models" in driver.text
        assert ("○ not run" if size != NARROW else "Scorecard  ○") in driver.lines[1]
        assert "After a run stands here" in driver.text and "tab next part" not in driver.lines[-1]
        await driver.press("enter", "tab", "plus", "j", "S", "w")
        assert "nothing to report" in driver.notice
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        await driver.press("enter")
        await driver.until(lambda: "✗ NOT READY" in driver.text)


async def test_a_verdict_changes_the_decision(answered: Path) -> None:
    """`c1` is all that speaks against the candidate: passed by a person, it no longer does."""
    async with opened(answered) as driver:
        await to_scorecard(driver)
        await driver.press("1")
        await driver.go_to("c1")
        await driver.press("p")
        await driver.until(lambda: "~ not enough" in driver.lines[1])
        screen = await to_scorecard(driver)
        assert "~ NOT ENOUGH EVIDENCE" in driver.text and "3 open" in driver.text.replace("the 3", "3")
        assert screen.card is not None and not screen.card.regressions


async def test_all_judged_alike_is_ready_or_says_how_many_more(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        for case_id in ("c1", "c4", "c5", "c6"):
            await driver.go_to(case_id)
            await driver.press("p")
        screen = await to_scorecard(driver)
        assert screen.card is not None and screen.card.open_cases == 0
        assert "more cases like these would settle it" in driver.text
        assert "3 of the baseline" not in driver.text and "3 baseline answers assumed to pass" in driver.text


async def test_a_limit_that_was_changed_outside_counts_at_the_next_look(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await to_scorecard(driver)
        assert "critical regressions   0 " in driver.text
        config = answered / "migrator.toml"
        config.write_text(config.read_text("utf-8") + "\n[gate]\nmax_critical_regressions = 2\n", "utf-8")
        driver.app.workspace.reread()
        driver.app.recount_scorecards()
        await driver.until(lambda: "at most 2" in driver.text)


# Parts


@SIZES
async def test_tab_leads_through_all_parts(answered: Path, size: tuple[int, int]) -> None:
    async with opened(answered, size=size) as driver:
        screen = await to_scorecard(driver)
        start = screen.focused_part
        seen = []
        for _ in PARTS[:-1]:  # one candidate: nothing to compare
            part = screen.focused_part
            assert part is not None and part.display and part.rows.region.height > 0, part
            seen.append(part.part)
            await driver.press("tab")
        assert screen.focused_part is start and set(seen) == set(PARTS) - {"candidates"}
        await driver.press("shift+tab")
        assert screen.focused_part is not None and screen.focused_part.part == seen[-1]


@pytest.mark.parametrize("size", [MEDIUM, NARROW], ids=["120x36", "80x24"])
async def test_pages_where_not_all_has_room(answered: Path, size: tuple[int, int]) -> None:
    async with opened(answered, size=size) as driver:
        screen = await to_scorecard(driver)
        pages = PAGES[Size.MEDIUM if size == MEDIUM else Size.NARROW]
        for title, names in pages:
            assert title in driver.text
            shown = {part.part for part in screen.query(Part) if part.display}
            assert shown == set(names) - {"candidates"}
            await driver.press("right")
        assert screen.page_number == 0
        await driver.press("left")
        assert screen.page_number == len(pages) - 1


@pytest.mark.parametrize("size", [MEDIUM, NARROW], ids=["120x36", "80x24"])
async def test_each_part_on_the_whole_screen_says_more(answered: Path, size: tuple[int, int]) -> None:
    async with opened(answered, size=size) as driver:
        screen = await to_scorecard(driver)
        more = {
            "gate": "critical case regressed: c1",
            "rates": "judged on both",
            "figures": "interval",
            "drift": "exactly one of the two answers",
            "slices": "adjusted",
            "evidence": "Judged by",
        }
        for name, words in more.items():
            screen.focus_part(name)
            await driver.press("plus")
            part = screen.part(name)
            assert part.region.width == size[0] and part.region.height == size[1] - 3, part.region
            assert words in driver.text, driver.text
            assert "NOT READY" not in driver.text
            await driver.press("escape")
            assert "NOT READY" in driver.text and screen.focused_part is part
        await driver.press("escape")
        assert driver.app.current.NAME == "workbench"


async def test_the_layout_follows_the_terminal(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        screen = await to_scorecard(driver)
        await go_to_row(driver, "evidence", "judged")
        for size in ((40, 12), NARROW, (110, 30), MEDIUM, (240, 70), WIDE):
            await driver.pilot.resize_terminal(*size)
            await driver.handled()
            assert screen.focused_part is not None and screen.focused_part.part == "evidence"
            assert screen.part("evidence").display and "48" not in driver.lines[0]


# To the cases


async def test_enter_leads_to_the_cases_behind_a_row(answered: Path) -> None:
    rows = [
        ("gate", "margin", "is:regression", ["c1"]),
        ("gate", "max_critical_regressions", "is:critical is:regression", ["c1"]),
        ("gate", "everything-judged", "is:open", ["c4", "c5", "c6"]),
        ("rates", "baseline", "is:baseline-failed", ["c3"]),
        ("rates", "candidate", "is:failed", ["c1"]),
        ("rates", "difference", "is:regression", ["c1"]),
        ("drift", "fences", "drift:fences", ["c1", "c3"]),
        ("slices", "all cases", "is:regression", ["c1"]),
        ("evidence", "open", "is:open", ["c4", "c5", "c6"]),
        ("evidence", "assumed", "is:assumed", ["c4", "c5", "c6"]),
        ("figures", "errors", "is:error", []),
    ]
    async with opened(answered, size=WIDE) as driver:
        await to_scorecard(driver)
        for part, key, query, cases in rows:
            await go_to_row(driver, part, key)
            await driver.press("enter")
            await driver.until(lambda: driver.app.current.NAME == "workbench")
            await driver.until(lambda query=query: driver.bench.query_text == query)  # type: ignore[misc]
            assert sorted(driver.ids) == cases, (part, key)
            if cases:
                assert driver.case == driver.ids[0]
            await driver.press("2")
            await driver.until(lambda: driver.app.current.NAME == "scorecard")
            focused = card_screen(driver).focused_part
            assert focused is not None and (focused.part, focused.rows.highlighted) == (part, key), "where one was"
        await go_to_row(driver, "figures", "cost")
        await driver.press("enter")
        await driver.until(lambda: "none to single out" in driver.notice)
        assert driver.app.current.NAME == "scorecard"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x45", "80x24"])
async def test_slices_by_tag(tmp_path: Path, size: tuple[int, int]) -> None:
    """Twelve cases with two tags, one of which fails throughout."""
    checks = [{"type": "no-code-fence"}]
    cases: list[dict[str, Any]] = [
        {"id": f"c{n:02}", "tags": ["two words" if n < 6 else "parcel", "all"], "checks": checks} for n in range(12)
    ]
    old = {case["id"]: f"answer {n}" for n, case in enumerate(cases)}
    new = {case_id: f"```\n{text}\n```" if case_id < "c06" else text for case_id, text in old.items()}
    folder = write_project(tmp_path / "shop", cases=cases, old=old, new=new)
    await run_all(folder)
    async with opened(folder, size=size) as driver:
        screen = await to_scorecard(driver)
        await go_to_row(driver, "slices", "two words")
        assert screen.part("slices").rows.keys == ["all cases", "two words", "all", "parcel"]
        row = next(line for line in driver.lines if "two words" in line)
        assert "100%" in row and "0%" in row and "−100.0" in row and "●──" in row
        await driver.press("enter")
        await driver.until(lambda: driver.app.current.NAME == "workbench")
        assert driver.bench.query_text == 'tag:"two words"' and driver.ids == [f"c{n:02}" for n in range(6)]


async def test_blind_judging_keeps_its_cases(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.press("b")
        await to_scorecard(driver)
        await go_to_row(driver, "drift", "fences")
        await driver.press("enter")
        await driver.until(lambda: "blind judging" in driver.notice)
        assert driver.app.current.NAME == "scorecard" and driver.bench.blind is not None


# Several candidates


@pytest.fixture
async def twins(tmp_path: Path) -> Path:
    """`newer` breaks c1; `twin` answers as the baseline does."""
    folder = write_project(tmp_path / "shop", config=RECORDED + TWIN)
    await run_all(folder)
    return folder


@SIZES
async def test_candidates_beside_each_other(twins: Path, size: tuple[int, int]) -> None:
    async with opened(twins, size=size) as driver:
        screen = await to_scorecard(driver)
        screen.focus_part("candidates")
        await driver.until(lambda: driver.app.cards.holds(("triage", "twin")))
        await driver.handled()
        newer, twin = (
            next(line for line in driver.lines if f" {name} " in line and "not" in line) for name in ("newer", "twin")
        )
        assert "✗ not ready" in newer and "~ not enough" in twin
        await driver.press("j", "enter")
        await driver.until(lambda: driver.app.workspace.candidate.name == "twin")
        await driver.until(lambda: "~ NOT ENOUGH EVIDENCE" in driver.text)
        await driver.press("left_square_bracket")
        await driver.until(lambda: "✗ NOT READY" in driver.text)


# Signing


async def test_signing_what_the_gate_says(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await to_scorecard(driver)
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        assert "overrides the gate" not in driver.text and "1 critical case regressed: c1" in driver.text
        await driver.type("fences")
        await driver.press("enter")
        await driver.until(lambda: "signed: no-go for newer v1" in driver.notice)
        (decision,) = driver.history.decisions("triage", "newer")
        assert (decision.go, decision.gate, decision.override, decision.reason) == (
            False,
            "not-ready",
            False,
            "fences",
        )
        assert decision.author == driver.app.workspace.author
        assert decision.figures["cases"] == 6 and decision.figures["paired"]["regressions"] == 1
        await driver.until(lambda: "✗ no-go" in driver.text)
        assert f"signed: no-go · {decision.author[:20]}" in " ".join(driver.text.split())
        await go_to_row(driver, "evidence", f"signed:{decision.id}")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "fences" in driver.text and "what it rested on" in driver.text


async def test_an_override_is_said_aloud_and_needs_a_reason(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        await to_scorecard(driver)
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        await driver.press("tab")
        assert "This overrides the gate" in driver.text and "enter sign as an override" in driver.text
        await driver.press("enter")
        assert isinstance(driver.app.screen, SignDialog) and "an override needs a reason" in driver.text
        assert not driver.history.decisions()
        await driver.type("it is only the fences")
        assert "needs a reason" not in driver.text
        await driver.press("enter")
        await driver.until(lambda: "as an override of the gate" in driver.notice)
        assert [(d.go, d.override) for d in driver.history.decisions()] == [(True, True)]


@EXTREMES
async def test_every_signature_needs_a_reason_and_says_whose_it_is(
    answered: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be taken back is not written by two keys in a row."""
    monkeypatch.delenv("MIGRATOR_USER", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(answered / "none"))
    monkeypatch.setenv("LOGNAME", "lou")
    async with opened(answered, size=size) as driver:
        await to_scorecard(driver)
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        said = " ".join(driver.text.split())
        assert "Reason (needed)" in said and "signed by lou, your login; MIGRATOR_USER or git's" in said
        for keys in (("enter",), ("space", "enter")):
            await driver.press(*keys)
            assert isinstance(driver.app.screen, SignDialog) and "a signature needs a reason" in driver.text
        await driver.type("x")
        assert "needs a reason" not in driver.text
        await driver.press("escape")
        await driver.settle()
        assert not driver.history.decisions()


async def test_a_name_that_was_given_is_not_explained(answered: Path) -> None:
    async with opened(answered) as driver:
        await to_scorecard(driver)
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        assert "signed by tester" in driver.text and "MIGRATOR_USER" not in driver.text


async def test_what_decided_about_the_baseline_is_told_too(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await to_scorecard(driver)
        rows = [" ".join(line.split("│")[-2].split()) for line in driver.lines if "│" in line]
        at = rows.index("candidate 3 judged by checks")
        assert rows[at + 1 : at + 3] == ["baseline 3 judged by checks", "3 assumed to pass: not judged"]


async def test_esc_signs_nothing(answered: Path) -> None:
    async with opened(answered) as driver:
        await to_scorecard(driver)
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        await driver.type("no")
        await driver.press("escape")
        await driver.settle()
        assert not driver.history.decisions()


# Reporting


@pytest.mark.parametrize(
    ("turns", "file", "begins"), [(0, "triage-newer.html", "<!doctype html>"), (1, "triage-newer.md", "")]
)
async def test_a_report_is_written(answered: Path, turns: int, file: str, begins: str) -> None:
    async with opened(answered) as driver:
        await to_scorecard(driver)
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, ReportDialog))
        for _ in range(turns):
            await driver.press("tab")
        assert file in driver.text
        await driver.press("enter")
        await driver.until(lambda: f"{file}" in driver.notice and "the report is in" in driver.notice)
        text = (answered / file).read_text("utf-8")
        assert text.lower().startswith(begins) and "not ready" in text.lower() and "c1" in text


async def test_where_a_report_goes(answered: Path) -> None:
    async with opened(answered) as driver:
        await to_scorecard(driver)
        for folder in ("there/", "migrator.toml/"):
            await driver.press("w")
            await driver.until(lambda: isinstance(driver.app.screen, ReportDialog))
            await driver.press("home")
            await driver.type(folder)
            assert "will be made" in driver.text
            await driver.press("enter")
            await driver.settle()
        assert "can't be written" in driver.notice, "a file is no folder"
        assert (answered / "there" / "triage-newer.html").exists()
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, ReportDialog))
        await driver.press("home")
        await driver.type("there/")
        assert "will be replaced" in driver.text


# Looks


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x45", "80x24"])
async def test_ascii_signs_only(twins: Path, size: tuple[int, int]) -> None:
    settings("ascii_glyphs = true\n")
    async with opened(twins, size=size) as driver:
        screen = await to_scorecard(driver)
        for name in screen.parts_here:
            screen.focus_part(name)
            for keys in ((), ("plus",), ("escape",)):
                await driver.press(*keys)
                inside = "".join(
                    segment.text
                    for strip in screen.part(name).rows.render_lines(screen.part(name).rows.region.reset_offset)
                    for segment in strip
                )
                strange = {c for c in inside if not c.isascii()} - {
                    "─",
                    "…",
                }  # heads and cuts are drawn everywhere so
                assert not strange, (name, strange)


async def test_without_colour_every_state_has_a_sign(answered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(answered, size=WIDE) as driver:
        await to_scorecard(driver)
        assert "✗ NOT READY" in driver.text and "┏" in driver.text, "the part with the focus has a heavy border"
        rules = [line for line in driver.lines if "critical regressions" in line or "everything judged" in line]
        assert "✗" in rules[0] and "○" in rules[1]
        assert "▸" in driver.text


@pytest.mark.parametrize("size", [WIDE], ids=["160x45"])
async def test_hostile_text_is_shown_and_not_obeyed(tmp_path: Path, size: tuple[int, int]) -> None:
    folder = hostile_project(tmp_path / "bad")
    await run_all(folder)
    async with opened(folder, size=size) as driver:
        screen = await to_scorecard(driver)
        harmless(driver)
        for name in screen.parts_here:
            screen.focus_part(name)
            await driver.handled()
            harmless(driver)
            await driver.press("plus")
            harmless(driver)
            await driver.press("plus")
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        await driver.type("[/b] [red]")
        harmless(driver)
        await driver.press("enter")
        await driver.until(lambda: "signed" in driver.notice)
        assert BAD


async def test_the_old_card_stays_until_there_is_a_new_one(answered: Path) -> None:
    """While a newer one is counted, the one before is still in sight, and cannot be signed."""
    async with opened(answered, size=WIDE) as driver:
        screen = await to_scorecard(driver)
        driver.app.cards.forget()
        screen.paint()
        await driver.press("S")
        await driver.until(lambda: "still counting" in driver.notice)
        assert "✗ NOT READY" in driver.text
        driver.app.count_scorecards()
        await driver.until(lambda: driver.app.cards.holds(screen.track))


async def test_cases_that_are_gone_are_told(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await to_scorecard(driver)
        record(answered, new={**OLD, "c1": FENCED})
        (answered / "cases" / "triage.jsonl").write_text('{"id": "c1", \n', "utf-8")
        driver.app.workspace._indexed.clear()
        driver.app.recount_scorecards()
        await driver.until(lambda: "CANNOT BE COUNTED" in driver.text)
        assert "triage.jsonl:1" in driver.text
        assert len(CASES) == 6


ALL_RULES = """
[gate]
max_cost_increase = 0.25
max_latency_increase = 0.5
max_latency_p95_ms = 5000
min_pass_rate = 0.8
min_cost_saving = 0.1
"""


@pytest.mark.parametrize("size", [WIDE, MEDIUM], ids=["160x45", "120x36"])
async def test_the_gate_is_as_high_as_its_rules(answered: Path, size: tuple[int, int]) -> None:
    config = answered / "migrator.toml"
    few = config.read_text("utf-8")
    for more in ("", ALL_RULES):
        config.write_text(few + more, "utf-8")
        async with opened(answered, size=size) as driver:
            screen = await to_scorecard(driver)
            screen.focus_part("gate")
            await driver.handled()
            rows = screen.part("gate").rows
            assert screen.card is not None
            rules = len(screen.card.decision.rules)
            assert rules == (8 if more else 3)
            assert rows.size.height >= rules and not rows.show_vertical_scrollbar
            below = screen.part("evidence").rows
            assert below.size.height >= 10 and (size == WIDE or rows.size.height == rules)
            assert size == WIDE or not below.show_vertical_scrollbar
