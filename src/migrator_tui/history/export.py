"""The whole history as plain values, for other programs and for safe-keeping."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, select, tuple_

from migrator_tui.history.adaptation_tables import (
    AdaptationRow,
    CasePartRow,
    ExchangeRow,
    LookRow,
    RejectedEditRow,
    SearchRow,
    SearchTryRow,
)
from migrator_tui.history.part import CHUNK, Part
from migrator_tui.history.rollout_tables import FeedbackRow, RolloutEventRow, RolloutRow, TrafficRow
from migrator_tui.history.tables import (
    CheckRow,
    DecisionRow,
    OutputRow,
    RunApprovalRow,
    RunItemRow,
    RunRow,
    SideCallRow,
    VerdictNoteRow,
    VerdictRow,
    VersionRow,
    table,
)

_VERSIONS, _RUNS, _ITEMS = table(VersionRow), table(RunRow), table(RunItemRow)
_OUTPUTS, _CHECKS, _VERDICTS, _NOTES = table(OutputRow), table(CheckRow), table(VerdictRow), table(VerdictNoteRow)
_APPROVALS, _DECISIONS, _SIDE_CALLS = table(RunApprovalRow), table(DecisionRow), table(SideCallRow)
_SEARCHES, _TRIES, _EXCHANGES = table(SearchRow), table(SearchTryRow), table(ExchangeRow)
_ADAPTATIONS, _REJECTED = table(AdaptationRow), table(RejectedEditRow)
_PARTS, _LOOKS = table(CasePartRow), table(LookRow)
_ROLLOUTS, _EVENTS, _TRAFFIC = table(RolloutRow), table(RolloutEventRow), table(TrafficRow)
_FEEDBACK = table(FeedbackRow)


class Export(Part):
    """Reading everything."""

    def export(self) -> Iterator[dict[str, Any]]:
        """Everything that happened, row by row: `kind` says what a row is, the other names are those of the tables.

        Kinds, in this order: `version`, `run`, `run-item`, `output`, `check`, `verdict`, `verdict-note`,
        `run-approval`, `decision`, `side-call`, `search`, `try`, `exchange`, `adaptation`, `rejected-edit`,
        `case-part`, `look`, `rollout`, `rollout-event`, `traffic`, `feedback`. What a row refers to by id has come
        before it; a table's own `kind` is called `what`. Read in pages, so that a history of any
        size fits in memory and nothing is locked meanwhile.
        """
        runs = select(_RUNS.c.id).where(_RUNS.c.project_id == self._project_id)
        outputs = select(_OUTPUTS.c.id).where(_OUTPUTS.c.project_id == self._project_id)
        verdicts = select(_VERDICTS.c.id).where(_VERDICTS.c.project_id == self._project_id)
        searches = select(_SEARCHES.c.id).where(_SEARCHES.c.project_id == self._project_id)
        rollouts = select(_ROLLOUTS.c.id).where(_ROLLOUTS.c.project_id == self._project_id)
        names = select(_ROLLOUTS.c.name).where(_ROLLOUTS.c.project_id == self._project_id)
        calls = select(_TRAFFIC.c.id).where(_TRAFFIC.c.name.in_(names))
        for kind, of, key, mine in (
            ("version", _VERSIONS, ("id",), _VERSIONS.c.project_id == self._project_id),
            ("run", _RUNS, ("id",), _RUNS.c.project_id == self._project_id),
            ("run-item", _ITEMS, ("run_id", "no"), _ITEMS.c.run_id.in_(runs)),
            ("output", _OUTPUTS, ("id",), _OUTPUTS.c.project_id == self._project_id),
            ("check", _CHECKS, ("output_id", "check_key"), _CHECKS.c.output_id.in_(outputs)),
            ("verdict", _VERDICTS, ("id",), _VERDICTS.c.project_id == self._project_id),
            ("verdict-note", _NOTES, ("id",), _NOTES.c.verdict_id.in_(verdicts)),
            ("run-approval", _APPROVALS, ("id",), _APPROVALS.c.project_id == self._project_id),
            ("decision", _DECISIONS, ("id",), _DECISIONS.c.project_id == self._project_id),
            ("side-call", _SIDE_CALLS, ("id",), _SIDE_CALLS.c.project_id == self._project_id),
            ("search", _SEARCHES, ("id",), _SEARCHES.c.project_id == self._project_id),
            ("try", _TRIES, ("search_id", "number"), _TRIES.c.search_id.in_(searches)),
            ("exchange", _EXCHANGES, ("id",), _EXCHANGES.c.project_id == self._project_id),
            ("adaptation", _ADAPTATIONS, ("id",), _ADAPTATIONS.c.project_id == self._project_id),
            ("rejected-edit", _REJECTED, ("id",), _REJECTED.c.project_id == self._project_id),
            ("case-part", _PARTS, ("id",), _PARTS.c.project_id == self._project_id),
            ("look", _LOOKS, ("id",), _LOOKS.c.project_id == self._project_id),
            ("rollout", _ROLLOUTS, ("id",), _ROLLOUTS.c.project_id == self._project_id),
            ("rollout-event", _EVENTS, ("id",), _EVENTS.c.rollout_id.in_(rollouts)),
            ("traffic", _TRAFFIC, ("id",), _TRAFFIC.c.name.in_(names)),
            ("feedback", _FEEDBACK, ("id",), _FEEDBACK.c.traffic_id.in_(calls)),
        ):
            for row in self._pages(of, [of.c[name] for name in key], mine):
                values = {name: _plain(value) for name, value in row.items() if name != "project_id"}
                if "kind" in values:
                    values["what"] = values.pop("kind")
                yield {"kind": kind} | values

    def _pages(self, of: Table, key: list[Column[Any]], mine: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
        after: tuple[Any, ...] | None = None
        while True:
            wanted = select(of).where(mine).order_by(*key).limit(CHUNK)
            if after is not None:
                wanted = wanted.where(tuple_(*key) > tuple_(*after) if len(key) > 1 else key[0] > after[0])
            with self._history.reading() as connection:
                rows = [dict(row._mapping) for row in connection.execute(wanted)]
            yield from rows
            if len(rows) < CHUNK:
                return
            after = tuple(rows[-1][column.name] for column in key)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
