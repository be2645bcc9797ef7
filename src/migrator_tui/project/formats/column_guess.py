"""What the columns of a table probably are, by their names: guesses, marked as such, for the user to look at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.parts import parsed
from migrator_tui.project.words import did_you_mean, listed, quoted

LEFT_OUT = ""
"""What a column becomes that becomes nothing."""

OURS = {
    "id": "id",
    "input": "input: a text, a conversation, or a table of variables",
    "messages": "messages",
    "expected": "expected",
    "output": "baseline answer",
    "tool_calls": "baseline tool calls",
    "tags": "tags",
    "critical": "critical",
    "passed": "verdict",
    "cost": "cost, in USD",
    "latency_ms": "latency, in ms",
    "latency_s": "latency, in s",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "finish_reason": "finish reason",
    "model": "model",
    "tools": "tools",
}
"""What a column can become, and how screens call it; beside these, `var NAME`."""

_BY_NAME = {
    "id": ("id", "case_id", "test_id", "example_id", "item_id", "uuid", "custom_id", "key", "request_id"),
    "messages": ("messages", "conversation", "chat", "chat_history", "turns"),
    "input": ("input", "inputs", "prompt"),
    "expected": (
        *("expected", "expected_output", "expectedoutput", "ideal", "target", "reference", "reference_output"),
        *("ground_truth", "gold", "golden", "label", "correct_answer", "reference_answer"),
    ),
    "output": (
        *("output", "outputs", "actual_output", "model_output", "completion", "response", "prediction"),
        *("generated", "generation", "baseline", "model_answer"),
    ),
    "tool_calls": ("tool_calls",),
    "tags": ("tags", "tag", "labels", "topics"),
    "critical": ("critical", "must_pass"),
    "passed": ("passed", "pass", "verdict", "is_correct"),
    "cost": ("cost", "cost_usd", "total_cost", "spend", "price"),
    "latency_ms": ("latency_ms", "duration_ms", "response_time_ms", "latencyms"),
    "latency_s": ("latency", "latency_s", "duration", "duration_s", "response_time"),
    "input_tokens": ("input_tokens", "prompt_tokens", "tokens_in"),
    "output_tokens": ("output_tokens", "completion_tokens", "tokens_out"),
    "finish_reason": ("finish_reason", "stop_reason"),
    "model": ("model", "model_name", "model_id"),
    "tools": ("tools",),
}
_WORD_OF = {name: ours for ours, names in _BY_NAME.items() for name in names}

_ANSWERS = frozenset(("response", "output", "answer", "completion", "reply", "prediction", "generation"))
_REFERENCE = frozenset(("expected", "ideal", "target", "correct", "reference", "gold", "golden", "true", "human"))
_OTHERS = frozenset(
    ("user", "customer", "client", "question", "id", "name", "version", "provider", "params", "config")
)
_BESIDE = frozenset(("type", "format", "schema", "length", "time", "ms", "cost", "tokens", "latency", "score"))
"""Words in names of columns: what ends with an answer's is one, unless the others say that it is something else."""

_CERTAIN = frozenset((*OURS, "expected_output", "case_id")) - {"input", "latency_s"}
"""Names that mean nothing else."""

_NO_INPUT = re.compile(
    r"(^|_)(created|updated|modified|started|ended|timestamp|time|date)(_|$)|_at$|^at$|^url$|_url$|^source"
    r"|(^|_)(user|session|trace|span|run|parent|thread|customer|account|org|tenant|dataset|project|experiment)_?"
    r"(id|name|email)?$|(^|_)(email|e_mail|phone|ip|score|feedback|rating|comment|status|env|environment|version)(_|$)"
    r"|^(checks?|assert|threshold|metadata|meta|extra|config|name|reasoning|tokens|total_tokens|total|error|split|index|row|line|no)(_|\.|$)"
)
"""Names of what stands beside a case rather than in it."""

_CONTEXT = frozenset(("context", "contexts", "document", "documents", "retrieval_context", "passage", "background"))
"""Names of what is asked with, beside a question."""

DEEPEST, MOST_COLUMNS = 3, 120
"""How far tables inside a record are opened, and how many columns are looked at."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a source, and what it becomes."""

    path: str
    becomes: str
    """One of `OURS`, `var NAME`, or `LEFT_OUT`."""
    sure: bool
    """Stated by the user, or its name means nothing else; otherwise a guess to be looked at."""
    example: Any = None

    @property
    def asks(self) -> bool:
        """It holds what the model is asked, or part of it."""
        return self.becomes in ("input", "messages") or self.becomes.startswith("var ")

    @property
    def word(self) -> str:
        """What it becomes, in a reader's words."""
        return OURS.get(self.becomes, self.becomes) or "left out"


@dataclass(frozen=True, slots=True)
class Preset:
    """The columns of a tool's export."""

    title: str
    needs: Sequence[str]
    columns: Mapping[str, str]
    """Path to what it becomes; every column that is not named is left out."""


PRESETS = (
    Preset(
        "Langfuse dataset",
        ("input", "expectedOutput"),
        {"id": "id", "input": "input", "expectedOutput": "expected", "metadata.tags": "tags"},
    ),
    Preset(
        "LangSmith runs",
        ("inputs", "outputs", "run_type"),
        {
            "id": "id",
            "inputs": "input",
            "outputs": "output",
            "tags": "tags",
            "total_cost": "cost",
            "prompt_tokens": "input_tokens",
            "completion_tokens": "output_tokens",
        },
    ),
    Preset(
        "LangSmith dataset",
        ("inputs", "outputs"),
        {"id": "id", "inputs": "input", "outputs": "expected", "metadata.dataset_split": "tags"},
    ),
    Preset(
        "DeepEval goldens",
        ("input", "expected_output", "actual_output"),
        {
            "name": "id",
            "input": "var input",
            "expected_output": "expected",
            "actual_output": "output",
            "context": "var context",
            "retrieval_context": "var retrieval_context",
        },
    ),
    Preset(
        "Inspect samples",
        ("input", "target"),
        {"id": "id", "input": "input", "target": "expected"},
    ),
    Preset(
        "Braintrust dataset",
        ("input", "expected", "metadata"),
        {"id": "id", "input": "input", "expected": "expected", "tags": "tags"},
    ),
)


def guess(records: Sequence[Any]) -> tuple[list[Column], str]:
    """What the columns of those records probably are, and the name of the export they look like, if any."""
    paths = column_paths(records)
    tops = {path.partition(".")[0] for path in paths}
    preset = next((p for p in PRESETS if all(need in tops for need in p.needs)), None)
    if preset is not None:
        found = [
            Column(path, becomes, False, example_of(records, path))
            for path, becomes in preset.columns.items()
            if any(path == known or known.startswith(f"{path}.") for known in paths)
        ]
        taken = {column.path for column in found}
        rest = [p for p in paths if not any(p == path or p.startswith(f"{path}.") for path in taken)]
        return found + [Column(p, LEFT_OUT, False, example_of(records, p)) for p in rest], preset.title
    return _by_names(paths, records), ""


def stated(columns: Sequence[Column], said: Mapping[str, str], left_out: Sequence[str]) -> list[Column]:
    """The guesses, with what the user said in their place.

    `said` maps our names to paths. Where it names what is asked, nothing else becomes a variable by guess.
    """
    for name in said:
        check_name(name)
    known = [column.path for column in columns]
    for path in (*said.values(), *left_out):
        if path not in known and not any(
            each.startswith(f"{path}.") or path.startswith(f"{each}.") for each in known
        ):
            raise ProjectError(
                f"there is no column {quoted(path)}{did_you_mean(path, known) or f'; there is {listed(known)}'}"
            )
    asks = any(name in ("input", "messages") or name.startswith("var ") for name in said)
    examples = {column.path: column.example for column in columns}
    found = [Column(path, name, True, examples.get(path)) for name, path in said.items()]
    taken = set(said.values())
    for column in columns:
        if column.path in taken or any(column.path.startswith(f"{path}.") for path in taken):
            continue
        refused = any(column.path == path or column.path.startswith(f"{path}.") for path in left_out)
        if refused or column.becomes in said or (asks and column.asks):
            found.append(Column(column.path, LEFT_OUT, refused, column.example))
        else:
            found.append(column)
    return found


def check_name(name: str) -> None:
    """Refuse a word that a column cannot become."""
    if name in OURS:
        return
    kind, _, variable = name.partition(" ")
    if kind == "var" and variable.isidentifier():
        return
    if kind == "var":
        raise ProjectError(f"a variable's name is letters, digits and _, not {quoted(variable)}")
    raise ProjectError(
        f"nothing is called {quoted(name)}{did_you_mean(name, OURS) or ''}; there is {listed(OURS, 30)}, and var NAME"
    )


def with_wholes(columns: Sequence[Column], records: Sequence[Any]) -> list[Column]:
    """The columns, and above the parts of a table inside a record a row for the whole of it."""
    found: list[Column] = []
    there = {column.path for column in columns}
    for column in columns:
        parts = column.path.split(".")
        for end in range(1, len(parts)):
            whole = ".".join(parts[:end])
            if whole not in there and isinstance(parsed(example_of(records, whole)), Mapping):
                there.add(whole)
                found.append(Column(whole, LEFT_OUT, False, example_of(records, whole)))
        found.append(column)
    return found


def overlaps(path: str, other: str) -> bool:
    """Whether one column is part of the other."""
    return path.startswith(f"{other}.") or other.startswith(f"{path}.")


def column_paths(records: Sequence[Any]) -> list[str]:
    """The columns of the records, tables inside them opened: `inputs.ticket`."""
    found: dict[str, None] = {}
    for record in records:
        if isinstance(record, Mapping):
            for path in _paths(record, 1):
                found.setdefault(path)
    return list(found)[:MOST_COLUMNS]


def value_at(record: Any, path: str) -> Any:
    """What lies at a path: a key as it is written, else key by key, JSON text opened on the way."""
    if isinstance(record, Mapping) and path in record:
        return record[path]
    value: Any = record
    parts = path.split(".")
    for number, part in enumerate(parts):
        value = parsed(value)
        if isinstance(value, list) and part.isdecimal() and len(part) < 7 and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, Mapping) and ".".join(parts[number:]) in value:
            return value[".".join(parts[number:])]
        else:
            return None
    return value


def example_of(records: Iterable[Any], path: str) -> Any:
    """The first value of a column that is not empty."""
    return next((value for value in (value_at(r, path) for r in records) if value not in (None, "", [], {})), None)


def variable_name(text: str, taken: Iterable[str] = ()) -> str:
    """A name that a template can say, of a column's."""
    name = re.sub(r"\W+", "_", text).strip("_") or "value"
    name = f"_{name}" if name[0].isdigit() else name
    name, number, taken = name[:80], 2, set(taken)
    own = name
    while own in taken or own == "messages":
        own, number = f"{name}_{number}", number + 1
    return own


def _by_names(paths: Sequence[str], records: Sequence[Any]) -> list[Column]:
    meant = {path: _meant(path) for path in paths}
    taken: dict[str, str] = {}
    # What is called just that goes before what is called nearly that.
    for path in sorted(paths, key=lambda path: _word(path) not in _WORD_OF):
        taken.setdefault(meant[path], path)
    if "id" not in taken:
        for path in [path for path in paths if not meant[path] and _names_rows(path, records)][:1]:
            taken["id"], meant[path] = path, "id"
    found: list[Column] = []
    for path in paths:
        becomes = meant[path] if taken.get(meant[path]) == path else LEFT_OUT
        sure = bool(becomes) and _word(path) in _CERTAIN
        found.append(Column(path, becomes, sure, example_of(records, path)))
    # Beside a column that is what is asked, others are about it rather than part of it.
    asked = bool(taken.keys() & {"input", "messages"})
    names: list[str] = []
    for number, column in enumerate(found):
        if column.becomes == LEFT_OUT and _is_variable(column.path, asked):
            name = variable_name(column.path.rpartition(".")[2], names)
            names.append(name)
            found[number] = Column(column.path, f"var {name}", column.path.startswith("vars."), column.example)
    return found


def _word(path: str) -> str:
    return re.sub(r"[\s-]+", "_", path.rpartition(".")[2].strip().casefold())


def _meant(path: str) -> str:
    """What a column's name says that it is; empty where it says nothing."""
    first, _, last = path.rpartition(".")
    return _meaning(last) if first in ("", "metadata", "usage") else ""


def _meaning(name: str) -> str:
    word = _word(name)
    if word in _WORD_OF:
        return _WORD_OF[word]
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).strip().casefold()
    words = re.split(r"[\W_]+", parts)
    if set(words) & (_OTHERS | _BESIDE):
        return ""
    if words[-1] in _ANSWERS or (words[0] == "model" and len(words) > 1):
        return "expected" if set(words) & _REFERENCE else "output"
    return ""


def _names_rows(path: str, records: Sequence[Any]) -> bool:
    """Whether a column that is called an id of something is another on nearly every row: copies have their own."""
    if "." in path or not re.search(r"(_id|Id|ID)$", path.strip()) or _NO_INPUT.search(_word(path)):
        return False
    values = [value for value in (value_at(record, path) for record in records) if value not in (None, "")]
    plain = all(isinstance(value, str | int) for value in values)
    return plain and len(values) == len(records) and len(set(values)) >= 0.8 * len(values)


def _is_variable(path: str, asked: bool) -> bool:
    """Whether a column whose name means nothing to us is probably part of what is asked."""
    first, word = path.casefold().rpartition(".")[0], _word(path)
    if first in ("vars", "inputs", "input"):
        return True
    if _meant(path):
        return False  # a second column of that meaning
    if word.startswith("__") or _NO_INPUT.search(word) or _NO_INPUT.search(f"{path.casefold()}."):
        return False
    return not asked or word in _CONTEXT


def _paths(record: Mapping[str, Any], depth: int) -> Iterable[str]:
    for key, value in record.items():
        opened = parsed(value)
        if isinstance(opened, Mapping) and opened and depth < DEEPEST and not _is_whole(str(key), opened):
            yield from (f"{key}.{path}" for path in _paths(opened, depth + 1))
        else:
            yield str(key)


def _is_whole(key: str, value: Mapping[str, Any]) -> bool:
    """It is one thing, an answer perhaps in JSON, rather than columns of its own."""
    known = _meaning(key) or "input"
    return known != "input" or "choices" in value or "role" in value or "messages" in value
