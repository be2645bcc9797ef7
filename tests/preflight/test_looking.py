"""The whole look at a project on disk: models themselves, keys, servers, dates, prices, and what is known already."""

import asyncio
import io
import json
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from migrator_tui.models.dry_run import DryRun, ParameterSet
from migrator_tui.preflight import access
from migrator_tui.preflight.asked import case_facts
from migrator_tui.preflight.dates import date_findings, going
from migrator_tui.preflight.finding import Severity
from migrator_tui.preflight.looking import Preflight, gather, look, with_dry_runs
from migrator_tui.preflight.names import name_findings
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Case, ModelSpec
from migrator_tui.reports.preflight import preflight_json, preflight_markdown, print_preflight
from tests.model_fixtures import CANARY

TODAY = date(2026, 11, 27)
CONFIG = """
[baseline]
model = "{old}"
params = {{ max_tokens = 400 }}
{old_more}
[[candidates]]
name = "newer"
model = "{new}"
{new_more}
[[tasks]]
name = "triage"
prompt = "p.md"
cases = ["c.jsonl"]
"""
OWN = "http://127.0.0.1:1/v1"
OPENAI = {"OPENAI_API_KEY": CANARY}


def write(
    folder: Path, old: str = "openai/gpt-4o-2024-08-06", new: str = "openai/gpt-4o-2024-08-06", **more: str
) -> Path:
    values = {"old_more": "", "new_more": "", **more}
    (folder / "migrator.toml").write_text(CONFIG.format(old=old, new=new, **values), "utf-8")
    (folder / "p.md").write_text("Sort the ticket.", "utf-8")
    cases = [{"id": f"c{n}", "messages": [{"role": "user", "content": f"Ticket {n}"}]} for n in range(3)]
    (folder / "c.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    return folder


def looked(folder: Path, environment: dict[str, str] | None = None) -> Preflight:
    """A look without a worker: parameters are left out of it."""
    project = load_project(folder)
    asked = gather(project, None, tasks=project.tasks, candidates=project.candidates)
    return look(project, asked, environment=environment or {}, trusted=True, today=TODAY)


def told(found: Preflight) -> set[tuple[str, str, str]]:
    return {(f.severity.value, f.model, f.subject) for f in found.findings if f.severity is not Severity.NOTE}


def test_the_same_model_again_has_no_blocker(tmp_path: Path) -> None:
    found = looked(write(tmp_path), OPENAI)
    assert not found.of(Severity.BLOCKER)
    assert told(found) == {("warning", "baseline", "retirement"), ("warning", "newer", "retirement")}
    assert not [f for f in found.findings if f.subject == "price"], "the same price is no news"


def test_keys_are_named_and_never_told(tmp_path: Path) -> None:
    found = looked(write(tmp_path, new="anthropic/claude-opus-5-5"), OPENAI)
    (missing,) = [f for f in found.findings if f.subject == "key"]
    assert missing.severity is Severity.BLOCKER and missing.what == "ANTHROPIC_API_KEY is not set"
    assert CANARY not in json.dumps(preflight_json(found)) + preflight_markdown(found)


def test_where_no_key_is_set_at_all_nobody_is_about_to_ask(tmp_path: Path) -> None:
    found = looked(write(tmp_path, new="anthropic/claude-opus-5-5"))
    missing = {(f.model, f.what): f.severity for f in found.findings if f.subject == "key"}
    assert missing == {
        ("baseline", "OPENAI_API_KEY is not set"): Severity.WARNING,
        ("newer", "ANTHROPIC_API_KEY is not set"): Severity.WARNING,
    }
    assert not looked(write(tmp_path)).of(Severity.BLOCKER)


@pytest.mark.parametrize(
    ("spec", "available", "expected"),
    [
        (ModelSpec("m", "azure/gpt-5"), set(), [("blocker", "AZURE_API_KEY"), ("blocker", "AZURE_API_BASE")]),
        (ModelSpec("m", "azure/gpt-5"), {"AZURE_API_KEY", "AZURE_API_BASE"}, []),
        (ModelSpec("m", "azure/gpt-5", api_base="https://x.openai.azure.com"), {"AZURE_API_KEY"}, []),
        (
            ModelSpec("m", "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0"),
            set(),
            [("warning", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), ("note", "us-west-2")],
        ),
        (
            ModelSpec("m", "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", {"aws_region_name": "eu-west-1"}),
            {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
            [],
        ),
        (ModelSpec("m", "vertex_ai/gemini-2.5-pro"), {"VERTEXAI_PROJECT", "VERTEXAI_LOCATION"}, []),
        (ModelSpec("m", "vertex_ai/gemini-2.5-pro"), set(), [("warning", "GOOGLE_"), ("note", "us-central1")]),
        (ModelSpec("m", "openai/own", api_base="http://127.0.0.1:1/v1"), set(), []),
        (
            ModelSpec("m", "openai/own", api_base="http://127.0.0.1:1/v1", api_key_env="MINE"),
            set(),
            [("blocker", "MINE")],
        ),
        (ModelSpec("m", "ollama/llama3"), set(), []),
        (ModelSpec("m", "simulated:classic-1"), set(), []),
        (ModelSpec("m", "recorded:old.jsonl"), set(), []),
        (ModelSpec("m", "nobody-knows/x"), set(), []),
        (ModelSpec("m", "gpt-4o"), set(), [("blocker", "OPENAI_API_KEY")]),
    ],
)
def test_what_each_provider_needs(spec: ModelSpec, available: set[str], expected: list[tuple[str, str]]) -> None:
    found = list(access.key_findings(spec, available))
    assert [f.severity.value for f in found] == [severity for severity, _ in expected]
    for finding, (_, name) in zip(found, expected, strict=True):
        assert name in finding.what


def test_what_to_do_about_an_address_is_told_where_it_belongs() -> None:
    (_, place) = access.key_findings(ModelSpec("m", "azure/gpt-5"), set())
    assert place.do == "set it in the environment or in .env, or api_base in the model's table; it is never stored"


def test_a_judge_that_nothing_asks_is_in_nobodys_way(tmp_path: Path) -> None:
    folder = write(tmp_path)
    config = folder / "migrator.toml"
    config.write_text(config.read_text("utf-8") + '[judge]\nmodel = "anthropic/claude-opus-5-5"\n', "utf-8")
    assert ("warning", "judge", "key") in told(looked(folder, OPENAI))
    asks = 'cases = ["c.jsonl"]\nchecks = [{ type = "llm-rubric", value = "is polite" }]'
    config.write_text(config.read_text("utf-8").replace('cases = ["c.jsonl"]', asks), "utf-8")
    assert ("blocker", "judge", "key") in told(looked(folder, OPENAI))


def test_frozen_lines_beyond_the_end_of_the_prompt_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path)
    config = folder / "migrator.toml"
    config.write_text(config.read_text("utf-8") + 'frozen = ["1-99", "99"]\n', "utf-8")
    [found] = [f for f in looked(folder, OPENAI).findings if f.subject == "frozen"]
    assert found.severity is Severity.WARNING and "frozen lines 99 lie beyond the end" in found.what


def test_a_variable_that_is_empty_is_not_set(tmp_path: Path) -> None:
    assert ("warning", "newer", "key") in told(looked(write(tmp_path), {"OPENAI_API_KEY": " "}))


def test_a_server_of_ones_own_is_knocked_at_and_told_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        here = ModelSpec("m", "openai/own", api_base=f"http://127.0.0.1:{port}/v1")
        assert list(access.server_findings([here], trusted=True)) == []
        connection, _ = server.accept()
        assert connection.recv(1) == b""  # closed without a word
        connection.close()
    (gone,) = access.server_findings([here], trusted=True)
    assert (gone.severity, gone.subject) == (Severity.BLOCKER, "server")
    assert f"127.0.0.1:{port}" in gone.what


def test_nobody_else_is_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", never)
    far, public = "http://10.1.2.3:9/v1", "https://api.example.com/v1"
    for spec, trusted in (
        (ModelSpec("m", "openai/gpt-5"), True),
        (ModelSpec("m", "azure/x", api_base="https://x.openai.azure.com"), True),
        (ModelSpec("m", "openai/own", api_base=far), False),
        (ModelSpec("m", "openai/own", api_base=public), True),
        (ModelSpec("m", "openai/own", api_base="http://[broken"), True),
        (ModelSpec("m", "simulated:classic-1"), True),
    ):
        assert list(access.server_findings([spec], trusted=trusted)) == []


def dated(model: str, name: str = "newer") -> list[tuple[str, str]]:
    gone = going(ModelSpec(name, model))
    return [(f.severity.value, f.what) for f in date_findings([gone] if gone else [], TODAY)]


def test_dates_are_the_maps_or_a_siblings_hint_or_not_known() -> None:
    ((severity, what),) = dated("openai/gpt-4o-2024-08-06")
    assert severity == "warning" and "14 Jan 2027, in 48 days" in what
    ((severity, what),) = dated("openai/gpt-4o-2024-05-13")
    assert severity == "blocker" and "was retired on 23 Oct 2026" in what
    ((severity, what),) = dated("openai/gpt-4o")
    assert severity == "warning" and "no date is known for openai/gpt-4o; openai/gpt-4o-2024-11-20" in what
    assert dated("anthropic/claude-opus-5-5") == []
    assert dated("recorded:old.jsonl") == dated("simulated:x") == []


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("openai/gpt-4.1-mni", ("warning", "did you mean openai/gpt-4.1-mini?")),
        ("anthropic/claude-3-haiku-20240307", ("warning", "retired")),
        ("openai/text-embedding-3-small", ("blocker", "embedding")),
        ("openai/gpt-4.1", None),
        ("openai/ft:gpt-4o-mini:acme::abc", None),
        ("azure/our-deployment", None),
        ("together_ai/x/y", None),
        ("nobody-knows/x", None),
        ("simulated:bright-2", None),
        ("simulated:bright2", ("blocker", 'did you mean "bright-2"?')),
        ("recorded:old.jsonl", None),
    ],
)
def test_a_name_that_the_map_does_not_know(model: str, expected: tuple[str, str] | None) -> None:
    found = [(f.severity.value, f"{f.what} {f.do}") for f in name_findings(ModelSpec("newer", model))]
    assert [severity for severity, _ in found] == ([expected[0]] if expected else [])
    assert expected is None or expected[1] in found[0][1]
    own = list(name_findings(ModelSpec("newer", model, api_base="http://127.0.0.1:1/v1")))
    assert not own or model.startswith("simulated:")
    if model.startswith("openai/text"):
        assert not list(name_findings(ModelSpec("embeddings", model)))


def test_of_a_model_that_nobody_serves_one_thing_is_said(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, new="gpt5"))
    asked = [
        replace(each, dry=DryRun(problem="no provider is known") if each.spec.name == "newer" else DryRun())
        for each in gather(project, None, tasks=project.tasks, candidates=project.candidates)
    ]
    found = look(project, asked, environment=OPENAI, trusted=True, today=TODAY)
    (only,) = [f for f in found.findings if f.model == "newer"]
    assert (only.severity, only.subject) == (Severity.BLOCKER, "model")
    assert only.do.endswith("did you mean openai/gpt-5?")


def test_recorded_answers_cost_nothing_and_are_the_measure(tmp_path: Path) -> None:
    folder = write(tmp_path, old="recorded:old.jsonl", new="openai/gpt-4o", new_more="params = { max_tokens = 100 }")
    rows = [{"id": f"c{n}", "output": "x", "output_tokens": 90, "input_tokens": 50, "cost": 0.002} for n in range(3)]
    (folder / "old.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    found = looked(folder, OPENAI)
    old, new = found.costs
    assert old.one is not None and old.one.low == pytest.approx(0.002)
    assert old.run is not None and old.run.high == 0
    assert new.one is not None and new.one.low == pytest.approx((2.5 * 50 + 10 * 90) / 1e6)
    assert new.one.high == pytest.approx((2.5 * 50 * 1.35 + 10 * 100) / 1e6)  # capped
    assert new.run is not None and new.run.low == pytest.approx(3 * new.one.low)
    assert ("warning", "newer", "max_tokens") in told(found)


def printed(found: Preflight) -> str:
    stream = io.StringIO()
    print_preflight(found, stream)
    return stream.getvalue()


def test_what_is_said_of_several_tasks_is_said_once(tmp_path: Path) -> None:
    folder = write(tmp_path, new_more="params = { max_tokens = 99999 }")
    config = folder / "migrator.toml"
    task = '[[tasks]]\nname = "reply"\nprompt = "p.md"\ncases = ["c.jsonl"]\n'
    config.write_text(config.read_text("utf-8") + task, "utf-8")
    found = looked(folder, OPENAI)
    assert [(f.task, f.subject) for f in found.of(Severity.BLOCKER)] == [
        ("triage", "max_tokens"),
        ("reply", "max_tokens"),
    ]
    assert " ".join(printed(found).split()).count("answers with at most [triage, reply]") == 1
    assert printed(found).startswith("Blockers 2\n") and printed(found).count("99,999") == 1
    assert (
        preflight_markdown(found).count("<code>newer</code>, <code>triage</code>, <code>reply</code>: <code>max") == 1
    )


def test_money_of_recorded_answers_and_of_prompts_that_cannot_be_read(tmp_path: Path) -> None:
    folder = write(tmp_path, old="recorded:old.jsonl")
    rows = [{"id": f"c{n}", "output": "x"} for n in range(3)]
    (folder / "old.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert "  baseline: recorded, nothing is paid; what it cost is not known\n" in printed(looked(folder, OPENAI))
    (folder / "p.md").write_text("Sort {{ it }}.", "utf-8")
    unreadable = looked(folder, OPENAI)
    assert "Money" not in printed(unreadable) and "Money" not in preflight_markdown(unreadable)


def test_no_price_is_said_and_never_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path, new="openai/own", new_more='api_base = "http://127.0.0.1:9/v1"')
    found = looked(folder, OPENAI)
    assert ("warning", "newer", "price") in told(found)
    assert found.costs[1].one is None and found.costs[1].run is None
    priced = write(tmp_path, new="openai/own", new_more="price = { input = 1.0, output = 2.0 }")
    assert ("warning", "newer", "price") not in told(looked(priced, OPENAI))


def test_a_prompt_that_cannot_be_rendered_is_a_finding(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "p.md").write_text("Sort {{ it }}.", "utf-8")
    found = looked(folder, OPENAI)
    assert ("blocker", "newer", "prompt") in told(found)
    assert not found.costs


def test_a_case_without_a_value_is_a_finding_though_longer_ones_have_one(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "p.md").write_text("Sort {{ it }}.", "utf-8")
    cases = [{"id": f"c{n}", "vars": {"it": "x" * 90} if n != 7 else {"other": ""}} for n in range(12)]
    (folder / "c.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    (finding, *_) = [f for f in looked(folder, OPENAI).findings if f.subject == "prompt"]
    assert "c7" in finding.what


def test_each_distinct_set_is_tried_once_and_files_not_at_all(tmp_path: Path) -> None:
    tried: list[Sequence[ParameterSet]] = []

    async def try_out(sets: Sequence[ParameterSet]) -> Sequence[DryRun]:
        tried.append(sets)
        return [DryRun(library="litellm 1.0") for _ in sets]

    project = load_project(write(tmp_path, new_more="params = { max_tokens = 400 }"))
    asked = gather(project, None, tasks=project.tasks, candidates=project.candidates)
    asyncio.run(with_dry_runs(asked, try_out))
    assert [len(sets) for sets in tried] == [1]
    project = load_project(write(tmp_path, old="simulated:classic-1", new="simulated:bright-2"))
    asked = gather(project, None, tasks=project.tasks, candidates=project.candidates)
    asyncio.run(with_dry_runs(asked, try_out))
    assert len(tried) == 1


def test_a_pass_over_many_cases_keeps_few_of_them() -> None:
    def cases() -> object:
        for n in range(20_000):
            yield Case(f"c{n}", messages=({"role": "user", "content": "x" * (n % 977)},))

    facts = case_facts(cases())  # type: ignore[arg-type]
    assert facts.total == 20_000
    assert len(facts.longest) == 3 and all(len(c.messages[0]["content"]) == 976 for c in facts.longest)
    assert 30 <= len(facts.sample) <= 100
    numbers = [int(case.id[1:]) for case in facts.sample]
    assert len({b - a for a, b in pairwise(numbers)}) == 1  # evenly spread
