"""What the import screen asks: another format, another meaning of a column, where to write, and whether to."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.folder_scan import discover
from migrator_tui.project.formats.column_guess import LEFT_OUT, OURS, variable_name
from migrator_tui.project.formats.registry import FORMATS
from migrator_tui.project.importing.plan import Import
from migrator_tui.project.write_back import FileChange, diff_text
from migrator_tui.reports.import_preview import group_lines, left_out_lines
from migrator_tui.text_safety import safe
from migrator_tui.tui.importing.choices import changed, unsure
from migrator_tui.tui.setup.picker import Pick, Picker
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.diff_sheet import diff_content
from migrator_tui.tui.widgets.modal import Ask, Confirm, Sheet

if TYPE_CHECKING:
    from migrator_tui.tui.importing.screen import ImportScreen

OTHER_VARIABLE = "\0variable"
DIFF_LINES = 40
"""Lines of a new file that the diff shows; case files have as many as there are cases."""
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".yaml", ".yml", ".txt")


async def source(screen: "ImportScreen") -> Path | None:
    """Which file to import."""
    found = await asyncio.to_thread(discover, screen.folder)
    files = [shown for shown in found.files if Path(shown).suffix.lower() in SUFFIXES]

    def like(text: str) -> Sequence[Pick]:
        picks = [Pick(shown, shown) for shown in files if text.casefold() in shown.casefold()]
        path = _path(screen.folder, text) if text else None
        if path is not None and text not in files and path.is_file():
            picks.insert(0, Pick(text, text, "a path"))
        return picks

    picker = Picker(
        "Import which file?", "a path can be typed", like, screen.glyphs, placeholder="part of its name, or a path"
    )
    taken = await screen.app.push_screen_wait(picker)
    return _path(screen.folder, taken[0]) if taken else None


async def other_format(screen: "ImportScreen") -> None:
    """Take the source for something else."""

    def like(text: str) -> Sequence[Pick]:
        return [
            Pick(form.name, form.title, form.name) for form in FORMATS if text.casefold() in form.title.casefold()
        ]

    taken = await screen.app.push_screen_wait(Picker("What is the source?", "", like, screen.glyphs))
    if taken and screen.choices is not None:
        request = replace(screen.choices.request, named=taken[0], exact=(), columns={}, left_out=())
        screen.choices = replace(screen.choices, request=request)
        screen.read_again()


async def other_column(screen: "ImportScreen", path: str) -> None:
    """What a column becomes."""
    column = next(column for column in screen.columns if column.path == path)
    name = variable_name(path.rpartition(".")[2])
    choices = [Pick(f"var {name}", f"var {name}", "a variable of the prompt"), Pick(LEFT_OUT, "left out")]
    choices += [Pick(ours, word) for ours, word in OURS.items()]

    def like(text: str) -> Sequence[Pick]:
        found = [pick for pick in choices if text.casefold() in pick.text.casefold()]
        wanted = variable_name(text.removeprefix("var ")) if text else ""
        if wanted and f"var {wanted}" not in [pick.value for pick in found]:
            found.append(Pick(f"var {wanted}", f"var {wanted}", "a variable of that name"))
        return found

    picker = Picker(f"{path} becomes", f"now: {column.word}", like, screen.glyphs)
    taken = await screen.app.push_screen_wait(picker)
    if taken:
        screen.take_columns(changed(screen.columns, path, taken[0]))


async def mask_or_keep(screen: "ImportScreen") -> None:
    """Personal data: masked, or kept after asking."""
    if screen.choices is None:
        return
    options = screen.choices.wishes.options
    if options.mask:
        lines = [
            "E-mail addresses, telephone numbers, cards and IBANs come into the files as they are.",
            "Keys are masked all the same.",
        ]
        if not await screen.app.push_screen_wait(Confirm("Keep personal data?", lines, "enter keep")):
            return
    wishes = replace(screen.choices.wishes, options=replace(options, mask=not options.mask))
    screen.choices = replace(screen.choices, wishes=wishes)
    screen.read_again()


def fold_or_keep(screen: "ImportScreen") -> None:
    """Those that are nearly the same: one case for each group of them, or all."""
    if screen.choices is None:
        return
    options = screen.choices.wishes.options
    if options.sample is None:
        options = replace(options, fold_all=not options.fold_all)
    else:
        options = replace(options, fold_similar=not options.fold_similar)
    screen.choices = replace(screen.choices, wishes=replace(screen.choices.wishes, options=options))
    screen.read_again()


async def list_found(screen: "ImportScreen", key: str) -> None:
    """The rows behind a count."""
    made = screen.made
    if made is None:
        return
    if key == "similar":
        lines = group_lines(made)
    elif key == "personal":
        flagged = [row for row in made.first_rows(200) if row["kinds"]]
        lines = [f"{row['case']['id']}   {', '.join(row['kinds'])}" for row in flagged]
    elif key in ("failed", "passed"):
        lines = left_out_lines(made)
    else:
        lines = []
    text = (
        Content("\n").join(Content(safe(line)) for line in lines)
        if lines
        else Content.styled("nothing to list", MUTED)
    )
    await screen.app.push_screen_wait(Sheet("Found", text))


async def other_output(screen: "ImportScreen", path: str) -> None:
    """How many cases, or where to."""
    if screen.choices is None:
        return
    if path.startswith("note "):
        notes = screen.made.notes if screen.made is not None else []
        await screen.app.push_screen_wait(Sheet("To be known", Content(safe("\n".join(notes)))))
        return
    if path.startswith("cases/"):
        options = screen.choices.wishes.options
        now = "" if options.sample is None else str(options.sample)
        hint = "So many cases that show what all rows hold; the rest is kept as production. Empty: every row."
        said = await screen.app.push_screen_wait(Ask("How many cases?", hint, now))
        if said is not None and (said.strip().isdigit() or not said.strip()):
            sample = int(said) if said.strip().isdigit() and int(said) > 0 else None
            wishes = replace(screen.choices.wishes, options=replace(options, sample=sample))
            screen.choices = replace(screen.choices, wishes=wishes)
            screen.read_again()
        return
    await _ask_output(screen)


async def _ask_output(screen: "ImportScreen") -> bool:
    """Where to; whether somebody said."""
    assert screen.choices is not None
    hint = "A new folder, or a project that gets more cases."
    said = await screen.app.push_screen_wait(Ask("Write where?", hint, str(screen.choices.output)))
    if not said or not said.strip():
        return False
    output = _path(screen.folder, said.strip())
    moved = output != screen.choices.output
    screen.choices = replace(screen.choices, output=output, chosen_output=True)
    if moved:
        screen.read_again()
    return not moved


async def whole_row(screen: "ImportScreen") -> None:
    """The row under the cursor as it will be."""
    from migrator_tui.tui.widgets.row_list import RowList

    key = screen.query_one("#rows-list", RowList).highlighted
    row = next((row for row in screen.shown_rows() if row["case"]["id"] == key), None)
    if row is not None:
        text = json.dumps(row, ensure_ascii=False, indent=2)
        await screen.app.push_screen_wait(Sheet(f"Row {key}", Content(safe(text))))


async def filter_text(screen: "ImportScreen", now: str) -> str | None:
    """Which of the first rows are shown."""
    return await screen.app.push_screen_wait(Ask("Filter rows", "text that the row holds; empty: all", now))


async def leave(screen: "ImportScreen") -> bool:
    """Whether to go, though something was said that goes with it."""
    lines = ["What you said of columns, rows and files is lost. Nothing was written."]
    leaves: bool = await screen.app.push_screen_wait(Confirm("Leave the import?", lines, "enter leave"))
    return leaves


async def write(screen: "ImportScreen") -> None:
    """Show the diff of every file, then write."""
    from migrator_tui.tui.importing.screen import Imported

    if screen.current is None or screen.choices is None:
        return
    if not screen.choices.chosen_output and not await _ask_output(screen):
        return
    made = screen.current
    if made is None:
        return
    try:
        made.refuse_mostly_left_out()
    except ProjectError as error:
        said = Content(safe(error.what.rpartition("; ")[0]))
        question = Confirm("Most rows are left out", [said], "enter import the others")
        if not await screen.app.push_screen_wait(question):
            return
    content = await asyncio.to_thread(_diff, made)
    guesses = unsure(screen.columns)
    head = [
        Content.styled(f"{screen.glyphs.to_judge} {column.path}: {column.word}, a guess", STYLES["primary"])
        for column in guesses
    ]
    text = Content("\n").join([*head, Content(""), content] if head else [content])
    count = f"{len(made.files)} new" + (f", {len(made.changes)} changed" if made.changes else "")
    title = f"Write to {made.target.output}? {count}" + (f"; {len(guesses)} guesses" if guesses else "")
    if not await screen.app.push_screen_wait(Sheet(title, text, "enter write")):
        return
    if made is not screen.current:
        return
    try:
        await asyncio.to_thread(made.write)
    except ProjectError as error:
        await screen.app.push_screen_wait(Sheet("Not written", Content(safe(str(error)))))
        return
    screen.dismiss(Imported(made.target.output, made.target.task))


def _path(folder: Path, typed: str) -> Path:
    try:
        return folder / Path(typed).expanduser()
    except RuntimeError:  # nobody's home
        return folder / typed


def _diff(made: Import) -> Content:
    changes = []
    notes = []
    for path, text in made.new_texts(60_000):
        lines = text.splitlines(keepends=True)
        if len(lines) > DIFF_LINES:
            notes.append(f"{path}: the first {DIFF_LINES} lines")
        begin = "".join(lines[:DIFF_LINES])
        changes.append(FileChange(made.build.files / path, None, begin, path))
    shown = diff_content(diff_text([*made.changes, *changes]))
    return Content("\n").join([*(Content.styled(note, MUTED) for note in notes), shown])
