"""What a folder without a project has to offer: prompt files, case files, models named in the source.

Looks at names first and reads little, so that it ends within a moment in a folder of any size.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from migrator_tui.project.cases import read_cases
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import is_chat, read_template, variables
from migrator_tui.project.task_tables import CASE_SUFFIXES

MAX_ENTRIES = 20_000
MAX_IN_FOLDER = 2_000
"""Entries looked at in one folder, so that a heap of data leaves something for the folders beside it."""
MAX_SECONDS = 2.0
MAX_DEPTH = 8
MAX_SOURCE = 512 * 1024
MAX_COUNTED = 64 * 1024 * 1024
MAX_PARSED = 8 * 1024 * 1024

SKIPPED = frozenset(
    (
        "node_modules",
        "venv",
        "env",
        "__pycache__",
        "site-packages",
        "dist",
        "build",
        "target",
        "vendor",
        "coverage",
    )
)
"""Folders nobody keeps prompts in; those whose name begins with a dot are passed over too."""

PROMPT_SUFFIXES = (".md", ".txt", ".j2", ".jinja", ".jinja2", ".prompt", ".tmpl", ".mustache")
SOURCE_SUFFIXES = (".py", ".ts", ".js", ".tsx", ".jsx", ".mjs", ".go", ".rb", ".java", ".kt", ".rs", ".php", ".cs")
SETTING_SUFFIXES = (".toml", ".yaml", ".yml", ".json", ".env", ".ini", ".cfg")

_PROMPT_WORD = re.compile(r"prompt|system|instruction|template", re.IGNORECASE)
_CASE_WORD = re.compile(r"case|test|eval|golden|example|dataset|sample", re.IGNORECASE)
_NO_PROMPT = re.compile(
    r"(readme|changelog|license|contributing|requirements|notes|todo|code_of_conduct|security|robots)\b.*",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"""["'`=:\s](
      (?:[a-z_]+/){0,2}
      (?: gpt-[0-9][\w.-]* | chatgpt-[\w.-]+ | o[1-9](?:-mini|-pro|-preview)?(?:-\d{4}-\d\d-\d\d)? | claude-[\w.-]+
        | gemini-[\w.-]+ | mistral-(?:large|small|medium)[\w.-]* | (?:open-)?mixtral-[\w.-]+ | codestral-[\w.-]+
        | command-[ar][\w.-]* | deepseek-(?:chat|reasoner|v\d)[\w.-]* | grok-\d[\w.-]* | llama-?\d[\w.:-]*
        | qwen[\d-][\w.:-]* )
    )(?=["'`\s,;]|$)""",
    re.VERBOSE,
)
_PROVIDERS = (
    ("gpt-", "openai/"),
    ("chatgpt-", "openai/"),
    ("claude-", "anthropic/"),
    ("gemini-", "gemini/"),
    ("mi", "mistral/"),
    ("open-mixtral", "mistral/"),
    ("codestral", "mistral/"),
    ("command-", "cohere/"),
    ("deepseek-", "deepseek/"),
    ("grok-", "xai/"),
    ("o", "openai/"),
)


@dataclass(frozen=True, slots=True)
class FoundPrompt:
    """A file that looks like a prompt."""

    path: Path
    shown: str
    variables: tuple[str, ...]
    chat: bool
    likely: int
    """How much speaks for it; larger is likelier."""


@dataclass(frozen=True, slots=True)
class FoundCases:
    """A file whose first cases read well."""

    path: Path
    shown: str
    count: int | None
    """`None` where the file is too large, or wrong further down, to be counted."""
    variables: tuple[str, ...]
    """Those of its first case."""
    likely: int


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model's name in the source."""

    name: str
    """With its provider in front, as the configuration wants it."""
    shown: str
    """`app/llm.py:41`."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, the likeliest first."""

    folder: Path
    name: str
    prompts: tuple[FoundPrompt, ...] = ()
    cases: tuple[FoundCases, ...] = ()
    models: tuple[FoundModel, ...] = ()
    complete: bool = True
    """False where the folder was too large to look at everything."""
    files: tuple[str, ...] = ()
    """Every file that could be a prompt or hold cases, likely or not, by its path from the folder."""


@dataclass(slots=True)
class _Look:
    folder: Path
    until: float
    entries: int = 0
    complete: bool = True
    models: dict[str, FoundModel] = field(default_factory=dict)

    def over(self) -> bool:
        """Whether to stop; remembered, so that the screen can say so."""
        if self.entries >= MAX_ENTRIES or time.monotonic() > self.until:
            self.complete = False
            return True
        return False


def discover(folder: Path, *, seconds: float = MAX_SECONDS) -> Discovery:
    """Look through a folder; ends after about `seconds`, and never follows a link out of it."""
    folder = folder.resolve()
    look = _Look(folder, time.monotonic() + seconds)
    prompts: list[FoundPrompt] = []
    cases: list[FoundCases] = []
    # Names are cheap, contents are not: all names first, so that a slow file hides none.
    paths = list(_files(look))
    for path in paths:
        if time.monotonic() > look.until:
            look.complete = False
            break
        suffix = path.suffix.lower()
        with contextlib.suppress(OSError):  # gone or closed to us since its name was read
            if suffix in PROMPT_SUFFIXES and (prompt := _prompt(path, folder)):
                prompts.append(prompt)
            if suffix in CASE_SUFFIXES and (found := _cases(path, folder)):
                cases.append(found)
        if suffix in SOURCE_SUFFIXES or suffix in SETTING_SUFFIXES or path.name.startswith(".env"):
            _models(path, look)
    return Discovery(
        folder=folder,
        name=_project_name(folder),
        prompts=tuple(sorted(prompts, key=lambda p: (-p.likely, p.shown))),
        cases=tuple(sorted(cases, key=lambda c: (-c.likely, c.shown))),
        models=tuple(sorted(look.models.values(), key=lambda m: -m.times)),
        complete=look.complete,
        files=tuple(
            _shown(path, folder) for path in paths if path.suffix.lower() in (*PROMPT_SUFFIXES, *CASE_SUFFIXES)
        ),
    )


def with_provider(model: str) -> str:
    """The model's name with its provider in front, where that is plain from the name."""
    if "/" in model:
        return model
    return next((provider + model for start, provider in _PROVIDERS if model.startswith(start)), model)


def _files(look: _Look) -> Iterator[Path]:
    level = [look.folder]
    for _ in range(MAX_DEPTH):
        below: list[Path] = []
        for folder in level:
            if look.over():
                return
            try:
                with os.scandir(folder) as opened:
                    entries = sorted(islice(opened, MAX_IN_FOLDER + 1), key=lambda entry: entry.name)
            except OSError:
                # A folder that can't be read holds nothing that a project could use.
                continue
            if len(entries) > MAX_IN_FOLDER:
                look.complete = False
            for entry in entries:
                look.entries += 1
                if look.entries >= MAX_ENTRIES:
                    look.complete = False
                    break
                if not entry.name.isprintable():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in SKIPPED:
                        below.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)
        level = below


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _prompt(path: Path, folder: Path) -> FoundPrompt | None:
    if _NO_PROMPT.match(path.name) or path.stat().st_size > MAX_SOURCE:
        return None
    shown = _shown(path, folder)
    likely = 2 * bool(_PROMPT_WORD.search(path.parent.name)) + 2 * bool(_PROMPT_WORD.search(path.stem))
    try:
        template = read_template(path)
        names = variables(template)
    except ProjectError:
        return None
    chat = is_chat(template)
    likely += 3 * chat + bool(names)
    # Prose without a sign of a prompt is documentation.
    if likely < 2 or not template.strip():
        return None
    return FoundPrompt(path, shown, tuple(sorted(names)), chat, likely)


def _cases(path: Path, folder: Path) -> FoundCases | None:
    shown = _shown(path, folder)
    size = path.stat().st_size
    likely = 2 * bool(_CASE_WORD.search(path.parent.name)) + 2 * bool(_CASE_WORD.search(path.stem))
    plain = path.suffix.lower() in (".jsonl", ".ndjson")
    if not size or (not likely and not plain) or size > MAX_COUNTED:
        return None
    if path.suffix.lower() in (".yaml", ".yml", ".json") and size > MAX_SOURCE:
        return None
    try:
        first = next(iter(read_cases(path, folder)), None)
    except ProjectError:
        return None
    if first is None:
        return None
    return FoundCases(path, shown, _count(path, folder), tuple(sorted(first.vars)), likely + plain)


def _count(path: Path, folder: Path) -> int | None:
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        with path.open("rb") as file:
            return sum(1 for line in file if not line.isspace())
    if path.stat().st_size > MAX_PARSED:
        return None
    try:
        return sum(1 for _ in read_cases(path, folder))
    except ProjectError:
        return None


def _models(path: Path, look: _Look) -> None:
    try:
        if path.stat().st_size > MAX_SOURCE:
            return
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for number, line in enumerate(text.split("\n"), 1):
        for found in _MODEL.finditer(line[:2000]):
            name = with_provider(found[1].rstrip(".-:"))
            known = look.models.get(name)
            place = known.shown if known else f"{_shown(path, look.folder)}:{number}"
            look.models[name] = FoundModel(name, place, (known.times if known else 0) + 1)


def _project_name(folder: Path) -> str:
    for file, pattern in (
        ("pyproject.toml", r'^name\s*=\s*"([^"]+)"'),
        ("package.json", r'^\s*"name"\s*:\s*"([^"]+)"'),
    ):
        path = folder / file
        if path.is_file() and path.stat().st_size < MAX_SOURCE:
            match = re.search(pattern, path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
            if match and match[1].isprintable():
                return match[1]
    return folder.name if folder.name.isprintable() and folder.name else "project"
