"""Edges: unusual inputs that break applications, each found by a function of its own.

A detector errs on the side of silence: an edge called absent although it is there costs a look, one called covered
that is not costs the evidence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from migrator_tui.coverage import edge_words as words
from migrator_tui.coverage.inputs import Look
from migrator_tui.project.case_values import message_text
from migrator_tui.project.schema import Task

VERY_LONG = 400
"""Words from which on an input is very long …"""
MUCH_LONGER = 8
"""… or 150 words and so many times the usual length."""
UNPUNCTUATED = 25
"""Words without a stop, comma or question mark that make a text look dictated."""
SHOUTED_LOOK, MIXED_LOOK = 1_000, 1_000
"""Characters that are looked at for capitals, for two languages."""
MOST_PIECES = 4
"""Sentences whose languages are compared."""
SHORTEST_QUESTION = 8
LONGEST_LINK = 400
"""Characters."""
FREE_TEXT_WORDS = 4
"""Words of an input from which on somebody wrote a sentence …"""
FREE_TEXT_SHARE = 1 / 3
"""… and the share of such inputs from which on sentences are what is written here."""


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """One kind of unusual input."""

    name: str
    title: str
    detect: Callable[[Look, float], bool]
    """Whether an input is one; given the usual length in words."""
    always: bool = False
    """Needed whatever production has: rare inputs are not in a sample until they hurt."""
    tools: bool = False
    """Only where the task has tools."""
    free_text: bool = False
    """Only where people write sentences."""
    if_seen: bool = False
    """Needed only where production has it: whether it ever comes depends on the channel."""


def usual_length(looks: Sequence[Look]) -> float:
    """The median of the words."""
    lengths = sorted(look.words for look in looks)
    return float(lengths[len(lengths) // 2]) if lengths else 0.0


def is_free_text(looks: Sequence[Look]) -> bool:
    """Whether people write sentences here, and not a label or a number."""
    longer = sum(look.words >= FREE_TEXT_WORDS for look in looks)
    return bool(looks) and longer >= FREE_TEXT_SHARE * len(looks)


def makes_sense(kind: EdgeKind, task: Task, looks: Sequence[Look]) -> bool:
    """Whether that edge can occur in the task at all."""
    if kind.tools and not task.tools:
        return False
    return not kind.free_text or is_free_text(looks)


# Detectors


def is_empty(text: str) -> bool:
    """Nothing, white space, or signs alone."""
    return not any(c.isalnum() for c in text) and not words.EMOJI.search(text)


def is_injection(text: str) -> bool:
    """Instructions to the model inside the input."""
    return bool(words.INJECTION.search(text))


def is_code(text: str) -> bool:
    """Code, a stack trace, JSON."""
    return bool(words.CODE.search(text))


def is_markup(text: str) -> bool:
    """HTML, or Markdown that shows."""
    return bool(words.MARKUP.search(text))


def is_quoted(text: str) -> bool:
    """A mail that somebody else wrote, quoted or forwarded."""
    return bool(words.QUOTED.search(text))


def is_link(text: str) -> bool:
    """Nothing but a link or the name of a file."""
    alone = text.strip()
    return len(alone) <= LONGEST_LINK and bool(words.LINK_ONLY.match(alone))


def has_emoji(text: str) -> bool:
    """An emoji or a smiley."""
    return bool(words.EMOJI.search(text))


def has_several_requests(text: str) -> bool:
    """More than one thing is asked for."""
    questions = [piece for piece in words.QUESTION_MARKS.split(text)[:-1] if len(piece.strip()) >= SHORTEST_QUESTION]
    if len(words.NUMBERED.findall(text)) >= 2 or len(questions) >= 3:
        return True
    second = words.SECOND_REQUEST.search(text)
    if second is None:
        return False
    return bool(words.ASKS.search(text[: second.start()]) and words.ASKS.search(text[second.start() :]))


def is_contradictory(text: str) -> bool:
    """It takes back what it says."""
    return bool(words.CONTRADICTORY.search(text))


def is_shouted(text: str) -> bool:
    """Much of it in capitals, where the script has them."""
    start = text[:SHOUTED_LOOK]
    if start == start.lower():
        return False
    upper, lower = (sum(map(kind, start)) for kind in (str.isupper, str.islower))
    return upper + lower >= 15 and upper >= 0.4 * (upper + lower)


def is_dictated(text: str) -> bool:
    """Many words and no stop: a voice note, or somebody in a hurry."""
    signs = sum(text.count(sign) for sign in ".,;:?!。、！？")
    count = len(text.split())
    return count >= UNPUNCTUATED and signs * UNPUNCTUATED <= count


def is_mixed(text: str) -> bool:
    """Sentences in two languages."""
    from migrator_tui.checks.languages import language_of

    if len(text) < 60:
        return False
    pieces = [piece for piece in words.PIECES.split(text[:MIXED_LOOK]) if len(piece) >= 25][:MOST_PIECES]
    return len(pieces) > 1 and len({language_of(piece) for piece in pieces} - {None}) > 1


def is_very_long(look: Look, usual: float) -> bool:
    """Much longer than usual."""
    return look.words >= VERY_LONG or (look.words >= 150 and look.words >= MUCH_LONGER * max(1.0, usual))


def tool_failed(look: Look) -> bool:
    """The newest result of a tool is an error."""
    result = _last_result(look)
    return result is not None and bool(words.TOOL_FAILED.search(result[:2_000]))


def tool_found_nothing(look: Look) -> bool:
    """The newest result of a tool is empty, or says that what was looked for is not there."""
    result = _last_result(look)
    if result is None:
        return False
    return bool(words.TOOL_EMPTY.search(result[:2_000]) or words.TOOL_NOT_FOUND.search(result[:2_000]))


def tool_injects(look: Look) -> bool:
    """What a tool returned holds instructions."""
    return any(
        is_injection(message_text(message)[:20_000])
        for message in look.case.messages
        if message.get("role") == "tool"
    )


def needs_no_tool(look: Look) -> bool:
    """A check says that no tool is to be called."""
    return any(spec.full_type == "no-tool-call" for spec in look.case.checks)


def missing_detail(look: Look) -> bool:
    """The first turn has no number and no address to look anything up by."""
    return look.turns == 1 and not look.called and not any(c.isdigit() for c in look.text) and "@" not in look.text


def _last_result(look: Look) -> str | None:
    results = [message_text(m) for m in look.case.messages if m.get("role") in ("tool", "function")]
    return results[-1] if results else None


def _text(detect: Callable[[str], bool]) -> Callable[[Look, float], bool]:
    return lambda look, usual: detect(look.shown)


def _look(detect: Callable[[Look], bool]) -> Callable[[Look, float], bool]:
    return lambda look, usual: detect(look)


OTHER_LANGUAGE = "other-language"
"""Found by comparing with the other cases, not by a detector."""

NO_TOOL = "no-tool"
"""Found by the checks of a case, not by its input."""

EDGES: Sequence[EdgeKind] = (
    EdgeKind("empty", "nothing in it", _text(is_empty), always=True),
    EdgeKind("very-long", "very long", is_very_long, always=True),
    EdgeKind("injection", "instructions inside the input", _text(is_injection), always=True),
    EdgeKind(OTHER_LANGUAGE, "another language than most", lambda look, usual: False, free_text=True),
    EdgeKind("mixed-languages", "two languages in one", _text(is_mixed), free_text=True, if_seen=True),
    EdgeKind("several-requests", "several requests in one", _text(has_several_requests), free_text=True),
    EdgeKind("contradictory", "takes back what it says", _text(is_contradictory), free_text=True),
    EdgeKind("code", "code, an error message, JSON", _text(is_code), free_text=True),
    EdgeKind("markup", "HTML or Markdown", _text(is_markup), free_text=True, if_seen=True),
    EdgeKind("quoted", "a quoted or forwarded mail", _text(is_quoted), free_text=True, if_seen=True),
    EdgeKind("link-only", "nothing but a link or a file name", _text(is_link), free_text=True, if_seen=True),
    EdgeKind("emoji", "emoji", _text(has_emoji), free_text=True, if_seen=True),
    EdgeKind("shouted", "in capitals", _text(is_shouted), free_text=True, if_seen=True),
    EdgeKind("dictated", "no punctuation, as dictated", _text(is_dictated), free_text=True, if_seen=True),
    EdgeKind("tool-error", "a tool failed", _look(tool_failed), always=True, tools=True),
    EdgeKind("tool-empty", "a tool found nothing", _look(tool_found_nothing), always=True, tools=True),
    EdgeKind("tool-injection", "instructions in a tool's result", _look(tool_injects), always=True, tools=True),
    EdgeKind(NO_TOOL, "no tool is to be called", _look(needs_no_tool), always=True, tools=True),
    EdgeKind("missing-detail", "what a tool needs is missing", _look(missing_detail), always=True, tools=True),
)
"""In the order shown where nothing else orders them."""
