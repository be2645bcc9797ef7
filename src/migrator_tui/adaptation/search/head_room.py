"""Whether a search is likely to help, before much is spent on it.

Searching for a better prompt helps where a model can do what is wanted and does not by default, which is mostly a
matter of form; elsewhere it is as often of no use (arXiv 2604.14585). So: enough cases must fail, and by something
that a prompt can change. Where what fails is no matter of form, the first proposal has to move something.
"""

from collections.abc import Iterable, Mapping

from migrator_tui.adaptation.search.scores import Scored, Scores
from migrator_tui.adaptation.search.values import HeadRoom
from migrator_tui.project.schema import Case, CheckSpec, Task
from migrator_tui.project.words import listed

ENOUGH = 5
"""Failing cases, or half of them all."""
NO_MATTER_OF_WORDS = frozenset({"latency", "cost"})
"""Checks of what no prompt changes for sure."""
FORM = frozenset(
    {
        "no-code-fence",
        "no-markdown",
        "no-preamble",
        "is-json",
        "contains-json",
        "is-xml",
        "contains-xml",
        "starts-with",
        "language",
        "max-words",
        "min-words",
        "word-count",
        "max-sentences",
        "max-characters",
        "max-tokens",
        "max-length-ratio",
        "is-refusal",
        "finish-reason",
        "is-valid-openai-tools-call",
    }
)
"""Checks of form: what models can do when they are told to."""


def head_room(task: Task, cases: Mapping[str, Case], scores: Scores) -> HeadRoom:
    """By the outcomes of the prompt that a search starts from, on the cases to learn from."""
    judged = {case_id: one for case_id, one in scores.items() if one.passed is not None}
    failing = {case_id: one for case_id, one in judged.items() if not one.passed}

    def answer(likely: bool, why: str, *, first_try_tells: bool = False) -> HeadRoom:
        return HeadRoom(likely, why, len(failing), len(judged), first_try_tells)

    if not judged:
        reason = next((one.reason for one in scores.values() if one.reason), "no check and no verdict judges them")
        return answer(False, f"none of the answers is judged: {reason}")
    if not failing:
        return answer(False, "no case fails that the search may learn from")
    if len(failing) < ENOUGH and 2 * len(failing) < len(judged):
        few = "only 1 case fails" if len(failing) == 1 else f"only {len(failing)} cases fail"
        return answer(False, f"{few}, which is too few to learn from")
    if all(one.by_person for one in failing.values()):
        return answer(False, "the cases fail by people's verdicts, which say nothing of a new answer; add checks")
    kinds = {case_id: _kinds(task, cases[case_id], one) for case_id, one in failing.items()}
    fixed = [case_id for case_id, known in kinds.items() if known and known <= NO_MATTER_OF_WORDS]
    if len(fixed) == len(failing):
        return answer(
            False, f"what fails ({listed(sorted(set().union(*kinds.values())))}) is not the prompt's to change"
        )
    formal = sum(bool(known & FORM) for known in kinds.values())
    if formal:
        return answer(True, f"{formal} of {len(failing)} failing cases fail by their form, which a prompt can change")
    return answer(
        True, "what fails is no matter of form: the first proposal has to move something", first_try_tells=True
    )


def moved(before: Scores, after: Scores) -> bool:
    """Whether a try changed anything for the better on a case that failed."""
    return any(
        old.passed is False and case_id in after and after[case_id].worth > old.worth
        for case_id, old in before.items()
    )


def _kinds(task: Task, case: Case, one: Scored) -> set[str]:
    """The types of the checks that a case failed."""
    specs: Iterable[CheckSpec] = [*task.checks, *case.checks]
    return {spec.type for spec in specs if spec.label in one.failed}
