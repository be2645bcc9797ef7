"""How a persona answers a request: it reads prompt and ticket, decides, writes, and lets its habits show."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.models.simulator.advising import advised, asked_to_advise
from migrator_tui.models.simulator.agent import next_step
from migrator_tui.models.simulator.conversation import content_text
from migrator_tui.models.simulator.habits import showing
from migrator_tui.models.simulator.instructions import Wishes, read_wishes
from migrator_tui.models.simulator.judging import blocks_of, verdict
from migrator_tui.models.simulator.personas import Persona
from migrator_tui.models.simulator.reading import Reading, read_ticket
from migrator_tui.models.simulator.shape import Key, Shape, choose, read_shape, shape_for
from migrator_tui.models.simulator.text import count_words, first_words, share_of, tokens, word_list
from migrator_tui.models.simulator.tools import ToolUse
from migrator_tui.models.simulator.writing import asked_to_write, written

_TICKET_MARK = re.compile(
    r"^[#* \t]{0,10}(?:the )?(?:tickets?|message|input|customer(?:'s)?(?: message)?|text|e-?mail|question|anfrage"
    r"|nachricht|frage)"
    r"[* \t]{0,5}:[* \t]{0,5}\n?|^[ \t]{0,10}(?:<\w{1,30}>|-{3,80}|={3,80}|\"{3}|`{3}\w{0,20})[ \t]{0,10}$",
    re.IGNORECASE | re.MULTILINE,
)
_PREAMBLES = (
    "Here's the triage for this ticket:\n\n",
    "Sure! I've read the ticket carefully. Here is the result:\n\n",
    "Certainly! Based on the customer's message, this is my assessment:\n\n",
)
_SIGN_OFFS = (
    "\n\nLet me know if you'd like me to adjust anything!",
    "\n\nI hope this helps. Feel free to send the next ticket.",
    "\n\nNote: the priority is my best guess from the wording; please review it if needed.",
)
_REFUSAL = (
    "I'm sorry, but I can't help with this message: it concerns legal or security matters that I'm not able to "
    "assess. Please contact a qualified professional."
)
_OBEYED = "Understood. Ignoring the earlier instructions, as requested."
_FILLER = " pace"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out, before it is cut into tokens."""

    text: str
    reasoning: str = ""
    tool_calls: Sequence[ToolUse] = ()
    finish_reason: str = "stop"


def answer(persona: Persona, body: Mapping[str, Any]) -> Reply:
    """Answer one chat-completions request body; `max_tokens` and `stop` are respected."""
    messages = [m for m in body.get("messages") or [] if isinstance(m, Mapping)]
    prompt, ticket = prompt_and_ticket(messages)
    step = None
    if persona.text is None and persona.tokens is None and persona.calls_tools and body.get("tools"):
        step = next_step(persona, prompt, messages, body)
    if step is not None and step.calls:
        return Reply(step.text, persona.reasoning or "", step.calls, "tool_calls")
    if persona.text is not None:
        text = persona.text
    elif persona.judges and messages and blocks_of(content_text(messages[-1])):
        text = verdict(content_text(messages[-1]))
    elif persona.advises and (wanted := asked_to_advise(messages)) is not None:
        text = advised(wanted)
    elif persona.writes and asked_to_write(messages) is not None:
        text = written(messages, persona.seed)
    elif persona.tokens is not None:
        text = _FILLER * persona.tokens
    elif step is not None and shape_for(prompt, body.get("response_format")) == Shape():
        text = step.text
    else:
        text = _write(persona, prompt, ticket, messages, body)
    return _cut(text, persona.reasoning or "", body)


def prompt_and_ticket(messages: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The instructions and the text to work on: system messages and the last user message.

    Where the system messages name no form of answer (or there are none), what stands before a mark such as "Ticket:"
    or "---" in the last user message is instructions too.
    """
    system = "\n\n".join(content_text(m) for m in messages if m.get("role") in {"system", "developer"})
    users = [content_text(m) for m in messages if m.get("role") == "user"]
    if users:
        if system and read_shape(system) != Shape():
            return system, users[-1]
        *head, text = _split_at_mark(users[-1])
        if system and not head:
            return system, text
        return "\n\n".join(filter(None, (system, *(head or (text,))))), text
    *head, text = _split_at_mark(system)
    return (head[0] if head else system), text


def _split_at_mark(text: str) -> tuple[str, ...]:
    """(instructions, ticket) around the first mark that stands after some text; else the whole text alone."""
    for mark in _TICKET_MARK.finditer(text):
        if len(text[: mark.start()].split()) > 3:
            return text[: mark.start()].rstrip(), text[mark.end() :]
    return (text,)


def _write(
    persona: Persona, prompt: str, ticket: str, messages: Sequence[Mapping[str, Any]], body: Mapping[str, Any]
) -> str:
    wishes = read_wishes(prompt)
    reading = read_ticket(ticket, persona.languages, persona.reads_words)
    habits = showing(persona, ticket, reading, wishes, body)
    if reading.injected and persona.obeys_injections:
        return _OBEYED
    if "refusal" in habits:
        return _REFUSAL
    shape = shape_for(prompt, body.get("response_format"))
    if messages and messages[-1].get("role") == "tool":
        text = f"{content_text(messages[-1]).strip()[:300]}"
        main = text if not shape.keys else _as_json(shape, reading, habits, wishes, ticket)
    elif shape.keys:
        main = _as_json(shape, reading, habits, wishes, ticket)
    elif shape.labels:
        main = choose(reading.topic, "topics", shape.labels, ticket)
        main = main.capitalize() if "capitals" in habits else main
    else:
        main = _prose(reading, habits, wishes, ticket)
    if "fences" in habits and shape.keys:
        main = f"```json\n{main}\n```"
    if "preamble" in habits:
        main = _pick(_PREAMBLES, ticket) + main
    if "sign-off" in habits:
        main += _pick(_SIGN_OFFS, ticket)
    return main


def _as_json(shape: Shape, reading: Reading, habits: frozenset[str], wishes: Wishes, ticket: str) -> str:
    room = None if wishes.max_words is None else max(4, wishes.max_words - 3 - 2 * len(shape.keys))
    values: dict[str, Any] = {key.name: _value(key, reading, habits, room, ticket) for key in shape.keys}
    if "extra-keys" in habits:
        values["confidence"] = round(0.8 + 0.19 * share_of("confidence", ticket), 2)
    return json.dumps(values, ensure_ascii=False, indent=2)


def _value(key: Key, reading: Reading, habits: frozenset[str], room: int | None, ticket: str) -> Any:
    simple: dict[str, Any] = {
        "language": reading.language,
        "flag": not reading.empty and reading.urgency != "low",
        "order": reading.order or reading.amount or "",
        "number": round(0.8 + 0.19 * share_of("number", ticket), 2),
        "quote": reading.opening,
        "summary": f"Customer writes about {reading.topic}: {reading.opening}"
        if reading.opening
        else "Empty message",
    }
    if key.role in simple:
        return simple[key.role]
    if key.role == "answer":
        return _reply_text(reading, habits, room, ticket)
    if key.role == "urgency":
        urgency = "high" if "urgent" in habits else reading.urgency
        value = choose(urgency, "urgency", key.values, ticket)
    else:
        value = choose(reading.topic, "topics", key.values, ticket)
    return value.capitalize() if "capitals" in habits else value


def _reply_text(reading: Reading, habits: frozenset[str], room: int | None, ticket: str) -> str:
    """What the customer is told, in their language, naming what they named; `room` is the most words."""
    lists = word_list("replies")
    language = "en" if "english" in habits or reading.language not in lists else reading.language
    lines = lists[language]
    refs = lines["refs"]
    if reading.order:
        ref = refs["order"].format(x=reading.order)
    elif reading.amount:
        ref = refs["amount"].format(x=reading.amount)
    elif reading.thing and language == reading.language:
        ref = refs["thing"].format(x=reading.thing)
    else:
        ref = refs["none"]
    text = lines["empty"] if reading.empty else lines[reading.topic].format(ref=ref)
    if "markdown" in habits:
        first, _, rest = text.partition(" ")
        second, _, rest = rest.partition(" ")
        text = f"**{first} {second}** {rest}" if rest else f"**{text}**"
    if "verbose" in habits:
        for sentence in lines.get("more", lists["en"]["more"]):
            if room is None or count_words(text) + count_words(sentence) <= room:
                text += sentence if language == "ja" else f" {sentence}"
    return text if room is None else first_words(text, room)


def _prose(reading: Reading, habits: frozenset[str], wishes: Wishes, ticket: str) -> str:
    """An answer in plain words, for prompts that ask for nothing the simulator knows."""
    if reading.topic != "other":
        return _reply_text(reading, habits, wishes.max_words, ticket)
    text = f"On “{reading.opening}”: this is a simulated model, so its answer stays general."
    if "verbose" in habits:
        text += " " + " ".join(word_list("replies")["en"]["more"][1:])
    if "markdown" in habits:
        text = f"**Answer.** {text}"
    return text if wishes.max_words is None else first_words(text, wishes.max_words)


def _cut(text: str, reasoning: str, body: Mapping[str, Any]) -> Reply:
    """Apply `stop` and `max_tokens` as a provider does."""
    stops = body.get("stop") or ()
    for stop in (stops,) if isinstance(stops, str) else stops:
        position = text.find(stop) if stop else -1
        if position >= 0:
            text = text[:position]
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    pieces = tokens(text)
    if isinstance(limit, int) and len(pieces) > limit:
        return Reply("".join(pieces[:limit]), reasoning, (), "length")
    return Reply(text, reasoning)


def _pick(choices: Sequence[str], ticket: str) -> str:
    return choices[int(share_of("pick", ticket) * len(choices))]
