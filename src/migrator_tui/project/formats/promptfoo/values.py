"""What a promptfoo configuration comes to, in our words, and what of it could not be honoured."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrator_tui.project.schema import ForeignNote
from migrator_tui.project.words import one_line

Proposer = Callable[[str], str | None]
"""Gives the model to try when moving away from one."""

MOST_VERBATIM = 40
"""Passages of one kind that are kept word for word; more of them are only counted."""

LONGEST_VERBATIM = 4_000
"""Characters of one passage."""

LEFT_OUT = "(left out)"

_SECRET_KEY = re.compile(
    r"api[_-]?key$|token$|secret|passw|passphrase|authorization|credential|cookie|private[_-]?key|bearer|\bpwd$|"
    r"^x-.*key|signature$|connection[_-]?string",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}|\b(?:gh[pousr]|github_pat|hf|gsk|xai|nvapi|glpat)[_-][A-Za-z0-9_-]{12,}|"
    r"\bA(?:KIA|SIA)[A-Z0-9]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+[A-Za-z0-9._~+/-]{12,}=*|"
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)",
)


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """One provider as a model of ours."""

    name: str
    """Its label, else the model's own name; no two models of a configuration share it."""
    table: Mapping[str, Any]
    """Its model table: `model`, and where stated `params`, `api_base`, `api_key_env`, `columns`."""
    proposed: bool = False
    """It stands in no file: the program proposes it."""
    task_params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForeignTask:
    """One prompt with the cases it is tried on."""

    name: str
    prompt: str
    """The prompt file's text."""
    cases: Sequence[Mapping[str, Any]]
    place: str
    """Where the prompt stands in the user's files, for screens."""
    checks: Sequence[Mapping[str, Any]] = ()
    threshold: float | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    response_format: Mapping[str, Any] | None = None
    shared_cases: bool = True
    """Its cases are those of the other tasks; otherwise they hold messages made for this prompt."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A configuration, or an export of results, as a project of ours."""

    name: str
    models: Sequence[ForeignModel]
    """The first is the baseline; at least two."""
    tasks: Sequence[ForeignTask]
    notes: Sequence[ForeignNote] = ()
    sources: Sequence[Path] = ()
    """What was read, or looked through for files: absolute, links resolved."""
    helpers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Model tables `judge` and `embeddings`, where checks need them."""
    outputs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """File name to the rows of a recording."""
    prompts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Text of a candidate's own prompt file, by task and candidate."""


class Notes:
    """Gathers what is not honoured: each kind once, its passages word for word, without what looks like a key."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._times: dict[str, int] = {}

    def add(self, what: str, verbatim: Any = None) -> None:
        """Note something; `verbatim` is the passage it is about, as text or as the value that was read."""
        what = one_line(scrubbed_text(what), 300)
        self._times[what] = self._times.get(what, 0) + 1
        passages = self._found.setdefault(what, [])
        if verbatim is None or len(passages) >= MOST_VERBATIM:
            return
        passage = passage_of(verbatim)
        if passage not in passages:
            passages.append(passage)

    def all(self) -> tuple[ForeignNote, ...]:
        """Everything noted, in the order of the files."""
        return tuple(ForeignNote(what, tuple(self._found[what]), self._times[what]) for what in self._found)


def passage_of(value: Any) -> str:
    """A passage of a foreign file as text, bounded, keys left out."""
    text = value if isinstance(value, str) else _dumped(scrubbed(value))
    return scrubbed_text(text[: LONGEST_VERBATIM * 2])[:LONGEST_VERBATIM]


def scrubbed(value: Any) -> Any:
    """The value with everything left out that is a key by its name or its looks."""
    if isinstance(value, Mapping):
        return {
            key: LEFT_OUT if is_secret_name(str(key)) and isinstance(item, str | int) else scrubbed(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    return scrubbed_text(value) if isinstance(value, str) else value


def scrubbed_text(text: str) -> str:
    """The text with whatever looks like a key left out."""
    return _SECRET_TEXT.sub(LEFT_OUT, text)


def is_secret_name(name: str) -> bool:
    """Whether a setting of that name holds a key rather than says something about one."""
    return bool(_SECRET_KEY.search(name))


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=1, default=str)
    except (ValueError, RecursionError):
        return "nested too deeply to be shown"


def distinct(wanted: str, taken: Sequence[str]) -> str:
    """The name, or with `-2`, `-3` … behind it where it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name


def name_from(text: str, limit: int = 60) -> str:
    """A foreign name fit for screens, tables and keys: one line, printable, bounded; empty where nothing is left."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text[: limit * 8]).split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
