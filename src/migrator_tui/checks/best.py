"""The check `select-best`: is the candidate's answer at least as good as the baseline's? Asked in both orders.

Judges favour what they are shown first. An answer wins only if it wins in both places; all else is a tie.
"""

from migrator_tui.checks.base import CheckFailure, CheckResult, CheckServices, Subject, all_of
from migrator_tui.checks.judge_talk import REVISION, graded_text, messages_for, read_reply, reason_in
from migrator_tui.checks.registry import Waiting, asked_model, register
from migrator_tui.checks.values import Needs, baseline_of, shown
from migrator_tui.project.schema import CheckSpec

_FORM = '{"reason": "one sentence", "best": "A", "B" or "tie"}'


def _no_baseline(spec: CheckSpec, subject: Subject) -> str:
    return "the baseline has no answer to compare with yet" if subject.baseline is None else ""


@register(
    "select-best",
    needs=Needs.TEXT,
    looks_at=["baseline", "tool_calls"],
    revision=REVISION,
    with_baseline=True,
    waiting=Waiting(asks="judge", calls=2, blocked=_no_baseline),
)
async def select_best(subject: Subject, spec: CheckSpec, services: CheckServices) -> CheckResult:
    """The baseline's answer does not win by the criteria: the candidate's wins (score 1), or it is a tie (0.5)."""
    baseline = baseline_of(subject)
    new, old = graded_text(subject), graded_text(baseline)
    if new == old:
        won, reason = 0, "both answers are the same"
    else:
        orders = [_winner(subject, spec, services, new, old), _winner(subject, spec, services, old, new)]
        first, second = await all_of(orders)
        # In the first order the candidate's answer is A, in the second it is B.
        points = {"A": 1, "B": -1, "TIE": 0}
        one, other = points[first[0]], -points[second[0]]
        won = one if one == other else 0
        reason = first[1] if won else _tie_reason(one, other)
    holds = won >= 0
    passed = holds != spec.negated
    score = {1: 1.0, 0: 0.5, -1: 0.0}[won]
    words = {1: "better than the baseline's", 0: "as good as the baseline's", -1: "the baseline's is better"}[won]
    told = f"{words}: {reason}" if reason else words
    return CheckResult(spec, passed, 1.0 - score if spec.negated else score, told, baseline.text, subject.text)


def _tie_reason(one: int, other: int) -> str:
    if one == other:
        return "the judge sees a tie in both orders"
    if one and other:
        return "the judge's choice changed with the order"
    return "the judge has a favourite in one of the two orders only"


async def _winner(subject: Subject, spec: CheckSpec, services: CheckServices, a: str, b: str) -> tuple[str, str]:
    """Which of two answers a judge prefers (`A`, `B` or `TIE`), and why."""
    told = messages_for(
        "You get two answers, A and B. Decide which one meets the criteria better. Their order means nothing.",
        _FORM,
        [("CRITERIA", str(spec.value)), ("ANSWER A", a), ("ANSWER B", b)],
        ["ANSWER A", "ANSWER B"],
    )
    answer = await services.ask(asked_model("judge", subject.setup), told)
    reply = read_reply(answer, ("best",))
    best = str(reply.get("best")).strip().upper()
    if best not in ("A", "B", "TIE"):
        raise CheckFailure(f"the judge's choice is {shown(reply.get('best'), 20)}, not A, B or tie")
    return best, reason_in(reply)
