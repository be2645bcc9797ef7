"""The rules: complete, well-formed, picked by families and by what fails; the user's own, and mistakes in them."""

from datetime import date
from pathlib import Path

import pytest

from migrator_tui.adaptation.guidance import (
    ANY,
    MOST_ADVICE,
    all_guidance,
    families_of,
    own_file,
    read_guidance,
    rules_for,
    shipped,
)
from migrator_tui.history.drift_names import DRIFT_NAMES
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from tests.adaptation.shop import CONFIG

RULE = """
[[rules]]
id = "{id}"
to = "{to}"
when = ["fences"]
advice = "{advice}"
source = "our own experience"
date = 2026-01-31
"""


def own(**more: str) -> str:
    return RULE.format(**{"id": "ours", "to": "any", "advice": "Say so.", **more})


def test_every_rule_is_whole_and_says_where_it_comes_from() -> None:
    rules = shipped().rules
    assert len({rule.id for rule in rules}) == len(rules) >= 40
    families = {name for name, _ in shipped().families} | {ANY}
    for rule in rules:
        assert {rule.old, rule.new} <= families
        assert rule.source.startswith("https://") and date(2026, 1, 1) <= rule.date
        assert 20 <= len(rule.advice) <= MOST_ADVICE


def test_all_makers_and_all_common_drifts_have_rules() -> None:
    rules = shipped().rules
    makers = {"openai-gpt-5", "openai-gpt-4.1", "openai-reasoning", "reasoning", "anthropic-claude"}
    makers |= {"anthropic-claude-4.6+", "google-gemini-3", "meta-llama", "mistral"}
    assert makers <= {rule.new for rule in rules}
    general = {name for rule in rules if rule.new == ANY and rule.kind == "prompt" for name in rule.when}
    rare = {"empty", "truncated", "json", "whitespace", "wording"}
    assert set(DRIFT_NAMES) - rare <= general


@pytest.mark.parametrize(
    ("model", "families"),
    [
        ("gpt-4o-2024-08-06", {"openai-gpt-4"}),
        ("openai/gpt-4.1-mini", {"openai-gpt-4", "openai-gpt-4.1"}),
        ("openai/gpt-5.2", {"openai-gpt-5", "reasoning"}),
        ("gpt-5.1-chat-latest", {"openai-gpt-5"}),
        ("openai/o4-mini", {"openai-reasoning", "reasoning"}),
        ("anthropic/claude-sonnet-4-20250514", {"anthropic-claude"}),
        ("claude-3-7-sonnet-20250219", {"anthropic-claude"}),
        ("claude-haiku-4-5-20251001", {"anthropic-claude"}),
        ("bedrock/anthropic.claude-opus-4-6-v1:0", {"anthropic-claude", "anthropic-claude-4.6+"}),
        ("claude-sonnet-5", {"anthropic-claude", "anthropic-claude-4.6+", "anthropic-claude-4.7+"}),
        ("gemini/gemini-3-pro-preview", {"google-gemini-3", "reasoning"}),
        ("groq/llama-3.3-70b-versatile", {"meta-llama"}),
        ("mistral/mistral-large-latest", {"mistral"}),
        ("simulated:classic-1", set()),
        ("recorded:outputs/old.jsonl", set()),
        ("azure/our-deployment", set()),
    ],
)
def test_a_models_name_tells_its_families(model: str, families: set[str]) -> None:
    assert families_of(model) == families | {ANY}


def test_rules_speak_to_the_pair_and_to_what_fails() -> None:
    found = rules_for("gpt-4o", "anthropic/claude-sonnet-5", ["fences", "no-code-fence"])
    assert {rule.new for rule in found} <= families_of("claude-sonnet-5")
    assert all(not rule.when or set(rule.when) & {"fences", "no-code-fence"} for rule in found)
    assert found[0].id == "claude-positive", "the particular before the general"
    assert [rule.id for rule in found if rule.kind == "prompt"][1] == "fences"
    most = rules_for("gpt-4o", "openai/gpt-5.2", ["language", "fences"])
    assert [rule.id for rule in most][:2] == ["language", "fences"], "what most cases show comes first"
    assert "gpt-5-effort" in {rule.id for rule in most}
    assert "gpt-5-effort" not in {rule.id for rule in rules_for("claude-opus-4-1", "openai/gpt-5.2", ["fences"])}


def test_a_projects_rules_and_a_users_join_and_replace(tmp_path: Path) -> None:
    (tmp_path / "migrator.toml").write_text(CONFIG + '\n[adaptation]\nguidance = ["ours.toml"]\n', "utf-8")
    (tmp_path / "triage.md").write_text("Sort.", "utf-8")
    (tmp_path / "triage.jsonl").write_text('{"id": "a", "vars": {"x": 1}}\n', "utf-8")
    family = "[[families]]\nname = \"house\"\npattern = 'our-deployment'\n"
    (tmp_path / "ours.toml").write_text(family + own(to="house") + own(id="fences", advice="Ours."), "utf-8")
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text(own(id="mine"), "utf-8")
    project = load_project(tmp_path)
    found = {rule.id: rule for rule in rules_for("gpt-4o", "azure/our-deployment", ["fences"], project)}
    assert {"ours", "mine", "fences"} <= set(found)
    assert found["fences"].advice == "Ours." and found["mine"].date == date(2026, 1, 31)
    assert "ours" not in {rule.id for rule in rules_for("gpt-4o", "gpt-5", ["fences"], project)}
    assert len(all_guidance(None).rules) == len(shipped().rules) + 1


def test_the_readmes_example_is_one(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    file = tmp_path / "guidance.toml"
    file.write_text(readme.split("```toml guidance.toml\n")[1].split("```")[0], "utf-8")
    found = read_guidance(file, "guidance.toml")
    assert found.rules[0].new == "house-model" and found.families == (("house-model", "our-deployment"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (own() + own(), 'ours.toml:11: rule 2: two rules have the id "ours"'),
        (own() + own(id="two", to="openai-gpt5"), 'ours.toml:12: rule 2: to can\'t be "openai-gpt5"; did you mean'),
        (own().replace('["fences"]', '["fence"]'), 'rule 1: when: "fence" is no check and no drift; did you mean'),
        (own().replace("advice =", "advise ="), 'unknown key "advise" in rule 1; did you mean "advice"?'),
        (own().replace("date = 2026-01-31", ""), "rule 1 has no date"),
        (own().replace("2026-01-31", '"soon"'), "rule 1: date must be a day such as"),
        (own(advice="x" * 501), "rule 1: advice is longer than 500 characters"),
        (own(id="a b"), 'rule 1: id can\'t be "a b"'),
        (own() + 'kind = "magic"', 'rule 1: kind can\'t be "magic"'),
        ('[[families]]\nname = "x"\npattern = "("\n', "the pattern can't be read"),
        ("rules = 3", "rules must be a list of tables"),
        ("[[rule]]\n", 'unknown key "rule"; did you mean "rules"?'),
        ("[[rules", "not TOML"),
        ("a = " + "[" * 100_000, "nested too deeply"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_mistake_is_one_line_with_file_and_rule(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ProjectError) as caught:
        read_guidance(file, "ours.toml")
    assert said in str(caught.value) and str(caught.value).startswith("ours.toml")


def test_a_pattern_from_a_stranger_is_held_to_a_time() -> None:
    with pytest.raises(ProjectError, match="runs too long"):
        families_of("a" * 60 + "!", [("evil", "(a|a)*$x|(a+)+$")])
