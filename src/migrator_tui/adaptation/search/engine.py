"""A search in a few words of our own: whoever carries it out can be exchanged, and knows no model and no money."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Work = Coroutine[Any, Any, T]


class Over(Exception):
    """Nothing more is to be done: somebody stopped it, or nothing is left to spend. The functions of a problem raise
    it; the engine then ends."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What an engine is given. Its functions run in the event loop, one at a time."""

    start: str
    """The text it starts from."""
    case_ids: Sequence[str]
    """The cases that decide."""
    evaluate: Callable[[str, Sequence[str]], Work[Mapping[str, float]]]
    """What a text is worth on these cases, 0 to 1 by case id; a text that was asked before costs nothing."""
    batch: Callable[[str], Work[Sequence[str]]]
    """A few cases on which a child of this text is tried first."""
    propose: Callable[[str, Sequence[str]], Work[str | None]]
    """A child of this text, made for these cases; `None` where there is none this time."""
    accept: Callable[[str, str, Sequence[str]], Work[bool]]
    """Whether a child is kept beside its parent, both evaluated on these cases."""
    over: Callable[[], bool]
    """Whether the search has come to its end; may be asked from any thread."""
    seed: int = 0


class Engine(Protocol):
    """Carries out a search: evaluates the start, then proposes, tries and keeps until it is over."""

    async def __call__(self, problem: Problem) -> None:
        """Returns when the problem is over; raises what its functions raise, `Over` excepted."""
