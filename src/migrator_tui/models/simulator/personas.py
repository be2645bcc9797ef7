"""Personas: what a simulated model is like, read from TOML files shipped beside this module or kept in a project."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from rapidfuzz import process

from migrator_tui.models.simulator.text import HERE
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Price

TOOL_HABITS = (
    "guessed-arguments",
    "reshaped-ids",
    "reshaped-values",
    "parallel-calls",
    "words-not-calls",
    "skips-lookup",
    "no-confirmation",
    "claims-success",
    "drops-requests",
)
"""Those that show only where a request offers tools; `models.simulator.agent` says what each does."""

HABITS = (
    "fences",
    "preamble",
    "sign-off",
    "verbose",
    "markdown",
    "english",
    "extra-keys",
    "capitals",
    "urgent",
    "refusal",
    *TOOL_HABITS,
)
"""Names of the habits a persona can have; `models.simulator.habits` says what each does."""

Pace = Literal["streamed", "real", "none"]
FaultKind = Literal["status", "hang", "cut", "malformed", "garbage", "empty"]
FAULT_KINDS = ("status", "hang", "cut", "malformed", "garbage", "empty")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong on purpose. Of `first`, `share` and `when`, all that are given must hold."""

    kind: FaultKind
    """`status`: that HTTP status; `hang`: no answer; `cut`: the connection ends mid-answer; `malformed`: an event
    that is not JSON; `garbage`: a body that is not JSON at all; `empty`: an answer without text."""
    status: int = 500
    message: str = "simulated fault"
    retry_after: float | None = None
    """Seconds, sent as Retry-After."""
    first: int | None = None
    """Only the first so many calls of this persona since the simulator started."""
    per_ticket: bool = False
    """Count `first` for each ticket by itself."""
    share: float | None = None
    """Only this fraction of tickets, always the same ones."""
    when: str | None = None
    """Only tickets that hold this text."""
    after_tokens: int = 5
    """For `cut` and `malformed`: tokens sent before."""


@dataclass(frozen=True, slots=True)
class Persona:
    """One simulated model."""

    name: str
    title: str = ""
    seed: int = 0
    """Which tickets meet which habit depends on the ticket's text and this number alone."""
    habits: Mapping[str, float] = field(default_factory=dict)
    """Habit to the share of tickets, 0 to 1, on which it shows unless the prompt stills it."""
    languages: frozenset[str] | None = None
    """ISO 639-1 codes it reads; all if `None`."""
    reads_words: int | None = None
    """Words of a ticket that it takes in; all if `None`."""
    obeys_injections: bool = False
    price: Price | None = None
    pace: Pace = "streamed"
    """`streamed`: only streamed calls take their time; `real`: plain ones too; `none`: no call does."""
    first_token_ms: float = 250.0
    tokens_per_second: float = 90.0
    jitter: float = 0.25
    """Fraction by which both vary from ticket to ticket."""
    text: str | None = None
    """Answer every call with exactly this."""
    tokens: int | None = None
    """Answer every call with so many tokens of filler (for benchmarks)."""
    reasoning: str | None = None
    """Sent as `reasoning_content` before the answer."""
    calls_tools: bool = True
    judges: bool = False
    """Answers what a judge is sent with a verdict (`models.simulator.judging`), anything else as always."""
    writes: bool = False
    """Answers who asks for test inputs with a list of them (`models.simulator.writing`), anything else as always."""
    advises: bool = False
    """Answers a request for edits to a prompt with some (`models.simulator.advising`), anything else as always."""
    embeds: bool = False
    """Gives vectors, and no other answers."""
    rejects: tuple[str, ...] = ()
    """Parameters it refuses with status 400, as some models do with `temperature`."""
    faults: tuple[Fault, ...] = ()


_WHOLE, _NUMBER, _TEXT, _YES_NO = "a whole number", "a number", "text", "true or false"
_LIST, _TABLE, _TABLES = "a list of texts", "a table", "a list of tables"
_TYPES = {
    **dict.fromkeys(("seed", "reads_words", "tokens", "status", "first", "after_tokens"), _WHOLE),
    **dict.fromkeys(("first_token_ms", "tokens_per_second", "jitter", "retry_after", "share"), _NUMBER),
    **dict.fromkeys(("input", "output"), _NUMBER),
    **dict.fromkeys(("title", "text", "reasoning", "message", "when"), _TEXT),
    **dict.fromkeys(
        ("obeys_injections", "calls_tools", "per_ticket", "judges", "writes", "advises", "embeds"), _YES_NO
    ),
    **dict.fromkeys(("languages", "rejects"), _LIST),
    **dict.fromkeys(("habits", "price"), _TABLE),
    "faults": _TABLES,
}
_FITS: dict[str, Callable[[Any], bool]] = {
    _WHOLE: lambda value: type(value) is int and value >= 0,
    _NUMBER: lambda value: type(value) in {int, float} and value >= 0,
    _TEXT: lambda value: isinstance(value, str),
    _YES_NO: lambda value: isinstance(value, bool),
    _LIST: lambda value: isinstance(value, list) and all(isinstance(entry, str) for entry in value),
    _TABLE: lambda value: isinstance(value, dict),
    _TABLES: lambda value: isinstance(value, list) and all(isinstance(entry, dict) for entry in value),
}


def shipped_personas() -> list[str]:
    """Names of the personas that come with the program."""
    return sorted(file.stem for file in (HERE / "personas").glob("*.toml"))


def load_persona(name: str, folder: Path | None = None) -> Persona:
    """The persona of that name, or from that TOML file of the project in `folder`.

    `simulated:` before the name is taken off. Raises `ProjectError` in one line.
    """
    name = name.removeprefix("simulated:")
    if name.endswith(".toml"):
        if folder is None:
            raise ProjectError(f"persona {name} is a project's file, and there is no project folder")
        file = (folder / name).resolve()
        if not file.is_relative_to(folder.resolve()):
            raise ProjectError(f"persona {name} lies outside the project")
    else:
        file = HERE / "personas" / f"{name}.toml"
        if name not in shipped_personas():
            raise ProjectError(f'no simulated model "{name}"{_nearest(name, shipped_personas())}')
    try:
        stamp = file.stat().st_mtime_ns
    except OSError:
        raise ProjectError(f"persona file {name} does not exist") from None
    return _read(name, file, stamp)


def persona_price(model: str, folder: Path | None = None) -> Price | None:
    """The price a `simulated:` model states, `None` where it states none or cannot be read."""
    try:
        return load_persona(model, folder).price
    except ProjectError:
        return None


@lru_cache(maxsize=128)
def _read(name: str, file: Path, stamp: int) -> Persona:
    """`stamp` is the file's time, so that an edited persona is read again."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(str(error), file=name) from None
    return _persona(name, table)


def _persona(name: str, table: dict[str, Any]) -> Persona:
    _known(name, table, [f.name for f in fields(Persona) if f.name != "name"])
    habits = dict(table.pop("habits", {}))
    _known(name, habits, list(HABITS), "habit")
    for habit, share in habits.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ProjectError(f"habit {habit} must be a share from 0 to 1, not {share!r}", file=name)
    faults = []
    for entry in table.pop("faults", []):
        _known(name, entry, [f.name for f in fields(Fault)], "key of a fault")
        if entry.get("kind") not in FAULT_KINDS:
            raise ProjectError(
                f"a fault's kind is one of {', '.join(FAULT_KINDS)}, not {entry.get('kind')!r}", file=name
            )
        faults.append(Fault(**entry))
    if table.get("pace", "streamed") not in {"streamed", "real", "none"}:
        raise ProjectError(f'pace is "streamed", "real" or "none", not {table["pace"]!r}', file=name)
    if table.get("tokens_per_second", 1) <= 0:
        raise ProjectError("tokens_per_second must be more than 0", file=name)
    price = table.pop("price", None)
    if price:
        _known(name, price, ["input", "output"])
    languages = table.pop("languages", None)
    rejects = tuple(table.pop("rejects", ()))
    return Persona(
        name=name,
        habits=habits,
        faults=tuple(faults),
        rejects=rejects,
        price=Price(input=price.get("input"), output=price.get("output")) if price else None,
        languages=frozenset(languages) if languages is not None else None,
        **table,
    )


def _known(name: str, table: Mapping[str, Any], allowed: list[str], what: str = "key") -> None:
    for key in table:
        if key not in allowed:
            raise ProjectError(f'unknown {what} "{key}"{_nearest(key, allowed)}', file=name)
        kind = _TYPES.get(key)
        if kind and not _FITS[kind](table[key]):
            raise ProjectError(f"{key} must be {kind}, not {table[key]!r}", file=name)


def _nearest(word: str, words: list[str]) -> str:
    found = process.extractOne(word, words, score_cutoff=60)
    return f'; did you mean "{found[0]}"?' if found else f"; there are {', '.join(words)}"
