"""What is forgotten of traffic: calls and conversations after a time, what was asked and answered sooner.

Sums, events and everything that was decided stay. What guardrails, reports and the comparison with the days before
the switch still go by is never touched, nor is a call that has not been counted yet.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, update

from migrator_tui.history.part import Part, chunks, upsert
from migrator_tui.history.rollout_records import COMPARED_DAYS, EventKind, Rollout, RolloutState
from migrator_tui.history.rollout_tables import (
    ConversationRow,
    ConversationSignalRow,
    FeedbackRow,
    RolloutEventRow,
    SliceRow,
    TrafficMarkRow,
    TrafficRow,
)
from migrator_tui.history.rollouts import Rollouts
from migrator_tui.history.tables import table
from migrator_tui.history.traffic_sums import staged

_TRAFFIC, _FEEDBACK, _MARKS = table(TrafficRow), table(FeedbackRow), table(TrafficMarkRow)
_CONVERSATIONS, _SIGNALS = table(ConversationRow), table(ConversationSignalRow)
_SLICES, _EVENTS = table(SliceRow), table(RolloutEventRow)

BATCH = 1_000
"""Rows that one transaction deletes: whatever is old, calls that come in are written meanwhile."""
_UNDER_WAY = (RolloutState.SHADOW, RolloutState.RUNNING, RolloutState.HELD)


class Retention(Rollouts, Part):
    """Forgetting."""

    def forget_traffic(self, *, before: datetime, texts_before: datetime, batch: int = BATCH) -> int:
        """Forget what this project's traffic kept from before those times, at most so many rows of each kind.

        Of a rollout that is under way all calls are kept, without their texts. How much was done: 0 where there is
        nothing left to forget.
        """
        rollouts = self.rollouts()
        newest: dict[str, Rollout] = {}
        for rollout in rollouts:
            newest.setdefault(rollout.name, rollout)
        if not newest:
            return 0
        with self._history.writing() as connection:
            if self._history.is_sqlite:
                # What was said is overwritten, and not only taken out of the tables.
                connection.exec_driver_sql("pragma secure_delete = on")
            through = self._through(connection)
            done = self._forget_texts(connection, list(newest), texts_before, through, batch)
            for rollout in newest.values():
                done += _forget_calls(connection, rollout, before, through, batch)
                done += _forget_slices(connection, rollout, before, batch)
            done += _forget_feedback_about_nothing(connection, before, batch)
            for name, stage in _ended_stages(connection, rollouts, before):
                done += _forget_conversations(connection, name, stage, batch)
        return done

    def _through(self, connection: Connection) -> int:
        """The number up to which all calls are counted, and their samples checked."""
        marks: dict[str, int] = {row.purpose: row.traffic_id for row in connection.execute(select(_MARKS))}
        return min(marks.get("sums", 0), marks.get(f"checks of {self._project_id}", 0))

    def _forget_texts(
        self, connection: Connection, names: Collection[str], before: datetime, through: int, batch: int
    ) -> int:
        t, purpose = _TRAFFIC.c, f"texts of {self._project_id}"
        mark = connection.execute(select(_MARKS.c.traffic_id).where(_MARKS.c.purpose == purpose)).scalar() or 0
        kept = or_(t.sampled_input.is_not(None), t.sampled_output.is_not(None))
        wanted = select(t.id, t.ts, kept.label("kept")).where(t.id > mark, t.id <= through, t.name.in_(names))
        old = []
        for row in connection.execute(wanted.order_by(t.id).limit(batch)):
            if row.ts >= before.timestamp():
                break
            old.append(row)
        for ids in chunks(row.id for row in old if row.kept):
            connection.execute(update(_TRAFFIC).where(t.id.in_(ids)).values(sampled_input=None, sampled_output=None))
        if old:
            values = {"purpose": purpose, "traffic_id": old[-1].id, "gap_since": None}
            upsert(connection, _MARKS, [values], ("purpose",))
        return len(old)


def _forget_calls(connection: Connection, newest: Rollout, before: datetime, through: int, batch: int) -> int:
    t = _TRAFFIC.c
    # Below, not up to: the newest row stays, since SQLite would give its number to the next one.
    old = and_(t.name == newest.name, t.ts < before.timestamp(), t.id < through)
    if newest.state in _UNDER_WAY:
        old = and_(old, t.revision < newest.first_revision)
    ids = connection.execute(select(t.id).where(old).order_by(t.ts).limit(batch)).scalars().all()
    for some in chunks(ids):
        connection.execute(delete(_FEEDBACK).where(_FEEDBACK.c.traffic_id.in_(some)))
        connection.execute(delete(_TRAFFIC).where(t.id.in_(some)))
    return len(ids)


def _forget_feedback_about_nothing(connection: Connection, before: datetime, batch: int) -> int:
    f = _FEEDBACK.c
    wanted = select(f.id).where(f.traffic_id == 0, f.ts < before.timestamp()).limit(batch)
    ids = connection.execute(wanted).scalars().all()
    for some in chunks(ids):
        connection.execute(delete(_FEEDBACK).where(f.id.in_(some)))
    return len(ids)


def _forget_slices(connection: Connection, newest: Rollout, before: datetime, batch: int) -> int:
    """Minutes; but for those that what came since the switch is compared with."""
    s, old = _SLICES.c, _minute(before)
    compared = timedelta(days=COMPARED_DAYS)
    wanted = select(s.minute).where(s.name == newest.name)
    if newest.state in _UNDER_WAY:
        wanted = wanted.where(s.minute < min(old, _minute(newest.created_at - compared)))
    else:
        wanted = wanted.where(s.minute < old)
        switch = _switched(connection, newest)
        if switch is not None:
            wanted = wanted.where(or_(s.minute < _minute(switch - compared), s.minute > _minute(switch)))
    minutes = connection.execute(wanted.distinct().order_by(s.minute).limit(batch)).scalars().all()
    for some in chunks(minutes):
        connection.execute(delete(_SLICES).where(s.name == newest.name, s.minute.in_(some)))
    return len(minutes)


def _switched(connection: Connection, rollout: Rollout) -> datetime | None:
    """When a complete rollout became that."""
    if rollout.state is not RolloutState.COMPLETE:
        return None
    e = _EVENTS.c
    wanted = select(e.at).where(e.rollout_id == rollout.id, e.kind == EventKind.COMPLETED.value)
    at: datetime | None = connection.execute(wanted.order_by(e.id.desc()).limit(1)).scalar()
    return at


def _ended_stages(connection: Connection, rollouts: Sequence[Rollout], before: datetime) -> Iterator[tuple[str, int]]:
    """Name and stage of those that ended before, of rollouts that are not under way: no call comes to them now."""
    began: dict[str, datetime] = {}
    for rollout in rollouts:  # newest first
        ends = began.get(rollout.name)
        began[rollout.name] = rollout.created_at
        if rollout.state in _UNDER_WAY:
            continue
        e = _EVENTS.c
        wanted = select(e.at, e.revision, e.step, e.percentage, e.shadow).where(e.rollout_id == rollout.id)
        firsts = [event for event, first in staged(connection.execute(wanted.order_by(e.id))) if event is first]
        for place, first in enumerate(firsts):
            ended = firsts[place + 1].at if place + 1 < len(firsts) else ends
            if ended is not None and ended < before:
                yield rollout.name, first.revision


def _forget_conversations(connection: Connection, name: str, stage: int, batch: int) -> int:
    done = 0
    for of in (_SIGNALS, _CONVERSATIONS):
        mine: Any = and_(of.c.name == name, of.c.stage == stage)
        keys = connection.execute(select(of.c.key_digest).where(mine).distinct().limit(batch)).scalars().all()
        for some in chunks(keys):
            connection.execute(delete(of).where(mine, of.c.key_digest.in_(some)))
        done += len(keys)
    return done


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)
