"""`prompt show` and `prompt write`: the prompt of record, and versions on their way into it."""

import json
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrator_tui.commands.common import agreed, open_history, open_project, put, say, the_candidate, the_task
from migrator_tui.history.records import Version
from migrator_tui.project.schema import Project, Task
from migrator_tui.project.words import listed

if TYPE_CHECKING:
    from migrator_tui.adaptation.reasons import Reasons

NOT_WRITTEN = 2


def execute(arguments: Namespace) -> int:
    """Either of the two."""
    return _show(arguments) if arguments.command == "prompt show" else _write(arguments)


def _show(arguments: Namespace) -> int:
    from migrator_tui.adaptation.reasons import reasons_of
    from migrator_tui.history.author import author
    from migrator_tui.running.versions import named_version, version_of_record

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    task = the_task(project, arguments.task)
    model = the_candidate(project, arguments.candidate, or_baseline=True)
    with open_history(project, trusted=trusted) as history:
        version = (
            named_version(history, task.name, model.name, arguments.version_id)
            if arguments.version_id
            else version_of_record(project, history, task, model.name, author=author(project.folder))
        )
        adaptation = history.adaptation_of(version.id)
    reasons = reasons_of(adaptation) if adaptation is not None else None
    if arguments.format == "json":
        put(json.dumps(_as_json(version, project, task, reasons), indent=2, ensure_ascii=True) + "\n")
    else:
        if reasons is not None:
            for line in _told(version, reasons):
                say(line)
        put(version.template if version.template.endswith("\n") else version.template + "\n")
    return 0


def _told(version: Version, reasons: "Reasons") -> Iterator[str]:
    """Why it is so: who proposed it, each edit with its reason and cases, and how it was tried."""
    from migrator_tui.adaptation.reasons import count_words, needed_words, who_words

    yield f"{version.label}: {who_words(reasons)}"
    for number, edit in enumerate(reasons.edits):
        cases = f"for {listed(edit.case_ids)}" if edit.case_ids else ""
        about = "; ".join(filter(None, (cases, needed_words(reasons, number))))
        yield f"{edit.title or 'an edit'}: {edit.why or 'without a reason'}{f' ({about})' if about else ''}"
    yield from (count_words(counts, reasons) for counts in reasons.parts)


def _as_json(version: Version, project: Project, task: Task, reasons: "Reasons | None") -> dict[str, object]:
    from migrator_tui.reports.report_json import reasons_json

    return {
        "task": version.task,
        "model": version.model_name,
        "version": version.label,
        "name": version.name,
        "origin": version.origin.value,
        "author": version.author,
        "file": _place(project, task, version.model_name),
        "params": dict(version.params),
        "template": version.template,
        "reasons": reasons_json(reasons) if reasons is not None else None,
    }


def _place(project: Project, task: Task, model: str) -> str:
    """The prompt's file; of another tool's folder, the place in its files."""
    file = project.prompt_file(task, model)
    return str(file) if project.foreign is None else project.shown(file)


def _write(arguments: Namespace) -> int:
    from migrator_tui.history.author import author
    from migrator_tui.history.records import Origin
    from migrator_tui.project.write_back import apply, diff_text, prompt_change
    from migrator_tui.running.versions import named_version, version_of_record

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    task = the_task(project, arguments.task)
    candidate = the_candidate(project, arguments.candidate)
    with open_history(project, trusted=trusted) as history:
        record = version_of_record(project, history, task, candidate.name, author=author(project.folder))
        # What a file said once is written back only when it is named; what was made since the file is meant else.
        made = (v for v in history.versions(task.name, candidate.name) if v.origin is not Origin.FILE)
        version = (
            named_version(history, task.name, candidate.name, arguments.version_id)
            if arguments.version_id
            else max((record, next(made, record)), key=lambda known: known.id)
        )
    changes = prompt_change(project, task, candidate, version.template, version.params)
    if not changes:
        say(f"{version.label} is what the files say already")
        return 0
    put(diff_text(changes))
    if not arguments.yes and not agreed(f"write {version.label} to {len(changes)} files?"):
        say("nothing was written; --yes writes")
        return NOT_WRITTEN
    apply(changes)
    say(f"{version.label} is written to {', '.join(change.path.name for change in changes)}")
    return 0
