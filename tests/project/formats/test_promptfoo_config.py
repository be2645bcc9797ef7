"""What a promptfoo configuration may say, one thing after the other, and what is sent for it in the end."""

import json
from pathlib import Path

import pytest

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.csv_tests import assertion_of
from migrator_tui.project.formats.promptfoo.providers import model_name
from tests.project.formats.promptfoo_folder import TWO, cases_of, converted, native, notes_of, sent


def test_prompts_of_every_kind(tmp_path: Path) -> None:
    config = (
        TWO
        + """
prompts:
  - 'Inline {{x}}'
  - file://several.txt
  - file://chat.json
  - file://chat.yaml
  - file://more/*.md
  - file://table.csv
  - {id: file://one.txt, label: labelled}
  - {raw: 'raw {{x}}', label: raw one, config: {temperature: 0.7}}
  - file://lines.jsonl
tests:
  - vars: {x: X}
"""
    )
    files = {
        "several.txt": "First {{x}}\n---\nSecond {{x}}\n---\nThird\n",
        "chat.json": [{"role": "system", "content": "Be {{x}}"}, {"role": "user", "content": "Say {{x}}"}],
        "chat.yaml": "- role: system\n  content: |\n    Be brief\n- role: user\n  content: '{{ x }}?'\n",
        "more/a.md": "# Title\n\nA {{x}}",
        "more/b.md": "B {{x}}",
        "table.csv": "prompt,label\nCell {{x}},celled\nOther {{x}},\n",
        "one.txt": "One {{x}}",
        "lines.jsonl": '[{"role": "user", "content": "line {{x}}"}]\n"text {{x}}"\n',
    }
    found = converted(tmp_path / "in", config, **files)
    project = native(found, tmp_path / "out")
    texts = {task.name: sent(project, n) for n, task in enumerate(project.tasks)}
    assert {name: messages[-1]["content"] for name, messages in texts.items()} == {
        "prompt-1": "Inline X",
        "several-1": "First X",
        "several-2": "Second X",
        "several-3": "Third",
        "chat": "Say X",
        "chat-2": "X?",
        "a": "# Title\n\nA X",
        "b": "B X",
        "celled": "Cell X",
        "table-2": "Other X",
        "labelled": "One X",
        "raw one": "raw X",
        "lines-1": "line X",
        "lines-2": '"text X"',
    }
    assert texts["chat"][0] == {"role": "system", "content": "Be X"}
    assert texts["chat-2"][0] == {"role": "system", "content": "Be brief"}
    # A text without roles is the user's, as promptfoo sends it.
    assert texts["prompt-1"] == [{"role": "user", "content": "Inline X"}]
    assert project.baseline.params_for("raw one") == {"temperature": 0.7}
    assert (
        found.tasks[2].place == "several.txt, prompt 2" and found.tasks[0].place == "promptfooconfig.yaml, prompt 1"
    )


def test_parts_and_calls_of_a_chat_stand_in_the_cases(tmp_path: Path) -> None:
    chat = [
        {"role": "system", "content": "Look at {{what}}"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "{{q}}"}, {"type": "image_url", "image_url": {"url": "{{url}}"}}],
        },
    ]
    config = (
        TWO
        + "prompts: [file://c.json]\ntests: [{vars: {what: birds, q: 'Which \"one\"?', url: 'https://x/{{q}}'}}]\n"
    )
    found = converted(tmp_path / "in", config, **{"c.json": chat})
    project = native(found, tmp_path / "out")
    assert found.tasks[0].prompt == "# system\nLook at {{what}}\n", "what can be edited stays in the prompt"
    assert sent(project) == [
        {"role": "system", "content": "Look at birds"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": 'Which "one"?'},
                {"type": "image_url", "image_url": {"url": 'https://x/Which "one"?'}},
            ],
        },
    ]


def test_a_chat_made_by_a_template_is_rendered_for_each_case(tmp_path: Path) -> None:
    prompt = """[{"role": "system", "content": {{ rules | dump }}},
{% for turn in turns %}{% for role, text in turn %}
{"role": "{{ role }}", "content": "{{ text }}"},
{% endfor %}{% endfor %}
{"role": "user", "content": {{ question | dump }}}]"""
    config = (
        TWO
        + "prompts: [file://p.json]\n"
        + """
defaultTest: {vars: {rules: "Be\\nkind", turns: [{user: Hi}, {assistant: Hello}]}}
tests: [{vars: {question: 'a "b"?'}}, {vars: {question: c}}]
"""
    )
    project = native(converted(tmp_path / "in", config, **{"p.json": prompt}), tmp_path / "out")
    assert sent(project, case=0) == [
        {"role": "system", "content": "Be\nkind"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": 'a "b"?'},
    ]
    assert sent(project, case=1)[-1]["content"] == "c"


NUNJUCKS = [
    ("{% if a === 'x' && !b || c !== 'y' %}yes{% else %}no{% endif %}", {"a": "x", "c": "y"}, "yes"),
    ("{% if a == 'p' %}1{% elseif a == 'q' %}2{% endif %}", {"a": "q"}, "2"),
    ("{{ o | dump }}", {"o": {"k": [1, "ä"]}}, '{"k": [1, "ä"]}'),
    ("{{ l.length }} {{ name.toUpperCase() }}", {"l": [1, 2], "name": "bo"}, "2 BO"),
    (
        "{{ style.length }}{% if text.length > 2 %}!{% endif %}",
        {"style": {"length": "brief"}, "text": "abc"},
        "brief!",
    ),
    (
        "[{{ missing }}{{ deep.er.still }}{{ env.HOME }}{{ (text | load).tone }}]",
        {"text": '{"tone": "dry"}'},
        "[dry]",
    ),
    ("{% for k, v in o %}{{k}}={{v}};{% endfor %}", {"o": {"a": 1, "b": 2}}, "a=1;b=2;"),
    ("{% for i in items %}{{ i.a }}{{ i.b }};{% endfor %}", {"items": [{"a": 1}, {"a": 2, "b": 3}]}, "1;23;"),
    ("{% raw %}{{ kept }}{% endraw %} {# gone #}{{ '&&' }}", {}, "{{ kept }} &&"),
    ("This is {{ not a template", {}, "This is {{ not a template"),
    ("{{ a | nosuchfilter }}", {"a": 1}, "{{ a | nosuchfilter }}"),
    (
        "one\n# system\ntwo\n{{ messages }}\n{% raw %}x{% endraw %}",
        {"messages": "three"},
        "one\n# system\ntwo\nthree\nx",
    ),
    ("{{ flag }} {{ nothing }} {{ n }}", {"flag": True, "nothing": None, "n": 1.5}, "true  1.5"),
]


@pytest.mark.parametrize(("template", "values", "expected"), NUNJUCKS, ids=range(len(NUNJUCKS)))
def test_habits_of_nunjucks(
    template: str, values: dict[str, object], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/not/for/prompts")
    config = {"prompts": [template], "providers": ["openai:a", "openai:b"], "tests": [{"vars": values}]}
    project = native(converted(tmp_path / "in", config), tmp_path / "out")
    assert [message["content"] for message in sent(project)] == [expected]


def test_an_undefined_variable_is_empty_and_noted_once(tmp_path: Path) -> None:
    config = TWO + "prompts: ['{{a}}{{b}}', '{{b}} {{env.SECRET}}']\ntests: [{vars: {a: 1}}, {vars: {a: 2, b: 3}}]\n"
    found = converted(tmp_path / "in", config)
    native(found, tmp_path / "out")
    assert [note.what for note in found.notes] == [
        "the environment is empty: env.SECRET",
        "variables without a value are empty, as in promptfoo: b (in up to 1 of 2 cases)",
    ]


def test_a_case_that_cannot_be_rendered_keeps_no_other_from_being_run(tmp_path: Path) -> None:
    config = (
        TWO
        + """
prompts: ['{{ l | length }}', 'all {{l}}', '{{ l | length }}{{ l + 1 }}']
tests: [{description: number, vars: {l: 5}}, {description: text, vars: {l: abc}}]
"""
    )
    found = converted(tmp_path / "in", config)
    project = native(found, tmp_path / "out")
    assert [[case.id for case in cases_of(project, n)] for n in range(3)] == [
        ["text"],
        ["number", "text"],
        ["number", "text"],
    ]
    assert sent(project)[0]["content"] == "3"
    assert sent(project, task=2)[0]["content"] == "{{ l | length }}{{ l + 1 }}", "it works for none: kept as a text"
    left_out = "cases are left out that its template can't be rendered for (promptfooconfig.yaml, prompt 1)"
    assert left_out in [note.what for note in found.notes]


def test_tests_of_every_kind(tmp_path: Path) -> None:
    config = (
        TWO
        + """
prompts: ['{{q}}']
tests:
  - vars: {q: inline}
  - file://a.csv
  - file://b.jsonl
  - file://c.json
  - file://more/*.yaml
  - vars: file://vars.yaml
  - vars: {q: [one, two], r: [x, y], kept: [{a: 1}]}
  - vars: {q: [one, two]}
    options: {disableVarExpansion: true}
  - vars: {q: file://texts/*.txt}
"""
    )
    files = {
        "a.csv": "q,__expected,__expected2,__description,__metadata:team\n"
        '"semi; colon",contains:x,not-icontains:y,a row,red\nplain,,,,\n',
        "b.jsonl": '{"vars": {"q": "line"}}\n\n{"q": "only variables"}\n',
        "c.json": [{"vars": {"q": "json"}}, {"q": "bare"}],
        "more/1.yaml": "- vars: {q: &anchor yaml}\n- vars: {<<: {q: merged, r: 1}, r: *anchor}\n",
        "vars.yaml": "q: from a file\n",
        "texts/b.txt": "text b\n",
        "texts/a.txt": "text a\n",
    }
    project = native(converted(tmp_path / "in", config, **files), tmp_path / "out")
    cases = cases_of(project)
    assert [case.vars["q"] for case in cases] == [
        *(
            "inline",
            "semi; colon",
            "plain",
            "line",
            "only variables",
            "json",
            "bare",
            "yaml",
            "merged",
            "from a file",
        ),
        *("one", "one", "two", "two", ["one", "two"], "text a", "text b"),
    ]
    row = cases[1]
    assert row.id == "a row" and row.tags == ("team=red",)
    assert [(check.full_type, check.value) for check in row.checks] == [("contains", "x"), ("not-icontains", "y")]
    assert cases[8].vars["r"] == "yaml"
    assert cases[10].vars["kept"] == [{"a": 1}], "a list of tables is one value"


def test_a_default_test_and_scenarios(tmp_path: Path) -> None:
    config = (
        TWO
        + """
prompts: ['{{a}}{{b}}{{c}}']
defaultTest: file://default.yaml
tests:
  - vars: {b: 2}
    assert: [{type: contains, value: own}]
scenarios:
  - config: [{vars: {a: s1}}, {vars: {a: s2}, assert: [{type: is-json}]}]
    tests: [{vars: {c: t1}}, {vars: {c: t2, a: wins}}]
  - file://scenario.yaml
"""
    )
    default = "vars: {a: 1}\nthreshold: 0.5\nassert: [{type: icontains, value: '{{a}}', weight: 2, metric: has a}]\n"
    scenario = "config: [{vars: {a: f}}]\ntests: file://tests.csv\n"
    files = {"default.yaml": default, "scenario.yaml": scenario, "tests.csv": "c\nrow\n"}
    project = native(converted(tmp_path / "in", config, **files), tmp_path / "out")
    assert [sent(project, case=n)[0]["content"] for n in range(6)] == [
        "12",
        "s1t1",
        "winst2",
        "s2t1",
        "winst2",
        "frow",
    ]
    task = project.tasks[0]
    assert task.threshold == 0.5
    assert [(c.type, c.value, c.weight, c.metric) for c in task.checks] == [("icontains", "{{a}}", 2.0, "has a")]
    assert [[c.type for c in case.checks] for case in cases_of(project)] == [
        ["contains"],
        [],
        [],
        ["is-json"],
        ["is-json"],
        [],
    ]
    assert len({case.id for case in cases_of(project)}) == 6


def test_what_is_put_around_every_prompt(tmp_path: Path) -> None:
    around = "{options: {prefix: '<', suffix: '>{{b}}'}}"
    config = TWO + f"prompts: ['{{{{a}}}}']\ndefaultTest: {around}\ntests: [{{vars: {{a: 1, b: 2}}}}]\n"
    project = native(converted(tmp_path / "in", config), tmp_path / "out")
    assert sent(project)[0]["content"] == "<1>2"


def test_ids_stay_when_an_assertion_changes(tmp_path: Path) -> None:
    base = TWO + "prompts: ['{{a}}']\ntests: [{vars: {a: 1}}, {vars: {a: 1}}, {description: named, vars: {a: 2}}]\n"
    before = [case["id"] for case in converted(tmp_path / "a", base).tasks[0].cases]
    changed = base + "defaultTest: {assert: [{type: is-json}]}\n"
    assert [case["id"] for case in converted(tmp_path / "b", changed).tasks[0].cases] == before
    assert before[1] == f"{before[0]}-2" and before[2] == "named"


ASSERTIONS = [
    ({"type": "contains", "value": 81}, {"type": "contains", "value": "81"}),
    ({"type": "not-equals", "value": ""}, {"type": "not-equals", "value": ""}),
    ({"type": "contains-any", "value": [-3.625, "b"]}, {"type": "contains-any", "value": ["-3.625", "b"]}),
    ({"type": "is-json", "value": '{"type": "object"}'}, {"type": "is-json", "value": {"type": "object"}}),
    ({"type": "is-json", "value": "file://schema.json"}, {"type": "is-json", "value": {"type": "array"}}),
    ({"type": "latency", "threshold": 2000}, {"type": "latency", "threshold": 2000}),
    ({"type": "similar", "value": "x", "threshold": 0.8}, {"type": "similar", "value": "x", "threshold": 0.8}),
    ({"type": "llm-rubric", "value": "kind", "weight": 3}, {"type": "llm-rubric", "value": "kind", "weight": 3}),
    ({"type": "model-graded-factuality", "value": "f"}, {"type": "factuality", "value": "f"}),
    ({"type": "word-count", "value": {"min": 2, "max": 5}}, {"type": "word-count", "value": {"min": 2, "max": 5}}),
    ({"type": "levenshtein", "value": "abc"}, {"type": "levenshtein", "value": "abc", "threshold": 5}),
    ({"$ref": "#/assertionTemplates/starts"}, {"type": "starts-with", "value": "A"}),
    (
        {
            "type": "assert-set",
            "threshold": 0.5,
            "assert": [{"type": "contains", "value": "a"}, {"type": "javascript", "value": "1"}],
        },
        {"type": "assert-set", "threshold": 0.5, "assert": [{"type": "contains", "value": "a"}]},
    ),
    ({"type": "javascript", "value": "process.exit()"}, None),
    ({"type": "not-python", "value": "file://check.py:fn"}, None),
    ({"type": "contains", "value": "file://value.js"}, None),
    ({"type": "webhook", "value": "https://evil.example"}, None),
    ({"type": "moderation"}, None),
    ({"type": "bleu", "value": "x"}, None),
    ({"type": "regex", "value": "("}, None),
    ({"type": "contains", "value": ""}, None),
    ({"type": "latency"}, None),
    ({"type": "equals", "value": "x", "transform": "output.a"}, None),
    ({"type": "is-json", "value": {"$ref": "https://evil.example/schema"}}, None),
]


def test_assertions_become_checks_or_are_noted_word_for_word(tmp_path: Path) -> None:
    config = {
        "prompts": ["{{q}}"],
        "providers": ["openai:a", "openai:b"],
        "assertionTemplates": {"starts": {"type": "starts-with", "value": "A"}},
        "tests": [{"vars": {"q": str(n)}, "assert": [stated]} for n, (stated, _) in enumerate(ASSERTIONS)],
    }
    found = converted(tmp_path / "in", config, **{"schema.json": {"type": "array"}})
    native(found, tmp_path / "out")
    for case, (stated, expected) in zip(found.tasks[0].cases, ASSERTIONS, strict=True):
        assert case.get("checks", []) == ([expected] if expected else []), stated
        if expected is None:
            passages = [json.loads(text) for note in found.notes for text in note.verbatim]
            assert stated in passages, "what has no check is kept as it is"
    assert found.helpers == {
        "judge": {"model": "openai/gpt-4.1"},
        "embeddings": {"model": "openai/text-embedding-3-large"},
    }


def test_graders_that_are_stated_are_asked(tmp_path: Path) -> None:
    config = (
        TWO
        + """
prompts: ['{{q}}']
defaultTest:
  options:
    provider:
      id: mistral:mistral-large-latest
      config: {temperature: 0}
      embedding: {id: 'mistral:embedding:mistral-embed'}
tests: [{vars: {q: 1}, assert: [{type: llm-rubric, value: kind}, {type: similar, value: x}]}]
"""
    )
    found = converted(tmp_path / "in", config)
    assert found.helpers == {
        "judge": {"model": "mistral/mistral-large-latest", "params": {"temperature": 0}},
        "embeddings": {"model": "mistral/mistral-embed"},
    }


CELLS = [
    ("contains:Paris", {"type": "contains", "value": "Paris"}),
    ("not-icontains:x:y", {"type": "not-icontains", "value": "x:y"}),
    ("contains-any: a , b", {"type": "contains-any", "value": ["a", "b"]}),
    ("similar(0.9):hello", {"type": "similar", "value": "hello", "threshold": 0.9}),
    ("similar:hello", {"type": "similar", "value": "hello", "threshold": 0.8}),
    ("is-json", {"type": "is-json"}),
    ("latency(500)", {"type": "latency", "threshold": 500.0}),
    ("grade:be kind", {"type": "llm-rubric", "value": "be kind"}),
    ("fn: output.length", {"type": "javascript", "value": "output.length"}),
    ("file://check.py:run", {"type": "python", "value": "file://check.py:run"}),
    ("Warning: not a type", {"type": "equals", "value": "Warning: not a type"}),
    ("plain", {"type": "equals", "value": "plain"}),
]


@pytest.mark.parametrize(("cell", "expected"), CELLS)
def test_cells_of_expected(cell: str, expected: dict[str, object]) -> None:
    assert assertion_of(cell) == expected


PROVIDERS = {
    "openai:gpt-4o": "openai/gpt-4o",
    "openai:chat:gpt-4o": "openai/gpt-4o",
    "openai:responses:gpt-5": "openai/gpt-5",
    "openai:chat:ft:gpt-4o:org::id": "openai/ft:gpt-4o:org::id",
    "openai:embedding:text-embedding-3-large": None,
    "openai:realtime:gpt-realtime": None,
    "anthropic:messages:claude-sonnet-5": "anthropic/claude-sonnet-5",
    "anthropic:claude-sonnet-5": "anthropic/claude-sonnet-5",
    "anthropic:claude-agent-sdk": None,
    "azure:chat:my-deployment": "azure/my-deployment",
    "azureopenai:my-deployment": "azure/my-deployment",
    "bedrock:anthropic.claude-3-haiku-20240307-v1:0": "bedrock/anthropic.claude-3-haiku-20240307-v1:0",
    "bedrock:converse:amazon.nova-lite-v1:0": "bedrock/converse/amazon.nova-lite-v1:0",
    "vertex:gemini-2.5-pro": "vertex_ai/gemini-2.5-pro",
    "google:gemini-2.5-pro": "gemini/gemini-2.5-pro",
    "palm:chat-bison": "gemini/chat-bison",
    "mistral:mistral-large-latest": "mistral/mistral-large-latest",
    "groq:llama-3.3-70b-versatile": "groq/llama-3.3-70b-versatile",
    "ollama:chat:llama3.2:3b": "ollama_chat/llama3.2:3b",
    "ollama:llama3.2:3b": "ollama/llama3.2:3b",
    "togetherai:chat:meta-llama/Llama-3": "together_ai/meta-llama/Llama-3",
    "openrouter:openai/gpt-4o": "openrouter/openai/gpt-4o",
    "xai:grok-4": "xai/grok-4",
    "deepseek:deepseek-chat": "deepseek/deepseek-chat",
    "cohere:command-r": "cohere_chat/command-r",
    "huggingface:text-generation:gemma-7b-it": "huggingface/gemma-7b-it",
    "huggingface:token-classification:bigcode/starpii": None,
    "adaline:openai:chat:gpt-4o": "openai/gpt-4o",
    "simulated:classic-1": "simulated:classic-1",
    "simulated:../evil.toml": None,
    "echo": None,
    "https://example.org/chat": None,
    "exec:python run.py": None,
    "python:run.py": None,
    "file://run.js": None,
    "openai": None,
}


@pytest.mark.parametrize(("provider", "model"), PROVIDERS.items())
def test_names_of_providers(provider: str, model: str | None) -> None:
    assert model_name(provider) == model


def test_providers_of_every_form_with_their_settings(tmp_path: Path) -> None:
    config = """
prompts: [hi]
providers:
  - openai:gpt-4o
  - openai:gpt-4o
  - id: openai:chat:gpt-4o
    label: baseline
    config: {temperature: 0.2, max_tokens: 9, stop: [x], apiBaseUrl: 'http://localhost:1/v1', apiKeyEnvar: MY_KEY}
  - anthropic:messages:claude-sonnet-5: {config: {max_tokens: '50', tool_choice: auto, madeUp: 1}}
  - file://more.yaml
  - echo
"""
    settings = "{apiHost: a.openai.azure.com, apiVersion: '2024', apiKey: '{{env.AZURE_KEY}}'}"
    more = f"- id: azure:chat:dep\n  config: {settings}\n"
    found = converted(tmp_path, config, **{"more.yaml": more})
    assert [(model.name, dict(model.table)) for model in found.models] == [
        ("gpt-4o", {"model": "openai/gpt-4o"}),
        ("gpt-4o-2", {"model": "openai/gpt-4o"}),
        (
            "baseline-2",
            {
                "model": "openai/gpt-4o",
                "api_base": "http://localhost:1/v1",
                "api_key_env": "MY_KEY",
                "params": {"temperature": 0.2, "max_tokens": 9, "stop": ["x"]},
            },
        ),
        (
            "claude-sonnet-5",
            {"model": "anthropic/claude-sonnet-5", "params": {"max_tokens": 50, "tool_choice": "auto"}},
        ),
        (
            "dep",
            {
                "model": "azure/dep",
                "api_base": "https://a.openai.azure.com",
                "api_key_env": "AZURE_KEY",
                "params": {"api_version": "2024"},
            },
        ),
    ]
    assert "madeUp" in notes_of(found) and "can't be asked from here" in notes_of(found)


def test_tools_in_every_providers_form_become_the_tasks(tmp_path: Path) -> None:
    tools = [
        {"type": "function", "function": {"name": "a", "parameters": {"type": "object", "default": None}}},
        {"name": "b", "description": "B", "input_schema": {"type": "object"}},
        {"functionDeclarations": [{"name": "c", "parameters": {"type": "object"}}]},
        {"type": "web_search_20250305", "name": "web_search"},
    ]
    provider = {
        "id": "openai:gpt-4o",
        "config": {"tools": "file://tools.json", "response_format": {"type": "json_object"}},
    }
    config = {"prompts": ["hi"], "providers": [provider, "openai:gpt-5"]}
    found = converted(tmp_path / "in", config, **{"tools.json": tools})
    project = native(found, tmp_path / "out")
    assert [tool["function"]["name"] for tool in project.tasks[0].tools] == ["a", "b", "c"]
    assert project.tasks[0].tools[1]["function"]["parameters"] == {"type": "object"}
    assert project.tasks[0].response_format == {"type": "json_object"}
    assert "web_search_20250305" in str([note.verbatim for note in found.notes])


def test_one_provider_gets_a_proposal_and_none_gets_two(tmp_path: Path) -> None:
    one = converted(tmp_path / "one", "prompts: [hi]\nproviders: openai:gpt-4o\n")
    assert [(model.name, model.proposed) for model in one.models] == [("gpt-4o", False), ("claude-sonnet-5", True)]
    assert "the model to move to is proposed: anthropic/claude-sonnet-5" in notes_of(one)
    none = converted(tmp_path / "none", "prompts: [hi]\nproviders: [echo]\n")
    assert [model.proposed for model in none.models] == [True, True]
    # Without tests promptfoo sends each prompt once.
    assert len(native(none, tmp_path / "out").tasks) == 1


def test_what_cannot_be_honoured_is_listed_once_and_kept(tmp_path: Path) -> None:
    config = (
        TWO
        + """
prompts: [file://prompt.js, exec:./run.sh, portkey://pp-1, 'works {{q}}']
tests:
  - https://docs.google.com/spreadsheets/d/1
  - file://make.py:generate
  - {path: file://make.js, config: {n: 3}}
  - vars: {q: 1, made: file://var.py}
    provider: openai:gpt-5
    options: {transform: output.trim()}
redteam: {purpose: p, plugins: [harmful]}
extensions: [file://hook.js:run]
"""
    )
    found = converted(tmp_path / "in", config)
    project = native(found, tmp_path / "out")
    assert [task.place for task in found.tasks] == [
        "prompt.js",
        "promptfooconfig.yaml, prompt 2",
        "promptfooconfig.yaml, prompt 3",
        "promptfooconfig.yaml, prompt 4",
    ]
    assert "prompt.js, which is not run here" in sent(project)[0]["content"]
    assert sent(project, task=3)[0]["content"] == "works 1" and len(cases_of(project)) == 1
    kept = {text for note in found.notes for text in note.verbatim}
    assert {"prompt.js", "exec:./run.sh", "file://make.py:generate", "file://var.py"} <= kept
    assert [note.what for note in found.notes] == list(dict.fromkeys(note.what for note in found.notes))


REFUSED = {
    "": "promptfooconfig.yaml: a promptfoo configuration is a table, not nothing",
    "- a": "promptfooconfig.yaml: a promptfoo configuration is a table, not a list",
    "providers: [openai:gpt-4o]": "promptfooconfig.yaml: there are no prompts: nothing to send to a model",
    "prompts:\n  - a\n\t- b": "promptfooconfig.yaml:3: not YAML: found a tab character that violates indentation",
    "prompts: [file://gone.txt]": 'promptfooconfig.yaml: prompt 1: no file "gone.txt"',
    "prompts: [hi]\ntests: file://gone.csv": 'promptfooconfig.yaml: tests: no file "file://gone.csv"',
    "prompts: [hi]\ntests: [3]": "promptfooconfig.yaml: a test must be a table, not a number",
    "prompts: [hi]\nproviders: 3": "promptfooconfig.yaml: providers must be a list, not a number",
    "prompts: [hi]\nredteam: {plugins: [a]}": "promptfooconfig.yaml: holds a red-team plan and no tests: there is "
    "nothing to compare two models on",
    "prompts: [hi]\ntests: [{vars: {a: 1}, assert: [{$ref: '#/a/b'}]}]": "promptfooconfig.yaml: $ref "
    '"#/a/b" names nothing in this file',
}


@pytest.mark.parametrize(("config", "line"), REFUSED.items())
def test_refused_in_one_line(config: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        converted(tmp_path, config)
    assert str(caught.value) == line
