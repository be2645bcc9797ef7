"""The part that acts: checks and cases that would fill the gaps, what they change, and which of them are taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textual.content import Content

from migrator_tui.coverage.values import CaseProposal, CheckProposal, Coverage
from migrator_tui.coverage.words import change_words, plural, source_words
from migrator_tui.project.schema import Case, CheckSpec
from migrator_tui.tui.coverage.surveys import Surveyed
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

KIND, FILLS, SOURCE = 8, 16, 52


@dataclass(slots=True)
class Taken:
    """What the user has made of the proposals of one task; it outlives a new survey."""

    checks: dict[str, CheckSpec] = field(default_factory=dict)
    """By key of the proposal."""
    words: dict[str, CheckSpec] = field(default_factory=dict)
    """Checks whose words were changed, taken or not."""
    cases: dict[str, list[Case]] = field(default_factory=dict)
    """By key of the proposal, the cases that are taken."""
    drafts: dict[str, list[Case]] = field(default_factory=dict)
    """Cases that were written for a proposal, or changed, taken or not."""

    @property
    def number(self) -> tuple[int, int]:
        """Checks and cases that would be written."""
        return len(self.checks), len({case.id for some in self.cases.values() for case in some})


def check_key(proposal: CheckProposal) -> str:
    """Names a proposed check over a new survey."""
    return f"c:{proposal.line}:{proposal.title}"


def fill_key(proposal: CaseProposal) -> str:
    """Names proposed cases over a new survey."""
    return f"f:{proposal.kind}:{proposal.name}"


def drafts_of(proposal: CaseProposal, coverage: Coverage, taken: Taken) -> list[Case]:
    """The cases that are there to be taken: changed or written ones, else those of production."""
    known = taken.drafts.get(fill_key(proposal))
    if known is not None:
        return known
    return [coverage.drawn[case_id] for case_id in proposal.candidates if case_id in coverage.drawn]


def proposals_part(surveyed: Surveyed, taken: Taken, assistant: str | None, glyphs: Glyphs, width: int) -> Filled:
    """Checks first, in the prompt's order, then cases, those from production first."""
    coverage = surveyed.coverage
    assert coverage is not None
    changes = surveyed.changes
    rows: list[ListRow] = []
    for number, check in enumerate(coverage.checks):
        key = check_key(check)
        spec = taken.checks.get(key) or taken.words.get(key)
        changed = spec is not None and spec != check.spec
        what = change_words(changes[number]) if changes is not None and number < len(changes) else "being tried …"
        if changed:
            what = "your words; not tried"
        title = _spec_words(spec) if changed and spec is not None else check.title
        place = f"line {check.line}" if check.line else "tools"
        rows.append(_row(key, "check", title, place, what, glyphs, width, taken=key in taken.checks))
    for fill in coverage.fills:
        key = fill_key(fill)
        drafts = drafts_of(fill, coverage, taken)
        some = taken.cases.get(key, [])
        source = source_words(fill, assistant)
        if key in taken.drafts:
            source = "written, to be looked at" if not fill.candidates else source
        if some:
            source = f"{len(some):,} of {len(drafts):,} taken; enter looks at them"
        rows.append(_row(key, "cases", fill.title, _fills(fill), source, glyphs, width, taken=bool(some)))
    if not rows:
        rows = [text_row(f"{glyphs.passed} Nothing to propose.", "success")]
        everywhere = len(coverage.trouble.pass_everywhere)
        if everywhere:
            rows.append(text_row(f"{plural(everywhere, 'case')} pass everywhere: they cost, and decide nothing"))
    head = heading("Proposals to fill the gaps", str(len(coverage.checks) + len(coverage.fills)))
    return Filled(head, rows, None, _bottom(taken, glyphs))


def _row(
    key: str, kind: str, title: str, fills: str, source: str, glyphs: Glyphs, width: int, *, taken: bool
) -> ListRow:
    sign = (f"{glyphs.passed} ", STYLES["success"]) if taken else (f"{glyphs.to_judge} ", STYLES["primary"])

    def draw(room: int, selected: bool) -> Content:
        from_where = SOURCE if width >= 110 else max(20, room // 3)
        place = FILLS if width >= 90 else 0
        words = max(10, room - 4 - KIND - place - from_where)
        return Content.assemble(
            mark(selected, glyphs),
            sign,
            cell(kind, KIND, "muted"),
            cell(title, words, "text"),
            cell(fills, place, "muted") if place else "",
            cell(glyphs.fit(source), from_where, "muted"),
        )

    return ListRow(key, draw)


def _fills(fill: CaseProposal) -> str:
    return {"tag": "tag", "words": "length", "language": "language", "edge": "edge"}.get(fill.kind, fill.kind)


def _spec_words(spec: CheckSpec) -> str:
    from migrator_tui.project.write_checks import check_text

    return check_text(spec)


def _bottom(taken: Taken, glyphs: Glyphs) -> Content:
    checks, cases = taken.number
    if not checks and not cases:
        return Content.styled("space takes", MUTED)
    parts = ([plural(checks, "check")] if checks else []) + ([plural(cases, "case")] if cases else [])
    return Content.styled(glyphs.fit(f"w writes {' and '.join(parts)}"), STYLES["success"])


def chosen(taken: Taken) -> tuple[Sequence[CheckSpec], Sequence[Case]]:
    """What `w` writes: checks, and cases once each."""
    cases: Mapping[str, Case] = {case.id: case for some in taken.cases.values() for case in some}
    return list(taken.checks.values()), list(cases.values())
