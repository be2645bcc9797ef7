"""Changes of a rollout: start, advance, step back, hold, resume, roll back, complete.

Each names what it was decided on and is refused where somebody else was faster (`OvertakenError`); each is an event
with who, when and why, and tells the gateway at once. What goes against advice needs a reason, which is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from migrator_tui.history.rollout_records import NewRollout
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task
from migrator_tui.rollout.plan import step_name
from migrator_tui.rollout.started import serving
from migrator_tui.rollout.values import EventKind, Rollout, RolloutState
from migrator_tui.rollout.words import named

if TYPE_CHECKING:
    from migrator_tui.history.decision_records import SignedDecision
    from migrator_tui.history.records import Version
    from migrator_tui.history.store import History


class NeedsReasonError(ProjectError):
    """This goes against advice: it is done once somebody says why."""


@dataclass(frozen=True, slots=True)
class Backing:
    """What a start rests on."""

    decision: "SignedDecision | None"
    """The newest decision about the candidate on the task, where it says go about exactly this version."""
    missing: str
    """What stands against starting without a reason; empty where nothing does."""


def backing(history: "History", task: str, candidate: str, version: "Version") -> Backing:
    """Whether a signed decision says that this version may take over."""
    newest = next(iter(history.decisions(task, candidate)), None)
    if newest is None:
        return Backing(None, f"nobody has signed a decision about {candidate} on task {task}")
    if newest.version_id != version.id:
        other = history.version(newest.version_id).label
        return Backing(None, f"the newest decision about {candidate} is about {other}, not {version.label}")
    if not newest.go:
        return Backing(None, f"{newest.author} decided against {candidate} {version.label}: {newest.reason}")
    return Backing(newest, "")


def too_slow(project: Project, history: "History", candidate: ModelSpec, version: "Version") -> str:
    """What speaks of answers that would not be waited for, by the runs of this version; empty where nothing does."""
    from migrator_tui.parity.summary import percentile

    found = [one for each in history.version_figures(version.id, candidate.model).values() for one in each]
    latencies = sorted(one.latency_ms / 1000 for one in found if one.latency_ms is not None and not one.failed_call)
    slow, limit = percentile(latencies, 0.95), min(project.gateway.candidate_timeout, candidate.timeout)
    if slow is None or slow <= limit:
        return ""
    which = "[gateway] candidate_timeout" if limit == project.gateway.candidate_timeout else "its timeout"
    return (
        f"one in 20 whole answers of {candidate.name} {version.label} took {slow:.1f} s or more in its runs, and the "
        f"baseline steps in after {limit:g} s without a word (of a stream: without a next piece): where applications "
        f"do not stream, raise {which}"
    )


def start(
    project: Project,
    history: "History",
    task: Task,
    candidate: ModelSpec,
    version: "Version",
    *,
    who: str,
    reason: str = "",
    at: datetime | None = None,
) -> Rollout:
    """Begin to move a task to a candidate's version, by the project's `[rollout]`.

    Raises `NeedsReasonError` where no signed decision says go about exactly this version and no reason is given;
    `ProjectError` where there is nothing that could serve.
    """
    from migrator_tui.history.columns import now
    from migrator_tui.rollout.gateway.publishing import published_arms
    from migrator_tui.running.versions import version_of_record

    _refuse_unfit(project, task, candidate, version)
    backed = backing(history, task.name, candidate.name, version)
    reason = reason.strip()
    if backed.missing and not reason:
        raise NeedsReasonError(f"{backed.missing}; to start all the same, say why (--reason)")
    why = reason
    if backed.decision is not None:
        why = f"decided by {backed.decision.author}: {backed.decision.reason}" + (f"; {reason}" if reason else "")
    old = version_of_record(project, history, task, BASELINE, author=who)
    return history.start_rollout(
        _by_the_project(project, task, candidate, version.id, old.id),
        published_arms(
            task.name,
            baseline=(old.template, old.params),
            candidate=(version.template, version.params),
            candidate_name=candidate.name,
        ),
        author=who,
        why=why,
        overridden=f"started although {backed.missing}" if backed.missing else "",
        at=at or now(),
    )


def _refuse_unfit(project: Project, task: Task, candidate: ModelSpec, version: "Version") -> None:
    """Raise `ProjectError` for a version of something else, and for what can serve no traffic."""
    if (version.task, version.model_name) != (task.name, candidate.name):
        raise ProjectError(f"{version.label} is no version of task {task.name} for {candidate.name}")
    for model in (project.baseline, candidate):
        if model.model.startswith("recorded:"):
            raise ProjectError(f"{model.name} is a recording ({model.model}): it can serve no traffic")


def _by_the_project(project: Project, task: Task, candidate: ModelSpec, new: int, old: int) -> NewRollout:
    """A rollout between two versions, by their ids, as `[rollout]` says now."""
    settings = project.rollout
    return NewRollout(
        name=task.name,
        task=task.name,
        candidate=candidate.name,
        version_id=new,
        baseline_version_id=old,
        steps=settings.steps,
        guardrails=settings.guardrails,
        hold_back=settings.hold_back,
        auto_advance=settings.auto_advance,
        sample_answers=settings.sample_answers,
        models=serving(project, task.name, candidate),
    )


def advance(
    history: "History",
    seen: Rollout,
    *,
    who: str,
    blockers: Sequence[str],
    reason: str = "",
    at: datetime | None = None,
) -> Rollout:
    """Take the next step, or complete the rollout at its last.

    `blockers`: what `Look.blockers` says against it. With any, a reason is needed, and kept.
    """
    from migrator_tui.history.rollouts import served_percentage

    if seen.state not in (RolloutState.RUNNING, RolloutState.SHADOW):
        raise _not_now(seen, "advance")
    reason = reason.strip()
    if blockers and not reason:
        against = named("; ".join(blockers))
        raise NeedsReasonError(f"{seen.name} should not advance yet: {against}; if it must, say why")
    following = seen.next
    why = reason or f"after {step_name(seen.present)}: held long enough, enough calls, nothing tripped"
    if blockers:
        why = f"{reason} (against: {'; '.join(blockers)})"
    if following is None:
        return history.change_rollout(
            seen, kind=EventKind.COMPLETED, who=who, why=why, state=RolloutState.COMPLETE, at=at
        )
    return history.change_rollout(
        seen,
        kind=EventKind.OVERRIDDEN if blockers else EventKind.ADVANCED,
        who=who,
        why=why,
        state=RolloutState.SHADOW if following.shadow else RolloutState.RUNNING,
        step=seen.step + 1,
        percentage=served_percentage(following, seen.hold_back),
        at=at,
    )


def step_back(history: "History", seen: Rollout, *, who: str, why: str, at: datetime | None = None) -> Rollout:
    """Go back to the step before, the safe direction; what is held stays so."""
    from migrator_tui.history.rollouts import served_percentage

    if not seen.state.live:
        raise _not_now(seen, "step back")
    if not seen.step:
        raise ProjectError(f"{seen.name} is at its first step: roll it back, or hold it")
    before = seen.steps[seen.step - 1]
    state = RolloutState.SHADOW if before.shadow else RolloutState.RUNNING
    return history.change_rollout(
        seen,
        kind=EventKind.STEPPED_BACK,
        who=who,
        why=why,
        state=RolloutState.HELD if seen.state is RolloutState.HELD else state,
        step=seen.step - 1,
        percentage=served_percentage(before, seen.hold_back),
        at=at,
    )


def hold(history: "History", seen: Rollout, *, who: str, why: str, at: datetime | None = None) -> Rollout:
    """Keep the percentage: nothing advances until it is resumed."""
    if seen.state not in (RolloutState.RUNNING, RolloutState.SHADOW):
        raise _not_now(seen, "be held")
    return history.change_rollout(seen, kind=EventKind.HELD, who=who, why=why, state=RolloutState.HELD, at=at)


def resume(history: "History", seen: Rollout, *, who: str, why: str, at: datetime | None = None) -> Rollout:
    """Go on at the step at which it was held."""
    if seen.state is not RolloutState.HELD:
        raise _not_now(seen, "be resumed")
    state = RolloutState.SHADOW if seen.present.shadow else RolloutState.RUNNING
    return history.change_rollout(seen, kind=EventKind.RESUMED, who=who, why=why, state=state, at=at)


def roll_back(history: "History", seen: Rollout, *, who: str, why: str, at: datetime | None = None) -> Rollout:
    """Put all traffic back on the baseline, for good; `why` is needed. A later try is another rollout."""
    if not seen.state.live:
        raise _not_now(seen, "be rolled back")
    if not why.strip():
        raise NeedsReasonError(f"{seen.name}: say why it is rolled back (--reason)")
    return history.change_rollout(
        seen,
        kind=EventKind.ROLLED_BACK,
        who=who,
        why=why.strip(),
        state=RolloutState.ROLLED_BACK,
        percentage=0.0,
        at=at,
    )


def _not_now(seen: Rollout, what: str) -> ProjectError:
    held = "; resume it first" if seen.state is RolloutState.HELD and what == "advance" else ""
    return ProjectError(f"{seen.name} can't {what}: it is {seen.state.value}{held}")
