"""Advice for moving between families of models: which rules speak to a pair of models and to what fails."""

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rule:
    """One piece of advice. It is a hypothesis: what it is worth, the cases say."""

    id: str
    old: str
    """Family of models migrated from; `any` for all."""
    new: str
    """Family of models migrated to."""
    when: tuple[str, ...]
    """Types of failed checks and names of drift that it speaks to; empty: always."""
    advice: str
    kind: Literal["prompt", "parameter"]
    source: str
    """Address of the page that it follows."""
    date: date
    """When that page was read."""
