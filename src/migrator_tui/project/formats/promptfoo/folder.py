"""Opens a folder with a promptfoo configuration as it is: nothing is written into it.

What it comes to is kept as a project of ours in a private folder of the user's cache, and read from there like any
other; history, trust and screens know only the user's own folder and configuration.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import replace_file
from migrator_tui.project.formats.promptfoo.choices import Choice, read_choice
from migrator_tui.project.formats.promptfoo.converting import PROPOSED, read_config
from migrator_tui.project.formats.promptfoo.values import Converted, ForeignModel, Proposer, distinct, name_from
from migrator_tui.project.formats.promptfoo.writing import NOTES, files_of, place_of_cases, place_of_prompts
from migrator_tui.project.schema import BASELINE, Foreign, Project, Task

TOOL = "promptfoo"


def open_as_it_is(
    config_file: Path,
    *,
    trusted: bool = True,
    sealed: bool = False,
    propose: Proposer | None = None,
    choice: Choice | None = None,
) -> Project:
    """The project of that configuration; `ProjectError` in one line where it can't be opened.

    With `sealed`, what lies outside the folder is named but not read: what comes of it is only to be asked about.
    `choice`: of models, instead of the one that is kept, to see whether it opens.
    """
    from migrator_tui.project.config import load_project

    found = read_config(config_file, trusted=trusted, sealed=sealed, propose=propose)
    named = [(model.name, str(model.table["model"])) for model in found.models if not model.proposed]
    found = with_choice(found, choice or read_choice(config_file))
    copy = copy_folder(config_file, sealed=sealed)
    _write(copy, {name: text for name, text in files_of(found).items() if name != NOTES})
    try:
        project = load_project(copy)
    except ProjectError as error:
        raise ProjectError(error.what, file=config_file.name) from None
    foreign = Foreign(
        tool=TOOL,
        notes=found.notes,
        sources=found.sources,
        places=_places(found, copy, config_file),
        models=tuple(named),
        baseline=found.models[0].name,
        proposed=proposed_in(found),
    )
    return replace(
        project,
        folder=config_file.parent,
        config_file=config_file,
        name=found.name,
        tasks=tuple(_at_home(task, config_file.parent) for task in project.tasks),
        foreign=foreign,
    )


def _at_home(task: Task, folder: Path) -> Task:
    # No code of another tool's configuration runs, whatever is trusted.
    setup = replace(task.check_setup, folder=folder, may_run_code=False)
    return replace(task, check_setup=setup, definition_files=())


def _places(found: Converted, copy: Path, config_file: Path) -> dict[Path, str]:
    places = {}
    for task, prompt, cases in zip(found.tasks, place_of_prompts(found), place_of_cases(found), strict=True):
        places[copy / prompt] = task.place
        places[copy / cases] = f"{config_file.name}, tests"
    return places


def copy_folder(config_file: Path, *, sealed: bool = False) -> Path:
    """Our own folder for that configuration, in the user's cache; links resolved."""
    # Here, not above: only asking for the place needs it.
    from platformdirs import user_cache_path

    digest = hashlib.sha256(os.fsencode(os.path.realpath(config_file))).hexdigest()[:20]
    # Another window may have the folder open with all it holds.
    where = user_cache_path("migrator-tui", appauthor=False) / TOOL / (f"{digest}-asked" if sealed else digest)
    return Path(os.path.realpath(where))


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Bring the folder to hold just these files; those that hold the same text are left alone, times and all."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in files.items():
            path, data = folder / name, text.encode("utf-8", "surrogatepass")
            if not _holds(path, data):
                replace_file(path, data)
        for path in sorted(folder.glob("*/*")):
            if path.is_file() and path.relative_to(folder).as_posix() not in files and path.suffix != ".tmp":
                path.unlink(missing_ok=True)
    except OSError as error:
        raise ProjectError(f"the copy in the cache can't be written ({error.strerror})", file=folder) from error


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def with_choice(found: Converted, choice: Choice) -> Converted:
    """The same with the models that the user chose; what was only proposed is told no more once all are chosen."""
    models = chosen(found.models, choice)
    notes = found.notes
    if not any(model.proposed for model in models):
        notes = [note for note in notes if not note.what.startswith(PROPOSED)]
    return replace(found, models=models, notes=tuple(notes))


def proposed_in(found: Converted) -> tuple[str, ...]:
    """The models that are only proposed, as projects call them."""
    names = [BASELINE, *(model.name for model in found.models[1:])]
    return tuple(name for name, model in zip(names, found.models, strict=True) if model.proposed)


def chosen(models: Sequence[ForeignModel], choice: Choice) -> list[ForeignModel]:
    """The models with those chosen in front: first the baseline, then the candidate; the others stay candidates."""
    rest = list(models)
    front: list[ForeignModel] = []
    for wanted, usual in ((choice.baseline, 0), (choice.candidate, None)):
        if wanted is None:
            if usual is not None:
                front.append(rest.pop(usual))
            continue
        found = next((model for model in rest if model.name == wanted), None)
        found = found or next((model for model in rest if model.table["model"] == wanted), None)
        if found is not None:
            rest.remove(found)
            front.append(replace(found, proposed=False))
        elif all(wanted not in (model.name, model.table["model"]) for model in front):
            short = name_from(wanted.removeprefix("simulated:").rpartition("/")[2]) or "model"
            name = distinct(short, [BASELINE, *(model.name for model in models), *(model.name for model in front)])
            front.append(ForeignModel(name, {"model": wanted}))
    if choice.candidate is not None and len(front) > 1:
        # A proposal has done its work once the user has chosen.
        rest = [model for model in rest if not model.proposed]
    found_models = [*front, *rest]
    return found_models if len(found_models) > 1 else list(models)
