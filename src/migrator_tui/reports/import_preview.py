"""What an import would write, before it does: as text for a terminal, as JSON for a program."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator_tui.project.formats.column_guess import LEFT_OUT, Column
from migrator_tui.project.formats.rows import LeftOut
from migrator_tui.project.importing.masking import ALWAYS, KINDS, mask
from migrator_tui.project.importing.plan import Import
from migrator_tui.project.words import counted, listed
from migrator_tui.project.write_back import diff_text
from migrator_tui.text_safety import safe_line

FIRST_ROWS = 8
MOST_COLUMNS = 24


def preview(made: Import) -> str:
    """All of it, in plain lines."""
    parts = [_source(made), _columns(made.opened.columns), _found(made), _files(made), _rows(made)]
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def import_json(made: Import, *, written: bool) -> dict[str, Any]:
    """What `import --format json` prints."""
    opened, found = made.opened, made.gathering.found
    return {
        "source": [source.shown for source in opened.reading.sources],
        "format": opened.format.name,
        "guessed": opened.guess is not None,
        "sign": opened.guess.sign if opened.guess is not None else None,
        "also_fits": [form.name for form in opened.guess.also] if opened.guess is not None else [],
        "columns": [
            {"column": column.path, "becomes": column.becomes or None, "sure": column.sure}
            for column in opened.columns
        ],
        "rows": {
            "read": found.read,
            "kept": found.kept,
            "folded": found.folded,
            "similar": found.similar,
            "broken": found.broken,
            "left_out": found.unused,
            "renamed": found.renamed,
        },
        "similar_groups": found.groups,
        "personal": {"rows": found.personal, "masked": made.wishes.options.mask, "kinds": _kinds(found.kinds)},
        "named": [{"place": row.place or None, "why": row.why, "broken": row.broken} for row in found.named],
        "models": dict(found.models.most_common()),
        "cases": len(made.chosen) if made.chosen is not None else found.kept,
        "answers": found.answers,
        "output": str(made.target.output),
        "task": made.target.task,
        "files": [{"path": file.path, "what": file.what} for file in made.files],
        "changed": [change.shown for change in made.changes],
        "notes": list(made.notes),
        "written": written,
    }


def source_lines(made: Import) -> tuple[str, str]:
    """The source, and what it was taken for."""
    opened = made.opened
    names = listed((short_path(source.shown) for source in opened.reading.sources), 3)
    kinds = listed(dict.fromkeys(source.kind for source in opened.reading.sources), 3)
    first = f"{names} · {_bytes(opened.size)} · {counted(made.gathering.found.read, 'row')} · {kinds}"
    taken = opened.format.title
    if opened.guess is None:
        return first, f"{taken}, as stated"
    also = f" · also fits: {listed(form.title for form in opened.guess.also)}" if opened.guess.also else ""
    return first, f"{taken}, guessed: {opened.guess.sign}{also}"


def found_lines(made: Import) -> list[tuple[str, str, str]]:
    """What the rows held: glyph's name, number, words."""
    found, options = made.gathering.found, made.wishes.options
    lines = [("passed", f"{found.read:,}", f"{'row' if found.read == 1 else 'rows'} read, {found.broken:,} broken")]
    if found.folded:
        lines.append(("same", f"{found.folded:,}", f"exact duplicate{'' if found.folded == 1 else 's'} folded"))
    if found.similar:
        kept = not options.fold_all if options.sample is None else not options.fold_similar
        lines.append(("similar", f"{found.similar:,}", f"nearly the same: {'kept' if kept else 'folded'}"))
    if found.personal:
        kinds = "  ".join(f"{kind} {count}" for kind, count in _kinds(found.kinds).items())
        what = "masked" if options.mask else "kept" if not set(found.kinds) & ALWAYS else "kept, but for keys"
        lines.append(("warning", f"{found.personal:,}", f"with personal data, {what}: {kinds}"))
    if found.renamed:
        lines.append(("warning", f"{found.renamed:,}", "with an id that was taken: numbered"))
    if found.left_out:
        lines.append(("failed", f"{found.left_out:,}", "left out"))
    return lines


def left_out_lines(made: Import) -> list[str]:
    """The first rows that did not come in, each with its place and why."""
    found = made.gathering.found
    lines = [_named(made, row) for row in found.named]
    more = found.left_out - len(found.named)
    return [*lines, f"… and {more:,} more"] if more > 0 else lines


def group_lines(made: Import) -> list[str]:
    """The first groups of rows that are nearly the same, by their ids."""
    groups = made.gathering.found.groups
    return [f"{safe_line(group[0], 40)} ≈ {listed(group[1:], 5)}" for group in groups]


def example_text(column: Column, limit: int) -> str:
    """The first value of a column, in one line, personal data masked."""
    value, _ = mask(column.example)
    return _cell(value, limit)


def row_cells(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """A row as it will be, in few words: id, what it asks, answer, tags, flags."""
    from migrator_tui.project.importing.gathering import asked_text

    case, answer = row["case"], row["answer"]
    text = answer.get("output") or "" if answer else ""
    if answer and not text:
        text = listed((call.get("function", call).get("name", "") for call in answer.get("tool_calls", ())), 3)
        text = f"calls {text}" if text else ""
    passed = answer.get("passed") if answer else None
    verdict = "" if passed is None else "✓ " if passed else "✗ "
    return case["id"], asked_text(case), verdict + text, ", ".join(case.get("tags", ())), ", ".join(row["kinds"])


def _source(made: Import) -> list[str]:
    first, taken = source_lines(made)
    return [f"Source   {safe_line(first, 300)}", f"Format   {safe_line(taken, 300)}"]


def _columns(columns: Sequence[Column]) -> list[str]:
    if not columns:
        return []
    used = [column for column in columns if column.becomes != LEFT_OUT]
    unsure = sum(not column.sure for column in used)
    left_out = [column.path for column in columns if column.becomes == LEFT_OUT]
    # A table whose parts are taken, or left out one by one, is no further column.
    rest = [path for path in left_out if not any(column.path.startswith(f"{path}.") for column in columns)]
    lines = [f"Columns  {len(used)} mapped, {unsure} of them guessed; --map says otherwise"]
    for column in used[:MOST_COLUMNS]:
        mark = "✓" if column.sure else "○"
        cells = (f"{safe_line(column.path, 30):30}", f"{safe_line(column.word, 28):28}", example_text(column, 44))
        lines.append(f"  {mark} {'  '.join(cells)}".rstrip())
    if len(used) > MOST_COLUMNS:
        lines.append(f"  … and {len(used) - MOST_COLUMNS} more")
    if rest:
        lines.append(f"  · left out: {listed(rest, 12)}")
    return lines


def _found(made: Import) -> list[str]:
    marks = {"passed": "✓", "same": "=", "similar": "≈", "warning": "!", "failed": "✗"}
    lines = ["Found"]
    for mark, count, what in found_lines(made):
        lines.append(f"  {marks[mark]} {count:>9}  {what}")
        if mark == "similar":
            lines += [f"               {line}" for line in group_lines(made)[:5]]
        if mark == "failed":
            lines += [f"               {line}" for line in left_out_lines(made)]
    return lines


def _files(made: Import) -> list[str]:
    lines = [f"Will be written to {safe_line(str(made.target.output), 200)}"]
    width = max(len(file.path) for file in made.files)
    lines += [f"  + {safe_line(file.path, 80):{width}}  {safe_line(file.what, 200)}" for file in made.files]
    for change in made.changes:
        lines.append(f"  ~ {safe_line(change.shown, 80)}")
        lines += [f"    {line}" for line in diff_text([change]).splitlines()]
    lines += [f"  ! {safe_line(note, 300)}" for note in made.notes]
    return lines


def _rows(made: Import) -> list[str]:
    lines = ["First rows as they will be"]
    for row in made.first_rows(FIRST_ROWS):
        identifier, asked, answer, tags, flags = row_cells(row)
        cells = [
            f"{_cell(identifier, 18):18}",
            f"{_cell(asked, 44):44}",
            f"{_cell(answer, 32):32}",
            _cell(tags, 20),
            flags,
        ]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return lines


def _named(made: Import, row: LeftOut) -> str:
    place = made.place_word(row.place)
    return safe_line(f"{place}: {row.why}" if place else row.why, 160)


def _kinds(kinds: Mapping[str, int]) -> dict[str, int]:
    return {kind: kinds[kind] for kind in KINDS if kinds.get(kind)}


def _cell(value: Any, limit: int) -> str:
    if value is None:
        return ""
    return safe_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), limit)


def short_path(path: str) -> str:
    """With `~` for one's own folder, and cut at the front: the end of a path says more than its beginning."""
    with contextlib.suppress(ValueError, RuntimeError):
        path = f"~/{Path(path).relative_to(Path.home()).as_posix()}"
    return path if len(path) <= 48 else f"…{path[-47:]}"


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1000:,.1f} kB"
