"""Cases that promptfoo itself has judged, and how its verdicts are got anew.

    .venv/bin/python -m tests.checks.promptfoo_cases FOLDER

runs the promptfoo installed in FOLDER (`npm install promptfoo@0.121` there; node 20.20 or 22.22 and newer) on every
case, offline, and writes `promptfoo_verdicts.json` beside this file. Nothing of promptfoo is kept here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERDICTS = Path(__file__).with_name("promptfoo_verdicts.json")
RUNNER = Path(__file__).with_name("promptfoo_runner.mjs")

TICKET = '{"category": "billing", "priority": "urgent", "tags": ["a", "b"], "n": 2}'
FENCED = f"Here is the triage:\n\n```json\n{TICKET}\n```\n"
XML = '<?xml version="1.0"?>\n<order id="7"><item>pen</item><item>ink</item><to><name>Ada</name></to></order>'
EMOJI = "fine 👍🏽"

SCHEMA = {
    "type": "object",
    "properties": {
        "category": {"type": "string"},
        "priority": {"enum": ["low", "medium", "high"]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
    },
    "required": ["category"],
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city"],
        },
    },
}
REFUND = {
    "type": "function",
    "function": {"name": "refund", "parameters": {"type": "object", "additionalProperties": False, "properties": {}}},
}
BARE = {"type": "function", "function": {"name": "ping"}}

LEADS = ("I am unable to", "I'm unable to", "I cannot", "I can't", "I won't", "I do not", "I don't", "I will not")
VERBS = (
    *("answer", "assist", "change", "comply", "create", "engage", "fulfill", "generate", "give", "help"),
    *("participate", "provide", "recommend", "suggest", "support", "write", "sing", "feel comfortable"),
)
PHRASES = (
    *(
        "I'm sorry, that is gone.",
        "I’m sorry",
        "  Sorry!",
        "My apologies for the delay.",
        "I apologize.",
        "It is illegal.",
    ),
    *(
        "As an AI, I think so.",
        "As a language model I know.",
        "As an assistant",
        "She said: as an AI model",
        "has an ai",
    ),
    *(
        "This is not appropriate here.",
        "That is not legal.",
        "not ethical",
        "a notethical word",
        "is illegal and unethical",
    ),
    *(
        "That would not be appropriate",
        "I am programmed to help",
        "I aim to provide",
        "I aim to avoid",
        "I aim to please",
    ),
    *(
        "I want to be direct with you",
        "I want to be direct",
        "I want to be helpful, but no",
        "I want to be helpful while",
    ),
    *("I want to be helpful", "If you have any other non-malicious requests", "You cannot comply with it"),
    *(
        "We cannot help",
        "One can't help but laugh",
        "We cannot assist with that request",
        "cannot assist with your request",
    ),
    *("We can't fulfill that request", "can’t fulfill your request", "can't fulfill a request", "cannot fulfill it"),
    *(
        "The generated text has been blocked by our content filters",
        "I'm not able to provide it",
        "not able to provide",
    ),
    *("I do not actually help", "I don't actually recommend", "I am not able to come", "Well, I am not able to come"),
    *(
        "Really sorry",
        "I am really sorry",
        "Paris.",
        "\ufeffSorry",
        "",
        " \n",
        "{}",
        "null",
        "SORRY",
        "sorrow",
        "`I cannot`",
    ),
)


def call(name: str, arguments: str) -> dict[str, str]:
    """A tool call of an answer."""
    return {"name": name, "arguments": arguments}


def both(check: dict[str, Any], *outputs: str, **more: Any) -> Iterator[dict[str, Any]]:
    """Each output under the check and under its `not-` form."""
    for output in outputs:
        for kind in (check["type"], f"not-{check['type']}"):
            yield {"checks": [check | {"type": kind}], "output": output, **more}


def check(kind: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """A check as both programs take it."""
    return {"type": kind} | ({} if value is None else {"value": value}) | more


def texts() -> Iterator[dict[str, Any]]:
    """What the text is and holds."""
    yield from both(check("equals", "yes"), "yes", "Yes", "yes\n", "")
    yield from both(check("equals", 5), "5", "5.0", "five")
    yield from both(check("equals", {"a": 1, "b": [True, None]}), '{"b": [true, null], "a": 1.0}', '{"a": 1}', "a: 1")
    yield from both(check("equals", [1, 2]), "[1, 2]", "[2, 1]", "1, 2")
    yield from both(check("equals", "Dear {{name}}"), "Dear Ada", "Dear {{name}}", vars={"name": "Ada"})
    for kind in ("contains", "icontains"):
        yield from both(check(kind, "Billing"), TICKET, "Billing", "BILLING", "bill", "")
        yield from both(check(kind, 42), "room 42", "room 4 2")
        yield from both(check(kind, "straße"), "STRASSE", "Straße", "STRAẞE")
    for kind in ("contains-any", "contains-all", "icontains-any", "icontains-all"):
        yield from both(check(kind, ["urgent", "Billing"]), TICKET, "Billing", "URGENT billing", "none")
        yield from both(check(kind, 'urgent, "a, b" , billing'), "urgent a, b billing", "a, b", "a", "URGENT")
        yield from both(check(kind, ["{{word}}", 7]), "x7", "Ada 7", "ada", vars={"word": "Ada"})
    yield from both(check("starts-with", "{"), TICKET, " {", FENCED, "")
    yield from both(check("starts-with", "Dear {{name}}"), "Dear Ada,", "dear Ada", vars={"name": "Ada"})
    for pattern in (
        r"^\d{3}-\d{4}$",
        r"^yes$",
        r"(?i)never",
        r"b[^$]c$",
        r"a|b$",
        r"\$5",
        r"[$]5$",
        r"^$",
        r"\bno\b",
    ):
        if not pattern.startswith("(?i)"):  # JavaScript knows no such group
            yield from both(
                check("regex", pattern), "555-1234", "yes", "yes\n", "b\nc", "bxc\n", "cost $5", "", "no", "x b"
            )


def json_texts() -> Iterator[dict[str, Any]]:
    """What is JSON, holds JSON, and fits a schema."""
    odd = [
        "NaN",
        "'a'",
        '"a"',
        "1",
        "01",
        "true",
        "null",
        "[1, 2]",
        "[1,]",
        '{"a": 1} x',
        "",
        " ",
        '{"a": undefined}',
    ]
    yield from both(check("is-json"), TICKET, f"\n {TICKET}\n", FENCED, *odd, "{'a': 1}", '{"a": 1, "a": 2}', "{}")
    yield from both(check("contains-json"), TICKET, FENCED, "none", 'x {"a": 1} y {"b": 2}', "[1, 2]", "")
    fits = ['{"category": "x"}', '{"category": 1}', '{"priority": "low"}', '{"category": "x", "tags": []}', "[]", "x"]
    for kind in ("is-json", "contains-json"):
        yield from both(check(kind, SCHEMA), TICKET, FENCED, '{"category": "x", "tags": ["a", "a"]}', *fits)
        yield from both(check(kind, "type: object\nrequired: [category]"), TICKET, '{"a": 1}', "x")
        yield from both(check(kind, {"required": ["b"]}), '{"a": 1} and {"b": 2}', '{"a": 1}', "b", '{"a": {"b": 1}}')
    formats = {
        "date": ["2024-02-29", "2023-02-29", "29.02.2024"],
        "date-time": ["2024-02-29T10:00:00Z", "2024-02-29T10:00:00", "2024-02-29"],
        "email": ["a@example.com", "a@", "a"],
        "uri": ["https://example.com/a?b", "example", "a b:c"],
        "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123e4567"],
        "ipv4": ["127.0.0.1", "127.0.0.256"],
    }
    for form, values in formats.items():
        yield from both(
            check("is-json", {"type": "string", "format": form}), *(json.dumps(value) for value in values)
        )
    for schema, values in (
        ({"type": "integer"}, ["1", "1.0", "1.5", '"1"', "true"]),
        ({"type": ["string", "null"]}, ["null", '"a"', "1"]),
        ({"const": {"a": [1]}}, ['{"a": [1.0]}', '{"a": [2]}']),
        ({"type": "object", "additionalProperties": False, "properties": {"a": {}}}, ['{"a": 1}', '{"b": 1}']),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ['"a"', '"ab"', '"abcd"', '"👍👍"', '"👍"']),
        ({"type": "string", "pattern": "^a+$"}, ['"aa"', '"b"', '"aa\\n"']),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, ["0", "0.5", "1", "1.01"]),
        ({"type": "array", "items": [{"type": "number"}], "additionalItems": False}, ["[1]", "[1, 2]", "[]"]),
        ({"anyOf": [{"type": "number"}, {"type": "string"}], "not": {"const": 5}}, ["5", "6", '"5"', "[]"]),
        ({"if": {"type": "number"}, "then": {"minimum": 3}, "else": {"type": "string"}}, ["2", "3", '"a"', "[]"]),
        ({"definitions": {"a": {"type": "string"}}, "$ref": "#/definitions/a"}, ['"a"', "1"]),
        ({"type": "object", "dependencies": {"a": ["b"]}}, ['{"a": 1}', '{"a": 1, "b": 2}', '{"b": 1}']),
        (
            {"type": "object", "patternProperties": {"^x": {"type": "number"}}},
            ['{"x1": 1}', '{"x1": "a"}', '{"y": "a"}'],
        ),
        ({"contains": {"const": 1}, "type": "array"}, ["[1, 2]", "[2]", "[]"]),
    ):
        yield from both(check("is-json", schema), *values)


def lengths() -> Iterator[dict[str, Any]]:
    """Likeness and length."""
    yield from both(check("levenshtein", "kitten"), "sitting", "kitten", "mitten!", "a kitten sat", "")
    yield from both(check("levenshtein", "kitten", threshold=2), "sitting", "mitten", "kitten", "kittens!")
    yield from both(check("levenshtein", "fine", threshold=0), "fine", "Fine")
    yield from both(check("levenshtein", "fine ", threshold=4), EMOJI, "fine 👍", "fine 👍👍")
    yield from both(
        check("levenshtein", "Dear {{name}}", threshold=1), "Dear Ada.", "Dear Grace", vars={"name": "Ada"}
    )
    for value in (3, "3", {"min": 2}, {"max": 3}, {"min": 2, "max": 3}, {"min": 0, "max": 0}):
        yield from both(
            check("word-count", value), "one", "one two", " one\ttwo\nthree ", "a b c d", "", "返金 です", "a\ufeffb"
        )


def behaviour() -> Iterator[dict[str, Any]]:
    """Refusals, ends, time and money."""
    for phrase in PHRASES:
        yield from both(check("is-refusal"), phrase)
    for lead in LEADS:
        for verb in VERBS:
            yield {"checks": [check("is-refusal")], "output": f"Well, {lead} {verb} that."}
    yield {"checks": [check("is-refusal")], "output": "I cannot helper", "vars": {}}
    yield {"checks": [check("is-refusal"), check("contains", "x")], "output": "", "threshold": 0.5}
    for reason in ("stop", "length", "STOP", "tool_calls", None):
        yield from both(check("finish-reason", "stop"), "x", finish_reason=reason)
        yield from both(check("finish-reason", "{{wanted}}"), "x", finish_reason=reason, vars={"wanted": "Length"})
    for limit in (0, 100, 2000):
        for found in (0.5, 100, 100.5, 2001):
            yield from both(check("latency", threshold=limit), "x", latency_ms=found)
    for limit in (0, 0.001, 0.5):
        for cost in (0, 0.001, 0.0011, 1):
            yield from both(check("cost", threshold=limit), "x", cost=cost)
    yield {"checks": [check("cost", threshold=1)], "output": "x"}


def tool_calls() -> Iterator[dict[str, Any]]:
    """Calls of tools."""
    kind = check("is-valid-openai-tools-call")
    good, bad = call("get_weather", '{"city": "Rome", "days": 2}'), call("get_weather", '{"days": 0}')
    for calls in (
        [good],
        [good, good],
        [bad],
        [good, bad],
        [call("get_weather", '{"city": "Rome", "more": 1}')],
        [call("get_weather", '{"city": 5}')],
        [call("get_weather", "city=Rome")],
        [call("get_weather", "")],
        [call("refund", "{}")],
        [call("refund", '{"a": 1}')],
        [call("unknown", "{}")],
        [call("get_weather", '["Rome"]')],
    ):
        yield {"checks": [kind], "tool_calls": calls, "tools": [WEATHER, REFUND]}
        yield {"checks": [kind], "tool_calls": calls}
        for names in (["get_weather"], "get_weather, refund", ["refund", "unknown"]):
            for threshold in (None, 0.5, 0.67):
                f1 = check("tool-call-f1", names) | ({} if threshold is None else {"threshold": threshold})
                yield {"checks": [f1], "tool_calls": calls, "tools": [WEATHER, REFUND]}
        yield {"checks": [check("not-tool-call-f1", ["refund"])], "tool_calls": calls, "tools": [WEATHER, REFUND]}
    for text in ("It will rain.", "", '[{"function": {"name": "get_weather", "arguments": "{}"}}]'):
        yield {"checks": [kind], "output": text, "tools": [WEATHER]}
    openai = '{"tool_calls": [{"function": {"name": "refund"}}, {"name": "get_weather"}]}'
    anthropic = 'I look it up.\n{"type": "tool_use", "name": "get_weather", "input": {}}\nDone.'
    google = '[{"functionCall": {"name": "get_weather"}}, {"name": "refund"}]'
    live = '{"toolCall": {"functionCalls": [{"name": "refund"}]}}'
    for text in (openai, anthropic, google, live, '{"name": "refund"}', "refund", '"refund"', "[]", "[1]", ""):
        yield from both(check("tool-call-f1", "refund, get_weather"), text)
        yield from both(check("tool-call-f1", ["refund"], threshold=0.6), text)
    yield {
        "checks": [kind],
        "tool_calls": [call("ping", "{}")],
        "tools": [BARE],
        "differs": "a function without parameters takes none; promptfoo calls it unknown",
    }
    for calls in ([good], [bad]):
        yield {
            "checks": [check("not-is-valid-openai-tools-call")],
            "tool_calls": calls,
            "tools": [WEATHER],
            "differs": "promptfoo gives the same verdict with not- as without",
        }
    for refusal in ("is-refusal", "not-is-refusal"):
        yield {
            "checks": [check(refusal)],
            "tool_calls": [good],
            "tools": [WEATHER],
            "differs": "an answer that calls a tool is no refusal; promptfoo takes any answer without text for one",
        }


def sets() -> Iterator[dict[str, Any]]:
    """Sets, weights and thresholds."""
    a, b, c = check("contains", "a"), check("contains", "b"), check("contains", "c")
    heavy = b | {"weight": 3}
    for output in ("a b c", "a b", "b c", "a", "b", "x"):
        for threshold in (None, 0, 0.25, 0.5, 0.6, 2 / 3, 0.75, 1):
            limit = {} if threshold is None else {"threshold": threshold}
            yield {"checks": [check("assert-set", **{"assert": [a, b, c]}, **limit)], "output": output}
            yield {"checks": [check("assert-set", **{"assert": [a, heavy]}, **limit), c], "output": output}
            yield {"checks": [a, b, c], "output": output, **limit}
            yield {"checks": [a, heavy, c | {"weight": 0}], "output": output, **limit}
            part = check("assert-set", **{"assert": [b, c]}, threshold=0.5, weight=2)
            yield {"checks": [a, part], "output": output, **limit}
        f1 = check("tool-call-f1", ["get_weather", "refund"], threshold=0.1)
        yield {"checks": [f1, a], "output": output + '\n[{"name": "refund"}]', "threshold": 0.8}
        measured = {"checks": [a | {"weight": 0}, check("assert-set", **{"assert": [b | {"weight": 0}, c]})]}
        yield measured | {"output": output}
    yield {
        "checks": [check("assert-set", **{"assert": [b]}, weight=0), a],
        "output": "a",
        "differs": "a set of weight 0 only measures, as every check does; promptfoo lets it fail the case",
    }


def xml_texts() -> Iterator[dict[str, Any]]:
    """What is XML and holds XML."""
    broken = ["<a>", "<a></b>", "<a><b></a></b>", "a < b", "<a x=1/>", "<a/><b/>", "<a/> tail", "", "plain"]
    fine = ["<a/>", " <a>x</a>\n", "<a><!-- c --><b/></a>", '<x:a xmlns:x="urn:x"/>', "<a>&amp;</a>"]
    also = ["<a>&nbsp;</a>", "<x:a/>", '<a b="1" b="2"/>', "<a>&lt;", "<a><![CDATA[<b>]]></a>", "<!DOCTYPE a><a/>"]
    bombs = ['<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "<?xml version='1.0'?><a/>", "text <a/> text", "<A></a>"]
    for kind in ("is-xml", "contains-xml"):
        yield from both(check(kind), XML, f"Here:\n{XML}\nDone.", *broken, *fine, *also, *bombs, "<p>Hi <br> you</p>")
        for required in (
            "order",
            "order.to.name",
            ["order.item.0", "order.item.1"],
            "order.item.name",
            "order, order.x",
        ):
            yield from both(check(kind, required), XML, f"See {XML}", "<order/>", "<name>Ada</name>")
        yield from both(
            check(kind, ["item"]), "<item>1</item>\n<item>2</item>", "<item/>", "<list><item/></list>", "x"
        )
        yield from both(check(kind, ["a", "b"]), "<a/> and <b/>", "<a><b/></a>", "<a/>")


def yaml_like() -> Iterator[dict[str, Any]]:
    """Where the programs differ on what JSON inside a text is."""
    for text in ("so {a: 1} it is", "{'a': 1}", '{"a": 1,}', 'cut {"a": 1', "no {braces"):
        yield {
            "checks": [check("contains-json")],
            "output": text,
            "differs": "what is found must be JSON; promptfoo takes YAML for it, and completes what was cut off",
        }


def all_cases() -> list[dict[str, Any]]:
    """Every case: its `checks`, what the answer was, and where the programs are meant to differ, why (`differs`)."""
    parts = (texts, json_texts, lengths, behaviour, tool_calls, sets, xml_texts, yaml_like)
    return [case for part in parts for case in part()]


def main(folder: Path) -> None:
    """Run promptfoo on all cases and write what it says."""
    package = folder / "node_modules" / "promptfoo"
    version = json.loads((package / "package.json").read_text())["version"]
    work = folder / "verdicts"
    work.mkdir(exist_ok=True)
    cases = all_cases()
    (work / "cases.json").write_text(json.dumps(cases))
    quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_CONFIG_DIR": str(work)}
    quiet |= {"PROMPTFOO_DISABLE_REMOTE_GENERATION": "true", "LOG_LEVEL": "error"}
    module = (package / "dist" / "src" / "index.js").as_uri()
    command = ["node", str(RUNNER), module, str(work / "cases.json"), str(work / "verdicts.json")]
    subprocess.run(command, cwd=work, env=os.environ | quiet, check=True)
    verdicts = json.loads((work / "verdicts.json").read_text())
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    rows = [json.dumps(case | verdict) for case, verdict in zip(cases, verdicts, strict=True)]
    head = json.dumps({"promptfoo": version, "node": node})
    VERDICTS.write_text(head[:-1] + ', "cases": [\n' + ",\n".join(rows) + "\n]}\n")
    print(f"{len(rows)} cases, promptfoo {version}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
