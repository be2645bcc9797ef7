"""Traffic and feedback, summed as they come in, so that figures of a million calls are read in a moment.

Each row is counted once: how far that has come is kept in the database and moves on together with the sums. Of a call
only its row is looked at, of a conversation only its sums; nothing is counted anew.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, bindparam, case, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from migrator_tui.history.columns import now
from migrator_tui.history.part import Part, chunks, upsert
from migrator_tui.history.rollout_records import Finding
from migrator_tui.history.rollout_tables import (
    ConversationRow,
    ConversationSignalRow,
    FeedbackRow,
    LatencyRow,
    MeasureRow,
    RolloutEventRow,
    RolloutRow,
    SliceRow,
    TrafficMarkRow,
    TrafficRow,
)
from migrator_tui.history.tables import table
from migrator_tui.history.traffic_sums import (
    COUNTS,
    OF_SLICE,
    Change,
    Group,
    SliceKey,
    Sums,
    measured,
    measured_signal,
    staged,
)

_TRAFFIC, _FEEDBACK, _MARKS = table(TrafficRow), table(FeedbackRow), table(TrafficMarkRow)
_CONVERSATIONS, _SIGNALS = table(ConversationRow), table(ConversationSignalRow)
_MEASURES, _LATENCIES, _SLICES = table(MeasureRow), table(LatencyRow), table(SliceRow)
_ROLLOUTS, _EVENTS = table(RolloutRow), table(RolloutEventRow)

BATCH = 5_000
"""Rows that one transaction counts."""

_SUMS, _MONITOR = "sums", "monitor"
_PATIENCE = timedelta(seconds=6)
"""How long a missing number is waited for: the gateway gives up a write after five seconds."""
_UNKNOWN_AFTER_S = 15 * 60.0
"""Feedback about a call that has no row after so long is about none."""
_COUNTED = [
    *(_TRAFFIC.c.id, _TRAFFIC.c.ts, _TRAFFIC.c.name, _TRAFFIC.c.revision, _TRAFFIC.c.key_digest, _TRAFFIC.c.keyed),
    *(_TRAFFIC.c.assigned, _TRAFFIC.c.served, _TRAFFIC.c.kind, _TRAFFIC.c.client_error, _TRAFFIC.c.attempts),
    *(_TRAFFIC.c.latency_ms, _TRAFFIC.c.first_token_ms, _TRAFFIC.c.cost),
]


class Traffic(Part):
    """Counting what the gateway wrote."""

    def sum_up_traffic(self, *, at: datetime | None = None, patient: bool = True) -> int:
        """Count calls and feedback that are new, of every project of this database; how many calls there were.

        In many short transactions: whatever is waiting to be counted, others can write meanwhile. `patient`: as
        for `Database.writing`.
        """
        at, counted, rows = at or now(), 0, BATCH
        while rows == BATCH:
            with self._history.writing(patient=patient) as connection:
                rows = self._count_rows(connection, at)
            counted += rows
        after: int | None = 0
        while after is not None:
            with self._history.writing(patient=patient) as connection:
                after = self._count_feedback(connection, at, after)
        return counted

    def add_findings(self, findings: Iterable[Finding], *, at: datetime | None = None) -> None:
        """Write down what checks and drift found on sampled answers; it counts like feedback."""
        moment = (at or now()).timestamp()
        values = [
            {
                "ts": moment,
                "name": found.name,
                "reference": f"#{found.traffic_id}",
                "signal": found.signal,
                "value": found.value,
                "source": _MONITOR,
                "traffic_id": None,
            }
            for found in findings
        ]
        for chunk in chunks(values):
            with self._history.writing() as connection:
                connection.execute(insert(_FEEDBACK), chunk)

    # Calls

    def _count_rows(self, connection: Connection, at: datetime) -> int:
        mark, gap_since = self._marked(connection)
        wanted = select(*_COUNTED).where(_TRAFFIC.c.id > mark).order_by(_TRAFFIC.c.id).limit(BATCH)
        rows: Sequence[Any] = connection.execute(wanted).all()
        if not self._history.is_sqlite:
            # Numbers are given out before they are visible: a smaller one may still be on its way.
            rows, gap_since = _before_gap(rows, mark, gap_since, at)
        if not rows:
            if not self._history.is_sqlite:
                self._mark(connection, mark, gap_since)
            return 0
        stages, sums = _stages(connection, {row.name for row in rows}), Sums()
        for row in rows:
            sums.add(row, stages.get((row.name, row.revision), row.revision))
        change = Change()
        for group, added in sums.conversations.items():
            self._add_calls(connection, group, added, change)
        _add_measures(connection, change)
        _add_up(
            connection,
            _LATENCIES,
            [
                {**group._asdict(), "what": what, "bucket": bucket, "n": n}
                for (group, what, bucket), n in sums.latencies.items()
            ],
        )
        _add_slices(connection, sums.slices, sums.last_ts)
        self._mark(connection, rows[-1].id, None)
        return len(rows)

    def _marked(self, connection: Connection) -> tuple[int, datetime | None]:
        """How far it has come; nobody else counts until the transaction ends."""
        wanted = select(_MARKS.c.traffic_id, _MARKS.c.gap_since).where(_MARKS.c.purpose == _SUMS)
        row = connection.execute(wanted.with_for_update()).one_or_none()
        if row is None:
            into = (sqlite if self._history.is_sqlite else postgresql).insert(_MARKS)
            connection.execute(into.on_conflict_do_nothing().values(purpose=_SUMS, traffic_id=0, gap_since=None))
            row = connection.execute(wanted.with_for_update()).one()
        return row.traffic_id, row.gap_since

    def _mark(self, connection: Connection, traffic_id: int, gap_since: datetime | None) -> None:
        values = {"traffic_id": traffic_id, "gap_since": gap_since}
        connection.execute(update(_MARKS).where(_MARKS.c.purpose == _SUMS).values(values))

    def _add_calls(
        self, connection: Connection, group: Group, added: Mapping[str, Mapping[str, float]], change: Change
    ) -> None:
        """Add calls to the sums of their conversations."""
        changed = []
        for keys in chunks(sorted(added)):
            old = {row.key_digest: row._mapping for row in connection.execute(_of_keys(_CONVERSATIONS, group, keys))}
            for key in keys:
                before = {name: old[key][name] for name in COUNTS} if key in old else dict.fromkeys(COUNTS, 0)
                after = {name: before[name] + added[key][name] for name in COUNTS}
                known = measured(before)
                for measure, values in measured(after).items():
                    if values != known.get(measure):
                        change.replace(group, measure, known.get(measure), values)
                changed.append({**group._asdict(), "key_digest": key, **after})
        for rows in chunks(changed, 1_000):
            upsert(connection, _CONVERSATIONS, rows, _keys_of(_CONVERSATIONS))

    # Feedback

    def _count_feedback(self, connection: Connection, at: datetime, after: int) -> int | None:
        """Count feedback behind that number whose call has been counted; the rest waits for its call.

        The number up to which it came, or `None` where it is through.
        """
        f = _FEEDBACK.c
        mark, _ = self._marked(connection)
        wanted = select(f.id, f.ts, f.reference, f.signal, f.value, f.source).where(
            f.traffic_id.is_(None), f.id > after
        )
        pending = connection.execute(wanted.order_by(f.id).limit(BATCH)).all()
        calls = _calls(connection, {(row.reference, row.source == _MONITOR) for row in pending}, mark)
        found = {
            row.id: calls[row.reference, row.source == _MONITOR]
            for row in pending
            if (row.reference, row.source == _MONITOR) in calls
        }
        if found:
            self._add_feedback(connection, [row for row in pending if row.id in found], found)
        late = at.timestamp() - _UNKNOWN_AFTER_S
        marks = {row.id: 0 for row in pending if row.id not in found and row.ts < late}
        marks |= {id_: call.id for id_, call in found.items()}
        if marks:
            connection.execute(
                update(_FEEDBACK).where(f.id == bindparam("which")).values(traffic_id=bindparam("call")),
                [{"which": id_, "call": call} for id_, call in marks.items()],
            )
        return pending[-1].id if len(pending) == BATCH else None

    def _add_feedback(self, connection: Connection, new: Sequence[Any], calls: Mapping[int, Any]) -> None:
        f = _FEEDBACK.c
        said: dict[tuple[int, str], tuple[int, float]] = {}
        for ids in chunks({call.id for call in calls.values()}):
            wanted = select(f.id, f.traffic_id, f.signal, f.value).where(f.traffic_id.in_(ids)).order_by(f.id)
            said |= {(row.traffic_id, row.signal): (row.id, row.value) for row in connection.execute(wanted)}
        stages = _stages(connection, {call.name for call in calls.values()})
        added: dict[Group, dict[tuple[str, str], list[float]]] = defaultdict(dict)
        slices: dict[SliceKey, dict[str, float]] = defaultdict(lambda: dict.fromkeys(OF_SLICE, 0))
        for row in new:
            call = calls[row.id]
            known = said.get((call.id, row.signal))
            if known is not None and known[0] > row.id:
                continue  # the newest counts, and this one is older
            said[call.id, row.signal] = (row.id, row.value)
            stage = stages.get((call.name, call.revision), call.revision)
            if call.keyed:  # what is of no conversation is not compared
                group = Group(call.name, stage, call.assigned)
                adds = added[group].setdefault((call.key_digest, row.signal), [0, 0.0])
                adds[0] += known is None
                adds[1] += row.value - (known[1] if known is not None else 0.0)
            if row.signal == "check-pass":
                piece = slices[SliceKey(call.name, int(call.ts // 60), call.assigned, stage)]
                piece["checked"] += known is None
                piece["passed"] += int(row.value > 0) - int(known is not None and known[1] > 0)
        change = Change()
        for group, signals in added.items():
            _add_signals(connection, group, signals, change)
        _add_measures(connection, change)
        _add_slices(connection, slices, {})


def _before_gap(
    rows: Sequence[Any], mark: int, gap_since: datetime | None, at: datetime
) -> tuple[Sequence[Any], datetime | None]:
    """The rows before the first number that is missing, and since when it is.

    A number that stays missing was given to a write that came to nothing; it is passed over once it was waited for.
    """
    expected = mark + 1
    for place, row in enumerate(rows):
        if row.id == expected:
            expected += 1
        elif place == 0 and gap_since is not None and at - gap_since >= _PATIENCE:
            expected = row.id + 1
        elif place == 0:
            return (), gap_since or at
        else:
            return rows[:place], None
    return rows, None


def _stages(connection: Connection, names: Collection[str]) -> dict[tuple[str, int], int]:
    """The stage of each revision, named by the revision that it began with."""
    e = _EVENTS.c
    wanted = (
        select(_ROLLOUTS.c.name, _ROLLOUTS.c.id, e.revision, e.percentage, e.shadow, e.step)
        .join(_ROLLOUTS, _ROLLOUTS.c.id == e.rollout_id)
        .where(_ROLLOUTS.c.name.in_(names))
        .order_by(_ROLLOUTS.c.id, e.id)
    )
    return {
        (event.name, event.revision): first.revision
        for _, events in groupby(connection.execute(wanted), key=lambda event: event.id)
        for event, first in staged(events)
    }


def _calls(
    connection: Connection, references: Collection[tuple[str, bool]], mark: int
) -> dict[tuple[str, bool], Any]:
    """The call that each reference means, of those that have been counted.

    The monitor's (true) are numbers of rows, `#12`; an application's are what the gateway told it.
    """
    t = _TRAFFIC.c
    columns = (t.id, t.ts, t.name, t.revision, t.assigned, t.key_digest, t.keyed, t.request_id, t.response_id)
    found: dict[tuple[str, bool], Any] = {}
    for numbers in chunks(int(reference[1:]) for reference, own in references if own):
        rows = connection.execute(select(*columns).where(t.id.in_(numbers), t.id <= mark))
        found |= {(f"#{row.id}", True): row for row in rows}
    for names in chunks(sorted(reference for reference, own in references if not own)):
        wanted = select(*columns).where(or_(t.request_id.in_(names), t.response_id.in_(names)))
        for row in connection.execute(wanted.where(t.id <= mark, t.kind.in_(("ok", "failed"))).order_by(t.id)):
            for name in (row.response_id, row.request_id):
                if (name, False) in references:
                    found.setdefault((name, False), row)
    return found


def _add_signals(
    connection: Connection, group: Group, added: Mapping[tuple[str, str], list[float]], change: Change
) -> None:
    old: dict[tuple[str, str], tuple[int, float]] = {}
    for keys in chunks(sorted({key for key, _ in added})):
        rows = connection.execute(_of_keys(_SIGNALS, group, keys))
        old |= {(row.key_digest, row.signal): (row.n, row.total) for row in rows}
    changed = []
    for (key, signal), (more, difference) in added.items():
        known = old.get((key, signal))
        n, total = (known or (0, 0.0))[0] + int(more), (known or (0, 0.0))[1] + difference
        measure, *values = measured_signal(signal, n, total)
        before = measured_signal(signal, *known)[1:] if known is not None else None
        change.replace(group, measure, before, (int(values[0]), float(values[1])))
        changed.append({**group._asdict(), "key_digest": key, "signal": signal, "n": n, "total": total})
    for some in chunks(changed, 1_000):
        upsert(connection, _SIGNALS, some, _keys_of(_SIGNALS))


def _add_measures(connection: Connection, change: Change) -> None:
    names = ("units", "n", "total", "squares", "n_squares", "products")
    rows = [
        {**group._asdict(), "measure": measure, **dict(zip(names, sums, strict=True))}
        for (group, measure), sums in change.by_measure.items()
    ]
    _add_up(connection, _MEASURES, rows)


def _add_slices(
    connection: Connection, slices: Mapping[SliceKey, Mapping[str, float]], last_ts: Mapping[SliceKey, float]
) -> None:
    rows = [{**place._asdict(), **piece, "last_ts": last_ts.get(place, 0.0)} for place, piece in slices.items()]
    _add_up(connection, _SLICES, rows, latest=("last_ts",))


def _add_up(
    connection: Connection, into: Table, rows: Sequence[dict[str, Any]], latest: Collection[str] = ()
) -> None:
    """Add the rows' numbers to those that are there; of `latest` columns the larger stays."""
    if not rows:
        return
    add = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(into)
    keys = _keys_of(into)

    def sum_of(name: str) -> Any:
        if name in latest:
            return case((add.excluded[name] > into.c[name], add.excluded[name]), else_=into.c[name])
        return into.c[name] + add.excluded[name]

    changed = {column.name: sum_of(column.name) for column in into.c if column.name not in keys}
    for chunk in chunks(rows, 1_000):
        connection.execute(add.on_conflict_do_update(index_elements=keys, set_=changed), chunk)


def _of_keys(of: Table, group: Group, keys: Collection[str]) -> Any:
    c = of.c
    mine = (c.name == group.name) & (c.stage == group.stage) & (c.arm == group.arm)
    return select(of).where(mine, c.key_digest.in_(keys))


def _keys_of(of: Table) -> list[str]:
    return [column.name for column in of.primary_key.columns]
