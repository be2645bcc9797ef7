"""A simulated writer of test inputs: from a few examples and a description of what is wanted, a JSON list of inputs.

It understands "write N" with a number or a word, some words for the usual edges, and examples as JSON (objects, lists
of texts) or as lines in quotes or after a dash. It invents nothing: each input is an example turned over by a rule.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from migrator_tui.models.simulator.conversation import content_text
from migrator_tui.models.simulator.reading import read_ticket
from migrator_tui.models.simulator.text import excerpt, fold, share_of, word_list

_MOST = 50
"""Inputs of one answer."""
_LONG = 450
"""Words of what counts as very long."""
_MOST_EXAMPLES = 20
_LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.{3,2000})$|^\s*[\"“](.{0,2000})[\"”],?\s*$", re.MULTILINE)
_DIGITS = re.compile(r"\d{3,}")
_PLAIN = "Where is my order 48213? It should have come on Monday."
"""What is varied where no example came along."""

Messages = Sequence[Mapping[str, Any]]


def asked_to_write(messages: Messages) -> int | None:
    """How many inputs a request asks for; `None` where it asks for something else."""
    for text in (fold(content_text(message)) for message in reversed(messages) if message.get("role") != "assistant"):
        if found := _asking().search(text):
            number = found[1]
            return min(_MOST, int(number) if number.isdigit() else _numbers().index(number) + 1)
    return None


@cache
def _numbers() -> tuple[str, ...]:
    return tuple(word_list("writer")["numbers"])


@cache
def _asking() -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:write|generate|invent|make|give me|produce) (?:exactly |up to )?(\d{{1,3}}|{'|'.join(_numbers())})\b"
    )


def written(messages: Messages, seed: int) -> str:
    """The JSON list for a request that `asked_to_write` knows."""
    number = asked_to_write(messages) or 0
    texts = [excerpt(content_text(message)) for message in messages if message.get("role") != "assistant"]
    examples, told = _examples(texts)
    edge = _edge(told)
    found: list[Any] = []
    known = {_key(example) for example in examples}
    for turn in range(number * 12):
        made = _input(examples[turn % len(examples)], edge, turn, seed)
        if len(found) < number and _key(made) not in known:
            known.add(_key(made))
            found.append(made)
    return json.dumps(found, ensure_ascii=False, indent=1)


def _key(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _examples(texts: Sequence[str]) -> tuple[list[Any], str]:
    """What inputs look like, and the texts without them, the latest first."""
    found: list[Any] = []
    rest: list[str] = []
    for text in reversed(texts):
        plain, end = "", 0
        for start, stop, value in _json_in(text):
            plain, end = plain + text[end:start], stop
            found += [
                entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, str | dict)
            ]
        rest.append(plain + text[end:])
    if not found:
        for number, text in enumerate(rest):
            found += [match[1] or match[2] or "" for match in _LISTED.finditer(text)]
            rest[number] = _LISTED.sub("", text)
    return found[:_MOST_EXAMPLES] or [_PLAIN], "\n".join(rest)


def _json_in(text: str) -> Iterator[tuple[int, int, Any]]:
    """Objects and lists in a text: where they start and end, and what they are."""
    decoder, at = json.JSONDecoder(), 0
    for _ in range(4 * _MOST_EXAMPLES):
        opening = re.compile(r"[\[{]").search(text, at)
        if opening is None:
            return
        try:
            value, at = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            at = opening.start() + 1
            continue
        if value:
            yield opening.start(), at, value


def _edge(told: str) -> str:
    """Which unusual kind is described: of those whose words occur, the one that is spoken of first."""
    folded = fold(told)
    places: dict[str, int] = {}
    for name, entry in word_list("writer")["edges"].items():
        found = [
            match.start() for pattern in (rf"\b{name}\b", *entry["asked"]) if (match := re.search(pattern, folded))
        ]
        if found:
            places[name] = min(found)
    return min(places, key=lambda name: places[name]) if places else "varied"


def _input(example: Any, edge: str, turn: int, seed: int) -> Any:
    """One input in the form of the example."""
    entry = word_list("writer")["edges"][edge]
    if "results" in entry:
        return _after_tool(example, entry["results"], turn, seed)
    if isinstance(example, str):
        return _text(example, edge, turn, seed)
    value: Any = json.loads(json.dumps(example))
    messages = value.get("messages")
    users = (
        [m for m in messages if isinstance(m, dict) and m.get("role") == "user"] if isinstance(messages, list) else []
    )
    if users:
        users[-1]["content"] = _text(content_text(users[-1]), edge, turn, seed)
        value["messages"] = messages[: messages.index(users[-1]) + 1]
    else:
        table = value["vars"] if isinstance(value.get("vars"), dict) else value
        texts = {name: text for name, text in table.items() if isinstance(text, str) and name not in {"id", "role"}}
        if texts:
            name = max(texts, key=lambda name: len(texts[name]))
            table[name] = _text(texts[name], edge, turn, seed)
    for name in ("id", "expected", "checks"):
        value.pop(name, None)
    return value


def _text(example: str, edge: str, turn: int, seed: int) -> str:
    text = _renumbered(example.strip(), turn, seed)
    number = 10_000 + int(share_of(seed, "number", turn, example) * 90_000)
    if edge == "shouted":
        return f"{text.upper()}!!! {'ANSWER ME NOW' if turn % 2 else 'THIS IS URGENT'}"
    if edge == "dictated":
        spoken = re.sub(r"[.,;:?!]+", "", f"{text} {' '.join(_sentences()[turn % 5 : turn % 5 + 2])}")
        return spoken.lower()
    if edge == "missing-detail":
        bare = re.sub(r"\s*\S*(?:@|\d)[\w€$£-]*", "", text)
        return f"{['', 'Hello, ', 'Please help me: ', 'Once again: '][turn % 4]}{' '.join(bare.split())}"
    if edge == "very-long":
        return _long(text, turn)
    forms = word_list("writer")["edges"][edge]["texts"]
    if edge == "other-language":
        spoken = read_ticket(example).language
        forms = [form for form in forms if read_ticket(form).language != spoken]
    start = int(share_of(seed, edge) * len(forms))
    found = re.search(r"\b[A-Z]{0,4}-?\d{3,12}\b", text)
    facts = {"text": text, "number": str(number), "ref": found[0] if found else ""}
    form = forms[(start + turn) % len(forms)]
    return re.sub(r"\{(text|number|ref)\}", lambda match: facts[match[1]], form)


def _renumbered(text: str, turn: int, seed: int) -> str:
    """The text with other numbers of the same length, so that it is no copy."""

    def other(match: re.Match[str]) -> str:
        digits = str(int(share_of(seed, turn, match[0]) * 10 ** len(match[0]))).zfill(len(match[0]))
        return digits if digits[0] != "0" else "7" + digits[1:]

    return _DIGITS.sub(other, text)


@cache
def _sentences() -> tuple[str, ...]:
    return tuple(word_list("writer")["edges"]["very-long"]["sentences"])


def _long(text: str, turn: int) -> str:
    """The example, told at a length that few people read."""
    told, place = [text], turn
    while sum(len(part.split()) for part in told) < _LONG + 30 * turn:
        told.append(_sentences()[place % len(_sentences())])
        place += 1
    return " ".join([*told, text])


def _after_tool(example: Any, results: Sequence[str], turn: int, seed: int) -> Any:
    """A conversation whose last message is what a tool returned."""
    table: dict[str, Any] = json.loads(json.dumps(example)) if isinstance(example, dict) else {}
    given = table.get("messages")
    messages = [m for m in given if isinstance(m, dict)] if isinstance(given, list) else []
    if not messages:
        messages = [
            {"role": "user", "content": _text(example if isinstance(example, str) else _PLAIN, "varied", turn, seed)}
        ]
    asked = [place for place, message in enumerate(messages) if message.get("role") == "user"]
    calls = [m["tool_calls"] for m in messages if isinstance(m.get("tool_calls"), list) and m["tool_calls"]]
    call = calls[-1][0] if calls else {"type": "function", "function": {"name": "lookup", "arguments": "{}"}}
    id_ = f"call_{int(share_of(seed, turn, 'call') * 16**8):08x}"
    kept = messages[: asked[-1] + 1] if asked else messages[:1]
    if kept and kept[-1].get("role") == "user":
        kept[-1]["content"] = _renumbered(content_text(kept[-1]), turn, seed)
    result = results[turn % len(results)]
    table["messages"] = [
        *kept,
        {"role": "assistant", "content": None, "tool_calls": [{**call, "id": id_}]},
        {"role": "tool", "tool_call_id": id_, "content": result},
    ]
    for name in ("id", "expected", "checks"):
        table.pop(name, None)
    return table
