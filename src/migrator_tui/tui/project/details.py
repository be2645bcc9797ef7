"""The row under the cursor in detail: what keeps it from moving, what causes it, and what to do next."""

from textual.content import Content

from migrator_tui.parity.gate import RuleState
from migrator_tui.running.overview import FileState, Overview, State
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.project.rows import file_words, state_sign
from migrator_tui.tui.theme import MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.figures import fitted

_RULES = {RuleState.MISSED: ("failed", "error"), RuleState.OPEN: ("drift", "warning")}


def detail_title(row: Overview, glyphs: Glyphs) -> Content:
    """`triage on sonnet v4   ✗ not ready`."""
    version = f" {row.version.label}" if row.version is not None else ""
    sign, role = state_sign(row.state, glyphs)
    words = f"{sign} {row.state.value}"
    return Content.assemble(
        (safe_line(row.task, 32), STRONG),
        (f" on {safe_line(row.candidate.name, 24)}{version}", MUTED),
        "   ",
        Content.styled(f" {words} ", MUTED) if role == "muted" else chip(words, role),
    )


def detail_lines(
    row: Overview,
    width: int,
    glyphs: Glyphs,
    file_name: str,
    *,
    live: "tuple[Line, bool] | None" = None,
    narrow: bool = False,
) -> list[Content]:
    """The rules that are not met, the cases behind them, the next step; most pressing first.

    `live`: what to say of its rollout, and whether that is the most pressing; `narrow`: what a line is about is not
    lined up with the others.
    """
    lines = _told(row, width, glyphs, file_name)
    if live is not None:
        lines.insert(0 if live[1] else 1, live[0])
    return [
        Content.assemble((f"{sign} ", STYLES[role]), (label if narrow else f"{label:<20}", STRONG), "  ", rest)
        for sign, role, label, rest in lines
    ]


Line = tuple[str, str, str, Content]
"""Sign, its colour role, what the line is about, and what it says."""


def _told(row: Overview, width: int, glyphs: Glyphs, file_name: str) -> list[Line]:
    lines: list[Line] = []
    worse = row.pairs.worse
    if row.state is State.NOT_RUN:
        note = f"{row.cases:,} cases wait · R runs them, and says first what it takes"
        return [(glyphs.to_judge, "primary", "not run", _muted(note)), _file_line(row, glyphs, file_name)]
    for rule in sorted(row.decision.rules, key=lambda rule: rule.state is not RuleState.MISSED):
        if rule.state in _RULES:
            name, role = _RULES[rule.state]
            lines.append((getattr(glyphs, name), role, rule.title, _muted(glyphs.fit(rule.reason))))
    if not lines:
        note = f"{len(row.pairs.better):,} fixed, {len(worse):,} worse of {row.pairs.decided:,} cases"
        lines.append((glyphs.passed, "success", "every rule met", _muted(note)))
    if worse:
        critical = set(row.critical)
        ids = [*row.critical, *(case_id for case_id in worse if case_id not in critical)]
        causes = ", ".join(f"{name} in {number}" for name, number in row.causes[:2])
        words = f"{glyphs.fit(causes)} · " if causes else ""
        named = [f"{case_id}{glyphs.critical if case_id in critical else ''}" for case_id in ids]
        shown = Content.assemble(
            (safe_line(words), MUTED), (fitted(named, max(16, width - 24 - len(words))), STYLES["text"])
        )
        lines.insert(1, (glyphs.failed, "error", f"{len(worse):,} regressed", shown))
    if row.measured is not None and row.version is not None and row.measured.id != row.version.id:
        note = f"the figures are those of {row.measured.label}; most cases were not run with {row.version.label}"
        lines.append((glyphs.warning, "warning", "older", Content.styled(note, STYLES["text"])))
    if row.open and not any(rule.rule == "everything-judged" and rule.state in _RULES for rule in row.decision.rules):
        waiting = (
            (row.to_judge, "to judge"),
            (row.errors, "error" if row.errors == 1 else "errors"),
            (row.not_run, "not run on both"),
        )
        words = " · ".join(f"{number:,} {word}" for number, word in waiting if number)
        lines.append((glyphs.to_judge, "primary", f"{row.open:,} open", _muted(words)))
    lines.append(_file_line(row, glyphs, file_name))
    if row.decision.next_step:
        lines.append((glyphs.arrow, "primary", "next", _muted(glyphs.fit(row.decision.next_step))))
    return lines


def _muted(text: str) -> Content:
    return Content.styled(safe_line(text), MUTED)


def _file_line(row: Overview, glyphs: Glyphs, file_name: str) -> Line:
    sign, role, _ = file_words(row, glyphs)
    label = row.version.label if row.version is not None else "it"
    held = row.file_version.label if row.file_version is not None else "another version"
    words = {
        FileState.IN_FILE: f"{file_name} says {label}",
        FileState.TASKS_PROMPT: f"{label} is the task's own prompt, {file_name}",
        FileState.BEHIND: f"{file_name} has {held} · w writes {label}",
        FileState.CHANGED: f"{file_name} was changed outside: that is {label}, and it has not been run",
        FileState.UNREADABLE: row.problem,
    }[row.file]
    return (sign, role, "file", _muted(words))
