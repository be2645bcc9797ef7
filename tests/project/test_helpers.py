"""The tables of models that answer no case, `[judge]` and `[embeddings]`, and what trusting them and code means."""

import pytest

from migrator_tui.project.check_specs import check_specs, code_in
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.trust import check_allowed, concerns
from tests.project.conftest import Folder

HELPERS = """
[judge]
model = "openai/gpt-x"
params = { temperature = 0, max_tokens = 300 }
concurrency = 4
price = { input = 1.0, output = 2.0 }

[embeddings]
model = "openai/text-embedding-3-small"
api_base = "http://localhost:8000/v1"
params = { dimensions = 256 }
price = { input = 0.02 }

[gate]"""


def test_they_are_read_and_handed_to_every_task(folder: Folder) -> None:
    folder.config("[gate]", HELPERS)
    project = load_project(folder.path)
    judge, embeddings = project.judge, project.embeddings
    assert judge is not None and (judge.name, judge.concurrency) == ("judge", 4)
    assert embeddings is not None and embeddings.price is not None and embeddings.price.output == 0.0
    assert [spec.name for spec in project.helpers][-2:] == ["judge", "embeddings"]
    for task in project.tasks:
        setup = task.check_setup
        assert (setup.judge, setup.embeddings, setup.folder, setup.may_run_code) == (
            judge,
            embeddings,
            folder.path,
            True,
        )
    assert not load_project(folder.path, trusted=False).tasks[0].check_setup.may_run_code


def test_the_assistant_judges_where_there_is_no_judge(folder: Folder) -> None:
    folder.config("[gate]", '[assistant]\nmodel = "openai/a"\n[gate]')
    project = load_project(folder.path)
    assert project.judge is None and project.tasks[0].check_setup.judge is project.assistant


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[judge]\nmodle = "x"', 'unknown key "modle" in [judge]; did you mean "model"?'),
        ("[judge]\n", "[judge] has no model"),
        ('[judge]\nmodel = "recorded:x.jsonl"', "no file"),
        ('[judge]\nmodel = "recorded:cases/triage.jsonl"', "[judge] is asked what nobody has recorded"),
        ('[judge]\nmodel = "openai/x"\napi_key = "sk-secret"', "a key never stands in this file"),
        ('[judge]\nmodel = "openai/x"\napi_key_env = "sk-secret-1"', "api_key_env takes the name"),
        ('[judge]\nmodel = "openai/x"\ntemperature = 0', "it belongs into params"),
        ('[judge]\nmodel = "openai/x"\nassume = "pass"', "[judge] takes no assume"),
        ('[judge]\nmodel = "openai/x"\ntask_params = { triage = {} }', "[judge] takes no task_params"),
        ('[embeddings]\nmodel = "openai/x"\ncolumns = { output = "x" }', "[embeddings] takes no columns"),
        ('[embedding]\nmodel = "openai/x"', 'did you mean "embeddings"?'),
        ('[judges]\nmodel = "openai/x"', 'did you mean "judge"?'),
        ('[judge]\nmodel = "openai/x"\napi_base = "http://me:sk-secret@x"', "a key never stands in this file"),
    ],
)
def test_a_mistake_in_them_is_one_line(folder: Folder, table: str, told: str) -> None:
    folder.config("[gate]", f"{table}\n[gate]")
    with pytest.raises(ProjectError) as caught:
        load_project(folder.path)
    assert told in str(caught.value) and "sk-secret" not in str(caught.value)
    assert str(caught.value).startswith("migrator.toml:")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[judge]\nmodel = "openai/x"\napi_base = "https://evil.example/v1"', "evil.example (api_base of judge)"),
        ('[embeddings]\nmodel = "openai/x"\napi_base = "https://evil.example/v1"', "(api_base of embeddings)"),
        ('[judge]\nmodel = "mistral/x"\napi_key_env = "OPENAI_API_KEY"', "gives your OPENAI_API_KEY to mistral/x"),
        (
            '[judge]\nmodel = "openai/x"\nparams = { extra_headers = { a = "b" } }',
            "calls judge with unusual settings",
        ),
        ('[judge]\nmodel = "simulated:../judge.toml"', "outside"),
    ],
)
def test_a_strangers_folder_may_not_send_keys_through_them(folder: Folder, table: str, told: str) -> None:
    (folder.path.parent / "judge.toml").write_text("judges = true\n")
    folder.config("[gate]", f"{table}\n[gate]")
    project = load_project(folder.path)
    assert any(told in concern for concern in concerns(project))
    with pytest.raises(ProjectError):
        check_allowed(load_project(folder.path, trusted=False), trusted=False)


def test_usual_settings_of_embeddings_need_no_trust(folder: Folder) -> None:
    folder.config("[gate]", HELPERS)
    assert concerns(load_project(folder.path)) == []


CODE = """{ type = "python", value = "file://checks/tone.py" },
  { type = "assert-set", checks = [{ type = "not-python", value = "len(output) > 3" }] },
  { type = "max-words\""""


def test_code_needs_trust_and_the_question_names_it(folder: Folder) -> None:
    folder.config('{ type = "max-words"', CODE)
    told = "runs Python code on this machine, with your rights: checks/tone.py, len(output) > 3"
    assert told in concerns(load_project(folder.path))
    with pytest.raises(ProjectError) as caught:
        check_allowed(load_project(folder.path, trusted=False), trusted=False)
    assert told in str(caught.value) and "migrator-tui trust" in str(caught.value)
    check_allowed(load_project(folder.path), trusted=True)


def test_code_is_found_however_deep() -> None:
    specs = check_specs(
        [
            "is-json",
            {"type": "contains", "value": "python"},
            {"type": "assert-set", "assert": [{"type": "assert-set", "checks": [{"type": "python", "value": "1"}]}]},
        ]
    )
    assert code_in(specs) == ["1"] and code_in(specs[:2]) == []
