"""What a suggestion is made of: edits with their reasons, what no prompt can fix, and how trying them turned out.

Immutable values; a prompt's text is its template, and line numbers count from 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Op(StrEnum):
    """What an edit does to the text of a prompt."""

    REPLACE = "replace"
    """The anchor gives way to the text."""
    INSERT_AFTER = "insert_after"
    """The text goes right after the anchor."""
    DELETE = "delete"
    """The anchor goes."""
    APPEND = "append"
    """The text goes to the end, on a line of its own; there is no anchor."""


class EditKind(StrEnum):
    """What sort of change an edit is."""

    INSTRUCTION = "instruction"
    FORMAT = "format"
    EXAMPLE = "example"
    """It may quote a case, which from then on proves nothing: it leaves the cases aimed at and the held-out ones."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One small change of a prompt, with its reason."""

    op: Op
    text: str = ""
    """What is put in; empty for `delete`."""
    anchor: str = ""
    """A passage that occurs exactly once in the prompt the edit was made for; empty for `append`."""
    title: str = ""
    """What it does, in a few words."""
    why: str = ""
    """One or two sentences."""
    case_ids: tuple[str, ...] = ()
    """The cases it is written for."""
    kind: EditKind = EditKind.INSTRUCTION
    rule: str = ""
    """Id of the guidance it follows, where it says so …"""
    source: str = ""
    """… and the page that this guidance follows."""
    explained: bool = True
    """False for a piece of a whole rewrite, for which nobody gave a reason."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some cases fail, as the assistant sees it."""

    text: str
    case_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """A cause that no prompt can fix."""

    what: str
    """`parameter`, `schema`, `tool` or `check`."""
    text: str
    case_ids: tuple[str, ...] = ()
    source: str = ""
    """Where it comes from guidance and not from the assistant: the page it follows."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Words of a case that an edit would put into the prompt."""

    case_id: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Group:
    """Failing cases with one cause: the same checks failed, the same drift, or a person said so."""

    title: str
    """In a few words."""
    case_ids: tuple[str, ...]
    names: tuple[str, ...] = ()
    """Labels of failed checks and names of drift that they share."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Which cases of a task serve what. Disjoint; together they are all cases."""

    learn: tuple[str, ...]
    """The assistant may see these."""
    held_out: tuple[str, ...] = ()
    """It never sees these; they are counted, never listed. Empty where there are too few cases to split."""
    example: tuple[str, ...] = ()
    """Quoted in a prompt as an example: they prove nothing any more."""

    @property
    def split(self) -> bool:
        """Whether there are held-out cases."""
        return bool(self.held_out)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Proposed edits to one prompt, and what else the assistant said."""

    task: str
    candidate: str
    base: str
    """The text the edits were made for."""
    base_version_id: int | None
    edits: tuple[Edit, ...]
    causes: tuple[Cause, ...] = ()
    advice: tuple[Advice, ...] = ()
    assistant: str = ""
    """The model that was asked."""
    exchange_ids: tuple[int, ...] = ()
    """What was sent and answered, in the history (`history.exchanges`)."""
    groups: tuple[Group, ...] = ()
    """The failing cases it was told of."""
    failing: tuple[str, ...] = ()
    """All failing cases it may see, told of or not …"""
    of: int = 0
    """… of so many."""
    held_out: int = 0
    """Cases kept aside."""
    rewritten: bool = False
    """It answered with a whole new prompt, which was taken apart into hunks without reasons."""
    minimal: bool = False
    """It was asked for what can go, not for what is missing."""
    notes: tuple[str, ...] = ()
    """What of its answer was left out, and frozen lines that the text no longer has; a line each."""


@dataclass(frozen=True, slots=True)
class Flips:
    """How some cases came out with a prompt, against how they came out with the one before."""

    fixed: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    """Not judged, or an error, on one side or both."""

    @property
    def cases(self) -> int:
        """All of them."""
        return len(self.fixed) + len(self.still_failing) + len(self.broken) + len(self.kept) + len(self.open)


def times_before(looks: int) -> str:
    """`once before`, `3 times before`: how often held-out cases had been looked at, `looks` being this time's number;
    empty at the first."""
    return "" if looks <= 1 else f"{'once' if looks == 2 else f'{looks - 1} times'} before"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What accepting some edits would do. The parts do not mix."""

    aimed_at: Flips
    """The cases the edits were written for."""
    passed: Flips
    """Cases that passed and that the assistant may see."""
    held_out: Flips
    """Cases that it never sees: counted, never listed."""
    looks: int
    """How often held-out cases of this task were looked at, this time included; 0 where none were."""
    others: Flips = field(default_factory=Flips)
    """Cases that the assistant may see, that failed, and that no taken edit was written for."""
    critical_broken: tuple[str, ...] = ()
    """Of the broken ones that may be named, the critical ones."""
    outputs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By case id, those held out left out: the output before and after, by id."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """By case id, those held out left out: why it fails now."""
    calls: int = 0
    cost: float | None = 0.0
    seconds: float = 0.0
    stopped_because: str = ""
    """Why not all cases were asked, in one line; those are open then. Empty where all were."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """What one edit is worth: how the cases come out when it alone is left out."""

    edit: int
    """Its place in the suggestion, from 0."""
    needed_for: Sequence[str]
    """Cases that pass with all taken edits and not without this one."""
    better_without: Sequence[str]
    """Cases that pass only without it."""

    @property
    def earns_its_place(self) -> bool:
        """Something fails without it."""
        return bool(self.needed_for)
