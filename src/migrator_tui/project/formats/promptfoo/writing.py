"""The files of a project of ours that says what a promptfoo configuration, or an export of results, says."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator_tui.project.formats.promptfoo.values import Converted, ForeignModel, distinct
from migrator_tui.project.toml_text import toml_key, toml_value

CONFIG = "migrator.toml"
NOTES = "not-honoured.md"
"""What of the other tool's files is not honoured, word for word."""

_FIRST = ("model", "params", "api_base", "api_key_env", "columns")


def files_of(found: Converted) -> dict[str, str]:
    """Path from the folder to text, with slashes; `migrator.toml` comes last: once it is there, the rest is, too."""
    files: dict[str, str] = {}
    for name, rows in found.outputs.items():
        files[name] = _lines(rows)
    own_places = _place_of_own_prompts(found)
    files |= {path: found.prompts[key] for key, path in own_places.items()}
    config = [
        "# Made from the files of another tool"
        + (f"; {NOTES} says what of them is not honoured." if found.notes else "."),
        "",
        "[project]",
        f"name = {toml_value(found.name)}",
        "",
        "[baseline]                # the model you are moving from",
        *_model(found.models[0], "baseline"),
        "",
    ]
    for model in found.models[1:]:
        proposed = " (proposed: no file names it)" if model.proposed else ""
        config += [
            f"[[candidates]]            # a model you are moving to{proposed}",
            f"name = {toml_value(model.name)}",
        ]
        config += [*_model(model, "candidates"), ""]
        if own := {task: path for (task, name), path in own_places.items() if name == model.name}:
            config += ["[candidates.prompts]"]
            config += [*(f"{toml_key(task)} = {toml_value(path)}" for task, path in own.items()), ""]
    for name, table in found.helpers.items():
        config += [f"[{name}]", *_table(table), ""]
    prompts, cases = place_of_prompts(found), place_of_cases(found)
    for task, prompt, case_file in zip(found.tasks, prompts, cases, strict=True):
        files[prompt] = task.prompt.encode("utf-8", "replace").decode()
        if case_file not in files:
            files[case_file] = _lines(task.cases)
        stem = Path(prompt).stem
        config += ["[[tasks]]", f"name = {toml_value(task.name)}", f"prompt = {toml_value(prompt)}"]
        config.append(f"cases = [{toml_value(case_file)}]")
        if task.checks:
            config += ["checks = [", *(f"    {toml_value(check)}," for check in task.checks), "]"]
        if task.threshold is not None:
            config.append(f"threshold = {toml_value(task.threshold)}")
        # In files of their own: JSON says null, TOML has no way to.
        for key, folder, value in (
            ("tools", "tools", list(task.tools)),
            ("response_format", "formats", task.response_format),
        ):
            if value:
                files[f"{folder}/{stem}.json"] = _json(value, indent=2) + "\n"
                config.append(f"{key} = {toml_value(f'{folder}/{stem}.json')}")
        config.append("")
    if found.notes:
        files[NOTES] = _notes(found)
    files[CONFIG] = "\n".join(config)
    return files


def place_of_prompts(found: Converted) -> list[str]:
    """The prompt file of each task."""
    names: list[str] = []
    for task in found.tasks:
        names.append(distinct(_word(task.name), names))
    return [f"prompts/{name}.md" for name in names]


def place_of_cases(found: Converted) -> list[str]:
    """The case file of each task; tasks that share their cases share it."""
    return [
        "cases/tests.jsonl" if task.shared_cases else f"cases/of-{Path(prompt).stem}.jsonl"
        for task, prompt in zip(found.tasks, place_of_prompts(found), strict=True)
    ]


def _place_of_own_prompts(found: Converted) -> dict[tuple[str, str], str]:
    """`prompts/TASK.CANDIDATE.md`, by task and candidate."""
    stems = {task.name: Path(path).stem for task, path in zip(found.tasks, place_of_prompts(found), strict=True)}
    places: dict[tuple[str, str], str] = {}
    for task, name in found.prompts:
        stem = distinct(f"{stems[task]}.{_word(name)}", [*stems.values(), *(Path(p).stem for p in places.values())])
        places[task, name] = f"prompts/{stem}.md"
    return places


def _model(model: ForeignModel, path: str) -> list[str]:
    lines = _table(model.table)
    if model.task_params:
        lines += ["", f"[{path}.task_params]"]
        lines += [f"{toml_key(task)} = {toml_value(params)}" for task, params in model.task_params.items()]
    return lines


def _table(table: Mapping[str, Any]) -> list[str]:
    keys = [key for key in _FIRST if key in table] + [key for key in table if key not in _FIRST]
    return [f"{toml_key(key)} = {toml_value(table[key])}" for key in keys]


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(_json(row) + "\n" for row in rows)


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a pair of surrogates: JSON has a way to write it, UTF-8 has none
        text = json.dumps(value, indent=indent)
    return text


def _notes(found: Converted) -> str:
    lines = [
        f"# What is not honoured in {found.name}",
        "",
        "Kept word for word, but for keys. Nothing of it was run.",
        "",
    ]
    for note in found.notes:
        lines += [f"## {note.what}", ""]
        for passage in note.verbatim:
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", passage) or [""]))
            lines += [fence, passage, fence, ""]
    return "\n".join(lines).encode("utf-8", "replace").decode()


def _word(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:60] or "prompt"


def sizes(files: Mapping[str, str]) -> Sequence[tuple[str, int]]:
    """Each file with its size in bytes, for a preview."""
    return [(name, len(text.encode("utf-8", "surrogatepass"))) for name, text in files.items()]
