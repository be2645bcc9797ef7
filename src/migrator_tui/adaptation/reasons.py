"""Why a version is as it is: the edits it came out of, who proposed and who accepted them, how trying them went.

Read from what the history keeps beside a version; of held-out cases there are counts alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrator_tui.adaptation.keeping import edit_of
from migrator_tui.adaptation.values import Edit, Flips
from migrator_tui.history.adaptation_records import Adaptation

PARTS = {
    "aimed_at": "cases it was written for",
    "passed": "cases that passed",
    "others": "others that failed",
    "held_out": "held-out cases",
}
"""The parts that do not mix, and what they are called."""


@dataclass(frozen=True, slots=True)
class PartCounts:
    """How many cases of a part came out how."""

    part: str
    """A name of `PARTS`."""
    fixed: int
    broken: int
    still_failing: int
    kept: int
    open: int

    @property
    def cases(self) -> int:
        """All of them."""
        return self.fixed + self.broken + self.still_failing + self.kept + self.open


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a version is as it is."""

    version_id: int
    edits: Sequence[Edit]
    assistant: str
    """The model that proposed them."""
    from_search: bool
    base_version_id: int | None
    """What the edits were made for."""
    parts: Sequence[PartCounts]
    """How it was tried before it was accepted; empty where it was not."""
    looks: int
    """How often held-out cases were looked at by then; 0 where they were not."""
    critical_broken: Sequence[str]
    overridden: bool
    """Accepted although cases broke."""
    needed_for: Mapping[int, Sequence[str]]
    """Cases that need an edit, by its number from 0; of those that were left out in turn."""
    rewritten: bool
    """The assistant wrote the whole prompt anew, and that was taken apart."""
    accepted: bool
    """Somebody accepted it; else a search found it, and that is all."""
    author: str
    """Who accepted it, or started the search."""
    created_at: datetime

    def part_words(self, part: str) -> str:
        """What the cases of a part are called. Edits that name no case, as those that strip, are written for none:
        what they are aimed at are the cases that failed."""
        named = any(edit.case_ids for edit in self.edits)
        return PARTS[part] if named or part != "aimed_at" else "cases that failed"


def reasons_of(adaptation: Adaptation) -> Reasons:
    """What is kept, read."""
    found = adaptation.details
    held_out = found.get("held_out") or {}
    counted = found.get("flips") or ({"held_out": _lengths(held_out["flips"])} if held_out else {})
    return Reasons(
        version_id=adaptation.version_id,
        edits=[edit_of(edit) for edit in found.get("edits", ())],
        assistant=str(found.get("assistant") or ""),
        from_search=bool(found.get("search_id")),
        base_version_id=found.get("base_version_id"),
        parts=[
            PartCounts(part, **counted[part]) for part in PARTS if part in counted and any(counted[part].values())
        ],
        looks=int(found.get("looks") or held_out.get("looks") or 0),
        critical_broken=tuple(found.get("critical_broken", ())),
        overridden=bool(found.get("overridden")),
        needed_for={one["edit"]: tuple(one["needed_for"]) for one in found.get("ablation") or ()},
        rewritten=bool(found.get("rewritten")),
        accepted="tried" in found,
        author=adaptation.author,
        created_at=adaptation.created_at,
    )


def _lengths(flips: Mapping[str, Any]) -> dict[str, int]:
    return {name: len(flips.get(name, ())) for name in Flips.__dataclass_fields__}


def who_words(reasons: Reasons) -> str:
    """`proposed by claude-opus-5 in a search, accepted by ada`: raw text."""
    proposed = f"proposed by {reasons.assistant}" if reasons.assistant else "proposed"
    if reasons.accepted:
        return f"{proposed}{' in a search' if reasons.from_search else ''}, accepted by {reasons.author}"
    return f"{proposed} in a search that {reasons.author} started"


def count_words(counts: PartCounts, reasons: Reasons) -> str:
    """`cases it was written for (4): 3 fixed, 0 broken`."""
    words = reasons.part_words(counts.part)
    return f"{words} ({counts.cases:,}): {counts.fixed:,} fixed, {counts.broken:,} broken"


def needed_words(reasons: Reasons, number: int) -> str:
    """What came of leaving out the edit of that number, from 0; empty where nobody tried."""
    if number not in reasons.needed_for:
        return ""
    needed = len(reasons.needed_for[number])
    if not needed:
        return "left out, nothing failed: it did not earn its place"
    return f"left out, {needed:,} {'case fails' if needed == 1 else 'cases fail'}"


def title_of(reasons: Reasons) -> str:
    """What its edits do, in short; empty where nobody said it."""
    return ", ".join(dict.fromkeys(edit.title for edit in reasons.edits if edit.title))
