"""Is a rollout still about what it was started with? Models stand in the configuration, which may change meanwhile.

Prompt and parameters travel with the version. Which model answers, and where, is what the gateway reads when it
starts: so a model that was changed under a name answers from the next start on, and figures of two models would be
taken for those of one.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, ModelSpec, Project
from migrator_tui.project.stamps import Stamps, file_stamps
from migrator_tui.project.words import quoted
from migrator_tui.rollout.values import GuardrailResult, GuardrailState, Rollout, RolloutState

METRIC = "as-started"
"""What this look at the comparison's soundness is called."""


def serving(project: Project, task: str, candidate: ModelSpec) -> dict[str, Any]:
    """What a rollout of that task remembers of both models, by arm."""
    return {
        arm: _told(project, spec, task) for arm, spec in (("baseline", project.baseline), ("candidate", candidate))
    }


def as_started(rollout: Rollout, project: Project) -> GuardrailResult | None:
    """Tripped where another model answers than did at the start, or none; near where only less than that changed.

    `None` of a rollout that was started before this was kept.
    """
    if rollout.models is None:
        return None
    before, and_so = ("", _AFTER) if rollout.state is RolloutState.COMPLETE else (_REMEDY, _AND_SO)
    if all(task.name != rollout.task for task in project.tasks):
        return _result(
            "tripped", f"{before}task {quoted(rollout.task)} is no longer in {project.config_file.name}{and_so}"
        )
    others, besides = [], []
    for arm, name in (("baseline", BASELINE), ("candidate", rollout.candidate)):
        spec = next((each for each in (project.baseline, *project.candidates) if each.name == name), None)
        if spec is None:
            others.append(f"{name} is no longer in {project.config_file.name}")
            continue
        was, now = rollout.models[arm], _told(project, spec, rollout.task)
        for what in ("model", "api_base"):
            if was[what] != now[what]:
                other = f"{now[what] or 'none'}, at the start {was[what] or 'none'}"
                others.append(f"{what} of {name} in {project.config_file.name} is now {other}")
        besides += [
            f"{what} {name} is now {_shown(now[key])}, at the start {_shown(was[key])}"
            for key, what in _BESIDES.items()
            if key in was and was[key] != now[key]
        ]
        if was["params"] != now["params"]:
            besides.append(
                f"{project.config_file.name} has other parameters for {name} now; the rollout goes on with those of "
                "its version"
            )
    if others:
        return _result("tripped", before + "; ".join(others) + and_so)
    return _result("near", "; ".join(besides)) if besides else _result("ok", "")


_BESIDES = {
    "timeout": "the timeout in seconds of",
    "api_key_env": "api_key_env of",
    "candidate_timeout": "[gateway] candidate_timeout in seconds for",
}
"""What is said and holds nothing, in words before the model's name. Older rollouts remember not all of it."""
_REMEDY = "put it back, or roll back and start anew: "
"""Before what is wrong: a line may be cut at its end."""
_AND_SO = "; a gateway that starts from now on goes by that"
_AFTER = (
    ": a gateway that starts from now on goes by that, after a rollback too; where the migration is over "
    "and applications ask the new model themselves, end the gateway"
)


def started_with(rollout: Rollout, arm: str, stated: str) -> str:
    """The model that a rollout's arm was started with; `stated`, the configuration's, where nobody kept it."""
    return stated if rollout.models is None else str(rollout.models[arm]["model"])


class Stated:
    """What a project says now, read anew where what says it has changed; a call returns it."""

    def __init__(self, project: Project, tell: Callable[[str], None], *, trusted: bool, read_at: int) -> None:
        """`read_at`: when reading the project began, in nanoseconds; files may have been changed since."""
        self._project = project
        self._tell = tell
        self._trusted = trusted
        self._stamps: Stamps = [
            stamp if stamp is None or stamp[0] < read_at else None for stamp in file_stamps(project)
        ]
        self._problem = ""

    def __call__(self) -> Project:
        """As it is in its files; as it was, where they can't be read, which is told once."""
        from migrator_tui.models.successors import likeliest
        from migrator_tui.project.trust import is_trusted_config

        stamps = file_stamps(self._project)
        if stamps != self._stamps:
            try:
                # Nobody was asked about what it says now: outside the folder nothing is opened for it.
                trusted = self._trusted and is_trusted_config(self._project.config_file)
                self._project = load_project(self._project.folder, trusted=trusted, propose=likeliest)
                self._stamps, self._problem = stamps, ""
            except (ProjectError, OSError) as error:
                # Tried again with each look: what was amiss may be that nobody had trusted it yet.
                if str(error) != self._problem:
                    self._problem = str(error)
                    self._tell(f"{error}; what it said before still holds")
        return self._project


def _told(project: Project, spec: ModelSpec, task: str) -> Mapping[str, Any]:
    return {
        "model": spec.model,
        "api_base": _address(spec.api_base),
        "api_key_env": spec.api_key_env,
        "timeout": spec.timeout,
        "candidate_timeout": None if spec.name == BASELINE else project.gateway.candidate_timeout,
        "params": dict(spec.params_for(task)),
    }


def _address(api_base: str | None) -> str | None:
    """An address as it may be kept and told: of an unusual path only a mark, since some servers take a key there."""
    if api_base is None:
        return None
    parts = urlsplit(api_base)
    server = f"{parts.scheme}://{parts.netloc}"
    rest = api_base[len(server) :].rstrip("/")
    if rest in ("", "/v1"):
        return server + rest
    return f"{server}/… ({hashlib.sha256(rest.encode()).hexdigest()[:8]})"


def _shown(value: str | float | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value or "none")


def _result(state: GuardrailState, why: str) -> GuardrailResult:
    off = float(state == "tripped")
    return GuardrailResult(METRIC, off, None, None, 0.0, state, off, None, "hold", why)
