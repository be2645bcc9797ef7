"""Answers that are there already: in the history, or in the file of a recorded model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.preflight.asked import CaseFacts, Known
from migrator_tui.preflight.tokens import text_tokens
from migrator_tui.project.cases import last_user_message
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import render
from migrator_tui.project.schema import Case, ModelSpec, Project, Task
from migrator_tui.running.pools import load_recording
from migrator_tui.running.spending import is_recorded

if TYPE_CHECKING:
    from migrator_tui.history.records import Output
    from migrator_tui.history.store import History
    from migrator_tui.project.answers import Answer


def known_answers(
    project: Project, history: "History | None", task: Task, spec: ModelSpec, template: str, cases: CaseFacts
) -> Sequence[Known]:
    """What is known of this model's answers to the sample and the longest cases. Raises `ProjectError`."""
    chosen = {case.id: case for case in (*cases.longest, *cases.sample)}
    if is_recorded(spec):
        recording = load_recording(project, spec)
        answers = [recording.answer(case.id, _asked_last(template, case)) for case in chosen.values()]
        return [_known(answer) for answer in answers if answer is not None]
    if history is None:
        return ()
    found = history.current_outputs(task.name, spec.name, spec.model, list(chosen))
    return [_known(output) for outputs in found.values() for output in outputs if not output.failed_call]


def _asked_last(template: str, case: Case) -> str:
    """What a recording without ids knows the case by."""
    try:
        return last_user_message(render(template, case))
    except ProjectError:  # the prompt cannot be rendered, which is a finding of its own
        return ""


def _known(made: "Answer | Output") -> Known:
    counted = float(made.output_tokens) if made.output_tokens is not None else text_tokens(made.text)
    called = [call.name for call in made.tool_calls]
    return Known(made.input_tokens, counted, made.reasoning_tokens, made.cost, called)
