"""From promptfoo's assertions to our checks. What would run code, or has no check here, is noted as it stands."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.reading import FILE, Source, dereferenced, is_code
from migrator_tui.project.formats.promptfoo.templates import as_text, is_template, translated
from migrator_tui.project.words import one_line

Check = dict[str, Any]

JUDGED = frozenset(("llm-rubric", "model-graded-closedqa", "factuality", "select-best"))
"""Checks that ask a judge."""

EMBEDDED = frozenset(("similar",))
"""Checks that compare vectors."""

_CODE = frozenset(("javascript", "python", "ruby", "webhook"))

_SAME_AS = {
    "model-graded-factuality": "factuality",
    "is-valid-openai-function-call": "is-valid-openai-tools-call",
    "is-valid-function-call": "is-valid-openai-tools-call",
    "similar:cosine": "similar",
}
"""promptfoo's other names for checks that we have."""

_KNOWN_KEYS = frozenset(["type", "value", "threshold", "weight", "metric", "assert", "$ref"])
_TEXT = frozenset(["contains", "icontains", "starts-with", "regex", "levenshtein", "finish-reason"]) | JUDGED
_TEXTS = frozenset(["contains-any", "contains-all", "icontains-any", "icontains-all", "tool-call-f1"])
_SHARES = frozenset(["similar", "llm-rubric", "model-graded-closedqa", "tool-call-f1", "assert-set"])


def checks_of(
    stated: Sequence[Any], source: Source, config: Mapping[str, Any], *, inside: bool = False
) -> list[Check]:
    """The checks that a list of assertions comes to, in its order; `inside`: those of a set."""
    found: list[Check] = []
    for each in stated:
        item = dereferenced(each, config, source.config_file.name)
        if isinstance(item, str) and item.startswith(FILE):
            item = _from_file(item, source)
        if isinstance(item, list):
            found += checks_of(item, source, config, inside=inside)
            continue
        if not isinstance(item, Mapping) or not isinstance(item.get("type"), str):
            source.notes.add("an assertion without a type is left out", item)
            continue
        check = _check(item, source, config, inside=inside)
        if check is not None:
            found.append(check)
    return found


def _from_file(name: str, source: Source) -> Any:
    files = [] if is_code(name) else source.files(name)
    return source.value(files[0]) if files and files[0].suffix.lower() in (".yaml", ".yml", ".json") else name


def _check(item: Mapping[str, Any], source: Source, config: Mapping[str, Any], *, inside: bool) -> Check | None:
    written = item["type"]
    negated = written.startswith("not-")
    kind = written.removeprefix("not-")
    kind = _SAME_AS.get(kind, kind)
    value = item.get("value")
    if kind in _CODE or (isinstance(value, str) and value.startswith(FILE) and is_code(value)):
        source.notes.add(f"assertions that would run code ({one_line(kind, 40)}) are left out", dict(item))
        return None
    if kind == "assert-set":
        return None if inside else _set(item, negated, source, config)
    if "transform" in item or "contextTransform" in item:
        # Held against the whole answer, it would fail what it was never meant for.
        source.notes.add("assertions on a part that a transform takes out are left out", dict(item))
        return None
    made: Check = {"type": f"not-{kind}" if negated else kind}
    if isinstance(value, str) and value.startswith(FILE):
        value = _held(value, source)
    reader = _READERS.get(kind)
    if reader is None:
        family = "promptfoo:redteam" if kind.startswith("promptfoo:redteam") else written
        source.notes.add(f"assertions that have no check here ({one_line(family, 60)}) are left out", dict(item))
        return None
    problem = reader(kind, value, item, made)
    if problem:
        source.notes.add(f"an assertion {one_line(written, 40)} is left out: {problem}", dict(item))
        return None
    _add_figures(item, kind, made, source)
    if isinstance(made.get("value"), str):
        made["value"] = _template(made["value"])
    elif isinstance(made.get("value"), list):
        made["value"] = [_template(each) if isinstance(each, str) else each for each in made["value"]]
    if "provider" in item or "rubricPrompt" in item:
        source.notes.add("the grader of a single assertion is not honoured", dict(item))
    elif more := sorted(str(key) for key in item if key not in _KNOWN_KEYS and key not in ("description", "reason")):
        source.notes.add(f"settings of assertions that are not honoured: {', '.join(more)[:200]}", dict(item))
    return made


def _set(item: Mapping[str, Any], negated: bool, source: Source, config: Mapping[str, Any]) -> Check | None:
    stated = item.get("assert")
    parts = checks_of(stated if isinstance(stated, list) else [], source, config, inside=True)
    if not any(part.get("weight", 1) > 0 for part in parts):
        source.notes.add("an assert-set of which nothing can be checked is left out", dict(item))
        return None
    made: Check = {"type": "not-assert-set" if negated else "assert-set", "assert": parts}
    _add_figures(item, "assert-set", made, source)
    return made


def _add_figures(item: Mapping[str, Any], kind: str, made: Check, source: Source) -> None:
    threshold, weight, metric = item.get("threshold"), item.get("weight"), item.get("metric")
    if _is_number(threshold) and "threshold" not in made and kind in _SHARES and 0 <= threshold <= 1:
        made["threshold"] = threshold
    if _is_number(weight) and weight >= 0 and weight != 1:
        made["weight"] = weight
    if isinstance(metric, str) and metric.strip():
        made["metric"] = one_line(metric.strip(), 60)


def _held(name: str, source: Source) -> Any:
    """What the file of a value holds: a schema, a text; the name itself where there is no such file."""
    files = source.files(name)
    if not files:
        source.notes.add("the file of an assertion's value is not there", name)
        return name
    file = files[0]
    return source.value(file) if file.suffix.lower() in (".json", ".yaml", ".yml") else source.text(file).strip()


def _template(text: str) -> str:
    """A value in which `{{ variables }}` are put in; as it stands where Jinja can't read it."""
    if "{{" not in text and "{%" not in text:
        return text
    put = translated(text)
    return put if is_template(put) else as_text(text)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


Reader = Callable[[str, Any, Mapping[str, Any], Check], str]
"""Puts what a check needs into its table; says what is wrong, or nothing."""


def _text(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    if _is_number(value):
        value = str(value)
    elif kind in JUDGED and isinstance(value, dict | list) and value:
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str) or not value:
        return "it has no text to compare with"
    if kind == "regex" and (problem := _pattern_problem(value)):
        return problem
    made["value"] = value
    if kind == "levenshtein":
        threshold = item.get("threshold", 5)
        made["threshold"] = threshold if _is_number(threshold) and threshold >= 0 else 5
    return ""


def _pattern_problem(pattern: str) -> str:
    if "{{" in pattern:
        return ""
    # Here, not above: few configurations hold a pattern.
    import regex

    try:
        regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError) as error:
        return f"its pattern is none that Python reads ({one_line(str(error), 60)})"
    return ""


def _texts(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, list):
        value = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in value]
        value = [each for each in value if each]
    if not isinstance(value, str | list) or not value or (isinstance(value, str) and not value.strip(" ,")):
        return "it has no texts to compare with"
    made["value"] = value
    return ""


def _anything(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    if value is None:
        return "it has no value to compare with"
    made["value"] = value
    return ""


def _nearness(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    if _is_number(value):
        value = str(value)
    if isinstance(value, list):
        value = [str(each) for each in value if isinstance(each, str | int | float) and str(each).strip()]
    if not isinstance(value, str | list) or not value:
        return "it has no text to compare with"
    made["value"] = value
    return ""


def _nothing(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    return ""


def _limit(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    threshold = item.get("threshold")
    if not _is_number(threshold) or threshold < 0:
        return "it has no threshold"
    made["threshold"] = threshold
    return ""


def _schema(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        if value.startswith(FILE):
            return "the file of its schema is not there"
        if "{{" not in value:
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                from migrator_tui.project.formats.promptfoo.reading import parsed

                try:
                    value = parsed(value, "", ".yaml")
                except ProjectError:
                    return "its schema is neither JSON nor YAML"
    if isinstance(value, str) and "{{" in value:
        made["value"] = value
        return ""
    if not isinstance(value, dict | bool):
        return "its schema is no table"
    if any(not ref.startswith("#") for ref in _refs(value)):
        return "its schema refers to another document"
    if problem := _schema_problem(value):
        return problem
    made["value"] = value
    return ""


def _schema_problem(schema: Any) -> str:
    # Here, not above: few configurations hold a schema.
    import jsonschema

    try:
        jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator).check_schema(schema)
    except jsonschema.SchemaError as error:
        return f"its schema is none ({one_line(error.message, 60)})"
    except RecursionError:
        return "its schema is nested too deeply"
    return ""


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _refs(item)


def _count(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    if isinstance(value, Mapping):
        value = {key: value[key] for key in ("min", "max") if value.get(key) is not None}
        numbers = list(value.values())
        if not numbers or not all(_is_number(each) and each >= 0 and float(each).is_integer() for each in numbers):
            return "it has neither a least nor a most number of words"
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            return "its least is more than its most"
        made["value"] = {key: int(each) for key, each in value.items()}
        return ""
    if isinstance(value, str) and value.strip().isdigit() and len(value) < 12:
        value = int(value)
    if not _is_number(value) or value < 0 or not float(value).is_integer():
        return "it has no number of words"
    made["value"] = int(value)
    return ""


def _elements(kind: str, value: Any, item: Mapping[str, Any], made: Check) -> str:
    if isinstance(value, Mapping):
        value = value.get("requiredElements")
    if isinstance(value, list):
        value = [each for each in value if isinstance(each, str) and each]
    if value and isinstance(value, str | list):
        made["value"] = value
    return ""


_READERS: Mapping[str, Reader] = {
    **dict.fromkeys(_TEXT, _text),
    **dict.fromkeys(_TEXTS, _texts),
    "equals": _anything,
    "similar": _nearness,
    "is-json": _schema,
    "contains-json": _schema,
    "is-xml": _elements,
    "contains-xml": _elements,
    "is-refusal": _nothing,
    "is-valid-openai-tools-call": _nothing,
    "latency": _limit,
    "cost": _limit,
    "word-count": _count,
}
