"""The files that make a folder a project: proposed as text, shown, and only then written."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_tui.project.config import CONFIG_NAME
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.folder_scan import Discovery, FoundCases, FoundModel, FoundPrompt, discover
from migrator_tui.project.prompts import is_chat, read_template, variables
from migrator_tui.project.toml_text import toml_value
from migrator_tui.project.words import one_line

__all__ = [
    "Discovery",
    "FoundCases",
    "FoundModel",
    "FoundPrompt",
    "ProposedTask",
    "discover",
    "init_files",
    "propose_config",
    "starter_cases",
    "write_files",
]

USUAL_BASELINE = "openai/gpt-4o-2024-08-06"
USUAL_CANDIDATE = "anthropic/claude-sonnet-5"
"""Proposed where the source names no model: the user changes them before or after writing."""

STARTER_PROMPT = "You answer customers of {{ shop }}. Answer in two sentences.\n"


@dataclass(frozen=True, slots=True)
class ProposedTask:
    """One task of a proposed configuration; paths are from the project's folder."""

    name: str
    prompt: str
    cases: Sequence[str]
    tools: str | None = None
    production: str | None = None
    response_format: str | None = None


def propose_config(
    *,
    name: str,
    baseline: str,
    candidates: Sequence[str],
    tasks: Sequence[ProposedTask],
    baseline_params: Mapping[str, Any] | None = None,
    baseline_note: str | None = None,
) -> str:
    """The text of a `migrator.toml`; `baseline_note` goes behind the baseline's model, in one line."""
    lines = [
        "[project]",
        f"name = {toml_value(name)}",
        "",
        "[baseline]                # the model you are moving from",
        f"model = {toml_value(baseline)}" + (f"  # {one_line(baseline_note)}" if baseline_note else ""),
        *([f"params = {toml_value(baseline_params)}"] if baseline_params else []),
        "",
    ]
    names: list[str] = []
    for candidate in candidates:
        short = own = candidate.rpartition("/")[2].rpartition(":")[2] or "candidate"
        number = 2
        while own in names or own == "baseline":
            own, number = f"{short}-{number}", number + 1
        names.append(own)
        lines += [
            "[[candidates]]            # the model you are moving to",
            f"name = {toml_value(own)}",
            f"model = {toml_value(candidate)}",
            "",
        ]
    for task in tasks:
        lines += [
            "[[tasks]]",
            f"name = {toml_value(task.name)}",
            f"prompt = {toml_value(task.prompt)}",
            f"cases = {toml_value(list(task.cases))}",
            *([f"tools = {toml_value(task.tools)}"] if task.tools is not None else []),
            *([f"response_format = {toml_value(task.response_format)}"] if task.response_format is not None else []),
            *([f"production = {toml_value(task.production)}"] if task.production is not None else []),
            'checks = []               # such as { type = "is-json" } or { type = "max-words", value = 80 }',
            "",
        ]
    lines += [
        "[gate]",
        "margin = 0.03             # how much lower the pass rate may truly be",
        "confidence = 0.95",
        "max_critical_regressions = 0",
        "",
    ]
    return "\n".join(lines)


def init_files(
    found: Discovery,
    *,
    baseline: str | None = None,
    candidates: Sequence[str] = (USUAL_CANDIDATE,),
    name: str | None = None,
    task: str | None = None,
    prompt: str | None = None,
    cases: Sequence[str] | None = None,
) -> dict[Path, str]:
    """What would be written into the folder, by absolute path; nothing is written here.

    What is not stated is the likeliest that was found; a prompt or cases that nobody has are begun with an example.
    """
    files: dict[Path, str] = {}
    if prompt is None:
        prompt = found.prompts[0].shown if found.prompts else None
    template = STARTER_PROMPT
    if prompt is not None and (found.folder / prompt).is_file():
        template = read_template(found.folder / prompt, prompt)
        task = task or Path(prompt).stem.split(".")[0]
    task = task or "answer"
    if prompt is None:
        prompt = f"prompts/{task}.md"
    if not (found.folder / prompt).is_file():
        files[found.folder / prompt] = STARTER_PROMPT
    if cases is None:
        needed = variables(template)
        fitting = [each for each in found.cases if not needed or needed <= set(each.variables)]
        cases = [fitting[0].shown] if fitting else []
    if not cases:
        cases = [f"cases/{task}.jsonl"]
        if not (found.folder / cases[0]).exists():
            files[found.folder / cases[0]] = starter_cases(template)
    config = propose_config(
        name=name or found.name,
        baseline=baseline or (found.models[0].name if found.models else USUAL_BASELINE),
        candidates=candidates,
        tasks=[ProposedTask(task, prompt, cases)],
    )
    return {found.folder / CONFIG_NAME: config, **files}


def write_files(files: Mapping[Path, str]) -> None:
    """Write new files, each whole or not at all, never over one that exists; the configuration comes last."""
    for path in files:
        if path.exists() or path.is_symlink():
            raise ProjectError("exists already; nothing is written", file=path)
    for path, text in sorted(files.items(), key=lambda item: item[0].name == CONFIG_NAME):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            try:
                beside.write_bytes(text.encode())
                # A link fails where the name is taken; a rename would write over it.
                os.link(beside, path)
            finally:
                beside.unlink(missing_ok=True)
        except FileExistsError:
            raise ProjectError("exists already; it is left as it is", file=path) from None
        except (OSError, ValueError) as error:
            raise ProjectError(f"can't be written ({error})", file=path) from error


def starter_cases(template: str) -> str:
    """Two example cases for that prompt, as JSONL."""
    names = sorted(variables(template))
    # A chat prompt brings its own user message.
    messages = [] if is_chat(template) and names else [{"role": "user", "content": "Where is my order?"}]
    lines = []
    for number in (1, 2):
        case = {
            "id": f"example-{number}",
            "vars": {n: f"example {n} {number}" for n in names},
            "messages": messages,
        }
        lines.append(json.dumps({key: value for key, value in case.items() if value}, ensure_ascii=False))
    return "\n".join(lines) + "\n"
