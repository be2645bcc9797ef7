"""The rows of the versions screen: drafts, versions and the baseline, as they are in the history."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from migrator_tui.adaptation.reasons import Reasons, reasons_of, title_of
from migrator_tui.history.records import Draft, Origin, Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE
from migrator_tui.running.overview import version_in_work
from migrator_tui.running.versions import version_of_record
from migrator_tui.tui.versions.diff import in_short, prompt_diff
from migrator_tui.tui.workspace import Workspace, read_params

DRAFT_KEY = "draft"


class Kind(Enum):
    """What a row is."""

    DRAFT = "draft"
    OTHER_DRAFT = "other draft"
    """Of another window, or left by an earlier one."""
    VERSION = "version"
    BASELINE = "baseline"
    TRIES = "tries"
    """Some versions that were only tried, by a search say, in one row."""


@dataclass(frozen=True, slots=True)
class OwnDraft:
    """What is unsaved in this window's editor."""

    template: str
    params_text: str
    base_id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row."""

    key: str
    kind: Kind
    label: str
    template: str
    params: Mapping[str, Any] | None
    """`None` where what was typed is not TOML."""
    params_text: str
    parent: str | None
    """The key of the entry it came from."""
    version: Version | None
    changed: str
    """What changed against its parent, in short."""
    source: str
    """Where it came from and who made it: `editor · you`."""
    when: datetime
    in_file: bool = False
    """The prompt file says exactly this."""
    in_work: bool = False
    """The editor stands on it."""
    reasons: Reasons | None = None
    """Why it is so, where it came out of proposed edits."""
    number: int = 0
    """Versions that are folded into this row."""

    @property
    def is_draft(self) -> bool:
        """Not a version yet."""
        return self.kind in (Kind.DRAFT, Kind.OTHER_DRAFT)


def version_key(version_id: int) -> str:
    """The key of a version's row."""
    return f"v{version_id}"


def load_entries(workspace: Workspace, own: OwnDraft | None, base_id: int | None) -> list[Entry]:
    """All rows of the task and candidate in view, newest on top, the baseline last; to be called in a thread.

    `base_id` is the version that the editor stands on. Records what the prompt files say, where that is new.
    """
    history, task, candidate = workspace.history, workspace.task, workspace.candidate
    record: Version | None = None
    baseline: Version | None = None
    with contextlib.suppress(ProjectError):  # the workbench says it where a file cannot be read
        record = version_of_record(workspace.project, history, task, candidate.name, author=workspace.author)
        baseline = version_of_record(workspace.project, history, task, BASELINE, author=workspace.author)
    versions = history.versions(task.name, candidate.name)
    adaptations = {id: reasons_of(one) for id, one in history.adaptations(task.name, candidate.name).items()}
    by_id = {version.id: version for version in versions}
    in_work = base_id if base_id is not None else getattr(version_in_work(record, versions), "id", None)
    entries: list[Entry] = []
    if own is not None:
        entries.append(_own_draft(own, by_id))
    mine = {(own.template, own.params_text)} if own is not None else set()
    for draft in history.drafts(task.name, candidate.name):
        if draft.window != workspace.window and (draft.template, draft.params_text) not in mine:
            entry = _other_draft(draft, by_id)
            if entry is not None:
                mine.add((draft.template, draft.params_text))
                entries.append(entry)
    for version in versions:
        entries.append(
            Entry(
                key=version_key(version.id),
                kind=Kind.VERSION,
                label=version.label,
                template=version.template,
                params=version.params,
                params_text="",
                parent=_parent_key(version.parent_id, by_id),
                version=version,
                changed=_told(adaptations.get(version.id))
                or _changed(version, by_id.get(version.parent_id or 0), baseline),
                source=_source(version, workspace.author),
                when=version.created_at,
                in_file=record is not None and version.id == record.id,
                in_work=version.id == in_work,
                reasons=adaptations.get(version.id),
            )
        )
    if baseline is not None:
        entries.append(
            Entry(
                key=BASELINE,
                kind=Kind.BASELINE,
                label=BASELINE,
                template=baseline.template,
                params=baseline.params,
                params_text="",
                parent=None,
                version=baseline,
                changed=workspace.project.baseline.model.split("/")[-1],
                source=_source(baseline, workspace.author),
                when=baseline.created_at,
            )
        )
    return entries


def _parent_key(parent_id: int | None, by_id: Mapping[int, Version]) -> str | None:
    return version_key(parent_id) if parent_id is not None and parent_id in by_id else None


def _own_draft(own: OwnDraft, by_id: Mapping[int, Version]) -> Entry:
    return Entry(
        key=DRAFT_KEY,
        kind=Kind.DRAFT,
        label="draft",
        template=own.template,
        params=_params(own.params_text),
        params_text=own.params_text,
        parent=_parent_key(own.base_id, by_id),
        version=None,
        changed=_short(own.template, _params(own.params_text), by_id.get(own.base_id)),
        source="in the editor",
        when=datetime.now(UTC),
    )


def _other_draft(draft: Draft, by_id: Mapping[int, Version]) -> Entry | None:
    """A draft of another window; `None` where it says what a version says already."""
    params = _params(draft.params_text)
    if params is not None and any(v.template == draft.template and v.params == params for v in by_id.values()):
        return None
    return Entry(
        key=f"draft-{draft.window}",
        kind=Kind.OTHER_DRAFT,
        label="draft",
        template=draft.template,
        params=params,
        params_text=draft.params_text,
        parent=_parent_key(draft.base_version_id, by_id),
        version=None,
        changed=_short(draft.template, params, by_id.get(draft.base_version_id or 0)),
        source="another window",
        when=draft.updated_at,
    )


def _params(text: str) -> dict[str, Any] | None:
    try:
        return read_params(text)
    except ProjectError:
        return None


def _short(template: str, params: Mapping[str, Any] | None, before: Version | None) -> str:
    if before is None:
        return "a text of its own"
    return in_short(prompt_diff(before.template, before.params, template, params))


def _changed(version: Version, parent: Version | None, baseline: Version | None) -> str:
    if parent is not None:
        return _short(version.template, version.params, parent)
    if baseline is not None and version.template == baseline.template:
        return "the baseline's prompt"
    return "the first one"


def _told(reasons: Reasons | None) -> str:
    return title_of(reasons) if reasons is not None else ""


def _source(version: Version, author: str) -> str:
    who = "you" if version.author == author else version.author
    where = "tried" if version.origin is Origin.EDITOR and not version.kept else version.origin.value
    return f"{where} · {who}"


def ago(when: datetime, now: datetime | None = None) -> str:
    """How long ago, in words: `just now`, `5 min ago`, `3 h ago`, `12 Mar 2027`."""
    seconds = ((now or datetime.now(UTC)) - when).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 24 * 3600:
        return f"{int(seconds // 3600)} h ago"
    local = when.astimezone()
    return f"{local.day} {local:%b %Y}"
