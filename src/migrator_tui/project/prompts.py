"""From a prompt file and a case to the messages that are sent.

A file whose first line that is not blank is exactly `# system`, `# user`, `# assistant` or `# developer` is a chat:
each such line begins a message, and the case's own messages go where a line holds only `{{ messages }}`, else to the
end. Any other file is one system message, followed by the case's messages.

White space: blank lines and spaces at the ends of a message belong to the file, not to the prompt, and are not sent;
what a variable brings is sent as it is. Values are put in once: braces and headings inside them mean nothing. `null`
puts out nothing, what is neither text nor null comes as JSON.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import read_text
from migrator_tui.project.schema import Case, Message
from migrator_tui.project.words import listed, nearest, one_line

if TYPE_CHECKING:
    from migrator_tui.project.sandbox import PromptEnvironment

MESSAGES = "messages"
"""The name that stands for the case's own messages; never a variable of a chat."""

MAX_PROMPT = 4 * 1024 * 1024
"""Bytes of a prompt file."""

_HEADING = re.compile(r"# (system|user|assistant|developer)[^\S\n]*")
_PLACE = re.compile(r"[^\S\n]*\{\{-?\s*messages\s*-?\}\}[^\S\n]*")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a prompt: one message's template, or the place of the case's messages."""

    role: str | None
    """`None` for the place of the case's messages."""
    source: str
    line: int
    """Of its first character in the prompt file, from 1."""


def normal(text: str) -> str:
    """The text as versions keep it: line feeds only, none at the end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def read_template(path: Path, shown: str | None = None) -> str:
    """The template in a prompt file, as `normal` has it; `ProjectError` where it can't be read."""
    return normal(read_text(path, shown or path.name, MAX_PROMPT))


def variables(template: str) -> set[str]:
    """The names that the template takes from a case's variables; `ProjectError` where it is no template."""
    from jinja2 import meta

    found: set[str] = set()
    for part in parts(template):
        if part.role is not None:
            with_tree = _guarded(part, None, lambda source=part.source: _environment().parse(source))
            found |= meta.find_undeclared_variables(with_tree)
    return found - set(_environment().globals)


def check_template(template: str) -> None:
    """Raise `ProjectError` where that is no template, or one that asks for what no rendering may do."""
    for part in parts(template):
        if part.role is not None and "{" in part.source:
            _guarded(part, None, lambda source=part.source: _compiled(source))


def render(template: str, case: Case, *, file: Path | str | None = None) -> list[Message]:
    """The messages to send for that case.

    Raises `ProjectError` where the template is wrong, a variable has no value, or the rendering takes more than
    `sandbox` allows; `file` is what the error names.
    """
    messages: list[Message] = []
    placed = False
    chat = False
    for part in parts(template, file):
        if part.role is None:
            placed = chat = True
            messages += (dict(message) for message in case.messages)
        elif part.source:
            text = _rendered(part, case.vars, f"case {one_line(case.id, 80)}", file)
            messages.append({"role": part.role, "content": text})
    if not placed:
        messages += (dict(message) for message in case.messages)
    if not messages:
        empty = "the chat has no messages" if chat else "the prompt is empty"
        raise ProjectError(f"{empty}, and case {one_line(case.id, 80)} has none of its own", file=file)
    return messages


def render_text(template: str, values: Mapping[str, Any], what: str = "this case") -> str:
    """A text with `{{ variables }}` put in, under the same bounds; `what` names the text in errors."""
    if "{" not in template:
        return template
    return _rendered(Part("text", template, 1), values, what, None)


@lru_cache(maxsize=64)
def _split(template: str) -> tuple[Part, ...]:
    lines = normal(template).split("\n")
    first = next((line for line in lines if line.strip()), "")
    if not _HEADING.fullmatch(first):
        return (_trimmed("system", lines, 1),)
    found: list[Part] = []
    role: str | None = None
    begun: list[str] = []
    begun_at = 1
    for number, line in enumerate(lines, 1):
        heading = _HEADING.fullmatch(line)
        place = _PLACE.fullmatch(line)
        if not heading and not place:
            if role is None and line.strip():
                what = "text after {{ messages }} belongs to no message; put a heading such as # user above it"
                raise ProjectError(what, line=number)
            begun.append(line)
            continue
        if role is not None:
            found.append(_trimmed(role, begun, begun_at))
        begun, begun_at = [], number + 1
        role = heading[1] if heading else None
        if place:
            if any(part.role is None for part in found):
                raise ProjectError("{{ messages }} stands twice", line=number)
            found.append(Part(None, "", number))
    if role is not None:
        found.append(_trimmed(role, begun, begun_at))
    return tuple(found)


def parts(template: str, file: Path | str | None = None) -> tuple[Part, ...]:
    """The pieces of a prompt in order; `ProjectError` where a chat is laid out wrongly."""
    try:
        return _split(template)
    except ProjectError as error:
        raise _told(error.what, file, error.line) from None


def is_chat(template: str) -> bool:
    """Whether the template has role headings."""
    return bool(_HEADING.fullmatch(next((line for line in normal(template).split("\n") if line.strip()), "")))


def _trimmed(role: str, lines: list[str], line: int) -> Part:
    above = 0
    while above < len(lines) and not lines[above].strip():
        above += 1
    return Part(role, "\n".join(lines[above:]).strip(), line + above)


@cache
def _environment() -> "PromptEnvironment":
    from migrator_tui.project.sandbox import PromptEnvironment

    return PromptEnvironment()


@lru_cache(maxsize=256)
def _compiled(source: str) -> Any:
    return _environment().compiled(source)


def _rendered(part: Part, values: Mapping[str, Any], what: str, file: Path | str | None) -> str:
    from migrator_tui.project.sandbox import MissingValueError, TemplateLimitError, within_budget

    if "{" not in part.source:
        return part.source
    template = _guarded(part, file, lambda: _compiled(part.source))
    context = template.new_context(dict(values))
    try:
        return within_budget(lambda: "".join(template.root_render_func(context)))
    except MissingValueError as error:
        raise _told(_no_value(error, values, what), file, _line(error, template, part)) from None
    except TemplateLimitError as error:
        raise _told(f"{error} (in {what})", file, _line(error, template, part)) from None
    except MemoryError:
        raise _told(f"the template takes too much memory (in {what})", file, part.line) from None
    except Exception as error:
        # Whatever a filter or an operator says of values that don't suit it: the template is the user's to mend.
        said = str(error) or type(error).__name__
        raise _told(f"the template fails in {what}: {said}", file, _line(error, template, part)) from None


def _guarded(part: Part, file: Path | str | None, work: Any) -> Any:
    from jinja2 import TemplateSyntaxError

    from migrator_tui.project.sandbox import TemplateLimitError

    try:
        return work()
    except TemplateSyntaxError as error:
        message = (error.message or "not a template").rstrip(".")
        raise _told(_kindly(message), file, part.line + error.lineno - 1) from None
    except TemplateLimitError as error:
        raise _told(str(error), file, part.line) from None
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError):
        raise _told("the template is nested too deeply to be read", file, part.line) from None


def _kindly(message: str) -> str:
    named = re.match(r"No filter named '(.*)'", message)
    if named:
        from migrator_tui.project.sandbox import FILTERS

        near = nearest(named[1], FILTERS)
        known = f"did you mean `{near}`?" if near else f"known are {listed(FILTERS, 100)}"
        return f"unknown filter `{one_line(named[1], 40)}`; {known}"
    return f"not a template: {message[0].lower()}{message[1:]}"


def _told(what: str, file: Path | str | None, line: int | None) -> ProjectError:
    if file is None and line is not None and line > 1:
        return ProjectError(f"{what} (line {line} of the prompt)", line=line)
    return ProjectError(what, file=file, line=line)


def _no_value(error: Any, values: Mapping[str, Any], what: str) -> str:
    name = one_line(str(error.name), 60)
    if error.name == MESSAGES and error.owner is None:
        return "{{ messages }} goes on a line of its own, in a prompt with headings such as # system"
    if error.owner is None:
        near = nearest(str(error.name), values)
        known = (
            f"nearest: `{one_line(near, 60)}`" if near else f"it has {listed(values)}" if values else "it has none"
        )
        return f"variable `{name}` has no value in {what}; {known}"
    keys = list(error.owner) if isinstance(error.owner, Mapping) else []
    near = nearest(str(error.name), [str(key) for key in keys])
    return f"`{name}` has no value in {what}" + (f"; nearest: `{one_line(near, 60)}`" if near else "")


def _line(error: BaseException, template: Any, part: Part) -> int:
    """The line of the prompt file where the rendering stopped."""
    found = part.line
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == (template.filename or "<template>"):
            found = part.line + template.get_corresponding_lineno(trace.tb_lineno) - 1
        trace = trace.tb_next
    return found
