"""The lines and parameters that differ between two versions of a prompt."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES

FOLDED_FROM = 6
"""So many equal lines in a row are folded into one …"""
AROUND = 2
"""… but for these on either side of a change."""
MISSING = "–"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring lines: equal in both texts, or `old` replaced by `new`."""

    equal: bool
    old_from: int
    old: Sequence[str]
    new_from: int
    new: Sequence[str]


@dataclass(frozen=True, slots=True)
class PromptDiff:
    """What differs between two prompts."""

    stretches: Sequence[Stretch]
    params: Sequence[tuple[str, str, str]]
    """Name, before, after, of each parameter that differs."""

    @property
    def removed(self) -> int:
        """Lines of the old text that are gone."""
        return sum(len(stretch.old) for stretch in self.stretches if not stretch.equal)

    @property
    def added(self) -> int:
        """Lines of the new text that were not there."""
        return sum(len(stretch.new) for stretch in self.stretches if not stretch.equal)

    @property
    def same(self) -> bool:
        """Nothing differs."""
        return not self.removed and not self.added and not self.params


def prompt_diff(
    old: str, old_params: Mapping[str, Any] | None, new: str, new_params: Mapping[str, Any] | None
) -> PromptDiff:
    """Compare two prompts; parameters that cannot be read (`None`) are left out of the comparison."""
    from rapidfuzz.distance import Indel

    before, after = old.splitlines(), new.splitlines()
    stretches: list[Stretch] = []
    gone: list[str] = []
    come: list[str] = []
    gone_from = come_from = 0

    def close() -> None:
        if gone or come:
            stretches.append(Stretch(False, gone_from, tuple(gone), come_from, tuple(come)))
            gone.clear()
            come.clear()

    for op in Indel.opcodes(before, after):
        if op.tag == "equal":
            close()
            stretches.append(
                Stretch(
                    True,
                    op.src_start,
                    before[op.src_start : op.src_end],
                    op.dest_start,
                    after[op.dest_start : op.dest_end],
                )
            )
            continue
        if not gone and not come:
            gone_from, come_from = op.src_start, op.dest_start
        gone += before[op.src_start : op.src_end]
        come += after[op.dest_start : op.dest_end]
    close()
    return PromptDiff(stretches, _params(old_params, new_params))


def _params(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    if old is None or new is None:
        return []
    rows = [(name, _shown(old, name), _shown(new, name)) for name in sorted({*old, *new})]
    return [row for row in rows if row[1] != row[2]]


def _shown(params: Mapping[str, Any], name: str) -> str:
    if name not in params:
        return MISSING
    value = params[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def in_short(diff: PromptDiff) -> str:
    """What changed, for a column: the first new line, or the first parameter."""
    changed = [stretch for stretch in diff.stretches if not stretch.equal]
    added = next((line.strip() for stretch in changed for line in stretch.new if line.strip()), None)
    if added:
        return added
    removed = next((line.strip() for stretch in changed for line in stretch.old if line.strip()), None)
    if removed:
        return f"without: {removed}"
    if diff.params:
        name, before, after = diff.params[0]
        more = f", {len(diff.params) - 1} more" if len(diff.params) > 1 else ""
        return f"{name} {before} → {after}{more}"
    return "only white space" if changed else "nothing"


def diff_lines(diff: PromptDiff, glyphs: Glyphs) -> Content:
    """The new text with what went and what came; long equal parts are folded."""
    lines: list[Content] = []
    for name, before, after in diff.params:
        lines.append(
            Content.assemble(
                (f"{glyphs.drift} ", STYLES["warning"]),
                (f"{safe_line(name, 24)}  ", STRONG),
                (safe_line(before, 60), MUTED),
                (f" {glyphs.arrow} ", FAINT),
                (safe_line(after, 60), STRONG),
            )
        )
    if diff.params:
        lines.append(Content(""))
    last = len(diff.stretches) - 1
    for number, stretch in enumerate(diff.stretches):
        if stretch.equal:
            lines += _equal(stretch, glyphs, first=number == 0, last=number == last)
            continue
        lines += [_line(stretch.old_from + n, glyphs.removed, text, "error") for n, text in enumerate(stretch.old, 1)]
        lines += [_line(stretch.new_from + n, glyphs.added, text, "success") for n, text in enumerate(stretch.new, 1)]
    return Content("\n").join(lines) if lines else Content.styled("both prompts are empty", MUTED)


def _line(number: int, sign: str, text: str, role: str) -> Content:
    ground = f" on ${role}-muted 60%"
    return Content.assemble((f"{number:>3} ", FAINT), (f"{sign} {safe(text)}", STYLES[role] + ground))


def _equal(stretch: Stretch, glyphs: Glyphs, *, first: bool, last: bool) -> list[Content]:
    numbered = [
        Content.assemble((f"{stretch.new_from + n:>3}   ", FAINT), (safe(text), MUTED))
        for n, text in enumerate(stretch.new, 1)
    ]
    head, tail = 0 if first else AROUND, 0 if last else AROUND
    folded = len(numbered) - head - tail
    if (first and last) or folded < FOLDED_FROM:
        return numbered
    note = Content.styled(f"      {glyphs.fold * 2} {folded} lines the same {glyphs.fold * 2}", FAINT)
    return [*numbered[:head], note, *numbered[len(numbered) - tail :]]
