"""What is wrong with a prompt whoever is asked with it: nobody has written it yet, or it says nothing of the case."""

from collections.abc import Iterator

from migrator_tui.preflight.asked import Asked
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.project.formats.promptfoo.placeholders import placeholder_in
from migrator_tui.project.prompts import read_template, variables
from migrator_tui.project.words import counted, listed, one_line
from migrator_tui.running.spending import is_recorded


def prompt_findings(asked: Asked) -> Iterator[Finding]:
    """What makes every call with this prompt useless."""
    if is_recorded(asked.spec):
        return
    placeholder = placeholder_in(asked.template)
    if placeholder is not None:
        yield asked.finding(
            Severity.BLOCKER,
            "prompt",
            f"the prompt is only a placeholder for {one_line(placeholder.maker, 120)}",
            "write it; until then a run is refused",
            line=placeholder.line,
        )
    else:
        yield from _no_variable(asked)
    if asked.old is not None and asked.task.frozen:
        yield from _frozen(asked)


def _frozen(asked: Asked) -> Iterator[Finding]:
    """Frozen lines of the task's own prompt that lie beyond its end: nothing holds them when edits are suggested."""
    lines = read_template(asked.task.prompt).count("\n") + 1
    for first, last in asked.task.frozen:
        if first > lines:
            stated = str(first) if first == last else f"{first}-{last}"
            yield asked.finding(
                Severity.WARNING,
                "frozen",
                f"frozen lines {stated} lie beyond the end of the task's prompt, which has {counted(lines, 'line')}",
                "correct frozen in migrator.toml",
            )


def _no_variable(asked: Asked) -> Iterator[Finding]:
    """Cases that are all in their variables, none of which is used: each of them sends the same request."""
    cases = asked.cases.sample
    names = list(dict.fromkeys(name for case in cases for name in case.vars))
    if not names or any(case.messages for case in cases) or variables(asked.template) & set(names):
        return
    yield asked.finding(
        Severity.WARNING,
        "prompt",
        f"the prompt uses no variable of the cases ({listed(names)}), which have no messages: all ask the same",
        f"say where it goes, such as {{{{ {one_line(names[0], 40)} }}}}",
        line=asked.parts[0].line,
    )
