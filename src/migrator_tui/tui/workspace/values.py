"""What the workspace hands to the screens: plain values about cases, their order, and the prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_tui.history.records import CaseRow, CheckRecord, Judged, Output, Section, Verdict, Version
from migrator_tui.project.schema import Case

if TYPE_CHECKING:
    from migrator_tui.parity.outcomes import Judgement


@dataclass(frozen=True, slots=True)
class Side:
    """One model's part in a case: what counts for it."""

    output: Output | None
    checks: Sequence[CheckRecord] = ()
    judgement: "Judgement | None" = None
    """What became of a person's verdict on it: it stands, is offered, or asks again."""
    version: Version | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on exactly this output."""
        judgement = self.judgement
        stands = judgement is not None and judgement.judged in (Judged.PASS, Judged.FAIL)
        return judgement.verdict if judgement is not None and stands else None


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the workbench shows of one case."""

    row: CaseRow
    case: Case
    baseline: Side
    candidate: Side


@dataclass(frozen=True, slots=True)
class ListOrder:
    """The cases in the list's order, with their sections."""

    sections: Sequence[tuple[Section | None, Sequence[int]]]
    counts: Mapping[Section, int]
    total: int


@dataclass(frozen=True, slots=True)
class Basis:
    """What a count of all cases was made from."""

    files: str
    """Digest of the case files; empty where their index was an older one."""
    latest: tuple[int, int]
    """The output placed last, and the newest verdict (`History.latest`)."""


@dataclass(slots=True)
class PromptState:
    """The draft in the editor and what it came from."""

    version: Version
    template: str
    params_text: str
    baseline: Version
    variables: frozenset[str] = frozenset()


def decisive(outputs: Sequence[Output], output_id: int | None) -> Output | None:
    """Of several repeats the one that decided the outcome; the first where none did."""
    return next((o for o in outputs if o.id == output_id), outputs[0] if outputs else None)


def grouped(rows: Sequence[CaseRow], numbers: Sequence[int]) -> list[tuple[Section | None, Sequence[int]]]:
    """Case numbers under the heads of their sections; numbers without a row come last, without a head."""
    sections: dict[Section, list[int]] = {}
    known = set()
    for row in rows:
        sections.setdefault(row.standing.section if row.standing else Section.NOT_RUN, []).append(row.no)
        known.add(row.no)
    groups: list[tuple[Section | None, Sequence[int]]] = [(s, sections[s]) for s in Section if s in sections]
    rest = [no for no in numbers if no not in known]
    return [*groups, (None, rest)] if rest else groups
