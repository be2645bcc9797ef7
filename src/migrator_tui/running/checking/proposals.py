"""Proposes checks for what a model does otherwise: each with a value that the baseline's own answers keep to."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.length import count_words
from migrator_tui.history.records import DriftMark, Output
from migrator_tui.project.check_specs import check_spec
from migrator_tui.project.schema import BASELINE, CheckSpec
from migrator_tui.running.checking.trial import Ground

BOTH_WAYS = frozenset({"refusal", "tool-choice", "shorter"})
"""Drift that has a check as well where the baseline shows it and the candidate no more."""
LONGEST_SELECTION = 200
"""Characters of a selected text that are worth a check."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in front of the user."""

    drift: Sequence[str] = ()
    """Names of what differs, gravest first."""
    baseline: Output | None = None
    candidate: Output | None = None
    selected: str = ""
    """Text marked in one of the outputs."""

    @classmethod
    def of(
        cls, drift: Sequence[DriftMark], baseline: Output | None, candidate: Output | None, selected: str = ""
    ) -> "Seen":
        """What one case shows; of what differs, that which the candidate does and the baseline does not."""
        names = [mark.name for mark in drift if mark.differs and (mark.candidate or mark.name in BOTH_WAYS)]
        return cls(names, baseline, candidate, selected)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A check that would notice."""

    spec: CheckSpec
    why: str
    """A few words: what was seen, or where the value comes from."""
    open: bool = False
    """Its value is still to be typed."""


def propose(ground: Ground, seen: Seen) -> list[Proposal]:
    """Checks that fit, the most telling first; at the end those whose value is to be typed.

    Only such as there are, and as the task does not have yet.
    """
    from migrator_tui.checks.registry import known_checks

    known = set(known_checks())
    has = {spec.full_type for spec in ground.task.checks}
    found: dict[tuple[str, str], Proposal] = {}
    for proposal in (*_of_selection(seen), *_of_drift(ground, seen), *_kept(ground, seen), *_open(seen)):
        spec = proposal.spec
        again = not proposal.open and (spec in ground.task.checks or (spec.value is None and spec.full_type in has))
        if spec.type in known and not again:
            found.setdefault((spec.full_type, repr(spec.value)), proposal)
    return list(found.values())


def present(ground: Ground, seen: Seen) -> list[CheckSpec]:
    """The checks of the task that notice what differs, as it has them already."""
    names = [proposal.spec.full_type for proposal in _of_drift(ground, seen)]
    return [spec for name in dict.fromkeys(names) for spec in ground.task.checks if spec.full_type == name]


def _spec(name: str, value: Any = None) -> CheckSpec:
    return check_spec({"type": name} if value is None else {"type": name, "value": value})


def _of_selection(seen: Seen) -> Iterator[Proposal]:
    text = seen.selected.strip()
    if 0 < len(text) <= LONGEST_SELECTION:
        yield Proposal(_spec("contains", text), "the text you marked")
        yield Proposal(_spec("not-contains", text), "the text you marked")
        yield Proposal(_spec("regex", _pattern(text)), "the text you marked, numbers left open")


def _pattern(text: str) -> str:
    return re.sub(r"\d+", lambda _: r"\d+", re.escape(text).replace(r"\ ", " "))


def _of_drift(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    for name in seen.drift:
        if rule := _RULES.get(name):
            yield from rule(ground, seen)


def _kept(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    """What the baseline keeps to, whether or not it differs here."""
    if seen.baseline is not None and parse_json(seen.baseline.text).problem is None:
        yield from _schema(ground, seen)
    yield from _max_words(ground, seen)


def _open(seen: Seen) -> Iterator[Proposal]:
    for name, words in (
        ("contains", "a text it must have"),
        ("not-contains", "a text it must not have"),
        ("regex", "a pattern"),
        ("llm-rubric", "a judge decides, by your words"),
    ):
        yield Proposal(_spec(name), words, open=True)


# Of each kind of drift


def _plain(name: str, why: str) -> Callable[[Ground, Seen], Iterator[Proposal]]:
    def rule(ground: Ground, seen: Seen) -> Iterator[Proposal]:
        yield Proposal(_spec(name), why)

    return rule


def _fences(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    yield Proposal(_spec("no-code-fence"), "fences around the answer")
    if seen.baseline is not None and parse_json(seen.baseline.text).problem is None:
        yield Proposal(_spec("is-json"), "the baseline answers in bare JSON")


def _refusal(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    from migrator_tui.checks.refusals import find_refusal

    refused = seen.candidate is None or find_refusal(seen.candidate.text) is not None
    if refused:
        yield Proposal(_spec("not-is-refusal"), "refused here")
    else:
        yield Proposal(_spec("is-refusal"), "the baseline refuses here")


def _language(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    from migrator_tui.checks.languages import language_of

    language = language_of(seen.baseline.text) if seen.baseline is not None else None
    if language is not None:
        yield Proposal(_spec("language", language), "the baseline's language here")


def _schema(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    from migrator_tui.checks.schema_guess import schema_of

    parsed = [parse_json(output.text) for output in ground.outputs(BASELINE)]
    values = [one.value for one in parsed if one.problem is None]
    if values and len(values) * 2 > len(parsed):
        schema = schema_of(values)
        keys = len(schema.get("properties", ()))
        shape = f"{keys} keys" if keys else "the form"
        yield Proposal(_spec("is-json", schema), f"{shape} of the baseline's {len(values):,} answers")


def _max_words(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    lengths = [count_words(output.text) for output in ground.outputs(BASELINE)]
    if longest := max(lengths, default=0):
        yield Proposal(
            _spec("max-words", _rounded(longest, up=True)), f"the baseline's longest has {longest:,} words"
        )


def _longer(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    yield from _max_words(ground, seen)
    yield Proposal(_spec("max-length-ratio", 1.5), "against the baseline's words, case by case")


def _shorter(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    lengths = [count_words(output.text) for output in ground.outputs(BASELINE)]
    if shortest := min(lengths, default=0):
        yield Proposal(
            _spec("min-words", _rounded(shortest, up=False)), f"the baseline's shortest has {shortest:,} words"
        )


def _tool_choice(ground: Ground, seen: Seen) -> Iterator[Proposal]:
    wanted = seen.baseline.tool_calls if seen.baseline is not None else ()
    if wanted:
        yield Proposal(_spec("tool-call", {"name": wanted[0].name}), "the tool that the baseline calls here")
    else:
        yield Proposal(_spec("no-tool-call"), "the baseline answers in words here")


def _rounded(number: int, *, up: bool) -> int:
    """To a number that one would write: 78 is 80 upwards, 75 downwards."""
    step = 1 if number < 20 else 5 if number < 200 else 10 if number < 1000 else 50
    return -(-number // step) * step if up else max(1, number // step * step)


_RULES: dict[str, Callable[[Ground, Seen], Iterator[Proposal]]] = {
    "fences": _fences,
    "preamble": _plain("no-preamble", "words before the answer"),
    "sign-off": _plain("no-preamble", "words after the answer"),
    "markdown": _plain("no-markdown", "Markdown"),
    "longer": _longer,
    "shorter": _shorter,
    "refusal": _refusal,
    "language": _language,
    "json": _plain("not-is-json", "JSON in place of text"),
    "json-broken": _plain("is-json", "JSON that cannot be read"),
    "json-keys": _schema,
    "json-types": _schema,
    "json-values": _schema,
    "truncated": lambda ground, seen: iter([Proposal(_spec("finish-reason", "stop"), "cut off here")]),
    "empty": lambda ground, seen: iter([Proposal(_spec("min-words", 1), "an empty answer")]),
    "tool-choice": _tool_choice,
    "tool-arguments": _plain("is-valid-openai-tools-call", "other arguments"),
}
"""Drift to the checks that notice it."""
