"""What a request to the assistant is made of: failing cases as they are shown, edits refused, what stands beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.adaptation.guidance import Rule
from migrator_tui.adaptation.values import Group
from migrator_tui.project.schema import AdaptationSettings, Case


@dataclass(frozen=True, slots=True)
class Failure:
    """A failing case as it can be shown."""

    case: Case
    answer: str
    """What the model moved to said."""
    reference: str | None = None
    """What the model migrated from said; `None` where it gave no answer."""
    reference_passes: bool | None = None
    failed: tuple[tuple[str, str], ...] = ()
    """Labels of the failed checks, each with its reason."""
    types: tuple[str, ...] = ()
    """Their types, which a label of the user's own may hide."""
    drift: tuple[str, ...] = ()
    """In which ways the two answers differ, in words …"""
    drift_names: tuple[str, ...] = ()
    """… and by name."""
    signs: tuple[str, ...] = ()
    """What makes it fail, each thing told once: a drift where it explains a failed check, else the check's label."""
    person: str = ""
    """What a person said of the answer: `fail`, with a note perhaps."""
    reference_person: str = ""
    """What a person said of the reference."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An edit that a person refused, or that did not help."""

    edit: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Material:
    """All that a request is made of."""

    task: str
    old_model: str
    new_model: str
    version: str
    """`v3`, or `draft`."""
    template: str
    limits: AdaptationSettings
    groups: Sequence[Group] = ()
    failures: Mapping[str, Failure] = field(default_factory=dict)
    """Those that may be shown, by case id."""
    more_failing: int = 0
    """Cases that fail too, but were not looked at."""
    passing: Sequence[Case] = ()
    learn: int = 0
    """Cases that may be told of, passing and failing."""
    held_out: int = 0
    frozen: Sequence[str] = ()
    """Passages of the template that no edit may touch."""
    rejected: Sequence[Rejected] = ()
    rules: Sequence[Rule] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    """The new model's parameters."""
    response_format: Mapping[str, Any] | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    minimal: bool = False
    """Ask for what can go, not for what is missing."""
