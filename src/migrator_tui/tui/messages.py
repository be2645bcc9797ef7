"""What happened, in the past tense: the workspace posts it, the screen in sight reacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from migrator_tui.history.records import Standing, Version
    from migrator_tui.running.events import CaseResult, RunEvent, RunResult


class Fact(Message, bubble=False):
    """Something that happened to the project in view; every screen is told."""


class ProgramFact(Message, bubble=False):
    """Something that the app itself reacts to."""


@dataclass
class HistoryOpened(ProgramFact):
    """The history can be read and written; until now only the first page of the list was known."""


@dataclass
class HistoryFailed(ProgramFact):
    """The history could not be opened; `reason` is one line."""

    reason: str


@dataclass
class CaseEvent(Fact):
    """A call of the case in view made progress."""

    case_id: str
    event: "RunEvent"


@dataclass
class CaseRan(Fact):
    """The case in view was asked again and is done, failed or was stopped."""

    case_id: str
    result: "CaseResult | None"


@dataclass
class RunAdvanced(Fact):
    """A bulk run made progress."""

    event: "RunEvent"


@dataclass
class RunEnded(Fact):
    """A bulk run is over; `None`: it could not be carried out, and a notice says why."""

    result: "RunResult | None"


@dataclass
class StandingsChanged(Fact):
    """Some cases stand elsewhere now: a verdict, an undo, a check."""

    task: str
    candidate: str
    standings: "Sequence[Standing]"


@dataclass
class VersionRecorded(Fact):
    """A version is in the history that was not, or was not known to come from the file."""

    version: "Version"
    outside: bool = False
    """A prompt file was edited outside the program."""


@dataclass
class PromptFollowed(Fact):
    """The editor has taken up a prompt file that was edited outside."""


@dataclass
class TrackChanged(Fact):
    """Another task or candidate is in view."""


@dataclass
class ScorecardCounted(Fact):
    """A scorecard was counted anew."""

    task: str
    candidate: str


@dataclass
class CoverageSurveyed(Fact):
    """A task was surveyed anew: what its cases cover of a candidate's prompt."""

    task: str
    candidate: str


@dataclass
class SearchAdvanced(Fact):
    """A search of that task and candidate made progress; told some times a second at most."""

    task: str
    candidate: str


@dataclass
class SearchEnded(Fact):
    """It is over: done, stopped, or it could not be carried out."""

    task: str
    candidate: str


@dataclass
class RolloutLooked(Fact):
    """The newest rollout of a task was looked at, or that there is none."""

    task: str


@dataclass
class CasesChanged(Fact):
    """The case files of a task were changed outside: their index is another one, or they cannot be read just now."""

    task: str


@dataclass
class ProjectChanged(Fact):
    """The configuration was read anew: checks, limits, models may be others. Task and candidate stay in view."""


@dataclass
class RunBroke(ProgramFact):
    """What asks models has a mistake in it: nothing that a user could do about."""

    error: BaseException


@dataclass
class Noticed(ProgramFact):
    """One line for the header, for a few seconds."""

    text: str
    role: str = "muted"
