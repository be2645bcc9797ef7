"""What would become of a request's parameters on their way to a model, found without sending anything.

The client library turns parameters into what a provider expects, and refuses those that it knows the model to
refuse. The worker hands that step in as a function (`tried`); this module asks it often enough to learn of each
parameter by itself what becomes of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Arguments = Mapping[str, Any]

CONTROLS = frozenset({"drop_params", "allowed_openai_params", "additional_drop_params"})
"""They change what becomes of the others and are no parameters of the model themselves."""
NOT_TRIED = frozenset(
    {
        *("extra_headers", "api_version", "metadata", "aws_region_name"),
        *("vertex_project", "vertex_location", "vertex_ai_project", "vertex_ai_location"),
    }
)
"""Settings of the client: where and how it asks, not what."""
_FIRST = ("tools", "reasoning_effort", "thinking", "response_format")
"""What the others may hang on: sampling parameters on reasoning, the choice of a tool on tools."""


class Fate(StrEnum):
    """What becomes of one parameter."""

    SENT = "sent"
    RENAMED = "renamed"
    """It goes out under another name."""
    CHANGED = "changed"
    """It goes out under its name with another value."""
    PASSED_ON = "passed-on"
    """The library does not know it and hands it on as it is."""
    DROPPED = "dropped"
    """What goes out is the same without it."""
    REJECTED = "rejected"
    """The library knows that the model refuses it."""
    REFUSED = "refused"
    """This program does not let it stand among parameters."""


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """What is tried: a model, and what it is asked with."""

    model: str
    params: Mapping[str, Any]
    """Of its table."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What the task adds: `tools`, `response_format`."""
    api_base: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One parameter and what becomes of it."""

    name: str
    fate: Fate
    reason: str = ""
    """Why it is rejected, in the library's words, one line."""
    became: Sequence[str] = ()
    """The names under which it goes out."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What becomes of one set."""

    parameters: Sequence[Tried] = ()
    problem: str = ""
    """Why nothing could be tried: no provider is known for the model, say."""
    library: str = ""
    """Who says so, with its version."""

    def of(self, name: str) -> Tried | None:
        """What becomes of that parameter, where it was tried."""
        return next((tried for tried in self.parameters if tried.name == name), None)


def tried(
    params: Arguments, send: Callable[[dict[str, Any]], Arguments], known: Callable[[str], bool]
) -> list[Tried]:
    """What becomes of each parameter.

    `send` gives what would go out for some of them, or raises; `known` says whether the library knows a name. They
    are added one by one, so that each that is rejected is found, among those that are not.
    """
    controls = {name: value for name, value in params.items() if name in CONTROLS}
    kept: dict[str, Any] = {}
    found: list[Tried] = []
    for name in _ordered(params):
        try:
            send({**controls, **kept, name: params[name]})
        except Exception as error:  # the same step of a real call would end in it, whatever it is
            found.append(Tried(name, Fate.REJECTED, _reason(error)))
        else:
            kept[name] = params[name]
    found += _fates(controls, kept, send, known)
    return found


def _ordered(params: Arguments) -> Iterator[str]:
    yield from (name for name in _FIRST if name in params)
    yield from (name for name in params if name not in _FIRST and name not in CONTROLS and name not in NOT_TRIED)


def _fates(
    controls: Arguments,
    kept: Mapping[str, Any],
    send: Callable[[dict[str, Any]], Arguments],
    known: Callable[[str], bool],
) -> Iterator[Tried]:
    """Of those that go out together: what each of them makes of the whole."""
    if not kept:
        return
    whole = _flat(send({**controls, **kept}))
    for name, value in kept.items():
        try:
            without = _flat(send({**controls, **{other: v for other, v in kept.items() if other != name}}))
        except Exception:  # others are taken only together with it: then it counts
            yield Tried(name, Fate.SENT)
            continue
        became = [key for key, sent in whole.items() if key not in without or without[key] != sent]
        if not became:
            # Sent with the value that it has anyway: it is there, though it changes nothing.
            yield Tried(name, Fate.SENT if name in whole else Fate.DROPPED)
        elif name in became:
            same = whole[name] == value
            yield Tried(name, (Fate.SENT if known(name) else Fate.PASSED_ON) if same else Fate.CHANGED)
        else:
            yield Tried(name, Fate.RENAMED, became=tuple(became))


def _flat(arguments: Arguments) -> dict[str, Any]:
    """What is put into the body beside the known fields counts like the fields."""
    body = arguments.get("extra_body")
    rest = {key: value for key, value in arguments.items() if key != "extra_body"}
    return {**rest, **body} if isinstance(body, Mapping) else rest


def _reason(error: Exception) -> str:
    """The library's own words without its advice on settings of its own."""
    text = " ".join(str(error).split())
    text = text.removeprefix("litellm.UnsupportedParamsError: ")
    for advice in (" To drop ", ", or set `litellm.drop_params", " If you want to use these params"):
        text = text.partition(advice)[0]
    return text.rstrip(" .,`") or type(error).__name__


def set_to_json(asked: ParameterSet) -> dict[str, Any]:
    """Every field under its own name."""
    return {
        "model": asked.model,
        "params": dict(asked.params),
        "beside": dict(asked.beside),
        "api_base": asked.api_base,
    }


def set_from_json(data: Mapping[str, Any]) -> ParameterSet:
    """Inverse of `set_to_json`."""
    return ParameterSet(**data)


def dry_run_to_json(run: DryRun) -> dict[str, Any]:
    """Every field under its own name."""
    return {
        "parameters": [
            {"name": t.name, "fate": t.fate.value, "reason": t.reason, "became": list(t.became)}
            for t in run.parameters
        ],
        "problem": run.problem,
        "library": run.library,
    }


def dry_run_from_json(data: Mapping[str, Any]) -> DryRun:
    """Inverse of `dry_run_to_json`."""
    parameters = [Tried(t["name"], Fate(t["fate"]), t["reason"], tuple(t["became"])) for t in data["parameters"]]
    return DryRun(tuple(parameters), data["problem"], data["library"])
