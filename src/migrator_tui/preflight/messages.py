"""What the messages hold that not every model takes: a begun answer, system messages, images, files, sound."""

from collections.abc import Iterator

from migrator_tui.models.arguments import with_user_turn
from migrator_tui.preflight.asked import Asked
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.project.prompts import Part, is_chat
from migrator_tui.project.schema import Message
from migrator_tui.project.words import quoted


def message_findings(asked: Asked) -> Iterator[Finding]:
    """What stands in the way of these messages."""
    if not asked.is_real:
        return
    yield from _prefill(asked)
    yield from _system(asked)
    yield from _user_turn(asked)
    yield from _media(asked)


def begun_answer(asked: Asked) -> Part | None:
    """The prompt's last message, where it is the assistant's and the case's messages do not come after it."""
    pieces = asked.parts
    last = pieces[-1] if pieces else None
    if last is None or last.role != "assistant":
        return None
    placed = any(piece.role is None for piece in pieces)
    # Without a place of their own, the case's messages come last.
    return last if placed or asked.cases.no_messages else None


def _prefill(asked: Asked) -> Iterator[Finding]:
    part = begun_answer(asked)
    ending = asked.cases.ends_with_assistant
    # Where the prompt says where the case's messages go, what follows them is the end.
    placed_before_end = is_chat(asked.template) and any(piece.role is None for piece in asked.parts[:-1])
    if placed_before_end:
        ending = 0
    if part is None and not ending:
        return
    if part is not None:
        what = f"line {part.line} of the prompt begins the answer with {quoted(part.source, 30)}"
        do = f"say it in words instead, such as: Begin your answer with {quoted(part.source, 20)}"
    else:
        what = f"{_cases(ending)} {'ends' if ending == 1 else 'end'} with a begun answer (role assistant)"
        do = "take the last message out, and say in the prompt how the answer begins"
    line = part.line if part is not None else None
    stated = asked.supports("assistant_prefill")
    if stated is False:
        yield asked.finding(
            Severity.BLOCKER,
            "prefill",
            f"{what}; the price map states that this model rejects that",
            f"{do}; or hold answers to a schema (response_format)",
            line=line,
        )
    elif stated is None:
        yield asked.finding(
            Severity.NOTE,
            "prefill",
            f"{what}; the price map does not say whether this model goes on from there",
            "try one case first: r",
            line=line,
        )


def _system(asked: Asked) -> Iterator[Finding]:
    pieces = asked.parts
    has_system = any(piece.role in ("system", "developer") and piece.source for piece in pieces)
    if has_system and asked.supports("system_messages") is False:
        yield asked.finding(
            Severity.WARNING,
            "system-role",
            "the prompt has a system message; the price map states that this model takes none",
            "put it into the first user message: # user in place of # system",
            line=next(piece.line for piece in pieces if piece.role in ("system", "developer")),
        )
    late = [piece for piece in pieces[1:] if piece.role in ("system", "developer")]
    inside = asked.cases.system_inside
    where_to = _moved_to(asked)
    if (late or inside) and where_to:
        where = f"line {late[0].line} of the prompt is" if late else f"{_cases(inside)} {_has(inside)}"
        yield asked.finding(
            Severity.WARNING,
            "system-role",
            f"{where} a system message in the middle; {where_to}",
            "put such instructions at the beginning",
            line=late[0].line if late else None,
        )


def _moved_to(asked: Asked) -> str:
    """Where the client library puts a system message that is not at the beginning; empty where it leaves it there.

    Seen in the requests that litellm 1.106.2 makes for Claude (Anthropic's API, Bedrock) and Gemini.
    """
    if asked.is_claude:
        stays = asked.supports("mid_conversation_system") is True
        return "" if stays else "it reaches this model as a user's turn, with a remark"
    return "it is moved to the beginning" if asked.who in ("gemini", "vertex_ai") else ""


def _user_turn(asked: Asked) -> Iterator[Finding]:
    """Cases that are all in the prompt: some providers want a user's turn, and get one."""
    if not asked.cases.no_messages or is_chat(asked.template) or asked.old is None:
        return
    alone: list[Message] = [{"role": "system", "content": ""}]
    turned = [with_user_turn(alone, who)[0]["role"] == "user" for who in (asked.who, asked.old.who)]
    if turned[0] and not turned[1]:
        yield asked.finding(
            Severity.NOTE,
            "system-role",
            f"{_cases(asked.cases.no_messages)} without messages: this provider wants a user's turn, "
            "so the prompt goes as one and not as system",
            "say it in the prompt file where it should be otherwise: headings # system and # user",
        )


_MEDIA = (
    ("images", "vision", "an image", "sees none"),
    ("files", "pdf_input", "a file", "reads none"),
    ("audio", "audio_input", "sound", "hears none"),
)


def _media(asked: Asked) -> Iterator[Finding]:
    for subject, flag, thing, cannot in _MEDIA:
        number: int = getattr(asked.cases, subject)
        stated = asked.supports(flag)
        if not number or stated is True:
            continue
        holds = f"{_cases(number)} {'holds' if number == 1 else 'hold'} {thing}"
        if stated is False:
            yield asked.finding(
                Severity.BLOCKER,
                subject,
                f"{holds}; the price map states that this model {cannot}",
                "choose another candidate for this task, or give the text of it",
            )
        else:
            yield asked.finding(
                Severity.NOTE,
                subject,
                f"{holds}; the price map does not say whether this model takes it",
                "try one of these cases first: r",
            )


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


def _cases(number: int) -> str:
    return "1 case" if number == 1 else f"{number:,} cases"
