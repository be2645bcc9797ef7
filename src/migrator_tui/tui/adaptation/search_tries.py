"""The list of tries, newest first: what changed, its pass rate, why it was kept or dropped."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.adaptation.search.values import Try
from migrator_tui.adaptation.values import Flips
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.search_state import SearchState
from migrator_tui.tui.adaptation.search_words import sign_of
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.versions.panes import BAR_CELLS, BAR_FROM
from migrator_tui.tui.widgets.figures import percent
from migrator_tui.tui.widgets.parts import cell, mark
from migrator_tui.tui.widgets.row_list import ListRow

NUMBER, RATE = 5, 7 + BAR_CELLS + 2


def title_of(a_try: Try, base: str) -> str:
    """What changed; the first one is where it starts."""
    return f"{base}, where it starts" if a_try.parent is None else a_try.title


def bar_floor(tries: Sequence[Try]) -> float:
    """Where the bars begin: at 60 %, where prompts worth keeping differ, unless one is lower."""
    return 0.0 if any(one.score is not None and one.score < BAR_FROM for one in tries) else BAR_FROM


def _widths(width: int) -> tuple[int, int]:
    """Cells of what changed, and of why."""
    rest = max(16, width - 4 - NUMBER - RATE)
    changed = min(44, max(14, rest // 2))
    return changed, rest - changed


def column_heads(width: int, floor: float) -> Content:
    """The line over the list; it also says where the bars begin."""
    changed, why = _widths(width)
    scale = "60%   100%" if floor else " 0%   100%"
    heads = f"    {'try':>{NUMBER - 1}} {'what changed':<{changed}}{'rate':>6} "
    because = "  kept or dropped because" if why >= 24 else "  because"
    return Content.assemble((heads, MUTED), (scale, FAINT), (because, MUTED)).truncate(width)


def try_rows(state: SearchState, glyphs: Glyphs, frame: str) -> list[ListRow]:
    """A row for each try."""
    tries = state.newest_first
    floor = bar_floor(tries)
    return [_row(one, state, glyphs, frame, floor) for one in tries]


def _row(one: Try, state: SearchState, glyphs: Glyphs, frame: str, floor: float) -> ListRow:
    sign, role = sign_of(one, state.going, glyphs)
    going = one.number == state.going

    def draw(width: int, selected: bool) -> Content:
        changed, why = _widths(width)
        plain = "text" if one.accepted or going else "muted"
        return Content.assemble(
            mark(selected, glyphs),
            (f"{sign} ", STYLES[role]),
            cell(f"{one.number}", NUMBER, "muted", right=True),
            cell(title_of(one, state.base.label), changed, plain, bold=selected),
            _rate(one, frame if going else "", glyphs, floor),
            _why(one, going, glyphs).truncate(why, ellipsis=True, pad=True),
        )

    return ListRow(str(one.number), draw)


def _rate(one: Try, frame: str, glyphs: Glyphs, floor: float) -> Content:
    if frame:
        words = f"{frame} trying {one.done}/{one.of}" if one.of else f"{frame} trying"
        return Content.styled(words, STYLES["primary"]).truncate(RATE, pad=True)
    if one.score is None:
        return Content.styled("  not tried", MUTED).truncate(RATE, pad=True)
    filled = max(0, min(BAR_CELLS, int((one.score - floor) / (1 - floor) * BAR_CELLS)))
    return Content.assemble(
        (f"{percent(one.score):>6} ", STRONG if one.accepted else MUTED),
        (glyphs.done * filled, STYLES["primary"] if one.accepted else MUTED),
        (glyphs.rest * (BAR_CELLS - filled), FAINT),
        "  ",
    )


def _why(one: Try, going: bool, glyphs: Glyphs) -> Content:
    """Of one that was kept what it flips, which is why; of another the reason it was given."""
    if going:
        return Content.styled(safe_line(one.why, 120), MUTED)
    if one.accepted and one.flips is not None:
        return flip_counts(one.flips, glyphs)
    return Content.styled(glyphs.fit(safe_line(one.why, 120)), STYLES["text"] if one.accepted else MUTED)


def flip_counts(flips: Flips, glyphs: Glyphs, *, same: bool = False) -> Content:
    """`+ 6  ✗ 1`, and where `same` is wanted `= 133`."""
    parts: list[Content] = []
    if flips.fixed:
        parts.append(Content.styled(f"{glyphs.added} {len(flips.fixed):,}", STYLES["success"]))
    if flips.broken:
        parts.append(Content.styled(f"{glyphs.failed} {len(flips.broken):,}", STYLES["error"]))
    if same or not parts:
        unchanged = flips.cases - len(flips.fixed) - len(flips.broken)
        parts.append(Content.styled(f"{glyphs.same} {unchanged:,}", MUTED))
    return Content("  ").join(parts)


def tries_bottom(tries: Sequence[Try], going: int | None, glyphs: Glyphs) -> Content:
    """`● 3 kept  ✗ 5 dropped`; where it starts is neither."""
    ended = [one for one in tries if one.parent is not None and one.number != going]
    kept = sum(1 for one in ended if one.accepted)
    return Content.assemble(
        (f"{glyphs.now} {kept}", STYLES["primary"]),
        (" kept  ", MUTED),
        (f"{glyphs.failed} {len(ended) - kept} dropped", MUTED),
    )
