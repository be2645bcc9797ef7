"""`rollout status`, and the changes that a person makes: `start`, `advance`, `step-back`, `hold` …"""

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from migrator_tui.commands.common import open_history, open_project, put, say, the_candidate, the_task
from migrator_tui.history.errors import OvertakenError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Project
from migrator_tui.project.words import quoted

if TYPE_CHECKING:
    from migrator_tui.history.rollout_records import Rollout
    from migrator_tui.history.store import History
    from migrator_tui.reports.rollout_status import Status

FINE, NOT_READY, UNFINISHED = 0, 1, 3


def execute(arguments: Namespace) -> int:
    """Tell, or change; exit code 1 where a step should wait and no reason is given, 3 where somebody was faster."""
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    kind = str(arguments.command).split()[1]
    with open_history(project, trusted=trusted) as history:
        if kind == "status":
            return _status(arguments, project, history)
        try:
            return _change(kind, arguments, project, history)
        except OvertakenError as error:
            say(str(error))
            return UNFINISHED


def _status(arguments: Namespace, project: Project, history: "History") -> int:
    from migrator_tui.reports.rollout_status import print_status, status_json

    status = rollout_status(project, history, _the_rollout(arguments, project, history))
    if arguments.format == "json":
        put(json.dumps(status_json(status), indent=2, ensure_ascii=True) + "\n")
    else:
        print_status(status, sys.stdout)
    return FINE


def rollout_status(project: Project, history: "History", rollout: "Rollout") -> "Status":
    """All that is told of a rollout."""
    from migrator_tui.history.columns import now
    from migrator_tui.reports.rollout_status import Status
    from migrator_tui.rollout.figures import before_and_after, look
    from migrator_tui.rollout.started import started_with

    at = now()
    seen = look(history, rollout, at, project, may_read_only=True)
    names = {model.name: model.model for model in (project.baseline, *project.candidates)}
    return Status(
        look=seen,
        events=history.rollout_events(rollout.id),
        # A candidate that was taken out of the project since is still what the rollout is about.
        models={
            "baseline": started_with(rollout, "baseline", names[BASELINE]),
            "candidate": started_with(rollout, "candidate", names.get(rollout.candidate, rollout.candidate)),
        },
        versions={
            "baseline": history.version(rollout.baseline_version_id).label,
            "candidate": history.version(rollout.version_id).label,
        },
        lease=history.lease(),
        after=before_and_after(history, seen.rollout),
    )


def _change(kind: str, arguments: Namespace, project: Project, history: "History") -> int:
    from migrator_tui.history.author import author
    from migrator_tui.history.columns import now
    from migrator_tui.rollout import control
    from migrator_tui.rollout.figures import look

    who, reason = author(project.folder), (arguments.reason or "").strip()
    if kind == "start":
        return _start(arguments, project, history, who, reason)
    seen = _the_rollout(arguments, project, history)
    if kind == "advance":
        found = look(history, seen, now(), project)
        try:
            changed = control.advance(history, found.rollout, who=who, blockers=found.blockers, reason=reason)
        except control.NeedsReasonError as error:
            say(f"{error} (--reason)")
            return NOT_READY
    elif kind == "step-back":
        changed = control.step_back(history, seen, who=who, why=reason or "a step back by hand")
    elif kind == "hold":
        changed = control.hold(history, seen, who=who, why=reason or "held by hand")
    elif kind == "resume":
        changed = control.resume(history, seen, who=who, why=reason or "resumed by hand")
    else:
        changed = control.roll_back(history, seen, who=who, why=reason or _asked(f"why is {seen.name} rolled back?"))
    _tell(changed)
    return FINE


def _start(arguments: Namespace, project: Project, history: "History", who: str, reason: str) -> int:
    from migrator_tui.rollout import control
    from migrator_tui.running.versions import named_version, version_of_record

    task, candidate = the_task(project, arguments.task), the_candidate(project, arguments.candidate)
    if arguments.version_id is not None:
        version = named_version(history, task.name, candidate.name, arguments.version_id)
    else:
        version = version_of_record(project, history, task, candidate.name, author=who)
    missing = control.backing(history, task.name, candidate.name, version).missing
    if missing and not reason:
        reason = _asked(f"{missing}; why start all the same?")
    _tell(control.start(project, history, task, candidate, version, who=who, reason=reason))
    slow = control.too_slow(project, history, candidate, version)
    if slow:
        say(slow)
    if history.lease() is None:
        say("no monitor is watching yet: `gateway` starts one, or `monitor`")
    return FINE


def _the_rollout(arguments: Namespace, project: Project, history: "History") -> "Rollout":
    """The newest rollout of the task that is meant; without a name, of the only task that has one that lives."""
    if arguments.task is not None:
        task = the_task(project, arguments.task).name
        found = history.rollouts(task)
        if not found:
            raise ProjectError(f"there is no rollout of task {quoted(task)} yet: `rollout start` begins one")
        return found[0]
    newest: dict[str, Rollout] = {}
    for rollout in history.rollouts():
        newest.setdefault(rollout.task, rollout)
    if not newest:
        raise ProjectError("there is no rollout yet: `rollout start` begins one")
    living = [rollout for rollout in newest.values() if rollout.state.live]
    if len(living) > 1:
        raise ProjectError(f"--task is needed: {', '.join(sorted(each.task for each in living))} are rolled out")
    return living[0] if living else max(newest.values(), key=lambda rollout: rollout.id)


def _asked(question: str) -> str:
    """The answer of whoever sits at the terminal; empty where nobody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    from migrator_tui.text_safety import safe_line

    print(f"{safe_line(question)} ", end="", file=sys.stderr, flush=True)  # noqa: T201
    return sys.stdin.readline().strip()


def _tell(rollout: "Rollout") -> None:
    from migrator_tui.rollout.plan import step_name

    state = rollout.state.value.replace("-", " ")
    step = f" (step {step_name(rollout.present)})" if rollout.state.live else ""
    say(f"{rollout.name}: {state}, {rollout.percentage:g} % on {rollout.candidate}{step}")
