"""What the versions screen draws: a row for each version, and what one of them did against another."""

from collections.abc import Mapping, Sequence

from textual.content import Content

from migrator_tui.parity.pairs import Pairs
from migrator_tui.running.version_results import VersionResult
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.versions.entries import Entry, Kind, ago
from migrator_tui.tui.versions.lineage import LineageRow

BAR_CELLS = 10
BAR_FROM = 0.6
"""The bar runs from 60 to 100 %: where prompts worth keeping differ."""
SOURCE_FROM_WIDTH = 76
SOURCE_CELLS = 17
LABEL_CELLS = 9
RATE_CELLS = 7 + 8 + BAR_CELLS + 2

Piece = Content | str | tuple[str, str]


def bar_cells(rate: float, cells: int = BAR_CELLS) -> int:
    """How many cells of the bar are filled for a pass rate."""
    return max(0, min(cells, round((rate - BAR_FROM) / (1 - BAR_FROM) * cells)))


def percent(rate: float) -> str:
    """`80.9%`; `100%` only where nothing failed."""
    text = f"{rate * 100:.1f}"
    return "100%" if rate >= 1 else f"{'99.9' if text == '100.0' else text}%"


def points(difference: float, glyphs: Glyphs) -> str:
    """`+1.5`, `−2.0`, `0.0`: percentage points."""
    value = round(difference * 100, 1)
    sign = "+" if value > 0 else glyphs.removed if value < 0 else ""
    return f"{sign}{abs(value):.1f}"


def column_heads(width: int, tree_cells: int) -> Content:
    """The line over the list; it also says where the bar begins and ends."""
    changed = _changed_cells(width, tree_cells)
    source = f"{'from':<{SOURCE_CELLS}}" if width >= SOURCE_FROM_WIDTH else ""
    heads = f"  {'':<{tree_cells}}{'version':<{LABEL_CELLS}}{'what changed':<{changed}}{source}"
    return Content.assemble((f"{heads}{'pass':>6} {'passed':>8} ", MUTED), ("60%   100%", FAINT))


def _changed_cells(width: int, tree_cells: int) -> int:
    source = SOURCE_CELLS if width >= SOURCE_FROM_WIDTH else 0
    return max(6, width - 2 - tree_cells - LABEL_CELLS - source - RATE_CELLS)


def entry_line(
    entry: Entry,
    place: LineageRow,
    result: VersionResult | None,
    *,
    loading: bool,
    marked: bool,
    width: int,
    tree_cells: int,
    selected: bool,
    glyphs: Glyphs,
) -> Content:
    """One row of the list."""
    sign, role = _sign(entry, result, glyphs)
    tree = Content.assemble((place.before, FAINT), (sign, STYLES[role]), (place.after, FAINT))
    quiet = entry.kind is Kind.VERSION and entry.version is not None and not entry.version.kept
    label_style = STRONG if not quiet or selected else MUTED
    label = safe_line(entry.label, LABEL_CELLS - 1)
    parts: list[Piece] = [
        (glyphs.cursor if selected else " ", STYLES["primary"]),
        (glyphs.marked if marked else " ", STYLES["primary"]),
        tree.truncate(tree_cells, pad=True),
        (f"{label:<{LABEL_CELLS}}", label_style),
        _what(entry, glyphs, quiet).truncate(_changed_cells(width, tree_cells) - 1, ellipsis=True, pad=True),
        " ",
    ]
    if width >= SOURCE_FROM_WIDTH:
        source = Content.styled(safe_line(entry.source), MUTED if quiet else STYLES["text"])
        parts += [source.truncate(SOURCE_CELLS - 1, ellipsis=True, pad=True), " "]
    parts.append(_rate(entry, result, loading, glyphs))
    return Content.assemble(*parts)


def _sign(entry: Entry, result: VersionResult | None, glyphs: Glyphs) -> tuple[str, str]:
    if entry.is_draft:
        return glyphs.to_judge, "warning"
    if entry.kind is Kind.BASELINE:
        return glyphs.now, "muted"
    if entry.version is not None and not entry.version.kept:
        return glyphs.tried, "muted"
    return glyphs.now, "primary"


def _what(entry: Entry, glyphs: Glyphs, quiet: bool) -> Content:
    parts: list[Piece] = []
    if entry.in_file:
        parts.append((f"{glyphs.same} in file  ", STYLES["success"]))
    version = entry.version
    if version is not None and version.name:
        parts.append((f"{safe_line(version.name, 40)}  ", STRONG))
    words = safe_line(version.note) if version is not None and version.note else safe_line(entry.changed, 160)
    parts.append((words, MUTED if quiet or entry.kind is Kind.BASELINE else STYLES["text"]))
    return Content.assemble(*parts)


def _rate(entry: Entry, result: VersionResult | None, loading: bool, glyphs: Glyphs) -> Content:
    if entry.is_draft:
        return Content.styled("not run yet", STYLES["warning"])
    if result is None:
        return Content.styled("…" if loading else "not run", FAINT if loading else MUTED)
    summary = result.summary
    if not summary.cases:
        return Content.styled("not run", MUTED)
    if summary.pass_rate is None:
        waiting = f"{summary.errors} errors" if summary.errors == summary.cases else f"{summary.cases} to judge"
        return Content.styled(waiting, STYLES["warning" if summary.errors == summary.cases else "primary"])
    filled = bar_cells(summary.pass_rate)
    style = MUTED if entry.kind is Kind.BASELINE else STYLES["primary"]
    counts = f"{summary.passed:,}/{summary.passed + summary.failed:,}"
    return Content.assemble(
        (f"{percent(summary.pass_rate):>6}", STRONG),
        (f" {counts:>8} ", MUTED),
        (glyphs.done * filled, style),
        (glyphs.rest * (BAR_CELLS - filled), FAINT),
    )


def effect_title(entry: Entry, other: Entry | None, glyphs: Glyphs) -> Content:
    """`What it did  v3 → v4`."""
    if other is None:
        return Content.assemble(("What it did", STRONG))
    words = f"  {safe_line(other.label)} {glyphs.arrow} {safe_line(entry.label)}"
    return Content.assemble(("What it did", STRONG), (words, MUTED))


def about(entry: Entry) -> Content:
    """Where an entry came from, in one line."""
    parts: list[str] = [entry.source, ago(entry.when)]
    if entry.kind is Kind.BASELINE:
        parts = ["the prompt to match", entry.source]
    elif entry.in_work:
        parts.append("in the editor")
    if entry.in_file:
        parts.append("in the file")
    words = safe_line(" · ".join(parts))
    name = entry.version.name if entry.version is not None else None
    return Content.assemble(
        (f"{safe_line(entry.label)} ", STRONG), (f"{safe_line(name, 40)} " if name else "", STRONG), (words, MUTED)
    )


def effect(
    entry: Entry,
    other: Entry | None,
    result: VersionResult | None,
    against: VersionResult | None,
    pairs: Pairs | None,
    *,
    loading: bool,
    width: int,
    glyphs: Glyphs,
) -> Content:
    """What an entry did against another one: fixed, regressed, the same, with the ids of the cases."""
    lines = [about(entry)]
    if entry.kind is Kind.DRAFT:
        lines += _hints("not run yet", "F5 in the editor runs the case in view, F6 all")
    elif entry.kind is Kind.OTHER_DRAFT:
        lines += _hints("never kept, never run", "enter takes it into this window's editor")
    elif loading and (result is None or (other is not None and against is None and not other.is_draft)):
        lines += _hints("counting …")
    elif result is None or not result.summary.cases:
        lines += _hints("not run yet", "R runs all cases with it")
    elif other is None:
        lines += _hints("nothing to compare it with", "space on another version marks that one")
    elif pairs is None or not (pairs.decided or pairs.undecided):
        lines += _hints(f"no case was run with both {safe_line(other.label)} and {safe_line(entry.label)}")
    else:
        lines += _counts(pairs, width, glyphs)
    return Content("\n").join(lines)


def _hints(*words: str) -> list[Content]:
    return [Content(""), *(Content.styled(line, MUTED) for line in words)]


def _counts(pairs: Pairs, width: int, glyphs: Glyphs) -> list[Content]:
    room = width - 16
    same = len(pairs.both_pass) + len(pairs.both_fail)
    lines = [
        _count(glyphs.added, len(pairs.better), "fixed", "success", pairs.better, room),
        _count(glyphs.failed, len(pairs.worse), "regressed", "error", pairs.worse, room),
        Content.assemble(
            (f"{glyphs.same} {same:>3,} ", MUTED),
            (f"{'the same':<10}", MUTED),
            (f"{len(pairs.both_pass):,} pass, {len(pairs.both_fail):,} fail", FAINT),
        ),
    ]
    if pairs.undecided:
        lines.append(_count(glyphs.to_judge, len(pairs.undecided), "undecided", "primary", pairs.undecided, room))
    if pairs.difference is not None and pairs.old_rate is not None and pairs.new_rate is not None:
        role = "success" if pairs.difference > 0 else "error" if pairs.difference < 0 else "muted"
        lines.append(
            Content.assemble(
                (f"{points(pairs.difference, glyphs)} points", f"bold {STYLES[role]}"),
                (f"   {percent(pairs.old_rate)} {glyphs.arrow} {percent(pairs.new_rate)}", MUTED),
                (f" of {pairs.decided:,} judged on both", FAINT),
            )
        )
    return lines


def _count(sign: str, number: int, word: str, role: str, ids: Sequence[str], room: int) -> Content:
    style = STYLES[role] if number else FAINT
    shown = fitted(ids, room)
    return Content.assemble(
        (f"{sign} {number:>3,} ", f"bold {style}" if number else style),
        (f"{word:<10}", STYLES["text"] if number else FAINT),
        (shown, MUTED),
    )


def fitted(ids: Sequence[str], room: int) -> str:
    """As many ids as there is room for, and `…` for the others."""
    shown = ""
    for number, case_id in enumerate(ids):
        following = f"{shown} {safe_line(case_id)}" if shown else safe_line(case_id)
        tail = 2 if number + 1 < len(ids) else 0
        if len(following) + tail > room:
            return f"{shown} …" if shown else "…"
        shown = following
    return shown


def outcomes_line(entry: Entry, result: VersionResult | None, total: int, glyphs: Glyphs) -> Content:
    """Counts of a version's cases by outcome: the bottom of the pane."""
    if result is None or not result.summary.cases:
        return Content("")
    summary = result.summary
    assumed = f" ({summary.assumed:,} assumed)" if summary.assumed else ""
    counts: Mapping[str, tuple[str, int, str]] = {
        "pass": (glyphs.passed, summary.passed, "success"),
        "fail": (glyphs.failed, summary.failed, "error"),
        "to judge": (glyphs.to_judge, summary.unjudged, "primary"),
        "errors": (glyphs.warning, summary.errors, "warning"),
    }
    parts = [
        Content.assemble((f"{sign} {number:,}", STYLES[role]), (f" {word}{assumed if word == 'pass' else ''}", MUTED))
        for word, (sign, number, role) in counts.items()
        if number
    ]
    of = f"of {summary.cases:,}" if summary.cases == total else f"of {summary.cases:,} of {total:,} cases"
    return Content("  ").join([Content.styled(safe_line(entry.label), STRONG), *parts, Content.styled(of, MUTED)])
