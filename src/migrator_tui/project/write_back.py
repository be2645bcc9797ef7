"""Writes a prompt version into the project's files: shown as a diff first, nothing else in them touched."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_tui.project import trust
from migrator_tui.project.config import CONFIG_NAME, MAX_CONFIG
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded, read_bytes, replace_file, shown_path
from migrator_tui.project.prompts import MAX_PROMPT, normal
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task
from migrator_tui.project.tables import Misfit, plain_value
from migrator_tui.project.toml_text import toml_value
from migrator_tui.project.words import quoted

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file as it is and as it would be, to the byte."""

    path: Path
    """Absolute."""
    before: str | None
    """`None` where there is no such file yet."""
    after: str
    shown: str = ""
    """The path as messages and diffs name it."""


def prompt_change(
    project: Project, task: Task | str, candidate: ModelSpec | str, template: str, params: Mapping[str, Any]
) -> list[FileChange]:
    """What writing that template and those parameters as the candidate's own would change; empty if nothing.

    The prompt goes to the candidate's file, else to a new one beside the task's, which the configuration then names.
    Changed parameters go into `params`, in a project of several tasks into `task_params` of this one. `ProjectError`
    where files can't be read, or the configuration is laid out in a way that can't be edited safely.
    """
    refuse_foreign(project)
    task = project.task(task) if isinstance(task, str) else task
    spec = project.model(candidate) if isinstance(candidate, str) else candidate
    if spec.name == BASELINE:
        raise ProjectError("the baseline's prompt is the task's own file; only a candidate's is written from here")
    try:
        params = plain_value(dict(params))
    except Misfit as misfit:
        raise ProjectError(f"the parameters can't be written: {misfit.what}") from None
    changes = []
    own = spec.prompts.get(task.name)
    new_file: Path | None = None
    record = _read(own or task.prompt, project, MAX_PROMPT)
    if normal(record.removeprefix(_BOM)) != normal(template):
        if own is not None:
            changes.append(_change(own, record, _laid_out(template, record), project))
        else:
            new_file = _new_file(project, task, spec)
            changes.append(_change(new_file, None, _laid_out(template, "\n"), project))
    new_params = params if dict(spec.params_for(task.name)) != params else None
    if new_file is not None or new_params is not None:
        changes.append(config_change(project, _setting(project, task.name, spec, new_file, new_params)))
    return [change for change in changes if change.before != change.after]


def refuse_foreign(project: Project) -> None:
    """Raise `ProjectError` for a folder of another tool's: its files are read, never written."""
    if project.foreign is not None:
        tool = project.foreign.tool
        # What to do comes first, and nothing more: the header has little room.
        raise ProjectError(f"`migrator-tui import {tool} . --output DIR` first; {tool}'s files stay as they are")


def config_change(project: Project, edit: Callable[[Any, dict[str, Any]], None]) -> FileChange:
    """What an edit makes of the configuration, comments and layout kept.

    `edit` changes a tomlkit document and, in the same way, the plain values that must come out of it. `ProjectError`
    where the two do not agree: the file is then laid out in a way that can't be edited safely.
    """
    refuse_foreign(project)
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    before = _read(project.config_file, project, MAX_CONFIG)
    body = before.removeprefix(_BOM)
    shown = shown_path(project.config_file, project.folder)
    try:
        document: Any = tomlkit.parse(body)
        expected = tomllib.loads(body)
        edit(document, expected)
        after = tomlkit.dumps(document)
        sound = tomllib.loads(after) == expected
    except (TOMLKitError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProjectError(f"can't be edited safely ({error}); write it by hand", file=shown) from None
    if not sound:
        raise ProjectError("is laid out so that it can't be edited safely; write it by hand", file=shown)
    after = (_BOM if before.startswith(_BOM) else "") + after
    return _change(project.config_file, before, after, project)


def diff_text(changes: Sequence[FileChange]) -> str:
    """The changes as one unified diff; empty for none."""
    lines: list[str] = []
    for change in changes:
        name = change.shown or str(change.path)
        old = (change.before or "").splitlines(keepends=True)
        new = change.after.splitlines(keepends=True)
        source = f"a/{name}" if change.before is not None else "/dev/null"
        for line in difflib.unified_diff(old, new, source, f"b/{name}"):
            lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines)


def apply(changes: Sequence[FileChange]) -> None:
    """Write them, each file whole or not at all; `ProjectError` before anything is written if a file has changed."""
    for change in changes:
        shown = change.shown or str(change.path)
        if change.before is None:
            if change.path.exists() or change.path.is_symlink():
                raise ProjectError("was made meanwhile by somebody else; nothing is written", file=shown)
        elif _bytes(change.before) != read_bytes(change.path, shown, MAX_PROMPT + len(_bytes(change.before))):
            raise ProjectError("was changed elsewhere meanwhile; nothing is written", file=shown)
    # The user's own change to the configuration is no reason to ask for trust again.
    trusted = [c.path for c in changes if c.path.name == CONFIG_NAME and c.before and trust.is_trusted_config(c.path)]
    for change in changes:
        try:
            replace_file(change.path, _bytes(change.after))
        except OSError as error:
            shown = change.shown or str(change.path)
            raise ProjectError(f"can't be written ({error.strerror})", file=shown) from error
    for config_file in trusted:
        trust.trust_config(config_file)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _read(path: Path, project: Project, limit: int) -> str:
    shown = shown_path(path, project.folder)
    data = read_bytes(path, shown, limit)
    text = decoded(data, shown)
    # To the byte: what a byte order mark is needed for is not ours to judge.
    return _BOM + text if data.startswith(b"\xef\xbb\xbf") else text


def _change(path: Path, before: str | None, after: str, project: Project) -> FileChange:
    shown = shown_path(path, project.folder)
    try:
        after.encode()
    except UnicodeEncodeError:
        what = "the prompt holds a lone surrogate, which no file can; take it out"
        raise ProjectError(what, file=shown) from None
    return FileChange(path, before, after, shown)


def _laid_out(template: str, like: str) -> str:
    """The template with the line ends, the last line's end and the byte order mark of the file it replaces."""
    body = normal(template)
    if like.endswith("\n") or not like:
        body += "\n"
    if "\r\n" in like:
        body = body.replace("\n", "\r\n")
    return _BOM + body if like.startswith(_BOM) else body


def _new_file(project: Project, task: Task, spec: ModelSpec) -> Path:
    """`prompts/triage.sonnet.md`, beside the task's own prompt where that lies in the project."""
    folder = task.prompt.parent
    if not folder.is_relative_to(project.folder):
        folder = project.folder / "prompts"
    stem = f"{_file_word(task.name)}.{_file_word(spec.name)}"
    number = 1
    while True:
        path = folder / (f"{stem}{task.prompt.suffix}" if number == 1 else f"{stem}-{number}{task.prompt.suffix}")
        if not path.exists() and not path.is_symlink():
            return path
        number += 1


def _file_word(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "prompt"


def _setting(
    project: Project, task: str, spec: ModelSpec, prompt: Path | None, params: Mapping[str, Any] | None
) -> Callable[[Any, dict[str, Any]], None]:
    """The edit that sets the candidate's prompt file and parameters."""

    def edit(document: Any, expected: dict[str, Any]) -> None:
        found, number = _candidate(document, spec)
        wanted = expected["candidates"][number]
        if prompt is not None:
            _set(found, "prompts", task, shown_path(prompt, project.folder))
            wanted.setdefault("prompts", {})[task] = shown_path(prompt, project.folder)
        if params is not None and (len(project.tasks) > 1 or task in spec.task_params):
            _set(found, "task_params", task, params)
            wanted.setdefault("task_params", {})[task] = dict(params)
        elif params is not None:
            _set_params(found, params)
            wanted["params"] = dict(params)

    return edit


def _candidate(document: Any, spec: ModelSpec) -> tuple[Any, int]:
    for number, table in enumerate(document["candidates"]):
        if str(table.get("name") or str(table["model"]).rpartition("/")[2]) == spec.name:
            return table, number
    raise KeyError(f"no candidate {quoted(spec.name)}")


def _set(candidate: Any, table: str, key: str, value: Any) -> None:
    if table not in candidate:
        put(candidate, table, {key: value})
    else:
        put(candidate[table], key, value)


def _set_params(candidate: Any, params: Mapping[str, Any]) -> None:
    from tomlkit.items import Table

    table = candidate.get("params")
    if not isinstance(table, Table):
        put(candidate, "params", params)
        return
    for key in [key for key in table if key not in params]:
        del table[key]
    for key, value in params.items():
        if key not in table or toml_value(table[key].unwrap()) != toml_value(value):
            put(table, key, value)


def put(table: Any, key: str, value: Any) -> None:
    """Set a key; a comment behind the old value stays, a new key goes right behind the table's last plain one."""
    import tomlkit
    from tomlkit.items import AoT, Item, Table

    # Parsed from our own text, so that it is laid out as the documentation writes it.
    item = tomlkit.value(toml_value(value))
    if key in table:
        old = table[key]
        if isinstance(old, Item):
            item.trivia.comment_ws, item.trivia.comment = old.trivia.comment_ws, old.trivia.comment
            item.trivia.trail = old.trivia.trail
        table[key] = item
        return
    body = table.value.body if isinstance(table, Table) else []
    last = max((n for n, (k, v) in enumerate(body) if k is not None and not isinstance(v, Table | AoT)), default=-1)
    if last < 0 or last + 1 == len(body):  # tomlkit inserts only before something
        table[key] = item
    else:
        # Blank lines and comments at a table's end belong to what follows it.
        table.value._insert_at(last + 1, tomlkit.key(key), item)
