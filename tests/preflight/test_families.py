"""Model, parameters, messages to what is found. What the price map states is read from the map itself."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from migrator_tui.models.catalog import _entries
from migrator_tui.models.dry_run import DryRun, Fate, Tried
from migrator_tui.preflight.asked import Known
from migrator_tui.preflight.finding import Change, Severity, shown
from migrator_tui.preflight.parameters import thinks
from migrator_tui.project.formats.promptfoo.placeholders import placeholder
from tests.model_fixtures import CANARY
from tests.preflight.builders import asked, findings, subjects

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
SCHEMA = {"type": "json_schema", "json_schema": {"name": "t", "schema": {"type": "object"}}}
IMAGE = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}
FILE = {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}]}
SOUND = {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AAAA"}}]}
BEGUN = ({"role": "user", "content": "Go."}, {"role": "assistant", "content": "{"})
LATE = (
    {"role": "user", "content": "Hi."},
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Go"},
)
CALL = {"id": "1", "type": "function", "function": {"name": "refund", "arguments": "{}"}}
CALLED = (
    {"role": "user", "content": "Refund me."},
    {"role": "assistant", "content": None, "tool_calls": [CALL, {"id": "2"}, {"function": {"name": ["x"]}}]},
    {"role": "tool", "tool_call_id": "1", "content": "done"},
)
SEVERAL = {"parallel_tool_calls": True}
CHAT = "# system\nAnswer with JSON.\n\n{{ messages }}\n\n# assistant\n{\n"


def rejected(name: str) -> DryRun:
    return DryRun(
        (Tried(name, Fate.REJECTED, "the model takes no such thing. And more words"),), library="litellm 1.0"
    )


def said(name: str, fate: Fate, *became: str) -> DryRun:
    return DryRun((Tried(name, fate, became=became),), library="litellm 1.0")


DROPPED_EFFORT = said("reasoning_effort", Fate.DROPPED)
OPUS, SONNET, HAIKU, GPT4O, GPT5 = (
    "anthropic/claude-opus-5-5",
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-haiku-5-5",
    "openai/gpt-4o-2024-08-06",
    "openai/gpt-5",
)

TABLE: list[tuple[str, Any, dict[str, str]]] = [
    ("nothing wrong", asked(GPT4O, {"temperature": 0.2, "stop": ["X"]}), {}),
    ("rejected", asked(GPT5, {"temperature": 0.2}, dry=rejected("temperature")), {"temperature": "blocker"}),
    ("stop", asked(GPT5, {"stop": ["X"]}, dry=rejected("stop")), {"stop": "blocker"}),
    ("dropped", asked(GPT5, {"seed": 1}, dry=said("seed", Fate.DROPPED)), {"seed": "warning"}),
    ("refused", asked(GPT5, {"api_key": "x"}, dry=said("api_key", Fate.REFUSED)), {"api_key": "blocker"}),
    ("top_k", asked(GPT5, {"top_k": 3}, dry=said("top_k", Fate.PASSED_ON)), {"top_k": "warning"}),
    ("top_k on Claude 5", asked(OPUS, {"top_k": 3}, dry=said("top_k", Fate.PASSED_ON)), {"top_k": "blocker"}),
    ("two samplers", asked(SONNET, {"temperature": 0.2, "top_p": 0.5}), {"top_p": "blocker"}),
    ("a placeholder", asked(GPT4O, prompt=f"# user\n{placeholder('prompts.py:f')}"), {"prompt": "blocker"}),
    ("no variable", asked(GPT4O, messages=(), variables={"q": "a"}), {"prompt": "warning"}),
    ("its variable", asked(GPT4O, prompt="Sort {{ q }}.", messages=(), variables={"q": "a", "x": "b"}), {}),
    ("messages beside variables", asked(GPT4O, variables={"q": "a"}), {}),
    ("nothing in the cases", asked(GPT4O, messages=()), {}),
    ("calls without tools", asked(GPT4O, messages=CALLED), {"tools": "warning"}),
    ("calls with tools", asked(GPT4O, messages=CALLED, tools=TOOLS), {}),
    ("calls with tools in params", asked(GPT4O, {"tools": TOOLS}, messages=CALLED), {}),
    ("calls in the old answers", asked(GPT4O, known=[Known(9, 9, None, None, ["f"])]), {"tools": "warning"}),
    ("prefill in the prompt", asked(OPUS, prompt=CHAT), {"prefill": "blocker"}),
    ("prefill in a case", asked(OPUS, messages=BEGUN), {"prefill": "blocker"}),
    ("prefill that is taken", asked(SONNET, prompt=CHAT), {}),
    ("prefill, nobody knows", asked(GPT4O, prompt=CHAT), {}),
    ("no prefill: the case comes last", asked(OPUS, prompt=CHAT.replace("{{ messages }}\n", "")), {}),
    ("forced", asked(OPUS, {"tool_choice": "required"}, tools=TOOLS), {"tool-choice": "blocker"}),
    ("a named tool", asked(OPUS, {"tool_choice": {"type": "function"}}, tools=TOOLS), {"tool-choice": "blocker"}),
    ("auto", asked(OPUS, {"tool_choice": "auto"}, tools=TOOLS), {}),
    ("forced, taken", asked(SONNET, {"tool_choice": "required"}, tools=TOOLS), {}),
    (
        "forced while thinking",
        asked(SONNET, {"tool_choice": "required", "reasoning_effort": "low"}, tools=TOOLS),
        {"tool-choice": "blocker"},
    ),
    (
        "forced while thinking, stated to be taken",
        asked(HAIKU, {"tool_choice": "required", "reasoning_effort": "low"}, tools=TOOLS),
        {},
    ),
    (
        "effort that does not arrive",
        asked(SONNET, {"temperature": 0, "max_tokens": 300, "reasoning_effort": "low"}, dry=DROPPED_EFFORT),
        {"reasoning_effort": "warning"},
    ),
    (
        "cool while thinking",
        asked(SONNET, {"temperature": 0.2, "top_k": 4, "reasoning_effort": "low"}),
        {"temperature": "blocker", "top_k": "blocker"},
    ),
    (
        "cool while thinking, of one who may fit it",
        asked("openrouter/anthropic/claude-sonnet-4.5", {"temperature": 0.2, "reasoning_effort": "low"}),
        {},
    ),
    ("at 1 while thinking", asked(SONNET, {"temperature": 1, "reasoning_effort": "low"}), {}),
    (
        "no room behind the thinking",
        asked(SONNET, {"max_tokens": 2_000, "thinking": {"type": "enabled", "budget_tokens": 4_000}}),
        {"max_tokens": "blocker"},
    ),
    ("thinks untold", asked("anthropic/claude-sonnet-5", {"max_tokens": 400}), {"max_tokens": "warning"}),
    ("told not to", asked("anthropic/claude-sonnet-5", {"max_tokens": 400, "thinking": {"type": "disabled"}}), {}),
    (
        "told not to, in vain",
        asked(OPUS, {"max_tokens": 400, "thinking": {"type": "disabled"}}),
        {"thinking": "warning", "max_tokens": "warning"},
    ),
    ("a choice of no tools", asked(GPT4O, {"tool_choice": "auto"}), {"tools": "warning"}),
    ("one tool at a time", asked("openai/o3", SEVERAL, tools=TOOLS), {"parallel-tool-calls": "warning"}),
    ("never sent", asked("gemini/gemini-2.5-pro", SEVERAL, tools=TOOLS), {"parallel-tool-calls": "warning"}),
    ("no stop for o3", asked("openai/o3", {"stop": ["X"]}), {"stop": "blocker"}),
    ("a cool Gemini 3", asked("gemini/gemini-3-pro-preview", {"temperature": 0}), {"temperature": "warning"}),
    ("cap and reasoning", asked(GPT5, {"max_tokens": 400}), {"max_tokens": "warning"}),
    ("cap beyond the model's", asked(GPT4O, {"max_tokens": 99_999}), {"max_tokens": "blocker"}),
    ("JSON unsaid", asked(GPT4O, response_format={"type": "json_object"}), {"response-format": "warning"}),
    ("JSON said", asked(GPT4O, prompt="As JSON.", response_format={"type": "json_object"}), {}),
    ("images", asked(GPT4O, messages=(IMAGE,)), {}),
    ("system in the middle", asked(SONNET, messages=LATE), {"system-role": "warning"}),
    ("system in the middle, moved", asked("gemini/gemini-2.5-pro", messages=LATE), {"system-role": "warning"}),
    ("system in the middle, taken", asked(OPUS, messages=LATE), {}),
    ("simulated", asked("simulated:bright-2", {"tool_choice": "required"}, prompt=CHAT, dry=None), {}),
    ("simulated, refused", asked("simulated:bright-2", {"api_key": "x"}, dry=None), {"api_key": "blocker"}),
    ("too long", asked(GPT4O, prompt="word " * 400_000), {"context-window": "blocker"}),
    ("tight", asked(GPT4O, {"max_tokens": 16_000}, prompt="word " * 95_000), {"context-window": "warning"}),
    ("Chinese counts more", asked(GPT4O, prompt="订单延误退款" * 30_000), {"context-window": "blocker"}),
]  # fmt: skip


@pytest.mark.parametrize(("each", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_is_found(each: Any, expected: dict[str, str]) -> None:
    assert subjects(each) == expected


def stated(each: Any, **supports: bool) -> Any:
    """The same, were these the only capabilities that the price map speaks of."""
    return replace(each, facts=replace(each.facts, supports=supports))


@pytest.mark.parametrize(
    ("flag", "subject", "more"),
    [
        ("supports_vision", "images", {"messages": (IMAGE,)}),
        ("supports_pdf_input", "files", {"messages": (FILE,)}),
        ("supports_function_calling", "tools", {"tools": TOOLS}),
        ("supports_assistant_prefill", "prefill", {"prompt": CHAT}),
        ("supports_response_schema", "response-format", {"response_format": SCHEMA}),
        ("supports_audio_input", "audio", {"messages": (SOUND,)}),
    ],
)
def test_what_the_map_denies_is_said_and_what_it_leaves_unsaid_is_a_note_at_most(
    flag: str, subject: str, more: dict[str, Any]
) -> None:
    each = asked(GPT4O, **more)
    name = flag.removeprefix("supports_")
    assert subjects(stated(each, **{name: False})).get(subject) in ("blocker", "warning")
    assert subject not in subjects(stated(each, **{name: True}))
    found = [f for f in findings(stated(each)) if f.subject == subject]
    assert [f.severity for f in found] == [Severity.NOTE]
    assert "does not say" in found[0].what and "reject" not in found[0].what


def test_nothing_is_called_rejected_where_library_and_map_are_silent() -> None:
    """Every chat model of the map of which it says nothing but prices, with all that might be refused."""
    params = {"temperature": 0.2, "tool_choice": "required", "parallel_tool_calls": True, "max_tokens": 9}
    silent = [
        name
        for name, entry in _entries().items()
        if entry.get("mode") == "chat"
        and not any(k.startswith(("supports_", "thinking_", "default_")) for k in entry)
    ]
    assert len(silent) > 50
    for name in silent[:200]:
        each = asked(name, params, prompt=CHAT, messages=(IMAGE, FILE), tools=TOOLS, response_format=SCHEMA)
        for finding in findings(each):
            assert finding.severity is not Severity.BLOCKER or finding.subject == "max_tokens", finding
            assert "reject" not in finding.what, finding


def test_the_baseline_of_today_is_the_measure_of_the_cap() -> None:
    answers = [Known(100, tokens, None, None) for tokens in (100, 250, 320)]
    found = {f.subject: f for f in findings(asked(SONNET, {"max_tokens": 400}, known=answers))}
    assert "may cut 1 of 3 answers" in found["max_tokens"].what
    assert found["max_tokens"].change == Change("max_tokens", 450)
    assert "max_tokens" not in subjects(asked(SONNET, {"max_tokens": 500}, known=answers))


def test_a_cap_for_reasoning_and_answer_grows_with_what_the_answers_need() -> None:
    answers = [Known(100, 40_000, None, None)]
    found = {f.subject: f for f in findings(asked(GPT5, {"max_completion_tokens": 400}, known=answers))}
    assert found["max_completion_tokens"].change == Change("max_completion_tokens", 80_000)


@pytest.mark.parametrize(
    ("model", "params", "expected"),
    [
        (OPUS, {}, True),
        (GPT5, {}, True),
        ("azure/gpt-5", {}, True),
        ("openai/o3", {}, True),
        ("gemini/gemini-2.5-pro", {}, True),
        ("gemini/gemini-2.5-flash-lite", {}, None),
        ("openai/gpt-5-chat-latest", {}, None),
        (GPT4O, {}, None),
        (SONNET, {}, None),
        (SONNET, {"thinking": {"type": "enabled", "budget_tokens": 2000}}, True),
        ("openai/gpt-5.1", {"reasoning_effort": "none"}, False),
        ("who/knows", {}, None),
    ],
)
def test_whether_it_reasons(model: str, params: dict[str, Any], expected: bool | None) -> None:
    assert thinks(asked(model, params)) is expected


def test_a_reason_is_its_first_sentence_and_says_who_gives_it() -> None:
    (finding,) = [f for f in findings(asked(GPT5, {"stop": ["X"]}, dry=rejected("stop"))) if f.subject == "stop"]
    assert (finding.what, finding.seen_by) == (
        'stop = ["X"] is rejected: the model takes no such thing',
        "litellm 1.0",
    )
    assert finding.change == Change("stop") and finding.change.words == "leave out stop"


def test_what_a_candidate_offers() -> None:
    prompt = "Answer with JSON.\n" + "Rules of the shop. " * 400 + "{{ x }}"
    notes = {f.subject for f in findings(asked(GPT5, prompt=prompt.replace("{{ x }}", "")))}
    assert {"schema-available", "prompt-caching", "batch-price"} <= notes
    held = {f.subject for f in findings(asked(GPT5, prompt=prompt.replace("{{ x }}", ""), response_format=SCHEMA))}
    assert "schema-available" not in held
    assert not {f.subject for f in findings(asked(GPT4O))} & {"schema-available", "prompt-caching", "batch-price"}
    long = {f.subject for f in findings(asked("gemini/gemini-2.5-pro", prompt="word " * 70_000))}
    assert "longer-window" in long


def test_a_prompt_that_goes_as_the_users_turn() -> None:
    found = [f for f in findings(asked(OPUS, messages=())) if f.subject == "system-role"]
    assert [f.severity for f in found] == [Severity.NOTE]
    assert not [f for f in findings(asked(GPT5, messages=())) if f.subject == "system-role"]


def test_hostile_names_stay_in_one_line() -> None:
    bad = "x\x1b]0;evil\x07\n[/b]" * 30
    each = asked(GPT5, {bad: "\x1b[31m" * 90}, dry=said(bad, Fate.PASSED_ON))
    for finding in findings(each):
        for text in (finding.subject, finding.what, finding.do):
            assert text.isprintable() and len(text) < 600


@pytest.mark.parametrize("fate", list(Fate))
def test_what_an_unknown_setting_holds_is_not_told(fate: Fate) -> None:
    each = asked(GPT5, {"odd": CANARY}, dry=said("odd", fate, "stranger"))
    assert CANARY not in str(findings(each))


@pytest.mark.parametrize(
    ("model", "length", "found"),
    [
        ("openai/gpt-4.1", 390, ""),
        (SONNET, 390, "35 %"),
        ("openai/gpt-4.1", 410, "may cut 1 of 1"),
        (SONNET, 280, ""),
    ],
)
def test_answers_are_cut_sooner_where_tokens_are_counted_otherwise(model: str, length: int, found: str) -> None:
    each = asked(model, {"max_tokens": 400}, known=[Known(50, length, None, None)])
    told = [f.what for f in findings(each) if f.subject == "max_tokens" and f.severity is Severity.WARNING]
    assert len(told) == bool(found) and all(found in what for what in told)
    assert not any("35 %" in what for what in told) or model == SONNET


def test_values_are_shown_as_one_writes_them() -> None:
    values = [True, 0.2, "a", ["X"], {"type": "enabled"}, date(2026, 1, 2)]
    assert [shown(value) for value in values] == [
        "true",
        "0.2",
        '"a"',
        '["X"]',
        '{"type": "enabled"}',
        '"2026-01-02"',
    ]


def test_a_change_is_applied_to_the_parameters_and_known_there() -> None:
    params = {"temperature": 0.2, "max_tokens": 5}
    out, more = Change("temperature"), Change("max_tokens", 9)
    assert out.applied(params) == {"max_tokens": 5}
    assert more.applied(params) == {"temperature": 0.2, "max_tokens": 9}
    assert out.is_in(more.applied(out.applied(params))) and not more.is_in(params)


def test_tools_that_are_called_and_not_there_are_named() -> None:
    each = asked(GPT4O, messages=CALLED, known=[Known(9, 9, None, None, ["\x1b[31mcancel", "refund"])])
    (finding,) = [f for f in findings(each) if f.subject == "tools"]
    assert "the messages of the cases and the baseline's answers call" in finding.what
    assert "refund" in finding.what and "cancel" in finding.what and "\x1b" not in finding.what
