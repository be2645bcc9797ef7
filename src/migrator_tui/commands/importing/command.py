"""`import`: make a project of what other tools export, or add it to one. Shown first, written when told to."""

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_tui.commands.common import agreed, put, say
from migrator_tui.project.errors import ProjectError

if TYPE_CHECKING:
    from migrator_tui.project.importing.request import Opened, Request, Wishes
    from migrator_tui.project.importing.targets import Target

WRITTEN, NOT_WRITTEN = 0, 2
PROMPTFOO = ("promptfoo", "promptfoo-results")


def execute(arguments: Namespace) -> int:
    """Read the source through, show what it would become, and write that when told to."""
    named, paths = words_of(arguments.words)
    named = named or _promptfoo(paths[0])
    if named in PROMPTFOO:
        from migrator_tui.commands.importing.promptfoo import execute as convert

        return convert(arguments, named, paths)
    return _import(arguments, _request(arguments, named, paths))


def _promptfoo(source: Path) -> str | None:
    """Which of promptfoo's files a source is, if it is one: its readers read them whole, as one thing."""
    if source.is_dir() or source.name.startswith("promptfooconfig."):
        return "promptfoo"
    from migrator_tui.project.formats.promptfoo.results import looks_like_results

    if not source.is_file() or not looks_like_results(source):
        return None
    with source.open("rb") as file:
        head = file.read(1 << 20)
    # Runs of other tools have `outputs` and words with `prompt` too.
    grades = any(sign in head for sign in (b'"gradingResult"', b'"gradingReason"', b'"table"', b"[PASS]", b"[FAIL]"))
    return "promptfoo-results" if grades or source.suffix in (".yaml", ".yml") else None


def words_of(words: Sequence[str]) -> tuple[str | None, list[Path]]:
    """The format that the words name, if any, and the sources."""
    from migrator_tui.project.formats.registry import FORMATS, format_named

    first, rest = words[0], list(words[1:])
    known = first in (*(form.name for form in FORMATS), *PROMPTFOO)
    if known and not rest and not Path(first).exists():
        raise ProjectError(f"import {first}: of which file? it goes behind the format")
    if not known and rest and not Path(first).exists() and first.replace("-", "").isalpha():
        format_named(first)  # refuses it, with the likely right word
    sources = rest if known and rest else [first, *rest]
    return (first if known and rest else None), [Path(word) for word in sources]


def output_folder(arguments: Namespace) -> Path:
    """Where it goes: what `--output` says, else the project of `-C`."""
    from migrator_tui.project.config import CONFIG_NAME

    if arguments.output is not None:
        return Path(arguments.output)
    folder = Path(arguments.folder)
    if (folder / CONFIG_NAME).is_file():
        return folder
    raise ProjectError("--output is needed: a new folder, or a project that gets more cases")


def wishes_of(arguments: Namespace) -> "Wishes":
    """What the options say about the rows."""
    from migrator_tui.project.importing.gathering import Options
    from migrator_tui.project.importing.request import Wishes

    options = Options(
        mask=not arguments.no_mask,
        fold_similar=not arguments.keep_similar,
        fold_all=arguments.fold,
        sample=arguments.sample,
        seed=arguments.seed,
        model=arguments.model,
    )
    return Wishes(options, arguments.candidate, arguments.use_answers, arguments.allow_broken)


def _request(arguments: Namespace, named: str | None, paths: list[Path]) -> "Request":
    from migrator_tui.project.importing.request import Request, stated_columns

    answers = [arguments.answers] if arguments.answers is not None else []
    return Request([*paths, *answers], named, stated_columns(arguments.map or ()), arguments.leave_out or ())


def _import(arguments: Namespace, request: "Request") -> int:
    from migrator_tui.project.importing.request import open_sources
    from migrator_tui.project.importing.targets import target_of
    from migrator_tui.tui.start import has_terminal

    opened = open_sources(request)
    if not arguments.yes and not arguments.dry_run and arguments.format == "text" and has_terminal():
        return _in_terminal(arguments, request)
    target = target_of(output_folder(arguments), arguments.task, request.paths[0])
    return _carry_out(arguments, opened, target)


def _in_terminal(arguments: Namespace, request: "Request") -> int:
    """The screen in place of a question."""
    from migrator_tui.project.importing.targets import task_name
    from migrator_tui.tui.importing.app import import_in_terminal
    from migrator_tui.tui.importing.choices import Choices

    try:
        output, chosen = output_folder(arguments), True
    except ProjectError:
        output, chosen = Path.cwd() / task_name(request.paths[0]), False
    choices = Choices(request, output.absolute(), chosen, arguments.task, wishes_of(arguments))
    written = import_in_terminal(choices, Path.cwd())
    if written is None:
        say("nothing was written")
        return NOT_WRITTEN
    _say_written(written.output)
    return WRITTEN


def _say_written(output: Path) -> None:
    say(f"written to {output}; `migrator-tui -C {output}` opens the project")


def _carry_out(arguments: Namespace, opened: "Opened", target: "Target") -> int:
    from migrator_tui.checks.languages import language_of
    from migrator_tui.commands.importing.progress import Reading
    from migrator_tui.models.successors import likeliest
    from migrator_tui.project.importing.plan import Import
    from migrator_tui.reports.import_preview import import_json, preview

    def proposed(model: str) -> str:
        return likeliest(model) or usual_candidate()

    with Import(opened, target, wishes_of(arguments), language=language_of, successor=proposed) as made:
        with Reading(opened) as reading:
            made.prepare(reading.told)
        made.refuse_mostly_left_out()
        as_json = arguments.format == "json"
        if not as_json:
            put(preview(made))
        writes = arguments.yes or (not arguments.dry_run and agreed(f"write this to {target.output}?"))
        if writes and not arguments.dry_run:
            made.write()
        if as_json:
            put(
                json.dumps(import_json(made, written=writes and not arguments.dry_run), ensure_ascii=False, indent=2)
                + "\n"
            )
        if arguments.dry_run:
            say("nothing was written: --dry-run")
            return WRITTEN
        if not writes:
            say("nothing was written; --yes writes")
            return NOT_WRITTEN
    _say_written(target.output)
    return WRITTEN


def usual_candidate() -> str:
    """Proposed where nothing is known of the old model's provider."""
    from migrator_tui.project.discovery import USUAL_CANDIDATE

    return USUAL_CANDIDATE
