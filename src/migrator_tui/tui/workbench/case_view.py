"""From what is known of a case to what the two output panes say of it."""

import re
from dataclasses import dataclass
from enum import Enum

from migrator_tui.history.records import Judged, Mark, Section, Standing
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import STYLES
from migrator_tui.tui.widgets.text_view import Styled
from migrator_tui.tui.workbench.output_pane import ShownOutput
from migrator_tui.tui.workspace import CaseView, Side

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
_OFFENCE = f"{STYLES['error']} underline"


class DiffMode(Enum):
    """What `d` steps through."""

    OFF = "off"
    IN_PLACE = "in place"
    ONE_TEXT = "one text"


@dataclass(frozen=True, slots=True)
class BothSides:
    """What the panes show; `None` where a model has not answered yet."""

    baseline: ShownOutput | None
    candidate: ShownOutput | None


def both_sides(view: CaseView, glyphs: Glyphs, *, simulated: tuple[bool, bool]) -> BothSides:
    """The two panes of a case."""
    standing = view.row.standing
    return BothSides(
        _shown(view.baseline, standing, glyphs, is_baseline=True, simulated=simulated[0]),
        _shown(view.candidate, standing, glyphs, is_baseline=False, simulated=simulated[1]),
    )


def _shown(
    side: Side, standing: Standing | None, glyphs: Glyphs, *, is_baseline: bool, simulated: bool
) -> ShownOutput | None:
    if side.output is None:
        return None
    mark = Mark.UNJUDGED
    if standing is not None:
        mark = standing.baseline if is_baseline else standing.candidate
    version = ""
    if not is_baseline and side.version is not None:
        version = side.version.label
    section = standing.section if standing is not None and not is_baseline else None
    return ShownOutput(
        output=side.output,
        mark=mark,
        judged_by_person=side.verdict is not None,
        checks=side.checks,
        drift=standing.changed if standing is not None and not is_baseline else "",
        remark=_remark(side, glyphs),
        version=version,
        simulated=simulated,
        regression=section is Section.REGRESSION,
        fixed=section is Section.FIXED,
        styles=() if is_baseline or mark is not Mark.FAILED else offending(side.output.text),
    )


def offending(text: str) -> list[Styled]:
    """Fences, and prose around a fenced block or a JSON object: what a program reading the answer trips over."""
    spans = [Styled(m.start(), m.end(), _OFFENCE) for m in _FENCE.finditer(text)]
    if len(spans) >= 2:
        before, after = text[: spans[0].start], text[spans[-1].end :]
        block = text[spans[0].end : spans[-1].start].strip()
        looks_like_data = block.startswith(("{", "["))
    else:
        start, end = text.find("{"), text.rfind("}")
        looks_like_data = 0 <= start < end and "\n" in text[: start + 2] + "\n"
        before, after = (text[:start], text[end + 1 :]) if looks_like_data else ("", "")
        looks_like_data = looks_like_data and len(before) + len(after) < (end - start) * 2
    if looks_like_data:
        if before.strip():
            spans.append(Styled(0, len(before.rstrip()), _OFFENCE))
        if after.strip():
            start = len(text) - len(after.lstrip())
            spans.append(Styled(start, len(text.rstrip()), _OFFENCE))
    return spans


def _remark(side: Side, glyphs: Glyphs) -> str:
    """What is to be said of a person's verdict: its note, or that it waits to be confirmed or given anew."""
    judgement = side.judgement
    verdict = judgement.verdict if judgement is not None else None
    if judgement is None or verdict is None:
        return ""
    word = f"{glyphs.passed} pass" if verdict.passed else f"{glyphs.failed} fail"
    if judgement.judged in (Judged.CARRIED_PASS, Judged.CARRIED_FAIL):
        count = judgement.differing or 0
        counted = "1 character differs" if count == 1 else f"{count} characters differ"
        # The keys before the count: narrow panes cut the end.
        return f"{glyphs.carried_over} carried over {word} · p f · {counted if count else 'only white space differs'}"
    if judgement.judged in (Judged.STALE_PASS, Judged.STALE_FAIL):
        return f"{glyphs.stale} you said {word} to another text"
    return f"note: {verdict.note}" if verdict.note else ""
