"""`[rollout]` and `[gateway]`: what they say, and one line for each way they can be wrong."""

from pathlib import Path

import pytest

from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.rollout_settings import (
    LOW_TRAFFIC_STEPS,
    SHADOW_STEP,
    USUAL_GUARDRAILS,
    USUAL_STEPS,
    GatewaySettings,
    GuardrailRule,
    RolloutSettings,
)
from migrator_tui.project.schema import Project
from migrator_tui.project.trust import check_allowed

BASE = """
[baseline]
model = "simulated:classic-1"
[[candidates]]
model = "simulated:bright-2"
[[tasks]]
name = "triage"
prompt = "triage.md"
cases = ["cases.jsonl"]
"""
LINE = BASE.count("\n") + 1


def project(folder: Path, more: str = "") -> Project:
    (folder / "migrator.toml").write_text(BASE + more, "utf-8")
    (folder / "triage.md").write_text("Sort.", "utf-8")
    (folder / "cases.jsonl").write_text('{"id": "a"}\n', "utf-8")
    return load_project(folder)


def test_what_holds_where_nothing_is_said(tmp_path: Path) -> None:
    found = project(tmp_path)
    assert found.rollout == RolloutSettings() and found.gateway == GatewaySettings()
    assert [step.percentage for step in found.rollout.steps] == [1, 5, 10, 25, 50, 100]
    assert found.gateway.host == "127.0.0.1" and not found.rollout.auto_advance and found.rollout.sample_answers == 0


def test_how_long_traffic_is_kept(tmp_path: Path) -> None:
    found = project(tmp_path, "[rollout]\nkeep_days = 7\nkeep_samples_days = 2\n").rollout
    assert (found.keep_days, found.keep_samples_days) == (7, 2)


def test_presets_and_a_shadow_step(tmp_path: Path) -> None:
    found = project(tmp_path, '[rollout]\npreset = "low-traffic"\nshadow = true\n').rollout
    assert found.steps == (SHADOW_STEP, *LOW_TRAFFIC_STEPS)
    assert [step.percentage for step in found.steps] == [0, 5, 20, 50, 100]


def test_steps_of_ones_own_are_held_like_the_presets_that_are_as_large(tmp_path: Path) -> None:
    found = project(tmp_path, "[rollout]\nsteps = [2, 30, 100]\n").rollout
    assert [(step.percentage, step.hold_s) for step in found.steps] == [
        (2, USUAL_STEPS[1].hold_s),
        (30, USUAL_STEPS[4].hold_s),
        (100, USUAL_STEPS[5].hold_s),
    ]


def test_holds_and_samples_for_all_steps_or_for_each(tmp_path: Path) -> None:
    found = project(
        tmp_path, '[rollout]\nsteps = [5, 100]\nhold = ["90s", "1.5h"]\nmin_sample = 7\nhold_back = 0\n'
    ).rollout
    assert [(step.hold_s, step.min_sample) for step in found.steps] == [(90, 7), (5_400, 7)]
    assert found.hold_back == 0


def test_a_guardrail_takes_the_place_of_the_usual_ones_on_its_metric(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        '[[rollout.guardrails]]\nmetric = "latency"\nlimit = 0.4\naction = "roll-back"\n'
        '[[rollout.guardrails]]\nmetric = "check-pass-rate"\nlimit = 0.05\n'
        '[[rollout.guardrails]]\nmetric = "escalations"\noff = true\n',
    ).rollout.guardrails
    assert [rule for rule in found if rule.metric == "latency"] == [GuardrailRule("latency", 0.4, "roll-back")]
    assert GuardrailRule("check-pass-rate", 0.05, "roll-back") in found
    assert "escalations" not in {rule.metric for rule in found}
    usual = [rule for rule in USUAL_GUARDRAILS if rule.metric not in ("latency", "check-pass-rate", "escalations")]
    assert set(usual) <= set(found)


@pytest.mark.parametrize(
    ("stated", "line", "says"),
    [
        ("[rollout]\npresett = 1", 1, 'unknown key "presett" in [rollout]; did you mean "preset"?'),
        ('[rollout]\npreset = "slow"', 1, "preset can't be"),
        ("[rollout]\nsteps = [5, 5, 100]", 1, "5 comes after 5"),
        ("[rollout]\nsteps = [5, 50]", 1, "must end with 100"),
        ('[rollout]\nsteps = [5, "x", 100]', 1, "is no percentage"),
        ("[rollout]\nsteps = []", 1, "must be a list of percentages"),
        ("[rollout]\nsteps = [true, 100]", 1, "is no percentage"),
        ('[rollout]\nhold = "soon"', 1, 'write "30s"'),
        ('[rollout]\nhold = ["1h", "2h"]', 1, "a list of 6, one for each"),
        ("[rollout]\nmin_sample = 1.5", 1, "no number of calls"),
        ("[rollout]\nhold_back = 80", 1, "between 0 and 50"),
        ("[rollout]\nkeep_days = 0", 1, "between 1 and 3650"),
        ("[rollout]\nsample_answers = 2", 1, "between 0 and 1"),
        ('[rollout]\nalerts_url = "https://x"', 1, "name a variable that holds it, with alerts_url_env"),
        ('[rollout]\nalerts_url_env = "https://hooks.example.com/T0/hook-path"', 1, "must be the name of"),
        ('[[rollout.guardrails]]\nmetric = "latencies"\nlimit = 1', 1, 'did you mean "latency"?'),
        ('[[rollout.guardrails]]\nmetric = "latency"', 0, "has no limit"),
        ("[[rollout.guardrails]]\nlimit = 1", 0, "has no metric"),
        ('[[rollout.guardrails]]\nmetric = "latency"\nlimit = -1', 2, "at least 0|between 0"),
        ('[[rollout.guardrails]]\nmetric = "latency"\nlimit = 25', 2, "0.25 is a quarter more"),
        ('[[rollout.guardrails]]\nmetric = "failures"\nlimit = 2', 2, "0.02 is two points"),
        ('[[rollout.guardrails]]\nmetric = "cost"\nlimit = 1\naction = "stop"', 3, "action can't be"),
        ('[[rollout.guardrails]]\nmetric = "cost"\nlimit = 1\noff = true', 2, "limit says nothing beside off"),
        (
            '[[rollout.guardrails]]\nmetric = "cost"\nmin_sample = 9\noff = true',
            2,
            "min_sample says nothing beside off",
        ),
        (
            '[[rollout.guardrails]]\nmetric = "cost"\nlimit = 1\n[[rollout.guardrails]]\nmetric = "cost"\noff = true',
            3,
            "cost is off and has a limit",
        ),
        ("[gateway]\nport = 0", 1, "between 1 and 65535"),
        ("[gateway]\ncandidate_timeout = 0", 1, "between 0.1 and"),
        ('[gateway]\nmaster_key = "sk-1234567890"', 1, "a key is never written here"),
        ('[gateway]\nhosts = "x"', 1, 'did you mean "host"?'),
        ("[rollouts]\nx = 1", 0, 'did you mean "rollout"?'),
        ("[[guardrails]]\nx = 1", 0, "belong under"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, stated: str, line: int, says: str) -> None:
    with pytest.raises(ProjectError) as error:
        project(tmp_path, stated + "\n")
    told = str(error.value)
    assert any(word in told for word in says.split("|")), told
    assert told.startswith(f"migrator.toml:{LINE + line}: ") and "\n" not in told and "hook-path" not in told


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ('[gateway]\nhost = "0.0.0.0"', "lets other machines in"),
        ('[rollout]\nalerts_url_env = "OPENAI_API_KEY"', "sends alerts to the address in your OPENAI_API_KEY"),
    ],
)
def test_a_strangers_folder_may_neither_let_others_in_nor_call_out(tmp_path: Path, stated: str, says: str) -> None:
    found = project(tmp_path, stated + "\n")
    with pytest.raises(ProjectError, match=says):
        check_allowed(found, False)
    check_allowed(found, True)
