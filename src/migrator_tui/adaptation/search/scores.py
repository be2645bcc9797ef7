"""What a prompt is worth on a case, on which few cases its children are tried first, and which of them are kept."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrator_tui.adaptation.flips import flips_of
from migrator_tui.adaptation.values import Flips
from migrator_tui.history.records import CheckRecord
from migrator_tui.parity.outcomes import OutcomeWithReason, Source
from migrator_tui.project.words import listed

MOST_WORTH_OF_A_FAIL = 0.9
"""A case that fails is worth its passed checks, and always less than one that passes."""
FAILING, GUARDS = 4, 4
"""Cases on which a child is tried first: failing ones with the same cause, and passing ones that may break."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Scored:
    """How one case came out with one prompt."""

    passed: bool | None
    """`None`: not judged, or an error."""
    worth: float
    """0 to 1; 1 where it passed. Where it failed, the share by weight of the checks that passed: an edit that mends
    one of two causes is a step, though no case passes yet."""
    failed: tuple[str, ...] = ()
    """Labels of the failed checks."""
    reason: str = ""
    """Why it failed or is open; one line."""
    by_person: bool = False
    """A person failed it: no new answer has that verdict, whatever it says."""


def scored(outcome: OutcomeWithReason, checks: Sequence[CheckRecord]) -> Scored:
    """A case's outcome, and the results of its checks, as the search counts them."""
    passed = outcome.outcome.passed
    counting = [record for record in checks if record.weight > 0]
    failed = tuple(
        dict.fromkeys(r.label for r in counting if not (r.passed or r.error or r.waiting)) if passed is False else ()
    )
    worth = float(passed is True)
    if passed is False and failed:
        share = sum(r.weight for r in counting if r.passed) / sum(r.weight for r in counting)
        worth = MOST_WORTH_OF_A_FAIL * share
    return Scored(passed, worth, failed, outcome.reason, passed is False and outcome.source is Source.VERDICT)


Scores = Mapping[str, Scored]
"""By case id."""


def pass_rate(scores: Iterable[Scored]) -> float | None:
    """0 to 1; `None` where nothing is judged."""
    judged = [one.passed for one in scores if one.passed is not None]
    return sum(judged) / len(judged) if judged else None


def causes(scores: Scores) -> list[tuple[str, list[str]]]:
    """Failing cases by failed check, the check that most of them fail first; those of a verdict alone last."""
    found: dict[str, list[str]] = {}
    for case_id, one in scores.items():
        if one.passed is False:
            for label in one.failed or ("",):
                found.setdefault(label, []).append(case_id)
    return sorted(found.items(), key=lambda item: (not item[0], -len(item[1]), item[0]))


def some_of_each(scores: Scores, most: int) -> list[str]:
    """At most so many failing cases, some of each cause."""
    queues = [list(ids) for _, ids in causes(scores)]
    found: dict[str, None] = {}
    while any(queues) and len(found) < most:
        for queue in filter(None, queues):
            found.setdefault(queue.pop(0))
    return list(found)[:most]


def first_batch(scores: Scores, turn: int, seed: str) -> list[str]:
    """The cases on which the `turn`-th child (from 0) of a prompt is tried first: another cause each time, chosen
    by `seed` alone. Without failing cases, none."""
    chance = random.Random(f"{seed}/{turn}")  # noqa: S311 - a choice of cases, no secret
    known = causes(scores)
    if not known:
        return []
    _, of_cause = known[turn % len(known)]
    others = [case_id for case_id, one in scores.items() if one.passed is False and case_id not in of_cause]
    failing = chance.sample(of_cause, min(FAILING, len(of_cause)))
    failing += chance.sample(others, min(FAILING - len(failing), len(others)))
    passing = [case_id for case_id, one in scores.items() if one.passed]
    return [*failing, *chance.sample(passing, min(GUARDS, len(passing)))]


def flips(before: Scores, after: Scores) -> Flips:
    """What changed on the cases that both were asked about."""
    was, now = ({case_id: one.passed for case_id, one in scores.items()} for scores in (before, after))
    return flips_of(was, now, [case_id for case_id in after if case_id in before])


def total(scores: Scores, ids: Iterable[str]) -> float:
    """The worth of these cases together."""
    return sum(scores[case_id].worth for case_id in ids)


def why_dropped(before: Scores, after: Scores, critical: Iterable[str] = (), *, first: bool) -> str | None:
    """Why a child is not kept, by the cases both it and its parent were asked about; `None` where it is.

    On the `first` few cases nothing that passed may break. On all of them a child may break some (never a `critical`
    one) where it mends more.
    """
    both = flips(before, after)
    if len(both.open) == both.cases:
        reason = next((after[case_id].reason for case_id in both.open if after[case_id].passed is None), "")
        return f"nothing could be judged: {reason}" if reason else "nothing could be judged"
    critical = set(critical)
    broken = [case_id for case_id in both.broken if first or case_id in critical]
    if broken:
        return f"breaks {len(broken)}: {_named(broken)}"
    known = [case_id for case_id in after if case_id in before and case_id not in both.open]
    lower = len(both.broken) - len(both.fixed)
    if lower > 0:
        return f"{lower} lower than its parent"
    return None if total(after, known) > total(before, known) else "no better"


def why_kept(before: Scores, after: Scores) -> str:
    """What a child that is kept does, in a few words."""
    both = flips(before, after)
    if not both.fixed:
        return "more checks pass, no case yet"
    return f"fixes {len(both.fixed)}" + (f", breaks {len(both.broken)}: {_named(both.broken)}" if both.broken else "")


def _named(case_ids: Sequence[str]) -> str:
    return listed(case_ids, MOST_NAMED).replace(",", "")
