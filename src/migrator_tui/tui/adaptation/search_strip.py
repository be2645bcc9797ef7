"""The strip over a search: how much of its calls and money is spent, and when it stops by itself."""

from textual.content import Content

from migrator_tui.adaptation.search.values import Spent
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.search_state import Phase, SearchState
from migrator_tui.tui.adaptation.search_words import chip_words
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.header import money
from migrator_tui.tui.widgets.parts import hanging

HEAD = 10
BAR, NARROW_BAR = 30, 12


def strip_title(state: SearchState, glyphs: Glyphs, frame: str, width: int) -> Content:
    """`Search from v4 · 140 cases to learn from, 60 held out   ⠹ try 10 · best 87.9 %`."""
    began = state.began
    cases = ""
    if began is not None and width >= 110:
        apart = f"{began.held_out:,} held out" if began.held_out else "none held out"
        cases = f" {glyphs.dot} {began.learn:,} cases to learn from, {apart}"
    words, role = chip_words(state, glyphs, frame)
    return Content.assemble(
        ("Search", STRONG), (f" from {state.base.label}{cases}   ", MUTED), chip(safe_line(words), role), " "
    )


def strip_lines(state: SearchState, glyphs: Glyphs, width: int) -> Content:
    """Calls, money, when it stops; the end says why it ended."""
    spent = state.spent
    if spent is None:
        return Content.styled(
            glyphs.fit("getting ready …") if state.running else safe_line(state.problem, 400), MUTED
        )
    cells = BAR if width >= 110 else NARROW_BAR
    lines = [
        _calls(state, spent, cells, glyphs, width),
        _money(spent, cells, glyphs, width),
        hanging(Content.assemble("  ", _ending(state, glyphs, width)), 2, width),
    ]
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines[:2]) + "\n" + lines[2]


def _calls(state: SearchState, spent: Spent, cells: int, glyphs: Glyphs, width: int) -> Content:
    held = 0
    if spent.held_back and spent.budget_calls and state.running:
        held = max(1, round(cells * spent.held_back / spent.budget_calls))
    bar = _bar(spent.calls / max(1, spent.budget_calls), cells, glyphs, held)
    line = Content.assemble(
        (f"  {'calls':<{HEAD - 2}}", STYLES["text"]),
        bar,
        (f"  {spent.calls:,}", STRONG),
        (f" of {spent.budget_calls:,}  {'  ' if width >= 110 else ''}", MUTED),
    )
    return line + Content.styled(_who(state, spent, glyphs, width - line.cell_length), MUTED)


def _who(state: SearchState, spent: Spent, glyphs: Glyphs, room: int) -> str:
    """What the calls went to, in as many words as there is room for."""
    candidate, assistant = (safe_line(model, 32) for model in state.models)
    tested, proposals = spent.calls - state.calls, spent.assistant_calls
    tries = spent.calls - proposals - tested
    kept = spent.held_back if spent.held_back and state.running else 0
    ways = (
        (
            f"{tries:,} to {candidate}, {proposals:,} to {assistant} for the proposals",
            f", {tested:,} for the held-out cases",
            f"; {glyphs.fold} {kept:,} kept back for the held-out cases",
        ),
        (
            f"{tries:,} for the tries, {proposals:,} for the proposals",
            f", {tested:,} for the held-out cases",
            f"; {glyphs.fold} {kept:,} kept back for the held-out cases",
        ),
        (f"tries {tries:,}, proposals {proposals:,}", f", held out {tested:,}", f"; {glyphs.fold} {kept:,} kept"),
    )
    words = ""
    for asked, then, later in ways:
        words = glyphs.fit(asked + (then if tested else "") + (later if kept else ""))
        if len(words) <= room:
            break
    return words


def _money(spent: Spent, cells: int, glyphs: Glyphs, width: int) -> Content:
    head = (f"  {'money':<{HEAD - 2}}", STYLES["text"])
    if spent.cost is None:
        return Content.assemble(head, (glyphs.rest * cells, FAINT), ("  price unknown", MUTED))
    if spent.max_cost is None:
        bar = Content.styled(glyphs.rest * cells, FAINT)
        return Content.assemble(
            head, bar, (f"  {money(spent.cost)}", STRONG), ("    no cap; calls are capped", MUTED)
        )
    bar = _bar(spent.cost / spent.max_cost if spent.max_cost else 1.0, cells, glyphs)
    line = Content.assemble(
        head, bar, (f"  {money(spent.cost)}", STRONG), (f" of {money(spent.max_cost)}    ", MUTED)
    )
    words = "a hard cap: the next call is not made"
    return line + Content.styled(words if line.cell_length + len(words) <= width else "a hard cap", MUTED)


def _bar(share: float, cells: int, glyphs: Glyphs, held: int = 0) -> Content:
    filled = min(cells, max(int(share > 0), int(share * cells + 0.5)))
    held = min(held, cells - filled)
    return Content.assemble(
        (glyphs.done * filled, STYLES["primary"]),
        (glyphs.rest * (cells - filled - held), FAINT),
        (glyphs.fold * held, STYLES["warning"]),
    )


def _ending(state: SearchState, glyphs: Glyphs, width: int) -> Content:
    if state.result is not None:
        words = glyphs.fit(safe_line(state.result.ended, 200))
        return Content.styled(words, STYLES["text"])
    if state.phase is Phase.BROKEN:
        return Content.styled(f"{glyphs.warning} {safe_line(state.problem, 300)}", STYLES["warning"])
    if state.phase is Phase.HELD_OUT:
        return Content.styled("the search is over; one last time start and winner are asked", STYLES["text"])
    either = "at either" if state.settings.max_cost is not None else "there"
    patience, since = state.settings.patience, state.without_better
    words = f"stops by itself {either}, or after {patience} tries in a row without a better one "
    if width < 100:
        words = f"ends {either}, or after {patience} tries without a better one "
    return Content.assemble(
        (words, MUTED),
        (f"({since} so far)" if since else "", STYLES["text"]),
    )
