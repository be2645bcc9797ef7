"""Why a version is as it is, on the versions screen: each edit with its reason and cases, how trying it went."""

from collections.abc import Mapping

from textual.content import Content

from migrator_tui.adaptation.reasons import PartCounts, Reasons, needed_words, who_words
from migrator_tui.adaptation.values import EditKind, times_before
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.figures import fitted
from migrator_tui.tui.widgets.parts import hanging

INDENT = 3


def reason_lines(reasons: Reasons, labels: Mapping[int, str], glyphs: Glyphs, width: int) -> list[Content]:
    """The lines; `labels` are those of the versions in sight, by id."""
    base = labels.get(reasons.base_version_id or 0)
    origin = f", made for {base}" if base else ""
    lines = [Content.styled(safe_line(f"{who_words(reasons)}{origin}", 200), MUTED)]
    if reasons.rewritten:
        lines.append(Content.styled("The whole prompt was written anew, and taken apart into these.", MUTED))
    for number, edit in enumerate(reasons.edits):
        kind = f"  {edit.kind.value}" if edit.kind is not EditKind.INSTRUCTION else ""
        title = safe_line(edit.title, 120) or ("an edit" if edit.explained else "a piece of the rewrite, unexplained")
        lines.append(Content.assemble((f"{number + 1:>{INDENT - 1}} ", MUTED), (title, STRONG), (kind, MUTED)))
        if edit.why:
            lines.append(Content.assemble(" " * INDENT, safe(edit.why)))
        for words in (_cases(edit.case_ids, width), needed_words(reasons, number)):
            if words:
                lines.append(Content.styled(" " * INDENT + words, MUTED))
    lines += [_counts(part, reasons, glyphs) for part in reasons.parts]
    if not reasons.parts:
        lines.append(Content.styled(f"{glyphs.to_judge} it was not tried before", MUTED))
    if reasons.critical_broken:
        ids = " ".join(safe_line(one, 40) for one in reasons.critical_broken[:8])
        lines.append(Content.styled(f"{glyphs.failed} breaks critical cases: {ids}", STYLES["error"]))
    if reasons.overridden:
        words = f"{glyphs.warning} accepted by {safe_line(reasons.author, 40)} although cases broke"
        lines.append(Content.styled(words, STYLES["warning"]))
    return [hanging(line, INDENT, width) for line in lines]


def _cases(case_ids: tuple[str, ...], width: int) -> str:
    return f"for {fitted(case_ids, max(20, width - INDENT - 4))}" if case_ids else ""


def _counts(part: PartCounts, reasons: Reasons, glyphs: Glyphs) -> Content:
    before = times_before(reasons.looks) if part.part == "held_out" else ""
    times = f", asked {before}" if before else ""
    return Content.assemble(
        (f"{glyphs.added} {part.fixed:,}", STYLES["success"] if part.fixed else MUTED),
        "  ",
        (f"{glyphs.failed} {part.broken:,}", STYLES["error"] if part.broken else MUTED),
        (f"  of {part.cases:,} {reasons.part_words(part.part)}{times}", MUTED),
    )
