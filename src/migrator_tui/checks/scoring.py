"""How the results of several checks become one: all must pass or, with a threshold, the mean score must reach it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One result, as far as it counts."""

    weight: float
    score: float
    passed: bool
    known: bool = True
    """Whether the check could be carried out."""


@dataclass(frozen=True, slots=True)
class Combined:
    """What several results come to."""

    passed: bool | None
    """`None` where it depends on parts that are not known."""
    score: float
    """The mean of the scores by weight, parts that are not known as 0; 0 without any weight."""


def combined(parts: Sequence[Part], threshold: float | None) -> Combined:
    """The outcome of parts of a positive weight; those of weight 0 only measure and are left aside.

    As in promptfoo: without a threshold every part must pass; with one, the mean of the scores by weight must reach
    it, whatever the parts say. A part that is not known leaves it open where it could still turn it.
    """
    counting = [part for part in parts if part.weight > 0]
    weight = sum(part.weight for part in counting)
    score = sum(part.score * part.weight for part in counting if part.known) / weight if weight else 0.0
    unknown = sum(part.weight for part in counting if not part.known)
    if threshold is None:
        if any(part.known and not part.passed for part in counting):
            return Combined(False, score)
        return Combined(None if unknown else True, score)
    if score >= threshold:
        return Combined(True, score)
    reachable = unknown > 0 and score + unknown / weight >= threshold
    return Combined(None if reachable else False, score)
