"""Tries of searches and suggestions that nobody kept, folded into one row each, so that they don't flood the list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from migrator_tui.history.records import Origin
from migrator_tui.tui.versions.entries import Entry, Kind

FOLDED = {Origin.SEARCH: "search", Origin.SUGGESTION: "suggestion"}
"""Origins whose tries are folded, and what they are tries of."""


def folded(entries: Sequence[Entry], opened: Collection[str]) -> list[Entry]:
    """The entries, newest first, with a row for the tries that came from each version in place of these.

    `opened`: keys of rows whose tries are shown beneath them. What is in the editor or in the file is never folded.
    """
    by_key = {entry.key: entry for entry in entries}
    hidden = {entry.key for entry in entries if _is_try(entry)}
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.key in hidden:
            groups.setdefault(_group_key(entry, _shown_ancestor(entry, by_key, hidden)), []).append(entry)
    result: list[Entry] = []
    told: set[str] = set()
    for entry in entries:
        parent = _shown_ancestor(entry, by_key, hidden)
        if entry.key not in hidden:
            result.append(replace(entry, parent=parent))
            continue
        key = _group_key(entry, parent)
        if key not in told:
            told.add(key)
            result.append(_row(key, groups[key], parent, open_=key in opened))
        if key in opened:
            result.append(replace(entry, parent=_opened_parent(entry, by_key, hidden, opened)))
    return result


def _is_try(entry: Entry) -> bool:
    version = entry.version
    # What a search found has its reasons, and stays in sight before anybody keeps it.
    return (
        entry.kind is Kind.VERSION
        and version is not None
        and version.origin in FOLDED
        and not version.kept
        and entry.reasons is None
        and not entry.in_work
        and not entry.in_file
    )


def _shown_ancestor(entry: Entry, by_key: Mapping[str, Entry], hidden: Collection[str]) -> str | None:
    parent = entry.parent
    while parent is not None and parent in hidden:
        parent = by_key[parent].parent
    return parent


def _opened_parent(
    entry: Entry, by_key: Mapping[str, Entry], hidden: Collection[str], opened: Collection[str]
) -> str | None:
    parent = entry.parent
    while parent is not None and parent in hidden:
        above = by_key[parent]
        if _group_key(above, _shown_ancestor(above, by_key, hidden)) in opened:
            return parent
        parent = above.parent
    return parent


def _group_key(entry: Entry, ancestor: str | None) -> str:
    assert entry.version is not None
    return f"tries:{entry.version.origin.value}:{ancestor or ''}"


def _row(key: str, tries: Sequence[Entry], parent: str | None, *, open_: bool) -> Entry:
    first = tries[0]
    assert first.version is not None
    number = len(tries)
    of = FOLDED[first.version.origin]
    words = f"{number} {'try' if number == 1 else 'tries'} of a {of} that nobody kept"
    return replace(
        first,
        key=key,
        kind=Kind.TRIES,
        label=f"{number} tried",
        template="",
        parent=parent,
        version=None,
        changed=f"{words} · enter {'folds' if open_ else 'lists'} them",
        source=of,
        number=0 if open_ else number,
        reasons=None,
    )
