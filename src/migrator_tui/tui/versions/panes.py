"""What the versions screen draws: a row for each version, and what one of them did against another."""

from collections.abc import Mapping, Sequence

from textual.content import Content

from migrator_tui.parity.gate.words import NEARLY, allowance, signed, span
from migrator_tui.parity.pairs import Pairs
from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.project.schema import GateRules
from migrator_tui.running.version_results import VersionResult
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.versions.entries import Entry, Kind, ago
from migrator_tui.tui.versions.lineage import LineageRow
from migrator_tui.tui.widgets.figures import fitted, percent
from migrator_tui.tui.widgets.interval_plot import position_role

BAR_CELLS = 10
BAR_FROM = 0.6
"""The bar runs from 60 to 100 %: where prompts worth keeping differ."""
SOURCE_FROM_WIDTH = 76
SOURCE_CELLS = 17
LABEL_CELLS = 10
RATE_CELLS = 7 + 8 + BAR_CELLS + 2

Piece = Content | str | tuple[str, str]


def bar_cells(rate: float, cells: int = BAR_CELLS) -> int:
    """How many cells of the bar are filled for a pass rate."""
    return max(0, min(cells, round((rate - BAR_FROM) / (1 - BAR_FROM) * cells)))


def column_heads(width: int, tree_cells: int) -> Content:
    """The line over the list; it also says where the bar begins and ends."""
    changed = _changed_cells(width, tree_cells)
    source = f"{'from':<{SOURCE_CELLS}}" if width >= SOURCE_FROM_WIDTH else ""
    heads = f"  {'':<{tree_cells}}{'version':<{LABEL_CELLS}}{'what changed':<{changed}}{source}"
    return Content.assemble((f"{heads}{'rate':>6} {'passed':>8} ", MUTED), ("60%   100%", FAINT))


def _changed_cells(width: int, tree_cells: int) -> int:
    source = SOURCE_CELLS if width >= SOURCE_FROM_WIDTH else 0
    return max(6, width - 2 - tree_cells - LABEL_CELLS - source - RATE_CELLS)


def entry_line(
    entry: Entry,
    place: LineageRow,
    result: VersionResult | None,
    *,
    loading: bool,
    marked: bool | None,
    total: int,
    width: int,
    tree_cells: int,
    selected: bool,
    glyphs: Glyphs,
) -> Content:
    """One row of the list. `marked`: the row under the cursor is compared with this one, by choice or not."""
    sign, role = _sign(entry, result, glyphs)
    tree = Content.assemble((place.before, FAINT), (sign, STYLES[role]), (place.after, FAINT))
    unkept = entry.kind is Kind.VERSION and entry.version is not None and not entry.version.kept
    quiet = unkept or entry.kind is Kind.TRIES
    label_style = STRONG if not quiet or selected else MUTED
    here = " " + (glyphs.same if entry.in_file else "") + (glyphs.caret if entry.in_work else "")
    label = safe_line(entry.label, LABEL_CELLS - 1)
    parts: list[Piece] = [
        (glyphs.cursor if selected else " ", STYLES["primary"]),
        (" " if marked is None else glyphs.marked, STYLES["primary"] if marked else MUTED),
        tree.truncate(tree_cells, pad=True),
        (label, label_style),
        (f"{here:<{LABEL_CELLS - len(label)}}", STYLES["primary"]),
        _what(entry, quiet).truncate(_changed_cells(width, tree_cells) - 1, ellipsis=True, pad=True),
        " ",
    ]
    if width >= SOURCE_FROM_WIDTH:
        source = Content.styled(safe_line(entry.source), MUTED if quiet else STYLES["text"])
        parts += [source.truncate(SOURCE_CELLS - 1, ellipsis=True, pad=True), " "]
    parts.append(_rate(entry, result, loading, total, glyphs))
    return Content.assemble(*parts)


def _sign(entry: Entry, result: VersionResult | None, glyphs: Glyphs) -> tuple[str, str]:
    if entry.kind is Kind.TRIES:
        return glyphs.tried, "muted"
    if entry.is_draft:
        return glyphs.to_judge, "warning"
    if entry.kind is Kind.BASELINE:
        return glyphs.now, "muted"
    if entry.version is not None and not entry.version.kept:
        return glyphs.tried, "muted"
    return glyphs.now, "primary"


def _what(entry: Entry, quiet: bool) -> Content:
    parts: list[Piece] = []
    version = entry.version
    if version is not None and version.name:
        parts.append((f"{safe_line(version.name, 40)}  ", STRONG))
    words = safe_line(version.note) if version is not None and version.note else safe_line(entry.changed, 160)
    parts.append((words, MUTED if quiet or entry.kind is Kind.BASELINE else STYLES["text"]))
    return Content.assemble(*parts)


def _rate(entry: Entry, result: VersionResult | None, loading: bool, total: int, glyphs: Glyphs) -> Content:
    if entry.kind is Kind.TRIES:
        return Content("")
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
        (f" {counts:>8} ", MUTED if summary.cases == total else STYLES["warning"]),
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
    parts = [entry.source, ago(entry.when)]
    if entry.kind is Kind.BASELINE:
        parts = ["the one to match", entry.source]
    elif entry.kind is Kind.DRAFT:
        parts = [entry.source]
    elif entry.in_work:
        parts.append("in the editor")
    if entry.in_file:
        parts.append("in the file")
    name = entry.version.name if entry.version is not None else None
    return Content.assemble(
        (safe_line(entry.label), STRONG),
        (f"  {safe_line(name, 40)}" if name else "", STRONG),
        *((f" · {safe_line(part)}", MUTED) for part in parts),
    )


def effect(
    entry: Entry,
    other: Entry | None,
    result: VersionResult | None,
    against: VersionResult | None,
    pairs: Pairs | None,
    *,
    rules: GateRules,
    loading: bool,
    width: int,
    glyphs: Glyphs,
) -> Content:
    """What an entry did against another one: fixed, regressed, the same, with the ids of the cases."""
    lines = [about(entry)]
    if entry.kind is Kind.TRIES:
        lines = [Content.styled(entry.changed, MUTED)]
    elif entry.kind is Kind.DRAFT:
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
        margin = rules.margin if other.kind is Kind.BASELINE else None
        lines += evidence(pairs, rules.confidence, margin, width, glyphs)
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
    return lines


def evidence(pairs: Pairs, confidence: float, margin: float | None, width: int, glyphs: Glyphs) -> list[Content]:
    """`+1.5 points  (−2.3 … +5.3)  ~ not enough evidence`, then the two rates.

    `margin`: against the baseline, how much lower the rate may be; against another version it is about better or
    worse.
    """
    found = paired_difference(pairs.table, confidence)
    if found is None or pairs.old_rate is None or pairs.new_rate is None:
        return []
    limit = -margin if margin is not None else None
    sign, role, words = _answer(found, limit, glyphs)
    figure = f"{signed(found.estimate, limit)} points  ({span(found, limit)})"
    room = width - len(figure) - 2
    words = words if len(words) + 2 <= room else words.removesuffix(" evidence")
    return [
        Content.assemble(
            (glyphs.fit(figure), STRONG),
            "  ",
            Content.styled(f"{sign} {words}", f"bold {STYLES[role]}").truncate(max(8, room), ellipsis=True),
        ),
        Content.assemble(
            (f"{percent(pairs.old_rate)} {glyphs.arrow} {percent(pairs.new_rate)}", MUTED),
            (f" of {pairs.decided:,} cases, {confidence:.0%} confidence", FAINT),
        ),
    ]


def _answer(found: Interval, limit: float | None, glyphs: Glyphs) -> tuple[str, str, str]:
    """Sign, colour role and words for where an interval lies."""
    if limit is not None:
        role = position_role(found, limit)
        return {
            "success": (glyphs.passed, role, f"no more than {allowance(limit)} lower"),
            "error": (glyphs.failed, role, f"more than {allowance(limit)} lower"),
        }.get(role, (glyphs.drift, role, "not enough evidence"))
    if found.low > NEARLY:
        return glyphs.passed, "success", "better"
    if found.high < -NEARLY:
        return glyphs.failed, "error", "worse"
    return glyphs.drift, "warning", "not enough evidence"


def _count(sign: str, number: int, word: str, role: str, ids: Sequence[str], room: int) -> Content:
    style = STYLES[role] if number else FAINT
    shown = fitted(ids, room)
    return Content.assemble(
        (f"{sign} {number:>3,} ", f"bold {style}" if number else style),
        (f"{word:<10}", STYLES["text"] if number else FAINT),
        (shown, MUTED),
    )


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
