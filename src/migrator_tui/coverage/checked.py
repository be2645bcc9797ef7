"""What all checks of a task and its cases look at, gathered once: keys, values, limits, words, tools, languages."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.coverage.inputs import stems_of
from migrator_tui.project.schema import Case, CheckSpec, Task

_PAIR = re.compile(r"\"(?P<key>[\w.-]+)\"\s*:\s*\(?(?:\?:)?\"?(?P<value>[^\"{}\[\]()]+?)\"?(?=[\"),}\]]|$)")
_EXPECTED = re.compile(r"^\{\{-?\s*expected(?:\.(\w+)|\[[\"'](\w+)[\"']\])?\s*-?\}\}$")
_SPACES = re.compile(r"\\s[*+?]?|\[\\s\][*+?]?")
_ASKING = frozenset({"llm-rubric", "model-graded-closedqa", "factuality", "select-best", "similar", "python"})


@dataclass(slots=True)
class Checked:
    """Counts are of folded cases: on how many of them something is checked."""

    cases: int
    types: Counter[str] = field(default_factory=Counter)
    """By full type."""
    limits: Counter[tuple[str, float]] = field(default_factory=Counter)
    """By type and number."""
    required: Counter[str] = field(default_factory=Counter)
    enums: dict[str, tuple[frozenset[str], int]] = field(default_factory=dict)
    formed: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Keys of which only the form is checked: by which word of the schema (`pattern`), on how many cases."""
    key_limits: dict[str, tuple[str, float, int]] = field(default_factory=dict)
    """`maxLength`, `maxItems` of a key."""
    closed: int = 0
    """No other keys are allowed."""
    pins: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    """A key (empty: the whole answer) and the value it must have, to the checks that say so."""
    pinned: Counter[str] = field(default_factory=Counter)
    """Cases that say which value a key must have."""
    must: Counter[str] = field(default_factory=Counter)
    must_not: Counter[str] = field(default_factory=Counter)
    """Texts of checks such as `contains`, in lower case."""
    called: Counter[str] = field(default_factory=Counter)
    barred: Counter[str] = field(default_factory=Counter)
    """Tools that must, must not be called."""
    arguments: Counter[str] = field(default_factory=Counter)
    """Values that arguments of tools must have, in lower case."""
    languages: Counter[str] = field(default_factory=Counter)
    words: dict[str, tuple[frozenset[str], int]] = field(default_factory=dict)
    """What checks say in words, their metrics and rubrics, by how people name them."""
    own: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Cases with checks of their own, by id."""
    own_keys: dict[str, frozenset[str]] = field(default_factory=dict)
    """The keys whose value those checks state, in lower case, by id of the case."""
    expected: dict[str, Counter[str]] = field(default_factory=dict)
    """By key, the values that cases expect."""
    having: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    """A key and a value to the ids of the cases that expect or check it, in order."""
    unchecked: tuple[str, ...] = ()
    """Cases that no check looks at."""


def gather(task: Task, cases: Sequence[Case], group: Sequence[int]) -> Checked:
    """Everything that is checked; `group`: for each case which folded one it counts for."""
    first: dict[int, Case] = {}
    own: dict[int, list[tuple[CheckSpec, Case]]] = {}
    for case, number in zip(cases, group, strict=True):
        first.setdefault(number, case)
        known = own.setdefault(number, [])
        known += [(spec, case) for spec in case.checks if all(spec != other for other, _ in known)]
    found = Checked(len(first))
    found.unchecked = tuple(
        case.id
        for case in cases
        if all(_says_nothing(spec, case) for spec in (*task.checks, *_counting(case.checks)))
    )
    for number, case in first.items():
        if isinstance(case.expected, dict):
            for key, value in case.expected.items():
                if isinstance(value, str | int | float | bool):
                    found.expected.setdefault(str(key), Counter())[_word(value)] += 1
                    found.having.setdefault((str(key).lower(), _word(value).lower()), {})[case.id] = None
        elif isinstance(case.expected, str):
            found.expected.setdefault("", Counter())[_word(case.expected)] += 1
        seen: set[str] = set()
        for spec, whose in own[number]:
            for part in _counting([spec]):
                if not _says_nothing(part, whose):
                    _add(found, part, whose, 1, seen)
        if own[number]:
            found.own[case.id] = tuple(dict.fromkeys(spec.label for spec, _ in own[number]))
            found.own_keys[case.id] = frozenset(
                key.lower()
                for spec, whose in own[number]
                for part in _counting([spec])
                for key, _ in _pins(part, _resolved(part, whose))
            )
    for spec in _counting(task.checks):
        value = spec.value
        if value is None or (isinstance(value, str) and "{{" in value):
            seen_by: dict[int, set[str]] = {number: set() for number in first}
            for number, case in first.items():
                if not _says_nothing(spec, case):
                    _add(found, spec, case, 1, seen_by[number])
        else:
            _add(found, spec, None, found.cases, set())
    return found


def _counting(specs: Sequence[CheckSpec]) -> list[CheckSpec]:
    """The checks that decide something, those inside sets included."""
    from migrator_tui.checks.base import CheckFailure
    from migrator_tui.checks.registry import parts_of

    found: list[CheckSpec] = []
    for spec in specs:
        if spec.weight == 0:
            continue
        parts: Sequence[CheckSpec] = ()
        if spec.type == "assert-set":
            try:
                parts = parts_of(spec)
            except CheckFailure:
                continue  # written wrongly: a run says so
        found += _counting(parts) if parts else [spec]
    return found


def _add(found: Checked, spec: CheckSpec, case: Case | None, cases: int, seen: set[str]) -> None:
    """Count one check; `seen`: what was counted for these cases already."""

    def once(what: str) -> int:
        if what in seen:
            return 0
        seen.add(what)
        return cases

    kind, value = spec.full_type, _resolved(spec, case)
    found.types[kind] += once(f"type {kind}")
    _add_words(found, spec, value, once)
    if spec.negated:
        _add_barred(found, spec, value, once)
        return
    if isinstance(value, int | float) and not isinstance(value, bool):
        found.limits[kind, float(value)] += once(f"limit {kind} {value}")
    elif spec.type == "word-count" and isinstance(value, Mapping):
        for bound in ("min", "max"):
            if isinstance(value.get(bound), int | float):
                found.limits[f"{bound}-words", float(value[bound])] += once(f"limit {bound} {value}")
    if spec.type in ("is-json", "contains-json") and isinstance(value, Mapping):
        _add_schema(found, value, spec, cases, once)
    for key, pinned in _pins(spec, value):
        by = found.pins.setdefault((key.lower(), pinned.lower()), Counter())
        by[spec.label] += once(f"pin {key} {pinned} {spec.label}")
        if case is not None:
            found.having.setdefault((key.lower(), pinned.lower()), {})[case.id] = None
        found.pinned[key.lower()] += once(f"pinned {key}")
    if spec.type == "json-path":
        _add_path(found, spec, cases, once)
    for text in _texts(spec, value):
        found.must[text.lower()] += once(f"must {text}")
    if spec.type == "language":
        code = str(value)[:2].lower() if value is not None else ""
        found.languages[code] += once(f"language {code}")
    for name in _tools(spec, value):
        found.called[name] += once(f"called {name}")
    arguments = spec.options.get("arguments")
    if arguments is None and isinstance(value, Mapping):
        arguments = value.get("arguments")
    if isinstance(arguments, Mapping):
        for item in arguments.values():
            found.arguments[_word(item)] += once(f"argument {item}")


def _add_words(found: Checked, spec: CheckSpec, value: Any, once: Any) -> None:
    said = [spec.metric or ""]
    if spec.type in _ASKING:
        said.append(value if isinstance(value, str) else _dumped(value))
    if spec.type in ("contains", "icontains", "regex", "starts-with") and isinstance(value, str):
        said.append(re.sub(r"\\[a-zA-Z]|\(\?[a-z:]+", " ", value))
    stems = stems_of(" ".join(said))
    if stems:
        name = spec.metric or f"{spec.full_type} {str(value)[:40]}"
        before = found.words.get(name, (frozenset(), 0))
        found.words[name] = (before[0] | stems, before[1] + once(f"words {name}"))


def _add_barred(found: Checked, spec: CheckSpec, value: Any, once: Any) -> None:
    for text in _texts(spec, value):
        found.must_not[text.lower()] += once(f"must not {text}")
    if spec.type == "regex" and isinstance(value, str):
        found.must_not[value.lower()] += once(f"must not {value}")
    for name in _tools(spec, value):
        found.barred[name] += once(f"barred {name}")


def _resolved(spec: CheckSpec, case: Case | None) -> Any:
    """The value that the check compares with for that case: its own, or what the case expects."""
    value = spec.value
    if case is None:
        return value
    if value is None and spec.type in ("equals", "contains", "icontains", "tool-call", "levenshtein", "similar"):
        return case.expected
    key = _expected_key(spec)
    if key is None:
        return value
    if not key:
        return case.expected
    return case.expected.get(key) if isinstance(case.expected, dict) else None


def _expected_key(spec: CheckSpec) -> str | None:
    """The key of `expected` that the check compares with; empty: the whole of it; `None`: it states its value."""
    key = spec.options.get("expected")
    if isinstance(key, str):
        return key
    match = _EXPECTED.match(spec.value.strip()) if isinstance(spec.value, str) else None
    return (match[1] or match[2] or "") if match else None


def _says_nothing(spec: CheckSpec, case: Case) -> bool:
    """Whether the check cannot look at that case's answer: the case does not expect what it compares with."""
    return _expected_key(spec) is not None and _resolved(spec, case) is None


def _pins(spec: CheckSpec, value: Any) -> Iterator[tuple[str, str]]:
    """The keys whose value the check states."""
    if spec.type == "json-path":
        if value is not None and not isinstance(value, list | dict):
            yield _last_key(spec), _word(value)
    elif spec.type == "equals":
        table = value
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                table = json.loads(value)
            except (ValueError, RecursionError):
                table = value
        if isinstance(table, Mapping):
            yield from ((str(key), _word(item)) for key, item in table.items() if not isinstance(item, dict | list))
        elif isinstance(table, str | int | float):
            yield "", _word(table)
    elif spec.type in ("regex", "contains", "icontains", "contains-all", "icontains-all") and value is not None:
        for text in value if isinstance(value, list | tuple) else [value]:
            plain = _SPACES.sub(" ", str(text)).replace("\\", "")
            pairs = [(m["key"], m["value"].strip()) for m in _PAIR.finditer(plain[:2_000])]
            yield from ((key, each) for key, each in pairs if "|" not in each)
            if not pairs and spec.type != "regex":
                yield "", _word(text)
            elif not pairs and (whole := re.fullmatch(r"\(?\^?\s?([\w -]+)\s?\$?\)?", plain)):
                yield "", whole[1].strip()
    elif spec.type in ("is-json", "contains-json") and isinstance(value, Mapping):
        for key, schema in _properties(value):
            stated = schema.get("enum")
            choices = stated if isinstance(stated, list) else []
            single = [schema["const"]] if "const" in schema else choices if len(choices) == 1 else []
            yield from ((key, _word(item)) for item in single if not isinstance(item, dict | list))
    elif spec.type == "levenshtein" and isinstance(value, str):
        yield "", _word(value)


def _texts(spec: CheckSpec, value: Any) -> list[str]:
    """The texts that must, or must not, occur."""
    if spec.type not in (
        *("contains", "icontains", "contains-any", "icontains-any", "contains-all", "icontains-all", "starts-with"),
        *("equals", "regex"),
    ):
        return []
    items = value if isinstance(value, list | tuple) else [value]
    return [item for item in items if isinstance(item, str)]


def _tools(spec: CheckSpec, value: Any) -> list[str]:
    if spec.type not in ("tool-call", "tool-call-f1"):
        return []
    if isinstance(value, Mapping):
        value = value.get("name")
    items = value if isinstance(value, list | tuple) else str(value or "").split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def _add_schema(found: Checked, schema: Mapping[str, Any], spec: CheckSpec, cases: int, once: Any) -> None:
    """What a JSON Schema asks of the keys of an object, those inside of objects included."""
    for key in _required(schema):
        found.required[key.lower()] += once(f"required {key}")
    if schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False:
        found.closed += once("closed")
    for key, part in _properties(schema):
        name = key.lower()
        if isinstance(part.get("enum"), list):
            found.enums[name] = (frozenset(_word(item).lower() for item in part["enum"]), cases)
        for word in ("pattern", "format", "minLength", "minimum", "maximum", "multipleOf", "type"):
            if word in part:
                found.formed.setdefault(name, (word, cases))
        for word in ("maxLength", "maxItems"):
            if isinstance(part.get(word), int | float):
                found.key_limits[name] = (word, float(part[word]), cases)


def _add_path(found: Checked, spec: CheckSpec, cases: int, once: Any) -> None:
    key = _last_key(spec).lower()
    if not key:
        return
    choices, pattern = spec.options.get("one_of"), spec.options.get("pattern")
    if isinstance(choices, list | tuple):
        found.enums[key] = (frozenset(_word(item).lower() for item in choices), cases)
    if pattern is not None:
        found.formed.setdefault(key, ("pattern", cases))
        limit = re.search(r"\\S\+\\s\+\)?\{0,(\d+)\}", str(pattern))
        if limit:
            found.key_limits[key] = ("maxWords", float(limit[1]) + 1, cases)
    if spec.options.get("exists") is not False:
        found.required[key] += once(f"required {key}")


def _last_key(spec: CheckSpec) -> str:
    names: list[str] = re.findall(r"[A-Za-z_][\w-]*", str(spec.options.get("path") or ""))
    return names[-1] if names else ""


def _required(schema: Mapping[str, Any]) -> Iterator[str]:
    required = schema.get("required")
    yield from (key for key in (required if isinstance(required, list) else ()) if isinstance(key, str))
    for _, part in _properties(schema):
        inner = part.get("required")
        yield from (key for key in (inner if isinstance(inner, list) else ()) if isinstance(key, str))


def _properties(schema: Mapping[str, Any], depth: int = 3) -> Iterator[tuple[str, Mapping[str, Any]]]:
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for key, part in properties.items():
            if isinstance(part, Mapping):
                yield str(key), part
                if depth:
                    yield from _properties(part, depth - 1)
    items = schema.get("items")
    if isinstance(items, Mapping) and depth:
        yield from _properties(items, depth - 1)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()[:200]


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
