"""The commands on a folder with a promptfoo configuration: the same as anywhere, but nothing in it is written."""

import json
from pathlib import Path

import pytest

from migrator_tui.history.records import Origin
from migrator_tui.history.store import History
from migrator_tui.models.successors import likeliest
from migrator_tui.project.config import load_project
from migrator_tui.project.formats.promptfoo.choices import Choice, keep_choice
from migrator_tui.project.prompts import read_template
from migrator_tui.project.schema import BASELINE
from migrator_tui.running.versions import DraftPrompt, version_of_draft
from tests.cli.conftest import CANARY, Call, CountingServer

CONFIG = """
prompts: ['Say {{what}} {{gone}}']
providers:
  - {id: 'openai:old', config: {apiBaseUrl: BASE, apiKeyEnvar: OPENAI_API_KEY}}
  - {id: 'openai:new', config: {apiBaseUrl: BASE, apiKeyEnvar: OPENAI_API_KEY}}
defaultTest:
  options: {transform: 'output.trim()'}
tests:
  - {vars: {what: [one, two]}, assert: [{type: contains, value: good}, {type: javascript, value: 'output > 1'}]}
"""


@pytest.fixture
def promptfoo(tmp_path: Path, server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    folder = tmp_path / "bot"
    folder.mkdir()
    (folder / "promptfooconfig.yaml").write_text(CONFIG.replace("BASE", server.base))
    return folder


def test_run_says_what_is_not_honoured_and_asks_both_models(
    promptfoo: Path, call: Call, server: CountingServer
) -> None:
    code, out, err = call("-C", promptfoo, "run", "--format", "json")
    assert code == 2 and "this folder is not trusted yet and gives your OPENAI_API_KEY to 127.0.0.1" in err
    code, out, err = call("-C", promptfoo, "trust")
    assert code == 0
    code, out, err = call("-C", promptfoo, "run", "--format", "json")
    result = json.loads(out)
    assert code == 1, "two cases are not enough"
    assert [line for line in err.splitlines() if line.startswith("promptfoo: ")] == [
        "promptfoo: transforms are not run",
        "promptfoo: assertions that would run code (javascript) are left out",
        "promptfoo: variables without a value are empty, as in promptfoo: gone (in every case)",
    ]
    task = result["tasks"][0]
    assert (result["project"], task["name"], task["cases"], task["baseline"]["passed"]) == ("bot", "prompt-1", 2, 2)
    assert set(server.asked) == {f"{model}: Say {what} " for model in ("old", "new") for what in ("one", "two")}
    assert server.keys == {f"Bearer {CANARY}"}
    assert [path.name for path in promptfoo.iterdir()] == ["promptfooconfig.yaml"]
    # A second run asks nothing again, and a changed assertion only judges anew.
    asked = server.asked.total()
    config = promptfoo / "promptfooconfig.yaml"
    config.write_text(config.read_text().replace("value: good", "value: better"))
    code, out, err = call("-C", promptfoo, "run", "--format", "json", "--trust")
    assert server.asked.total() == asked
    assert json.loads(out)["tasks"][0]["baseline"]["failed"] == 2


def test_reports_and_prompts_name_the_users_files_and_writing_is_refused(promptfoo: Path, call: Call) -> None:
    assert call("-C", promptfoo, "trust")[0] == 0
    assert call("-C", promptfoo, "run")[0] == 1
    code, out, _ = call("-C", promptfoo, "report", "--format", "markdown")
    assert code == 1 and "bot" in out and "/promptfoo/" not in out
    code, out, _ = call("-C", promptfoo, "prompt", "show", "--format", "json")
    shown = json.loads(out)
    assert code == 0 and shown["file"] == "promptfooconfig.yaml, prompt 1"
    assert shown["template"] == "# user\nSay {{what}} {{gone}}"
    (promptfoo.parent / "better.md").write_text("# user\nBetter {{what}}\n")
    assert call("-C", promptfoo, "run", "--prompt", promptfoo.parent / "better.md")[0] == 1
    code, _, err = call("-C", promptfoo, "prompt", "write", "--yes")
    assert code == 2 and err.startswith("migrator-tui: `migrator-tui import promptfoo . --output DIR` first; ")
    assert "promptfoo's files stay as they are" in err and err.count("\n") == 1


def test_init_does_not_hide_it(promptfoo: Path, call: Call) -> None:
    code, _, err = call("-C", promptfoo, "init")
    assert code == 2 and err.startswith("migrator-tui: promptfooconfig.yaml: opens as it is; ")
    assert not (promptfoo / "migrator.toml").exists()


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ("prompts: []", "promptfooconfig.yaml: there are no prompts: nothing to send to a model"),
        ("prompts: [a", "promptfooconfig.yaml:2: not YAML: did not find expected ',' or ']'"),
        ("prompts: [a]\nredteam: {plugins: [x]}", "promptfooconfig.yaml: holds a red-team plan and no tests: "),
    ],
)
def test_what_cannot_be_opened_is_one_line(config: str, line: str, promptfoo: Path, call: Call) -> None:
    (promptfoo / "promptfooconfig.yaml").write_text(config + "\n")
    code, out, err = call("-C", promptfoo, "run")
    assert code == 2 and out == "" and err.startswith(f"migrator-tui: {line}") and err.count("\n") == 1


def test_what_is_imported_opens_and_runs(promptfoo: Path, call: Call, server: CountingServer, tmp_path: Path) -> None:
    assert call("-C", promptfoo, "trust")[0] == 0
    code, out, _ = call("import", "promptfoo", promptfoo, "--output", tmp_path / "own", "--yes")
    assert code == 0 and "transforms are not run" in out
    assert "output > 1" in (tmp_path / "own" / "not-honoured.md").read_text()
    code, out, _ = call("-C", tmp_path / "own", "run", "--format", "json", "--trust")
    assert code == 1 and json.loads(out)["tasks"][0]["baseline"]["passed"] == 2
    code, out, _ = call("-C", tmp_path / "own", "prompt", "write", "--yes", "--trust")
    assert code == 0, "its prompts are files"


def test_results_that_are_imported_need_nobody_to_be_asked(call: Call, tmp_path: Path) -> None:
    results = [
        {
            "promptIdx": prompt,
            "testIdx": test,
            "vars": {"q": f"q{test}"},
            "provider": {"id": f"openai:{prompt}"},
            "prompt": {"raw": f"Say q{test}", "label": "Say {{q}}"},
            "response": {"output": "answer"},
            "success": (test, prompt) != (1, 1),
            "failureReason": 2 if (test, prompt) == (2, 0) else 0,
        }
        for test in range(3)
        for prompt in range(2)
    ]
    (tmp_path / "results.json").write_text(json.dumps({"results": {"version": 3, "results": results}}))
    code, _, _ = call("import", "promptfoo", tmp_path / "results.json", "--output", tmp_path / "own", "--yes")
    assert code == 0
    code, out, err = call("-C", tmp_path / "own", "run", "--format", "json")
    task = json.loads(out)["tasks"][0]
    baseline, candidate = task["baseline"], task["candidates"][0]
    assert (baseline["passed"], baseline["failed"], baseline["errors"]) == (2, 0, 1), err
    assert (candidate["passed"], candidate["failed"], len(candidate["regressions"])) == (2, 1, 1)


def test_a_model_that_is_only_proposed_is_not_asked_before_somebody_names_it(
    promptfoo: Path, call: Call, server: CountingServer
) -> None:
    config = promptfoo / "promptfooconfig.yaml"
    one = "\n".join(line for line in config.read_text().split("\n") if "openai:new" not in line)
    config.write_text(one.replace("openai:old", "openai:gpt-4o"))
    code, out, err = call("-C", promptfoo, "run", "--trust")
    model = likeliest("openai/gpt-4o") or ""
    name = model.removeprefix("openai/")
    refusal = f"migrator-tui: {model} is only proposed as the model to move to; --candidate {name} says yes to it"
    assert (code, out) == (2, "") and err.splitlines()[-1].startswith(refusal)
    assert err.splitlines()[-1].endswith('or choose one (^p on screen, "Models of this promptfoo project")')
    assert not server.asked
    # Its name is a yes, and so is a choice that was made on screen.
    without_money = ("--max-cost", "0.000000001")
    assert call("-C", promptfoo, "run", "--trust", "--candidate", name, *without_money)[0] == 3
    keep_choice(config.resolve(), Choice(candidate=model))
    code, _, err = call("-C", promptfoo, "run", "--trust", *without_money)
    assert code == 3 and "proposed" not in err, "what was chosen is not called proposed any more"
    # A baseline that nobody named is not to be had by a name of the candidate.
    config.write_text(one.replace("openai:old", "exec:ask.sh"))
    keep_choice(config.resolve(), Choice())
    code, out, err = call("-C", promptfoo, "run", "--trust", "--candidate", name)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith(
        "migrator-tui: openai/gpt-4o-2024-08-06 is only proposed as the model you move from: "
    )


def test_the_placeholder_of_a_prompt_is_never_sent_and_what_is_written_is_asked_of_both(
    promptfoo: Path, call: Call, server: CountingServer
) -> None:
    config = promptfoo / "promptfooconfig.yaml"
    config.write_text(
        config.read_text().replace("'Say {{what}} {{gone}}'", "'file://prompts.py:sort', 'Say {{what}}'")
    )
    assert call("-C", promptfoo, "trust")[0] == 0
    code, out, err = call("-C", promptfoo, "run")
    line = "the prompt of task sort is only a placeholder: write it (e, or --prompt FILE); "
    assert (code, out) == (2, "") and err.splitlines()[-1] == f"migrator-tui: {line}prompts.py:sort would make it"
    assert not server.asked
    assert call("-C", promptfoo, "run", "--task", "prompt-2")[0] == 1, "the others run"
    server.asked.clear()
    (promptfoo.parent / "sort.md").write_text("# user\nSort {{what}}\n")
    prompt = ("--task", "sort", "--prompt", promptfoo.parent / "sort.md")
    assert call("-C", promptfoo, "run", *prompt)[0] == 1
    assert set(server.asked) == {f"{model}: Sort {what}" for model in ("old", "new") for what in ("one", "two")}
    # The candidate's goes on changing, the baseline's stays.
    (promptfoo.parent / "sort.md").write_text("# user\nSort well {{what}}\n")
    server.asked.clear()
    assert call("-C", promptfoo, "run", *prompt)[0] == 1
    assert set(server.asked) == {f"new: Sort well {what}" for what in ("one", "two")}
    assert call("-C", promptfoo, "run")[0] == 2, "without it there is still nothing to send"


def test_what_was_chosen_and_written_on_screen_goes_along_into_the_project_made_of_it(
    promptfoo: Path, call: Call, tmp_path: Path
) -> None:
    config = (promptfoo / "promptfooconfig.yaml").resolve()
    three = config.read_text().replace("defaultTest:", "  - simulated:bright-2\ndefaultTest:")
    config.write_text(three.replace("prompts: [", "prompts: ['file://prompts.py:sort', "))
    keep_choice(config, Choice("simulated:bright-2", "new"))
    written = [("prompt-2", "new", "# user\nBetter {{what}}"), ("sort", BASELINE, "# user\nSort {{what}}")]
    with History.open(load_project(promptfoo), secrets=[]) as history:
        for task, name, text in written:
            draft = DraftPrompt(text, {"temperature": 0.5} if name == "new" else {}, origin=Origin.EDITOR)
            version_of_draft(history, task, name, draft, author="ada")
    code, out, _ = call("import", "promptfoo", promptfoo, "--output", tmp_path / "own", "--yes")
    assert code == 0
    along = out.partition("Taken along\n")[2].partition("\n\n")[0].splitlines()
    assert along == [
        "  + the models you chose: from simulated:bright-2 to openai/new",
        "  + task sort: the prompt that you wrote in place of the placeholder",
        "  + task prompt-2 on new: v1, as its own prompt",
        "  + task prompt-2 on new: the parameters of v1",
    ]
    own = load_project(tmp_path / "own")
    sort, second = own.tasks
    assert (own.baseline.model, own.candidates[0].name) == ("simulated:bright-2", "new")
    assert read_template(own.prompt_file(sort, "new")) == "# user\nSort {{what}}"
    assert own.prompt_file(second, "new").name == "prompt-2.new.md"
    assert read_template(own.prompt_file(second, "new")) == "# user\nBetter {{what}}"
    assert own.candidates[0].params_for("prompt-2") == {"temperature": 0.5}
    assert read_template(own.prompt_file(second, BASELINE)) == "# user\nSay {{what}} {{gone}}"


def test_configurations_named_otherwise_are_named_and_how_they_open(
    promptfoo: Path, call: Call, tmp_path: Path
) -> None:
    (promptfoo / "promptfooconfig.yaml").rename(promptfoo / "promptfooconfig.simple.yaml")
    (promptfoo / "promptfooconfig-external.yaml").write_text("prompts: [a]")
    names = "promptfooconfig-external.yaml, promptfooconfig.simple.yaml"
    how = f"promptfoo configurations ({names}): `migrator-tui import promptfoo FILE --output DIR` opens one"
    for command in ("run", "report"):
        code, _, err = call("-C", promptfoo, command)
        assert (code, err) == (2, f"migrator-tui: {promptfoo}: no migrator.toml in this folder, but {how}\n")
    code, _, err = call("import", "promptfoo", promptfoo, "--output", tmp_path / "own")
    assert (code, err.rstrip().endswith(f"in this folder; there is {names}: name the file")) == (2, True)
    code, _, _ = call(
        "import", "promptfoo", promptfoo / "promptfooconfig.simple.yaml", "--output", tmp_path / "own", "--yes"
    )
    assert code == 0 and load_project(tmp_path / "own").candidates[0].model == "openai/new"
