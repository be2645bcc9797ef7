"""`import promptfoo` and `import promptfoo-results`: a project of ours that says what promptfoo's files say."""

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_tui.commands.common import agreed, put, say
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import listed

if TYPE_CHECKING:
    from migrator_tui.project.formats.promptfoo.values import Converted

WRITTEN, NOT_WRITTEN = 0, 2
_ROWS_ONLY = ("answers", "task", "map", "leave_out", "model", "sample", "candidate")
"""Options that say something about rows, which these files have none of."""


def execute(arguments: Namespace, named: str, paths: list[Path]) -> int:
    """Show the files that would be written, and what is not honoured; write them when told to."""
    from migrator_tui.project.formats.promptfoo.converting import native_files, summary

    if len(paths) > 1:
        raise ProjectError("one promptfoo folder, configuration or export at a time")
    for option in _ROWS_ONLY:
        if getattr(arguments, option):
            raise ProjectError(f"--{option.replace('_', '-')} is for rows of a table or a log, not for {named}")
    if arguments.output is None:
        raise ProjectError("--output is needed: a new folder")
    output: Path = arguments.output.absolute()
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ProjectError("is there already; a new folder is written: name another one with --output", file=output)
    found, taken = _converted(named, paths[0])
    files = native_files(found)
    as_json = arguments.format == "json"
    if not as_json:
        put(_shown(found, files, taken, summary(found), output))
    writes = not arguments.dry_run and (arguments.yes or agreed(f"write {len(files)} files to {output}?"))
    if writes:
        _write(output, files)
    if as_json:
        put(
            json.dumps(_as_json(found, files, taken, named, paths[0], output, writes), ensure_ascii=False, indent=2)
            + "\n"
        )
    if arguments.dry_run:
        say("nothing was written: --dry-run")
    elif writes:
        say(f"written to {output}; `migrator-tui -C {output}` opens the project")
    else:
        say("nothing was written; --yes writes")
    return WRITTEN if writes or arguments.dry_run else NOT_WRITTEN


def _converted(named: str, source: Path) -> tuple["Converted", list[str]]:
    """What it comes to, and what of the user's own work is taken along."""
    from migrator_tui.commands.importing.own_work import with_own_work
    from migrator_tui.models.successors import likeliest
    from migrator_tui.project import trust
    from migrator_tui.project.formats.promptfoo.converting import read_config
    from migrator_tui.project.formats.promptfoo.reading import configs_named_otherwise, find_config
    from migrator_tui.project.formats.promptfoo.results import looks_like_results, read_results

    if named == "promptfoo-results" or (source.is_file() and looks_like_results(source)):
        return read_results(source, propose=likeliest), []
    config = find_config(source) if source.is_dir() else source
    if config is None:
        other = configs_named_otherwise(source)
        there = f"; there is {listed(other)}: name the file" if other else ""
        raise ProjectError(f"no promptfooconfig.yaml in this folder{there}", file=source)
    if not config.is_file():
        raise ProjectError("no such file", file=source)
    config = config.resolve()
    trusted = trust.is_trusted_config(config)
    return with_own_work(read_config(config, trusted=trusted, propose=likeliest), config, trusted=trusted)


def _shown(found: "Converted", files: dict[str, str], taken: list[str], summary: str, output: Path) -> str:
    lines = [f"promptfoo  {summary}", "", f"Will be written to {output}"]
    lines += [f"  + {name}  {len(text.encode('utf-8', 'replace')):,} bytes" for name, text in files.items()]
    if taken:
        lines += ["", "Taken along", *(f"  + {line}" for line in taken)]
    if found.notes:
        lines += ["", "Not honoured"]
        lines += [f"  ! {note.what}" + (f" ({note.times} times)" if note.times > 1 else "") for note in found.notes]
    lines += ["", files["migrator.toml"].rstrip(), ""]
    return "\n".join(lines)


def _write(output: Path, files: dict[str, str]) -> None:
    from migrator_tui.project.importing.writing import Build

    with Build(output) as build:
        for name, text in files.items():
            place = build.files / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        build.put_new()


def _as_json(
    found: "Converted", files: dict[str, str], taken: list[str], named: str, source: Path, output: Path, written: bool
) -> dict[str, object]:
    return {
        "source": [str(source)],
        "format": named,
        "cases": len(found.tasks[0].cases) if found.tasks else 0,
        "tasks": [task.name for task in found.tasks],
        "models": [model.name for model in found.models],
        "output": str(output),
        "files": [{"path": name, "bytes": len(text.encode("utf-8", "replace"))} for name, text in files.items()],
        "not_honoured": [{"what": note.what, "times": note.times} for note in found.notes],
        "taken_along": taken,
        "written": written,
    }
