"""From a prompt of promptfoo's and the tests to a task: the prompt file's text, and what its cases must hold."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.placeholders import placeholder
from migrator_tui.project.formats.promptfoo.prompts import RawPrompt, chat_in
from migrator_tui.project.formats.promptfoo.reading import Source
from migrator_tui.project.formats.promptfoo.templates import (
    Path,
    as_text,
    chat_file,
    filled,
    is_template,
    names_in,
    render_all,
    translated,
    variants,
)
from migrator_tui.project.formats.promptfoo.values import ForeignTask
from migrator_tui.project.prompts import render_text
from migrator_tui.project.schema import Message
from migrator_tui.project.words import listed, one_line

_HEADED = frozenset(("system", "user", "assistant", "developer"))

TRIED = 200
"""Cases on which a template is tried before it is taken."""

TRYING_SECONDS = 2.0
"""Time for trying one template; what has worked until then is taken to work."""

RENDERING_SECONDS = 20.0
"""Time for putting one prompt into the messages of all cases."""

ONLY = "promptfoo_test"
"""The variable of a test that has none: a case of ours needs one."""


class Cases:
    """The cases of all tests, as the tasks share them."""

    def __init__(self, cases: list[dict[str, Any]]) -> None:
        self.shared = cases

    def fill(self, prompts: Sequence[RawPrompt], checks: Sequence[Mapping[str, Any]], source: Source) -> None:
        """Give every variable that a prompt or a check names a value in every case: an empty one, as in nunjucks."""
        names: set[Path] = set()
        for prompt in prompts:
            for text in _texts(prompt.chat if prompt.chat is not None else prompt.text):
                names |= names_in(translated(text))
        for check in checks:
            names |= _names_in_check(check)
        known: dict[str, set[Path]] = {}
        missing: dict[str, int] = {}
        for case in self.shared:
            own = set(names)
            for check in case.get("checks", ()):
                for text in _texts(check):
                    if "{" in text:
                        own |= known.setdefault(text, names_in(text))
            for name in filled(case["vars"], own):
                missing[name] = missing.get(name, 0) + 1
            if not case["vars"]:
                case["vars"][ONLY] = "1"
        _note_missing(missing, len(self.shared), source)


def _names_in_check(check: Mapping[str, Any]) -> set[Path]:
    found: set[Path] = set()
    for text in _texts(check):
        found |= names_in(text)
    return found


def _note_missing(missing: Mapping[str, int], cases: int, source: Source) -> None:
    from_outside = sorted(name for name in missing if name == "env" or name.startswith("env."))
    if from_outside:
        source.notes.add(f"the environment is empty: {listed(from_outside)}", ", ".join(from_outside))
    names = sorted(name for name in missing if name not in from_outside and "__loaded" not in name)
    if names:
        most = max(missing[name] for name in names)
        where = "every case" if most == cases else f"up to {most:,} of {cases:,} cases"
        what = f"variables without a value are empty, as in promptfoo: {listed(names)} (in {where})"
        source.notes.add(what, ", ".join(names))


def task_of(prompt: RawPrompt, cases: Cases, source: Source) -> ForeignTask:
    """The task of one prompt; what a prompt file of ours can't say is put into each case's messages."""
    shared = cases.shared
    if prompt.code:
        names = list(dict.fromkeys(name for case in shared[:TRIED] for name in case["vars"] if name != ONLY))
        told = f"\n\nVariables of the cases: {listed(names, 30)}." if names else ""
        text = chat_file([{"role": "user", "content": as_text(placeholder(prompt.code) + told)}])
        return ForeignTask(prompt.name, text, shared, prompt.place)
    if prompt.chat is not None:
        return _chat_task(prompt, shared, source)
    if _may_become_chat(prompt.text):
        made = _rendered_chats(prompt, shared)
        if made is not None:
            source.notes.add("a chat made by a template stands in the cases, a prompt for each", prompt.place)
            return _with_messages(prompt, "", shared, made)
    text, kept = _template(prompt.text, shared, prompt, source)
    return _task(prompt, chat_file([{"role": "user", "content": text}]), kept, shared)


def _chat_task(prompt: RawPrompt, shared: Sequence[dict[str, Any]], source: Source) -> ForeignTask:
    messages: list[Message] = list(prompt.chat)
    plain = 0
    while plain < len(messages) and _is_plain(messages[plain]):
        plain += 1
    kept = shared
    headed = []
    for message in messages[:plain]:
        text, kept = _template(message["content"], kept, prompt, source)
        headed.append({"role": message["role"], "content": text})
    rest = messages[plain:]
    if not rest:
        return _task(prompt, chat_file(headed), kept, shared)
    source.notes.add("messages with parts or calls of tools stand in the cases, not in the prompt", rest)
    return _with_messages(prompt, chat_file(headed), kept, _rendered(rest, prompt, kept, source))


def _task(
    prompt: RawPrompt, text: str, kept: Sequence[dict[str, Any]], shared: Sequence[dict[str, Any]]
) -> ForeignTask:
    return ForeignTask(prompt.name, text, kept, prompt.place, shared_cases=kept is shared)


def _is_plain(message: Message) -> bool:
    content = message.get("content")
    return (
        message.get("role") in _HEADED
        and isinstance(content, str)
        and bool(content.strip())
        and set(message) <= {"role", "content"}
    )


def _template(
    text: str, cases: Sequence[dict[str, Any]], prompt: RawPrompt, source: Source
) -> tuple[str, Sequence[dict[str, Any]]]:
    """The text as a template of ours, and the cases it can be rendered for; as plain text where there are none."""
    if "{" not in text:
        return text, cases
    best, least = "", 1.0
    for variant in variants(translated(text)):
        if not is_template(variant):
            continue
        failing, tried = _failing(variant, cases[:TRIED], TRYING_SECONDS)
        if tried and len(failing) / tried < least:
            best, least = variant, len(failing) / tried
        if not failing:
            break
    if not best:
        source.notes.add(f"a text that is no template of Jinja's is sent as it is ({prompt.place})", text)
        return as_text(text), cases
    # One case that can't be rendered would keep all others from being run.
    failing, _ = _failing(best, cases, RENDERING_SECONDS) if least or len(cases) > TRIED else ({}, 0)
    if not failing:
        return best, cases
    what = f"cases are left out that its template can't be rendered for ({prompt.place})"
    source.notes.add(what, "\n".join(failing.values()))
    return best, [case for case in cases if case["id"] not in failing]


def _failing(template: str, cases: Sequence[Mapping[str, Any]], seconds: float) -> tuple[dict[str, str], int]:
    """Why it can't be rendered, by the id of each case, and how many were tried in that time."""
    until = time.monotonic() + seconds
    failing: dict[str, str] = {}
    for tried, case in enumerate(cases, 1):
        try:
            render_text(template, case["vars"], f"case {one_line(case['id'], 60)}")
        except ProjectError as error:
            failing[case["id"]] = str(error)
        if time.monotonic() > until:
            return failing, tried
    return failing, len(cases)


def _may_become_chat(text: str) -> bool:
    start = text.lstrip()[:1]
    return start in ("[", "{", "-") and "role" in text and "{" in text


def _rendered_chats(prompt: RawPrompt, cases: Sequence[Mapping[str, Any]]) -> list[list[Message]] | None:
    """The chat that the text becomes for each case; `None` where it doesn't for some."""
    for variant in variants(translated(prompt.text)):
        if not is_template(variant):
            continue
        made = []
        until = time.monotonic() + RENDERING_SECONDS
        for case in cases:
            try:
                chat = chat_in(render_text(variant, case["vars"], "a case"))
            except ProjectError:
                break
            if chat is None or time.monotonic() > until:
                break
            made.append(chat)
        else:
            return made
    return None


def _rendered(
    messages: list[Message], prompt: RawPrompt, cases: Sequence[Mapping[str, Any]], source: Source
) -> list[list[Message]]:
    until = time.monotonic() + RENDERING_SECONDS
    made = []
    for case in cases:
        try:
            made.append(render_all(messages, case["vars"], "a case", _as_template))
        except ProjectError as error:
            what = f"a chat can't be rendered for some cases ({prompt.place}): {one_line(str(error), 160)}"
            source.notes.add(what, str(case["id"]))
            made.append(messages)
        if time.monotonic() > until:
            what = f"takes more than {RENDERING_SECONDS:g} seconds to render for {len(cases):,} cases"
            raise ProjectError(what, file=prompt.place)
    return made


def _as_template(text: str) -> str:
    put = translated(text)
    return put if is_template(put) else as_text(text)


def _with_messages(
    prompt: RawPrompt, text: str, cases: Sequence[Mapping[str, Any]], messages: Iterable[list[Message]]
) -> ForeignTask:
    own = [{**case, "messages": each} for case, each in zip(cases, messages, strict=True)]
    return ForeignTask(prompt.name, text, own, prompt.place, shared_cases=False)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
