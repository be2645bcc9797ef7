"""Exports damaged anywhere, by chance but the same each time: imported or refused in one line, never half of both."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.registry import FORMATS
from migrator_tui.project.importing.gathering import Options
from migrator_tui.project.importing.plan import Import
from migrator_tui.project.importing.request import Request, Wishes, open_sources
from migrator_tui.project.importing.targets import target_of
from migrator_tui.project.recordings import Recording
from tests.project.formats.test_chats_and_logs import CALL, TOOL, USER, span
from tests.project.formats.test_messages import FORMS, WANTED

ROUNDS = 300

ANSWER = {
    "choices": [{"message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3},
}
GENERATION = {
    "id": "g",
    "parentObservationId": "s",
    "type": "GENERATION",
    "input": json.dumps(WANTED),
    "output": json.dumps({"role": "assistant", "content": "x", "tool_calls": [CALL]}),
    "model": "gpt-4o",
    "modelParameters": {"temperature": "0.2", "stop": ["a"]},
    "usageDetails": {"input": 3},
    "totalCost": 0.1,
    "metadata": json.dumps({"tools": [TOOL], "attributes": {"ai.prompt.tools": json.dumps([TOOL])}}),
}
NEW_SPAN = {
    "gen_ai.input.messages": json.dumps(FORMS["OpenTelemetry"]),
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "x"}]}]),
    "gen_ai.request.temperature": 0.2,
}
SEEDS: list[Any] = [
    {"trace": {"tags": ["a"]}, "observations": [{"id": "s", "type": "SPAN"}, GENERATION]},
    {"messages": [*WANTED, {"role": "assistant", "content": "x"}], "tools": [TOOL]},
    {"input": [USER], "ideal": ["a"]},
    {"item": {"a": "b", "label": "c"}, "sample": {"output_text": "x", "usage": {"prompt_tokens": 3}}},
    {"custom_id": "r", "url": "/v1/chat/completions", "body": {"model": "m", "messages": WANTED, "tools": [TOOL]}},
    {"id": "1", "inputs": FORMS["LangChain"], "outputs": {"output": "yes"}, "metadata": {"dataset_split": ["t"]}},
    {
        "id": "1",
        "q": "hello",
        "expected": "b",
        "output": "x",
        "passed": "yes",
        "latency": "1.2",
        "tags": "a,b",
        "cost": 1,
    },
    {"resourceSpans": [{"scopeSpans": [{"spans": [span("a", NEW_SPAN)]}]}]},
    *(
        {
            "request_id": "r",
            "spend": 1,
            "startTime": "2026-01-01",
            "endTime": "2026",
            "messages": form,
            "response": ANSWER,
        }
        for form in FORMS.values()
    ),
]

ODD: list[Any] = [
    *(None, [], {}, 5, -1.5, True, "", "x", "²", "\ud800", "\0", "a" * 500, 10**30, "{}", "[]", '{"role":'),
    *([[]], [{}], [None], ["a", "b"], {"role": "user"}, {"type": "text"}, {"type": "function_call"}, {"function": 5}),
    *({"²": 1, "0": 2}, {"a": {"b": {"c": {"d": 1}}}}, {"message": {"message": {}}}, {"tool_calls": [5]}),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a value, those inside of JSON text too."""
    yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))
    if isinstance(value, str) and value[:1] in ("{", "["):
        yield from ((*path, "in JSON", *rest) for rest in places(json.loads(value)))


def damaged(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    if path[0] == "in JSON":
        return json.dumps(damaged(json.loads(value), path[1:], odd))
    value[path[0]] = damaged(value[path[0]], path[1:], odd)
    return value


def test_whatever_is_damaged_what_is_written_opens(tmp_path: Path) -> None:
    chance = random.Random(11)
    written = 0
    for number in range(ROUNDS):
        value = copy.deepcopy(SEEDS[number % len(SEEDS)])
        for _ in range(chance.randint(1, 3)):
            try:
                value = damaged(value, chance.choice(list(places(value))), copy.deepcopy(chance.choice(ODD)))
            except ValueError:  # what is damaged already holds no JSON any more
                continue
        source, output = tmp_path / f"{number}.jsonl", tmp_path / f"out-{number}"
        source.write_text(json.dumps(value) + "\n", "utf-8")
        named = chance.choice([None, chance.choice(FORMATS).name])
        wishes = Wishes(Options(sample=chance.choice([None, 1]), mask=chance.random() < 0.5))
        try:
            opened = open_sources(Request([source], named))
            with Import(opened, target_of(output, None, source), wishes) as made:
                made.prepare()
                made.write()
        except ProjectError as error:
            assert len(str(error).splitlines()) == 1 and not output.exists()
            continue
        written += 1
        project = load_project(output)
        assert load_cases(project, project.tasks[0])
        if project.baseline.model.startswith("recorded:"):
            assert len(Recording.load(output / project.baseline.model.removeprefix("recorded:"))) == 1
    assert written > ROUNDS / 4  # else nothing was shown
    assert not list(tmp_path.glob(".*"))
