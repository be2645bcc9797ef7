"""Rollouts: where each stands, every change with who, when and why, and the row that the gateway's plugin reads.

A change names the revision that it was decided on and is refused where that is no longer the present one; rollout,
event and the plugin's row are written in one transaction, so that no proxy ever sees half a change.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from migrator_tui.history.columns import now
from migrator_tui.history.errors import HistoryError, OvertakenError
from migrator_tui.history.part import Part, upsert
from migrator_tui.history.rollout_records import (
    GATEWAY_SCHEMA,
    EventKind,
    Lease,
    NewRollout,
    Rollout,
    RolloutEvent,
    RolloutState,
)
from migrator_tui.history.rollout_tables import GatewayRolloutRow, MonitorLeaseRow, RolloutEventRow, RolloutRow
from migrator_tui.history.tables import table
from migrator_tui.project.rollout_settings import GuardrailRule, Step

_ROLLOUTS, _EVENTS = table(RolloutRow), table(RolloutEventRow)
_GATEWAY, _LEASES = table(GatewayRolloutRow), table(MonitorLeaseRow)
_SETTINGS = {"steps", "guardrails", "hold_back", "auto_advance", "sample_answers", "models"}
"""What is kept as one value."""
_CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the clocks of two machines with monitors may differ."""
_UNFINISHED = (RolloutState.SHADOW, RolloutState.RUNNING, RolloutState.HELD)


class Rollouts(Part):
    """Rollouts, their events, and the monitor's lease."""

    def start_rollout(
        self,
        new: NewRollout,
        arms: Mapping[str, Any],
        *,
        author: str,
        why: str,
        overridden: str = "",
        at: datetime | None = None,
    ) -> Rollout:
        """Begin at the first step, and tell the gateway what its `arms` are.

        `overridden`: why it begins against advice. A complete one of that name ends; raises `HistoryError` where one
        is under way, or the name is another project's.
        """
        at = at or now()
        settings = {name: value for name, value in asdict(new).items() if name in _SETTINGS}
        try:
            with self._history.writing() as connection:
                self._serialise(connection)
                revision = self._make_room(connection, new.name, author, at)
                values = {name: value for name, value in asdict(new).items() if name not in _SETTINGS} | {
                    "project_id": self._project_id,
                    "state": (RolloutState.SHADOW if new.steps[0].shadow else RolloutState.RUNNING).value,
                    "step": 0,
                    "percentage": served_percentage(new.steps[0], new.hold_back),
                    "revision": revision,
                    "first_revision": revision,
                    "salt": secrets.token_hex(8),
                    "settings": settings,
                    "since": at,
                    "author": author,
                    "created_at": at,
                }
                id_ = connection.execute(insert(_ROLLOUTS).returning(_ROLLOUTS.c.id), values).scalar_one()
                started = _rollout(connection.execute(self._wanted().where(_ROLLOUTS.c.id == id_)).one())
                if overridden:
                    self._add_event(connection, started, EventKind.OVERRIDDEN, author, overridden, at)
                self._add_event(connection, started, EventKind.STARTED, author, why, at)
                self._publish(connection, started, at, arms)
        except IntegrityError:
            # Only another project can have been faster: within one, the project's row is locked.
            raise HistoryError(f"{new.name} was taken by another project of this database at this moment") from None
        return started

    def change_rollout(
        self,
        seen: Rollout,
        *,
        kind: EventKind,
        who: str,
        why: str,
        state: RolloutState,
        step: int | None = None,
        percentage: float | None = None,
        at: datetime | None = None,
    ) -> Rollout:
        """Change what was `seen`, and tell the gateway; what is left out stays. A new step counts from now.

        Raises `OvertakenError` where it was changed since it was seen: nothing is written then.
        """
        at = at or now()
        values: dict[str, Any] = {"state": state.value, "revision": seen.revision + 1}
        if step is not None and step != seen.step:
            values |= {"step": step, "since": at}
        if percentage is not None:
            values["percentage"] = percentage
        mine = (_ROLLOUTS.c.project_id == self._project_id) & (_ROLLOUTS.c.id == seen.id)
        with self._history.writing() as connection:
            change = update(_ROLLOUTS).where(mine, _ROLLOUTS.c.revision == seen.revision).values(values)
            done = connection.execute(change).rowcount
            if not done:
                raise self._overtaken(connection, seen)
            changed = _rollout(connection.execute(self._wanted().where(_ROLLOUTS.c.id == seen.id)).one())
            self._add_event(connection, changed, kind, who, why, at)
            self._publish(connection, changed, at)
        return changed

    def note_rollout(
        self,
        seen: Rollout,
        *,
        kind: EventKind,
        who: str,
        why: str,
        at: datetime | None = None,
        owner: str | None = None,
    ) -> None:
        """Write down an event that changes nothing. `owner`: the monitor that says so, as long as it has the lease.

        Raises `OvertakenError` where it was changed since it was seen: what is said of one step would stand after
        the next one's beginning, and events in their order say which calls belong together. So it does where another
        monitor has taken over, which says the same.
        """
        mine = (_ROLLOUTS.c.project_id == self._project_id) & (_ROLLOUTS.c.id == seen.id)
        with self._history.writing() as connection:
            present = connection.execute(select(_ROLLOUTS.c.revision).where(mine).with_for_update()).scalar_one()
            if present != seen.revision:
                raise self._overtaken(connection, seen)
            if owner is not None:
                # Locked, so that who takes over from here on reads this event.
                acts = select(_LEASES.c.owner).where(_LEASES.c.project_id == self._project_id).with_for_update()
                if connection.execute(acts).scalar() != owner:
                    raise OvertakenError("another monitor has taken over meanwhile; this one has said nothing more")
            self._add_event(connection, seen, kind, who, why, at or now())

    def rollout(self, id: int) -> Rollout:
        """The rollout of that id; `KeyError` if this project has none."""
        with self._history.reading() as connection:
            row = connection.execute(self._wanted().where(_ROLLOUTS.c.id == id)).one_or_none()
        if row is None:
            raise KeyError(id)
        return _rollout(row)

    def rollouts(self, task: str | None = None) -> list[Rollout]:
        """The rollouts of a task (`None`: of all), newest first."""
        wanted = self._wanted().order_by(_ROLLOUTS.c.id.desc())
        if task is not None:
            wanted = wanted.where(_ROLLOUTS.c.task == task)
        with self._history.reading() as connection:
            return [_rollout(row) for row in connection.execute(wanted)]

    def rollout_events(self, id: int, limit: int = 1000) -> list[RolloutEvent]:
        """What happened to a rollout, newest first."""
        with self._history.reading() as connection:
            return self._events(connection, id, limit)

    def published_rollout(self, name: str) -> dict[str, Any] | None:
        """The row that the plugin reads for a model name; `None` where there is none."""
        with self._history.reading() as connection:
            row = connection.execute(select(_GATEWAY).where(_GATEWAY.c.name == name)).one_or_none()
        return None if row is None else dict(row._mapping)

    # The monitor's lease

    def take_lease(self, owner: str, seconds: float, *, at: datetime | None = None) -> bool:
        """Let `owner` be the monitor that acts for so long, if no other is; the one that is may prolong it.

        A lease that ends further away than any monitor asks for was taken by a clock that was wrong: it holds
        nobody up.
        """
        at = at or now()
        until = at + timedelta(seconds=seconds)
        c = _LEASES.c
        values = {"project_id": self._project_id, "owner": owner, "until": until, "looked_at": None}
        beyond = at + timedelta(seconds=seconds) + _CLOCKS_DIFFER
        free = (c.project_id == self._project_id) & or_(c.owner == owner, c.until <= at, c.until > beyond)
        with self._history.writing() as connection:
            self._serialise(connection)
            if connection.execute(update(_LEASES).where(free).values(owner=owner, until=until)).rowcount:
                return True
            if connection.execute(select(c.owner).where(c.project_id == self._project_id)).one_or_none() is not None:
                return False
            connection.execute(insert(_LEASES), values)
        return True

    def note_look(self, owner: str, *, at: datetime | None = None) -> None:
        """Write down that the monitor which holds the lease has looked at everything."""
        mine = (_LEASES.c.project_id == self._project_id) & (_LEASES.c.owner == owner)
        with self._history.writing() as connection:
            connection.execute(update(_LEASES).where(mine).values(looked_at=at or now()))

    def give_lease_back(self, owner: str, *, at: datetime | None = None) -> None:
        """Let another monitor act at once."""
        mine = (_LEASES.c.project_id == self._project_id) & (_LEASES.c.owner == owner)
        with self._history.writing() as connection:
            connection.execute(update(_LEASES).where(mine).values(until=at or now()))

    def lease(self) -> Lease | None:
        """Which monitor acts, and when it looked last; `None` where there never was one."""
        c = _LEASES.c
        with self._history.reading() as connection:
            row = connection.execute(
                select(c.owner, c.until, c.looked_at).where(c.project_id == self._project_id)
            ).one_or_none()
        return None if row is None else Lease(*row)

    # Below: inside a transaction

    def _make_room(self, connection: Connection, name: str, author: str, at: datetime) -> int:
        """The revision that a new rollout of that name begins with."""
        c = _ROLLOUTS.c
        last = connection.execute(
            select(c.id, c.project_id, c.state).where(c.name == name).order_by(c.id.desc()).limit(1)
        ).one_or_none()
        if last is None:
            return 1
        if last.project_id != self._project_id:
            raise HistoryError(
                f"another project of this database rolls out under the name {name}: rename the task of one of them"
            )
        if last.state in _UNFINISHED:
            raise HistoryError(f"a rollout of {name} is under way ({last.state}): roll it back or complete it first")
        if last.state == RolloutState.COMPLETE:
            ended = {"state": RolloutState.ENDED.value, "revision": c.revision + 1}
            connection.execute(update(_ROLLOUTS).where(c.id == last.id).values(ended))
            old = _rollout(connection.execute(self._wanted().where(c.id == last.id)).one())
            self._add_event(connection, old, EventKind.ENDED, author, "another rollout took its place", at)
        highest = connection.execute(select(func.max(c.revision)).where(c.name == name)).scalar_one()
        return int(highest) + 1

    def _overtaken(self, connection: Connection, seen: Rollout) -> OvertakenError:
        e = _EVENTS.c
        wanted = select(e.who, e.kind, e.percentage).where(e.rollout_id == seen.id)
        last = connection.execute(wanted.order_by(e.revision.desc(), e.id).limit(1)).one()  # what changed it
        return OvertakenError(
            f"rollout {seen.name}: {last.who} was faster: {last.kind} at {last.percentage:g} %; "
            "look at it and decide anew"
        )

    def _publish(
        self, connection: Connection, rollout: Rollout, at: datetime, arms: Mapping[str, Any] | None = None
    ) -> None:
        values = {
            "schema_number": GATEWAY_SCHEMA,
            "revision": rollout.revision,
            "state": rollout.state.value,
            "percentage": rollout.percentage,
            "shadow": rollout.shadow,
            "salt": rollout.salt,
            "hold_back": rollout.hold_back,
            "sample_answers": rollout.sample_answers,
            "updated_ts": at.timestamp(),
        }
        if arms is None:
            connection.execute(update(_GATEWAY).where(_GATEWAY.c.name == rollout.name).values(values))
        else:
            upsert(connection, _GATEWAY, [values | {"name": rollout.name, "arms": dict(arms)}], ("name",))

    def _add_event(
        self, connection: Connection, rollout: Rollout, kind: EventKind, who: str, why: str, at: datetime
    ) -> None:
        connection.execute(
            insert(_EVENTS).values(
                rollout_id=rollout.id,
                at=at,
                kind=kind.value,
                who=who,
                why=self._without_secrets(why),
                step=rollout.step,
                percentage=rollout.percentage,
                shadow=rollout.shadow,
                revision=rollout.revision,
            )
        )

    def _events(self, connection: Connection, id: int, limit: int) -> list[RolloutEvent]:
        c = _EVENTS.c
        wanted = select(*(column for column in c if column.name != "rollout_id")).where(c.rollout_id == id)
        rows = connection.execute(wanted.order_by(c.id.desc()).limit(limit))
        return [RolloutEvent(**(dict(row._mapping) | {"kind": EventKind(row.kind)})) for row in rows]

    def _wanted(self) -> Any:
        return select(_ROLLOUTS).where(_ROLLOUTS.c.project_id == self._project_id)


def served_percentage(step: Step, hold_back: float) -> float:
    """What the candidate serves at a step: never the share that is held back."""
    return min(step.percentage, 100.0 - hold_back)


def _rollout(row: Row[Any]) -> Rollout:
    values = dict(row._mapping)
    settings = values.pop("settings")
    values.pop("project_id")
    return Rollout(
        **values
        | {"state": RolloutState(row.state)}
        | settings
        | {
            "steps": tuple(Step(**step) for step in settings["steps"]),
            "guardrails": tuple(_rule(rule) for rule in settings["guardrails"]),
        }
    )


def _rule(stored: Mapping[str, Any]) -> GuardrailRule:
    # Rollouts of early days keep a direction besides, which is the metric's.
    return GuardrailRule(**{name: value for name, value in stored.items() if name != "direction"})
