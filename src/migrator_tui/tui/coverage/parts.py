"""The parts that explain: instructions, edges, cases in trouble, cases against production."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.coverage.names import group_name
from migrator_tui.coverage.reach import percent
from migrator_tui.coverage.values import Coverage, Edge, Instruction, Share, State
from migrator_tui.coverage.words import plural
from migrator_tui.tui.coverage.words import counts, share_sign, sign_of
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.figures import fitted
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow, head_row

LINE, CASES, HOW = 5, 7, 35
NOTE = 36
TROUBLE = 32
SHARE, NUMBER, NAME = 7, 7, 20
KINDS = {
    "tag": "Tags",
    "words": "Words in the input",
    "language": "Language",
    "turns": "Turns",
    "tool": "Tools called",
}
TAGS_IN_SIGHT = 12
"""Tags that are shown before the part is on the full screen; production's largest come first."""
WIDEST = 0.6
"""Share at which the scale ends at the latest: beyond, a gap of some points would not be seen elsewhere."""


def instructions_part(coverage: Coverage, glyphs: Glyphs, width: int, *, full: bool) -> Filled:
    """Each thing that the prompt asks for, in its order, and what checks it."""
    states = [one.state for one in coverage.instructions]
    unchecked = states.count(State.GAP)
    title = heading("Instructions", f"of {coverage.prompt}")
    if unchecked:
        title = Content.assemble(title, "   ", (f"{glyphs.failed} {unchecked:,} without a check", STYLES["error"]))
    how = min(70, width // 2) if width >= 130 else min(HOW, width * 2 // 5)
    wide = width >= 80

    def heads(room: int) -> Content:
        cases = f"{'cases':>{CASES - 1}} " if wide else ""
        asks = max(10, room - 4 - LINE - (CASES if wide else 0) - how)
        return Content.styled(f"    {'line':>{LINE - 1}} {'what the prompt asks':<{asks}}{cases} checked by", MUTED)

    def row(number: int, one: Instruction) -> ListRow:
        def draw(room: int, selected: bool) -> Content:
            asks = max(10, room - 4 - LINE - (CASES if wide else 0) - how)
            number_of_cases = f"{one.cases:,}" if one.cases is not None else ""
            role = "muted" if one.state in (State.COVERED, State.PEOPLE) else "text"
            return Content.assemble(
                mark(selected, glyphs),
                sign_of(one.state, glyphs),
                " ",
                cell(str(one.line) if one.line else glyphs.dot, LINE, "muted", right=True),
                cell(one.text, asks, role),
                cell(number_of_cases, CASES, "muted", right=True) if wide else "",
                " ",
                cell(glyphs.fit(one.how), how, "muted" if one.state is State.COVERED else "text"),
            )

        return ListRow(f"i:{number}", draw)

    rows = [row(number, one) for number, one in enumerate(coverage.instructions)]
    if not rows:
        rows = [text_row("The prompt asks for nothing that was recognised.")]
    return Filled(title, rows, heads if coverage.instructions else None, counts(states, glyphs))


def edges_part(coverage: Coverage, glyphs: Glyphs) -> Filled:
    """Unusual inputs, absent ones first."""
    needed = [edge for edge in coverage.edges if edge.state.counts]
    covered = sum(edge.state is State.COVERED for edge in needed)
    title = heading("Edges", f"{covered} of {len(needed)} covered")

    def row(edge: Edge) -> ListRow:
        def draw(width: int, selected: bool) -> Content:
            name = min(44, max(24, width - NOTE - 4))
            role = "muted" if edge.state is State.COVERED else "text"
            note = edge.note
            return Content.assemble(
                mark(selected, glyphs),
                sign_of(edge.state, glyphs),
                " ",
                cell(edge.title, name, role),
                cell(note, max(8, width - name - 4), "muted"),
            )

        return ListRow(f"e:{edge.name}", draw)

    rows = [row(edge) for edge in needed]
    others = [edge.title for edge in coverage.edges if not edge.state.counts]
    if others:
        why = "not seen in production" if coverage.sample is not None else "needed where production has them"
        rows.append(text_row(glyphs.fit(f"{why}: {', '.join(others)}"), "faint", indent=4))
    return Filled(title, rows, None, counts([edge.state for edge in needed], glyphs))


def trouble_part(coverage: Coverage, glyphs: Glyphs) -> Filled:
    """Cases that say little."""
    trouble = coverage.trouble
    alike = [case_id for group in trouble.near for case_id in group[1:]]
    same = [case_id for group in trouble.same for case_id in group[1:]]
    kinds: list[tuple[str, str, str, str, Sequence[str]]] = [
        (glyphs.to_judge, "primary", "unchecked", "without any check or verdict", trouble.unchecked),
        (glyphs.same, "warning", "same", "the same as another", same),
        (glyphs.carried_over, "warning", "near", "nearly the same as another", alike),
        (glyphs.stale, "warning", "flaky", "flaky", trouble.flaky),
        (glyphs.dot, "muted", "pass_everywhere", "pass on every model", trouble.pass_everywhere),
        (glyphs.critical, "error", "critical", "critical", trouble.critical),
    ]

    def row(sign: str, role: str, key: str, words: str, ids: Sequence[str]) -> ListRow:
        def draw(width: int, selected: bool) -> Content:
            return Content.assemble(
                mark(selected, glyphs),
                (f"{sign} ", STYLES[role]),
                cell(words, TROUBLE, "text"),
                cell(f"{len(ids):,}", NUMBER, "muted", right=True),
                ("  ", MUTED),
                (fitted(ids, max(4, width - TROUBLE - NUMBER - 7)), MUTED),
            )

        return ListRow(f"t:{key}", draw)

    rows = [row(*kind) for kind in kinds if kind[4]]
    copies = coverage.all_cases - coverage.cases
    title = heading("Cases in trouble", f"{trouble.number:,} of {coverage.all_cases:,}")
    if not rows:
        rows = [text_row("Every case has a check or a verdict, and none is a copy.")]
    bottom = f"{plural(copies, 'copy', 'copies')} raise{'s' if copies == 1 else ''} no figure" if copies else ""
    return Filled(title, rows, None, Content.styled(bottom, MUTED))


def shares_part(coverage: Coverage, glyphs: Glyphs, width: int, *, full: bool) -> Filled:
    """Each group's share of the cases and of production, on one scale: the gap is the length of the line."""
    sample = coverage.sample
    few = sum(share.state is State.GAP for share in coverage.shares)
    if sample is None:
        title = heading("Cases by group", glyphs.fit("· no sample · I imports one"))
    else:
        title = heading("Cases against production")
        if few:
            title = Content.assemble(title, "   ", (f"{glyphs.warning} {few:,} too few", STYLES["warning"]))
    rows: list[ListRow] = []
    most = max((max(share.share, share.production or 0.0) for share in coverage.shares), default=1.0) or 1.0
    most = min(most, WIDEST)
    numbers = width >= 56
    for kind, name in KINDS.items():
        group = [share for share in coverage.shares if share.kind == kind]
        if kind == "tag" and not full:
            group = group[:TAGS_IN_SIGHT]
        if group:
            rows.append(head_row(name, "muted"))
            rows += [_share_row(share, glyphs, most, numbers=numbers, compared=sample is not None) for share in group]
    if not rows:
        rows = [text_row("The cases have neither tags nor texts to group them by.")]

    def heads(room: int) -> Content:
        share = f"{'cases':>{SHARE - 1}} " + (f"{'prod.':>{SHARE - 1}} " if sample is not None else "")
        number = f"{'n':>{NUMBER - 1}} " if numbers else ""
        return Content.assemble((f"    {'share of':<{NAME}}{share}{number}", MUTED))

    bottom = plural(coverage.cases, "case")
    if sample is not None:
        bottom += f" · production = {plural(sample.rows, 'input')}"
        if sample.looked_at < sample.rows:
            bottom += f", {sample.looked_at:,} looked at"
    return Filled(title, rows, heads, Content.styled(glyphs.fit(bottom), MUTED))


def _share_row(share: Share, glyphs: Glyphs, most: float, *, numbers: bool, compared: bool) -> ListRow:
    def draw(width: int, selected: bool) -> Content:
        left = 4 + NAME + SHARE + (SHARE if compared else 0) + (NUMBER if numbers else 0)
        production = percent(share.production) if share.production is not None else ""
        gap = share.state is State.GAP
        name = group_name(share.kind, share.name) if share.kind == "language" else share.name
        return Content.assemble(
            mark(selected, glyphs),
            share_sign(share, glyphs),
            " ",
            cell(name, NAME, "text" if gap else "muted"),
            cell(percent(share.share).replace("under 1", "<1"), SHARE, "text", right=True),
            cell(production.replace("under 1", "<1"), SHARE, "muted", right=True) if compared else "",
            cell(f"{share.cases:,}", NUMBER, "muted", right=True) if numbers else "",
            share_line(share, max(6, width - left - 1), most, glyphs),
        )

    return ListRow(f"s:{share.kind}:{share.name}", draw)


def share_line(share: Share, cells: int, most: float, glyphs: Glyphs) -> Content:
    """`●─┊`: where the cases are, where production is, and a line between them."""

    def place(value: float) -> int:
        return min(cells - 1, round(value / most * (cells - 1)))

    role = "warning" if share.state is State.GAP else "primary"
    at = place(share.share)
    line: list[tuple[str, str]] = [(" ", "")] * cells
    if share.production is not None:
        target = place(share.production)
        for between in range(min(at, target) + 1, max(at, target)):
            line[between] = (glyphs.rest, STYLES[role] if share.state is State.GAP else FAINT)
        line[target] = (glyphs.target, STRONG)
    line[at] = (glyphs.now, STYLES[role])
    return Content.assemble(*line)
