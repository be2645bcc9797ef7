"""Which cases of a task the assistant may see, and which it never sees so that they can test what it proposes.

A task is split once, and the split is kept in the history. It is drawn by the seed, the task's name and the cases as
they are written, so whoever has the same files has the same split. How cases came out plays no part, though it would
make both parts fail alike: that depends on what was run on this machine, and when.
"""

import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from migrator_tui.adaptation.values import Parts
from migrator_tui.history.adaptation_records import CasePart
from migrator_tui.project.schema import Case, Project, Task

if TYPE_CHECKING:
    from migrator_tui.history.store import History

FEWEST = 12
"""With fewer cases than that, neither part would say anything."""

Key = TypeVar("Key", bound=Hashable)


def parts_of(history: "History", project: Project, task: Task, cases: Sequence[Case]) -> Parts:
    """The parts of a task; `cases` are all it has. The first call splits it, and later ones put in what is new.

    Of each kind of cases (critical or not, the same tags) the same share is held out. A new case joins by its
    id alone. Fewer than `FEWEST` cases are not split: the assistant may see them all, and what it has seen is never
    held out later.
    """
    known = history.case_parts(task.name)
    new = [case for case in cases if case.id not in known]
    if new:
        history.keep_case_parts(task.name, _placed(project, task, new, known), instead=False)
        known = history.case_parts(task.name)  # another program may have been faster
    of: dict[CasePart, list[str]] = {part: [] for part in CasePart}
    for case in cases:
        of[known[case.id]].append(case.id)
    return Parts(tuple(of[CasePart.LEARN]), tuple(of[CasePart.HELD_OUT]), tuple(of[CasePart.EXAMPLE]))


def mark_example(history: "History", task: Task, case_ids: Iterable[str]) -> None:
    """These cases are quoted in a prompt: from now on they prove nothing."""
    history.keep_case_parts(task.name, dict.fromkeys(case_ids, CasePart.EXAMPLE))


def lot(project: Project, task: Task, case_id: str) -> int:
    """A number drawn for a case by the seed: by it cases are chosen, everywhere the same."""
    drawn = hashlib.sha256(repr((project.adaptation.seed, task.name, case_id)).encode()).digest()
    return int.from_bytes(drawn[:8])


def sample(
    project: Project, task: Task, case_ids: Sequence[str], most: int, always: Collection[str] = ()
) -> list[str]:
    """At most so many of the cases, in their order, drawn by the seed; those to take `always` come first."""
    if len(case_ids) <= most:
        return list(case_ids)
    drawn = sorted(case_ids, key=lambda case_id: (case_id not in always, lot(project, task, case_id)))
    chosen = set(drawn[:most])
    return [case_id for case_id in case_ids if case_id in chosen]


def _placed(project: Project, task: Task, new: Sequence[Case], known: Mapping[str, CasePart]) -> dict[str, CasePart]:
    share = project.adaptation.held_out
    if known and any(part is not CasePart.EXAMPLE for part in known.values()):
        limit = int(share * 2**64)
        few = len(new) + len(known) < FEWEST
        held = set() if few else {case.id for case in new if lot(project, task, case.id) < limit}
    elif len(new) < FEWEST:
        held = set()
    else:
        held = _drawn(project, task, new)
    return {case.id: CasePart.HELD_OUT if case.id in held else CasePart.LEARN for case in new}


def _drawn(project: Project, task: Task, cases: Sequence[Case]) -> set[str]:
    """The held-out cases: of all the share, and of each kind as nearly the same share as whole cases allow."""
    share = project.adaptation.held_out
    wanted = min(len(cases) - 1, max(1, round(share * len(cases)))) if share > 0 else 0
    drawn = {case.id: lot(project, task, case.id) for case in cases}

    def first(some: Sequence[Case]) -> int:
        return min(drawn[case.id] for case in some)

    held: set[str] = set()
    by_weight = _grouped(cases, lambda case: case.critical)
    for critical, number in _shared_out(by_weight, wanted, first).items():
        by_tags = _grouped(by_weight[critical], lambda case: tuple(sorted(set(case.tags))))
        for tags, few in _shared_out(by_tags, number, first).items():
            of_kind = sorted(by_tags[tags], key=lambda case: drawn[case.id])
            held.update(case.id for case in of_kind[:few])
    return held


def _grouped(cases: Sequence[Case], key: Callable[[Case], Key]) -> dict[Key, list[Case]]:
    groups: dict[Key, list[Case]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return groups


def _shared_out(
    groups: Mapping[Key, Sequence[Case]], wanted: int, first: Callable[[Sequence[Case]], int]
) -> dict[Key, int]:
    """How many of each group are wanted, by the method of the largest remainder; among equals the lot decides."""
    total = sum(len(some) for some in groups.values())
    shares = {key: divmod(wanted * len(some), total) for key, some in groups.items()}
    left = wanted - sum(whole for whole, _ in shares.values())
    order = sorted(groups, key=lambda key: (-shares[key][1], first(groups[key])))
    more = set(order[:left])
    return {key: whole + (key in more) for key, (whole, _) in shares.items()}
