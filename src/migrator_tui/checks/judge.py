"""Checks that ask a judge model: `llm-rubric`, `model-graded-closedqa`, `factuality`. Meanings are promptfoo's."""

from collections.abc import Mapping, Sequence

from migrator_tui.checks.base import CheckFailure, CheckResult, CheckServices, Subject
from migrator_tui.checks.judge_talk import (
    REVISION,
    graded_text,
    input_text,
    messages_for,
    read_reply,
    reason_in,
    verdict_in,
)
from migrator_tui.checks.registry import Waiting, asked_model, register
from migrator_tui.checks.values import Needs, shown, threshold_between
from migrator_tui.project.schema import CheckSpec

LOOKS_AT = ("tool_calls",)
ASKS_THE_JUDGE = Waiting(asks="judge")

_VERDICT_FORM = (
    '{"reason": "one sentence", "pass": true or false, "score": a number from 0 (not at all) to 1 (fully)}'
)
_CATEGORIES = {
    "A": "says less than the reference and agrees with it",
    "B": "says more than the reference and agrees with it",
    "C": "says the same as the reference",
    "D": "contradicts the reference",
    "E": "differs in ways that do not matter for the facts",
}
"""Of OpenAI's `fact` evaluation, which promptfoo's `factuality` takes over: only D fails."""


def _sound(spec: CheckSpec) -> None:
    threshold_between(spec, 0, 1)


def judged(
    spec: CheckSpec, subject: Subject, *, holds: bool, score: float, reason: str, expected: str
) -> CheckResult:
    """The result of a judge's verdict; its reason is told whether it passed or not."""
    passed = holds != spec.negated
    return CheckResult(spec, passed, 1.0 - score if spec.negated else score, reason, expected, subject.text)


@register(
    "llm-rubric",
    needs=Needs.TEXT,
    looks_at=LOOKS_AT,
    settings=_sound,
    revision=REVISION,
    waiting=ASKS_THE_JUDGE,
)
async def llm_rubric(subject: Subject, spec: CheckSpec, services: CheckServices) -> CheckResult:
    """A judge says that the output fulfils the rubric and, with a threshold, how well."""
    rubric = str(spec.value)
    told = messages_for(
        "Decide whether the answer fulfils the rubric.",
        _VERDICT_FORM,
        [("RUBRIC", rubric), ("ANSWER", graded_text(subject))],
        ["ANSWER"],
    )
    return await _verdict(subject, spec, services, told, rubric)


@register(
    "model-graded-closedqa",
    needs=Needs.TEXT,
    looks_at=(*LOOKS_AT, "messages", "variables"),
    settings=_sound,
    revision=REVISION,
    waiting=ASKS_THE_JUDGE,
)
async def closed_qa(subject: Subject, spec: CheckSpec, services: CheckServices) -> CheckResult:
    """A judge who also sees what was asked says that the output meets the criterion."""
    criterion = str(spec.value)
    told = messages_for(
        "Decide whether the answer to the question meets the criterion.",
        _VERDICT_FORM,
        [("CRITERION", criterion), ("QUESTION", input_text(subject)), ("ANSWER", graded_text(subject))],
        ["QUESTION", "ANSWER"],
    )
    return await _verdict(subject, spec, services, told, criterion)


async def _verdict(
    subject: Subject, spec: CheckSpec, services: CheckServices, told: Sequence[Mapping[str, object]], expected: str
) -> CheckResult:
    answer = await services.ask(asked_model("judge", subject.setup), [dict(message) for message in told])
    reply = read_reply(answer, ("pass", "score"))
    holds, score = verdict_in(reply, answer, spec.threshold)
    reason = reason_in(reply)
    if holds is spec.negated and not reason:
        reason = "the judge says yes" if holds else "the judge says no"
    return judged(spec, subject, holds=holds, score=score, reason=reason, expected=expected)


@register(
    "factuality",
    needs=Needs.TEXT,
    looks_at=(*LOOKS_AT, "messages", "variables"),
    revision=REVISION,
    waiting=ASKS_THE_JUDGE,
)
async def factuality(subject: Subject, spec: CheckSpec, services: CheckServices) -> CheckResult:
    """A judge says that the output does not contradict the reference (the value, or what the case expects)."""
    reference = str(spec.value)
    letters = "; ".join(f"{letter}: it {words}" for letter, words in _CATEGORIES.items())
    told = messages_for(
        f"Compare the facts of the answer with those of the reference; style and wording do not count. "
        f"Choose the category of the answer: {letters}.",
        '{"reason": "one sentence", "category": "A", "B", "C", "D" or "E"}',
        [("REFERENCE", reference), ("QUESTION", input_text(subject)), ("ANSWER", graded_text(subject))],
        ["QUESTION", "ANSWER"],
    )
    answer = await services.ask(asked_model("judge", subject.setup), told)
    reply = read_reply(answer, ("category",))
    category = str(reply.get("category")).strip().rstrip(".)").upper()
    if category not in _CATEGORIES:
        raise CheckFailure(f"the judge's category is {shown(reply.get('category'), 20)}, not one of A to E")
    holds = category != "D"
    reason = reason_in(reply) or f"the answer {_CATEGORIES[category]}"
    return judged(spec, subject, holds=holds, score=1.0 if holds else 0.0, reason=reason, expected=reference)
