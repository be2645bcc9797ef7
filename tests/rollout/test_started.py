"""A rollout goes on with what it was started with: another model under a candidate's name is no step further."""

import os
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.history.records import Origin
from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.project.formats.promptfoo.choices import Choice, keep_choice
from migrator_tui.project.schema import Project
from migrator_tui.project.trust import trust_config
from migrator_tui.rollout import control
from migrator_tui.rollout.figures import look
from migrator_tui.rollout.monitor import Monitor
from migrator_tui.rollout.started import Stated, as_started
from migrator_tui.rollout.values import EventKind, Rollout, RolloutState
from tests.rollout.conftest import CONFIG, Clock, Traffic, Watched

Start = Callable[..., Rollout]


@pytest.fixture
def watched(project: Project, history: History, clock: Clock) -> Watched:
    """A monitor that reads the configuration anew."""
    found = Watched(project, history, clock)
    stated = Stated(project, found.lines.append, trusted=False, read_at=time.time_ns())
    found.monitor = Monitor(
        project,
        history,
        owner="first",
        tell=found.lines.append,
        alert=found.alerts.append,
        clock=clock,
        stated=stated,
    )
    return found


def write(project: Project, text: str) -> None:
    """Save the configuration as an editor does, a second after the last time."""
    file: Path = project.config_file
    later = file.stat().st_mtime_ns + 1_000_000_000
    file.write_text(text, "utf-8")
    os.utime(file, ns=(later, later))


def edit(project: Project, old: str, new: str) -> Project:
    """Change one thing in it; what it says then."""
    assert old in CONFIG
    write(project, CONFIG.replace(old, new))
    return load_project(project.folder)


def test_another_model_under_the_candidates_name_holds_once_and_stands_against_every_step(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=())
    traffic(rollout, "baseline", 180)
    traffic(rollout, "candidate", 20)
    clock.on(61)
    watched.look()
    assert watched.kinds == ["ready"]
    changed = edit(project, "bright-2", "cheap-mini")
    watched.look()
    held = history.rollout(rollout.id)
    event = history.rollout_events(rollout.id)[0]
    assert (held.state, event.kind, event.who) == (RolloutState.HELD, EventKind.HELD, "monitor")
    assert event.why.startswith(
        "as-started: put it back, or roll back and start anew: "
        "model of new in migrator.toml is now simulated:cheap-mini, at the start"
    )
    assert event.why.endswith(f" (by the file in {project.folder} on {socket.gethostname()})")  # there may be several
    assert watched.kinds == ["ready", "held"]
    resumed = control.resume(history, held, who="ann", why="the same model by another name")
    watched.look()
    assert history.rollout(rollout.id).state is RolloutState.RUNNING  # a person has seen it
    seen = look(history, resumed, clock(), changed)
    assert not seen.ready and any("simulated:cheap-mini" in blocker for blocker in seen.blockers)
    edit(project, "bright-2", "another")
    watched.look()
    assert watched.kinds == ["ready", "held", "held"]  # of this one nobody said that it may be
    assert look(history, resumed, clock(), edit(project, "bright-2", "bright-2")).decision.reasons == []


def test_what_a_person_resumed_is_not_held_again_by_another_checkout_that_says_the_same(
    project: Project, history: History, start: Start, watched: Watched, clock: Clock, tmp_path: Path
) -> None:
    rollout = start(guardrails=())
    edit(project, "bright-2", "cheap-mini")
    watched.look()
    control.resume(history, history.rollout(rollout.id), who="ann", why="the same model by another name")
    watched.monitor.give_way()
    shutil.copytree(project.folder, tmp_path / "another", ignore=shutil.ignore_patterns("another"))
    other = Watched(load_project(tmp_path / "another"), history, clock, "second")
    assert other.look() and history.rollout(rollout.id).state is RolloutState.RUNNING


def test_in_the_shadow_step_too(project: Project, history: History, start: Start, clock: Clock) -> None:
    from migrator_tui.project.rollout_settings import SHADOW_STEP

    rollout = start(steps=(SHADOW_STEP, *project.rollout.steps))
    seen = look(history, rollout, clock(), edit(project, "classic-1", "bright-2"))
    assert seen.decision.answer == "hold" and "model of baseline" in seen.decision.reasons[0]


def test_other_parameters_are_said_and_change_nothing_of_what_is_served(
    project: Project, history: History, start: Start, watched: Watched
) -> None:
    rollout = start(guardrails=())
    edit(project, 'model = "simulated:bright-2"', 'model = "simulated:bright-2"\nparams = { temperature = 1 }')
    watched.look()
    watched.look()
    assert history.rollout(rollout.id).state is RolloutState.RUNNING
    assert watched.kinds == ["warned"] and "other parameters for new now" in watched.alerts[0].what


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("timeout = 30", "the timeout in seconds of new is now 30, at the start 600"),
        ('api_key_env = "TEAM_KEY"', "api_key_env of new is now TEAM_KEY, at the start none"),
        ("[gateway]\ncandidate_timeout = 5", "candidate_timeout in seconds for new is now 5, at the start 60"),
    ],
)
def test_another_account_or_patience_is_only_said(
    project: Project, history: History, start: Start, more: str, said: str
) -> None:
    rollout = start()
    changed = edit(project, 'model = "simulated:bright-2"', f'model = "simulated:bright-2"\n{more}')
    result = as_started(history.rollout(rollout.id), changed)
    assert result is not None and result.state == "near" and said in result.why and "baseline" not in result.why
    assert rollout.models is not None
    known = ("model", "api_base", "timeout", "params")  # of a rollout that was started before more was kept
    before = {arm: {key: told[key] for key in known} for arm, told in rollout.models.items()}
    result = as_started(replace(rollout, models=before), changed)
    assert result is not None and result.state == ("near" if more.startswith("timeout") else "ok")


def test_a_model_or_task_that_is_gone_holds(project: Project, start: Start) -> None:
    rollout = start()
    renamed = edit(project, 'name = "new"', 'name = "newer"')
    result = as_started(rollout, renamed)
    assert result is not None and result.state == "tripped" and "new is no longer in migrator.toml" in result.why
    result = as_started(rollout, edit(project, 'name = "triage"', 'name = "sort"'))
    assert result is not None and result.state == "tripped" and "triage" in result.why


def test_whoever_ends_a_migration_in_the_file_is_not_told_to_put_the_old_model_back(
    project: Project, history: History, start: Start, watched: Watched
) -> None:
    rollout = start(guardrails=())
    while rollout.state is not RolloutState.COMPLETE:
        rollout = control.advance(history, rollout, who="ann", blockers=("too early",), reason="all is well")
    edit(project, "classic-1", "bright-2")
    watched.look()
    assert history.rollout(rollout.id).state is RolloutState.COMPLETE
    said = [alert.what for alert in watched.alerts if "model of baseline" in alert.what]
    assert len(said) == 1 and "end the gateway" in said[0] and "put it back" not in said[0]


def test_what_was_started_before_this_was_kept_is_let_be(project: Project, history: History, start: Start) -> None:
    rollout = start()
    assert history.rollout(rollout.id).models == rollout.models
    assert as_started(rollout, project) == as_started(history.rollout(rollout.id), project)
    assert as_started(replace(rollout, models=None), edit(project, "bright-2", "cheap-mini")) is None


def test_a_configuration_that_is_being_written_is_told_once(
    project: Project, history: History, start: Start, watched: Watched
) -> None:
    rollout = start(guardrails=())
    write(project, CONFIG.replace("[baseline]", "[baseline"))
    watched.look()
    watched.look()
    assert history.rollout(rollout.id).state is RolloutState.RUNNING
    told = [line for line in watched.lines if "still holds" in line]
    assert len(told) == 1 and "migrator.toml" in told[0]


def test_what_is_trusted_later_is_read_then(
    project: Project, history: History, start: Start, watched: Watched, clock: Clock
) -> None:
    (project.folder.parent / "outside.md").write_text("Sort {{ ticket }}", "utf-8")
    config = CONFIG.replace('"triage.md"', '"../outside.md"')
    write(project, config)
    trust_config(project.config_file)
    rollout = start(guardrails=())
    watched.monitor._stated = Stated(
        load_project(project.folder), watched.lines.append, trusted=True, read_at=time.time_ns()
    )
    write(project, config.replace("bright-2", "cheap-mini"))
    watched.look()
    watched.look()
    assert history.rollout(rollout.id).state is RolloutState.RUNNING
    assert sum("outside.md" in line and "still holds" in line for line in watched.lines) == 1
    trust_config(project.config_file)
    watched.look()
    assert history.rollout(rollout.id).state is RolloutState.HELD


def test_what_was_changed_while_it_was_read_is_seen(project: Project) -> None:
    write(project, CONFIG.replace("bright-2", "cheap-mini"))
    changed_at = project.config_file.stat().st_mtime_ns
    assert project.candidates[0].model == "simulated:bright-2"
    for read_at, model in [(changed_at - 1, "simulated:cheap-mini"), (changed_at + 1, "simulated:bright-2")]:
        stated = Stated(project, lambda _: None, trusted=False, read_at=read_at)
        assert stated().candidates[0].model == model


def test_another_choice_of_promptfoos_models_is_seen(tmp_path: Path) -> None:
    config = tmp_path / "promptfooconfig.yaml"
    config.write_text("prompts: ['Sort {{t}}']\nproviders: [openai:gpt-4o, openai:gpt-5]\ntests: [{vars: {t: x}}]\n")
    stated = Stated(load_project(tmp_path), lambda _: None, trusted=True, read_at=time.time_ns())
    assert [spec.model for spec in stated().candidates] == ["openai/gpt-5"]
    keep_choice(config, Choice(None, "openai/gpt-5-mini"))
    assert stated().candidates[0].model == "openai/gpt-5-mini"


def test_a_key_in_an_address_is_neither_kept_nor_told_and_a_person_is_asked_once(
    project: Project, clock: Clock
) -> None:
    key = "tenant-5up3rs3cr3t"
    address = f"https://gateway.example/{key}/v1"
    config = CONFIG.replace('"simulated:bright-2"', f'"openai/x"\napi_base = "{address}"')
    write(project, config)
    before = load_project(project.folder)
    with History.open(before, secrets=[key]) as history:
        watched = Watched(before, history, clock)
        watched.monitor._stated = Stated(before, watched.lines.append, trusted=True, read_at=time.time_ns())
        version = history.record_version(
            task="triage",
            model_name="new",
            template="Sort {{ ticket }}",
            params={},
            parent_id=None,
            origin=Origin.EDITOR,
            author="ann",
        )
        candidate = before.candidate("new")
        rollout = control.start(
            before, history, before.tasks[0], candidate, version, who="ann", reason="try", at=clock()
        )
        assert (
            rollout.models is not None and "gateway.example" in str(rollout.models) and key not in str(rollout.models)
        )
        assert as_started(rollout, before) == as_started(history.rollout(rollout.id), before)
        write(project, config.replace(address, f"{address}/"))
        watched.look()
        assert watched.kinds == []  # a slash at its end makes it no other
        write(project, config.replace(address, f"{address}/other"))
        watched.look()
        held = history.rollout(rollout.id)
        assert held.state is RolloutState.HELD and "api_base of new" in watched.alerts[0].what
        assert key not in watched.alerts[0].what + str(watched.lines)
        control.resume(history, held, who="ann", why="the same server")
        watched.look()
        assert history.rollout(rollout.id).state is RolloutState.RUNNING
