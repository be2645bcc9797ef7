"""Finds the prompts of a promptfoo configuration: inline texts, files of every kind, patterns. None is executed."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from migrator_tui.project.case_values import ROLES
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.reading import FILE, Source, dereferenced, is_code, parsed
from migrator_tui.project.formats.promptfoo.values import distinct, name_from, passage_of
from migrator_tui.project.words import kind_of, one_line, quoted

REMOTE = ("portkey://", "langfuse://", "helicone://", "http://", "https://")
"""Prompts that another service keeps."""

MOST_PROMPTS = 500

_TEXT_SUFFIXES = (".txt", ".md", ".j2", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".tsv")
_WRAPPERS = "exec:"


@dataclass(frozen=True, slots=True)
class RawPrompt:
    """One prompt as promptfoo would send it, before a case is put in."""

    name: str
    text: str
    place: str
    """Where it stands, for screens: `promptfooconfig.yaml, prompt 2` or a file's name."""
    chat: Any = None
    """The messages, where the text is a chat; what is in them is not rendered yet."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that hold for this prompt."""
    code: str = ""
    """The file or service that would make the prompt; then there is no text."""


def read_prompts(stated: Any, source: Source, config: Mapping[str, Any]) -> list[RawPrompt]:
    """All prompts in their order, with names of their own."""
    found: list[RawPrompt] = []
    for number, each in enumerate(_items(stated, source), 1):
        item = dereferenced(each, config, source.config_file.name)
        for prompt in _of_item(item, number, source):
            name = distinct(prompt.name, [other.name for other in found])
            found.append(replace(prompt, name=name, place=one_line(prompt.place, 200)))
            if len(found) > MOST_PROMPTS:
                raise ProjectError(f"more than {MOST_PROMPTS} prompts", file=source.config_file.name)
    return found


def _items(stated: Any, source: Source) -> list[Any]:
    if isinstance(stated, str):
        return [stated]
    if isinstance(stated, list):
        return stated
    if isinstance(stated, Mapping):
        if "raw" in stated or "id" in stated:
            return [stated]
        # promptfoo's oldest form: file to label.
        return [{"raw": raw, "label": label} for raw, label in stated.items()]
    if stated is None:
        return []
    raise ProjectError(f"prompts must be a list, not {kind_of(stated)}", file=source.config_file.name)


def _of_item(item: Any, number: int, source: Source) -> Iterator[RawPrompt]:
    config: Mapping[str, Any] = {}
    label = ""
    raw: Any = item
    if isinstance(item, Mapping):
        raw = item.get("raw") if item.get("raw") is not None else item.get("id")
        label = item["label"] if isinstance(item.get("label"), str) else ""
        config = item["config"] if isinstance(item.get("config"), Mapping) else {}
        if raw is None and isinstance(item.get("file"), str):
            raw = FILE + item["file"]
        for key in ("function", "prefix", "suffix"):
            if key in item:
                source.notes.add(f"{key} of a prompt is not honoured", {key: item[key]})
    place = f"{source.config_file.name}, prompt {number}"
    if isinstance(raw, list) and _is_chat(raw):
        yield RawPrompt(name_from(label) or f"prompt-{number}", json.dumps(raw), place, chat=raw, config=config)
        return
    if not isinstance(raw, str) or not raw.strip():
        source.notes.add("a prompt without a text is left out", item)
        return
    named = name_from(label)
    if raw.startswith(REMOTE) or raw.startswith(_WRAPPERS):
        yield _code(named or f"prompt-{number}", raw, place, source)
    elif _is_file(raw):
        yield from _of_files(raw, named, number, config, source)
    else:
        yield _text(named or f"prompt-{number}", raw, place, config)


def _is_file(raw: str) -> bool:
    """Whether promptfoo would look for a file: narrower than its own rule, which takes any slash for a path."""
    if raw.startswith(FILE):
        return True
    if "\n" in raw or "{{" in raw or len(raw) > 400 or " " in raw.strip():
        return False
    return raw.endswith(_TEXT_SUFFIXES) or is_code(raw) or ("*" in raw and "/" in raw)


def _of_files(raw: str, named: str, number: int, config: Mapping[str, Any], source: Source) -> Iterator[RawPrompt]:
    if is_code(raw):
        place = raw.removeprefix(FILE)
        yield _code(named or _stem(place), raw, place, source)
        return
    files = source.files(raw)
    if not files:
        if not raw.startswith(FILE):  # a text that only looked like a file's name
            yield _text(named or f"prompt-{number}", raw, f"{source.config_file.name}, prompt {number}", config)
            return
        shown = quoted(raw.removeprefix(FILE))
        raise ProjectError(f"prompt {number}: no file {shown}", file=source.config_file.name)
    for file in files:
        shown = source.shown(file)
        if is_code(file.name):
            yield _code(named or _stem(file.name), shown, shown, source)
            continue
        prompts = list(_in_file(file, source))
        if not prompts:
            source.notes.add("a prompt file without a text is left out", shown)
        for n, (label, text, chat) in enumerate(prompts, 1):
            place = shown if len(prompts) == 1 else f"{shown}, prompt {n}"
            name = name_from(f"{named}: {shown}" if named and len(files) > 1 else named or label)
            name = name or (_stem(file.name) if len(prompts) == 1 else f"{_stem(file.name)}-{n}")
            made = _text(name, text, place, config)
            yield replace(made, chat=chat) if chat is not None else made


def _in_file(file: Path, source: Source) -> Iterator[tuple[str, str, Any]]:
    """Label, text and chat of each prompt in a file."""
    suffix = file.suffix.lower()
    text = source.text(file).replace("\r\n", "\n")
    if suffix in (".csv", ".tsv"):
        yield from _in_table(text, source.shown(file))
    elif suffix == ".jsonl":
        for line in text.split("\n"):
            if line.strip():
                yield "", line.strip(), None
    elif suffix in (".yaml", ".yml"):
        yield "", *_yaml_chat(text, source.shown(file))
    elif suffix == ".txt":
        for piece in f"\n{text}\n".split("\n---\n"):
            if piece.strip():
                yield "", piece.strip("\n"), None
    elif text.strip():
        yield "", text, None


def _yaml_chat(text: str, shown: str) -> tuple[str, Any]:
    """A YAML file as promptfoo sends it: its value as JSON; as text where it is a template before it is YAML."""
    try:
        value = parsed(text, shown, ".yaml")
    except ProjectError:
        return text, None
    if isinstance(value, str):
        return value, None
    return json.dumps(value, ensure_ascii=False, indent=2), value if _is_chat(value) else None


def _in_table(text: str, shown: str) -> Iterator[tuple[str, str, Any]]:
    """A CSV of prompts: a column `prompt`, beside it `label`; without a heading, one prompt a line."""
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise ProjectError(f"not CSV: {error}", file=shown) from None
    heading = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "prompt" not in heading:
        for row in rows:
            yield "", delimiter.join(row).strip(), None
        return
    at = heading.index("prompt")
    labels = heading.index("label") if "label" in heading else None
    for row in rows[1:]:
        if len(row) > at and row[at].strip():
            yield row[labels] if labels is not None and len(row) > labels else "", row[at], None


def _text(name: str, text: str, place: str, config: Mapping[str, Any]) -> RawPrompt:
    return RawPrompt(name, text, place, chat=chat_in(text), config=config)


def chat_in(text: str) -> Any:
    """The messages of a text that is a chat written as JSON or YAML, else `None`."""
    start = text.lstrip()[:200]
    value: Any = None
    if start.startswith(("[", "{")):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
    elif start.startswith("- role:"):
        try:
            value = parsed(text, "", ".yaml")
        except ProjectError:
            return None
    if isinstance(value, Mapping) and _is_chat(value.get("messages")):
        value = value["messages"]
    return value if _is_chat(value) else None


def _is_chat(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(
        isinstance(message, dict)
        and message.get("role") in ROLES
        and (isinstance(message.get("content"), str | list) or message.get("tool_calls"))
        for message in value
    )


def _code(name: str, raw: str, place: str, source: Source) -> RawPrompt:
    bare = raw.removeprefix(FILE)
    kind = "a service keeps" if raw.startswith(REMOTE) else "a program makes"
    what = f"prompts that {kind} are opened as placeholders"
    source.notes.add(what, passage_of(bare))
    return RawPrompt(name, "", place, code=bare)


def _stem(name: str) -> str:
    """A file's name without its suffix; `prompts.py:simple` gives `simple`."""
    file, _, function = (
        name.rpartition(":") if is_code(name) and not is_code(name.rpartition(":")[2]) else (name, "", "")
    )
    return name_from(function or Path(file or name).stem) or "prompt"
