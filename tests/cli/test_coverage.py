"""`coverage` from outside, on the sample projects: real gaps, and what fills them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Call

SAMPLES = ROOT / "sample_projects"


def sample(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES / name, tmp_path / name))


def told(call: Call, folder: Path) -> dict[str, Any]:
    """The one task of a project."""
    code, out, err = call("-C", folder, "coverage", "--format", "json")
    assert (code, err) == (0, "")
    (task,) = json.loads(out)["tasks"]
    found: dict[str, Any] = task
    return found


def add(folder: Path, name: str, *cases: dict[str, Any]) -> None:
    with (folder / "cases" / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(case) + "\n" for case in cases)


def rows(folder: Path, file: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in map(json.loads, (folder / file).read_text("utf-8").splitlines())}


def figure(task: dict[str, Any]) -> tuple[int, int, int, int]:
    return task["covered"], task["needed"], task["halves"], task["gaps"]


def state(task: dict[str, Any], part: str, name: str) -> str:
    found: str = next(one["state"] for one in task[part] if one["name"] == name)
    return found


def test_support_tickets_names_real_gaps_and_filling_one_changes_the_figure(call: Call, tmp_path: Path) -> None:
    folder = sample("support-tickets", tmp_path)
    before = told(call, folder)
    # The schema asks for two letters; which two they are, nothing compares, though every case says what it expects.
    half = next(one for one in before["instructions"] if one["state"] == "half")
    assert (half["line"], half["how"]) == (7, "pattern: form only, not the value")
    checks = [one["check"] for one in before["proposals"] if one["kind"] == "check"]
    assert checks == [{"type": "json-path", "path": "language", "expected": "language"}]
    # Customers dictate, write Italian and ask for two things at once; the cases hardly do.
    for part, name in (("slices", "voice-note"), ("slices", "it"), ("slices", "two-requests")):
        assert state(before, part, name) == "gap"
    assert state(before, "edges", "contradictory") == "gap" and state(before, "edges", "injection") == "half"
    assert not [one for one in before["instructions"] if one["state"] == "gap"]

    copy = {**rows(folder, "cases/triage.jsonl")["T-0015"], "id": "a-copy"}
    add(folder, "triage", copy, {**copy, "id": "another", "tags": ["voice-note"]})
    copied = told(call, folder)
    assert figure(copied) == figure(before) and copied["all_cases"] == before["all_cases"] + 2
    assert copied["trouble"]["same"] == [["T-0015", "a-copy", "another"]]

    drawn = next(
        one["production"] for one in before["proposals"] if one.get("fills", {}).get("name") == "contradictory"
    )
    production = rows(folder, "production/triage.jsonl")
    add(folder, "triage", *(production[case_id] for case_id in drawn))
    filled = told(call, folder)
    assert state(filled, "edges", "contradictory") == "covered"
    assert filled["covered"] == before["covered"] + 1 and filled["gaps"] == before["gaps"] - 1

    config = folder / "migrator.toml"
    check = '{ type = "json-path", path = "language", expected = "language" },'
    config.write_text(
        config.read_text("utf-8").replace('{ type = "no-code-fence" },', f'{{ type = "no-code-fence" }}, {check}'),
        "utf-8",
    )
    checked = told(call, folder)
    assert checked["covered"] == filled["covered"] + 1 and not [
        o for o in checked["proposals"] if o["kind"] == "check"
    ]
    (language,) = [one for one in checked["instructions"] if one["how"] == "the value, case by case"]
    assert language["cases"] == before["cases"], "cases from production do not say what they expect"
    # What was proposed goes together: the check has nothing to say of those cases, and that is no error.
    code, out, _ = call("-C", folder, "run", "--no-gate", "--format", "json")
    (ran,) = json.loads(out)["tasks"]
    assert code == 0 and [one["errors"] for one in (ran["baseline"], *ran["candidates"])] == [0, 0]


def test_order_agent_names_real_gaps_and_filling_one_changes_the_figure(call: Call, tmp_path: Path) -> None:
    folder = sample("order-agent", tmp_path)
    before = told(call, folder)
    assert state(before, "edges", "tool-error") == "covered" and state(before, "edges", "tool-empty") == "half"
    assert state(before, "edges", "empty") == "gap" and state(before, "edges", "tool-injection") == "half"
    known = rows(folder, "cases/agent.jsonl")
    with_result = next(row for row in known.values() if row["messages"][-1]["role"] == "tool")
    add(folder, "agent", {**with_result, "id": "a-copy"})
    assert figure(told(call, folder)) == figure(before)
    nothing = [*with_result["messages"][:-1], {**with_result["messages"][-1], "content": '{"orders": []}'}]
    add(folder, "agent", {"id": "new-1", "vars": with_result["vars"], "messages": nothing})
    filled = told(call, folder)
    assert state(filled, "edges", "tool-empty") == "covered", "beside an order that is not found, an empty list"
    assert filled["covered"] == before["covered"] + 1 and filled["halves"] == before["halves"] - 1


def test_proposed_checks_say_what_they_would_change_on_each_model(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "migrator.toml").write_text(
        '[baseline]\nmodel = "recorded:old.jsonl"\n[[candidates]]\nname = "newer"\nmodel = "recorded:new.jsonl"\n'
        '[[tasks]]\nname = "t"\nprompt = "p.md"\ncases = "c.jsonl"\nchecks = [{ type = "max-words", value = 80 }]\n',
        "utf-8",
    )
    (folder / "p.md").write_text("Answer in at most 3 words.\n", "utf-8")

    def write(name: str, lines: list[dict[str, Any]]) -> None:
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")

    write("c.jsonl", [{"id": f"c{n}", "messages": [{"role": "user", "content": f"question {n}"}]} for n in range(4)])
    write("old.jsonl", [{"id": f"c{n}", "output": "one two"} for n in range(4)])
    write("new.jsonl", [{"id": f"c{n}", "output": "one two three four" if n else "one"} for n in range(4)])
    assert call("-C", folder, "run", "--no-gate")[0] == 0
    (proposal,) = (one for one in told(call, folder)["proposals"] if one["kind"] == "check")
    assert proposal["check"] == {"type": "max-words", "value": 3} and proposal["line"] == 1
    assert proposal["fails"] == {"baseline": 0, "newer": 3} and proposal["would_fail"] == {"baseline": 0, "newer": 3}
    code, out, _ = call("-C", folder, "coverage")
    assert code == 0 and "max-words 80: looser than asked" in out
    assert "3 more cases would fail today, 0 of the baseline" in out


def test_mistakes_are_told_in_one_line(call: Call, tmp_path: Path) -> None:
    folder = sample("support-tickets", tmp_path)
    (folder / "production" / "triage.jsonl").write_text('{"vars": {"a": 1}}\n{"vars": \n', "utf-8")
    code, out, err = call("-C", folder, "coverage")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "production/triage.jsonl:2: not JSON" in err
    assert call("-C", folder, "coverage", "--task", "triag")[2].count('did you mean "triage"?') == 1


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_strangers_texts_reach_no_terminal_as_they_are(call: Call, tmp_path: Path, form: str) -> None:
    folder = sample("support-tickets", tmp_path)
    evil = "\x1b]0;title\x07\u202e[/b]"
    (folder / "prompts" / "triage.newer.md").write_text(
        f"Never say {evil} to {{{{ shop }}}}, always answer.\n", "utf-8"
    )
    add(
        folder,
        "triage",
        {"id": "odd", "tags": [evil], "vars": {"shop": evil}, "messages": [{"role": "user", "content": evil}]},
    )
    code, out, _ = call("-C", folder, "coverage", "--format", form)
    assert code == 0 and "\x1b" not in out and ("\u202e" not in out or form == "json")


def keys_in(value: Any) -> set[str]:
    """All keys of a JSON value, but those of checks and of tables by model, which are the user's own words."""
    if isinstance(value, list):
        return {key for item in value for key in keys_in(item)}
    if not isinstance(value, dict):
        return set()
    inner = (keys_in(item) for key, item in value.items() if key not in ("check", "fails", "would_fail"))
    return set(value).union(*inner)


def test_the_readme_names_every_key_of_the_json(call: Call, tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("## Are the cases enough?")[2].partition("\n## ")[0]
    folder = sample("support-tickets", tmp_path)
    found = keys_in(json.loads(call("-C", folder, "coverage", "--candidate", "newer", "--format", "json")[1]))
    assert {"covered", "needed", "instructions", "would_fail"} <= found
    assert {key for key in found if f"`{key}`" not in section} == set()
    assert "no candidate" in call("-C", folder, "coverage", "--candidate", "other")[2]
