"""How far each webhook has been told what happened. The port `engage.delivery.posting.Postings`, and what people ask and order of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, final

import sqlalchemy as sa

from engage.delivery.payloads import Told
from engage.delivery.posting import Failure, Hand
from engage.history.timeline import Line
from engage.model.errors import InputError
from engage.model.history import Kind, Touch
from engage.model.outlets import Outlet
from engage.model.values import instant_text, to_json
from engage.model.workspace import Workspace
from engage.store.database import Database
from engage.store.feedback.horizon import Horizon
from engage.store.people.scrubbing import plain
from engage.store.rows.rows import TOUCH_FIELDS, Row, contact_of
from engage.store.schema.tables import contacts, postings, touches
from engage.store.sql.clock import MachineNow
from engage.store.sql.inserts import insert_ignoring

COMMAND = "<command line>"
LIVE = ""
"""The lane of what happens."""

SEARCHED = 10_000
"""Touches that are looked through at once for such as a webhook wants."""


@final
class SqlPostings:
    """The cursors over the touches. Nothing is read beyond the horizon."""

    def __init__(self, database: Database, *, workspace: Callable[[], Workspace]) -> None:
        self._database = database
        self._workspace = workspace
        self._horizon = Horizon(database)

    def begin(self, webhooks: Sequence[str]) -> None:
        """Begin to follow what happens for those that are new: from now on. Safe to repeat."""
        with self._database.read() as connection:
            new = set(webhooks) - set(connection.scalars(sa.select(postings.c.webhook).where(postings.c.lane == LIVE)))
        horizon = self._horizon.look() if new else None
        if horizon is not None:  # else it is known in a second
            rows = [{"webhook": name, "lane": LIVE, "position": horizon, "hand": 0, "attempts": 0} for name in sorted(new)]
            with self._database.begin() as connection:
                connection.execute(insert_ignoring(connection, postings).values(due_at=MachineNow()), rows)

    def lanes(self, webhook: str) -> Sequence[str]:
        """Its lanes that are due and have something to look at, what happens first."""
        horizon = self._horizon.look()
        more = postings.c.position < sa.func.coalesce(postings.c.until, horizon or 0)
        asked = sa.select(postings.c.lane).where(postings.c.webhook == webhook, _DUE, more).order_by(postings.c.lane)
        with self._database.read() as connection:
            return connection.scalars(asked).all()

    def take(self, outlet: Outlet, lane: str, *, limit: int, lease: timedelta) -> Hand | None:
        """The next touches that it wants; None where the lane is in other hands by now. What it does not want is passed over."""
        horizon = self._horizon.look() or 0
        with self._database.begin() as connection:
            here = sa.and_(postings.c.webhook == outlet.name, postings.c.lane == lane)
            row = connection.execute(sa.select(postings).where(here, _DUE).with_for_update()).mappings().one_or_none()
            if row is None:
                return None
            end = _end_of_window(connection, row["position"], min(horizon, row["until"] or horizon))
            lines = connection.execute(_wanted(outlet, row, end).limit(limit)).mappings().all()
            end = lines[-1]["id"] if len(lines) == limit else end
            taken = {"hand": row["hand"] + 1, "due_at": MachineNow(lease.total_seconds() if lines else 0.0)}
            connection.execute(sa.update(postings).where(here).values(taken))
            told = self._told(connection, outlet, lines)
        return Hand(
            webhook=outlet.name, lane=lane, token=row["hand"] + 1, position=row["position"], attempts=row["attempts"], told=told, end=end,
        )

    def _told(self, connection: sa.Connection, outlet: Outlet, lines: Sequence[Row]) -> Sequence[Told]:
        ids = {line["contact_id"] for line in lines if line["contact_id"] is not None} if outlet.fields else set()
        people: dict[int, Mapping[str, object]] = {}
        if ids:
            kinds = self._workspace().settings.attributes
            known = sa.select(contacts).where(contacts.c.id.in_(ids), contacts.c.erased_at.is_(None))
            for row in connection.execute(known).mappings():
                attributes = contact_of(row, kinds).attributes
                people[row["id"]] = {name: to_json(attributes[name]) for name in outlet.fields if name in attributes}
        return [Told(line=_line_of(line), contact=people.get(line["contact_id"], {})) for line in lines]

    def settle(self, hand: Hand, *, position: int, failure: Failure | None) -> None:
        """Write how far it came, unless another hand has taken it; a failure that is final disables all lanes of the webhook."""
        mine = sa.and_(postings.c.webhook == hand.webhook, postings.c.lane == hand.lane, postings.c.hand == hand.token)
        came: dict[str, Any] = {"position": position}
        if failure is None:
            came |= {"due_at": MachineNow(), "attempts": 0, "failing_since": None, "reason": None}
        else:
            since = MachineNow() if failure.attempts == 1 else sa.func.coalesce(postings.c.failing_since, MachineNow())
            came |= {
                "due_at": MachineNow(failure.after or 0.0), "attempts": failure.attempts, "failing_since": since, "reason": failure.reason,
            }
        with self._database.begin() as connection:
            if connection.execute(sa.update(postings).where(mine).values(came)).rowcount and failure is not None and failure.after is None:
                connection.execute(_DISABLE, {"named": hand.webhook, "why": failure.reason})
            connection.execute(sa.delete(postings).where(postings.c.lane != LIVE, postings.c.position >= postings.c.until))

    def replay(self, webhook: str, *, since: datetime, before: datetime | None, now: datetime) -> int:
        """Tell again what happened from that moment on, and before the other; how many touches are looked through at most.

        What happens from now on comes by the lane that it came by.
        """
        with self._database.read() as connection:
            here = sa.and_(postings.c.webhook == webhook, postings.c.lane == LIVE)
            live = connection.execute(sa.select(postings).where(here)).mappings().one_or_none()
            if live is None:
                raise InputError.of(f"nothing was told to the webhook {webhook!r} yet: is a scheduler running?", file=COMMAND)
            if live["disabled_at"] is not None:
                raise InputError.of(f"the webhook {webhook!r} is disabled: first `engage resume --webhook {webhook}`", file=COMMAND)
            spanned = [touches.c.at >= since, touches.c.id <= live["position"], *([touches.c.at < before] if before is not None else [])]
            span = sa.select(sa.func.min(touches.c.id), sa.func.max(touches.c.id), sa.func.count()).where(*spanned)
            first, last, count = connection.execute(span).one()
        if count:
            row = {
                "webhook": webhook, "lane": instant_text(now), "position": first - 1, "until": last, "since": since, "before": before,
                "hand": 0, "attempts": 0,
            }
            with self._database.begin() as connection:
                connection.execute(insert_ignoring(connection, postings).values(due_at=MachineNow(), **row))
        return int(count)

    def resume(self, webhook: str, *, skip: bool) -> int:
        """Go on at once where it failed, or, to `skip`, behind the touch that is not taken; how many lanes had failed."""
        failing = sa.and_(postings.c.webhook == webhook, postings.c.failing_since.is_not(None) | postings.c.disabled_at.is_not(None))
        with self._database.begin() as connection:
            rows = connection.execute(sa.select(postings).where(failing).with_for_update()).mappings().all()
            for row in rows:
                past = self._behind(connection, row) if skip and row["failing_since"] is not None else int(row["position"])
                again = {
                    "position": past, "hand": row["hand"] + 1, "due_at": MachineNow(), "attempts": 0, "failing_since": None,
                    "disabled_at": None, "reason": None,
                }
                connection.execute(sa.update(postings).where(_lane(row)).values(again))
            return len(rows)

    def _behind(self, connection: sa.Connection, row: Row) -> int:
        """The touch that it failed at: the next that it wants."""
        outlet = self._workspace().settings.webhooks.get(row["webhook"])
        wanted = None if outlet is None else connection.execute(_wanted(outlet, row, row["until"]).limit(1)).mappings().one_or_none()
        return int(row["position"] if wanted is None else wanted["id"])

    def standings(self, *, now: datetime) -> Sequence[Mapping[str, object]]:
        """How each webhook of the settings stands, as JSON values: `state`, since when the oldest touch waits to be looked at, why."""
        oldest = (
            sa.select(touches.c.at).where(touches.c.id > postings.c.position).order_by(touches.c.id).limit(1)
            .correlate(postings).scalar_subquery()
        )
        with self._database.read() as connection:
            rows = connection.execute(sa.select(postings, oldest.label("oldest")).where(postings.c.lane == LIVE)).mappings().all()
            lanes = connection.execute(_REPLAYS).all()
        replays = {webhook: number for webhook, number in lanes}  # noqa: C416  # a result is no iterable of pairs to the type checker
        there = self._workspace().settings.webhooks
        return [
            {
                "webhook": row["webhook"], "state": _state(row), "position": row["position"], "attempts": row["attempts"],
                "behind": 0.0 if row["oldest"] is None else max(0.0, (now - row["oldest"]).total_seconds()),
                "since": _written(row["disabled_at"] or row["failing_since"]), "reason": row["reason"],
                "replays": replays.get(row["webhook"], 0),
            }
            for row in sorted(rows, key=lambda row: str(row["webhook"])) if row["webhook"] in there
        ]


def _end_of_window(connection: sa.Connection, position: int, last: int) -> int:
    """The touch up to which it is looked this time."""
    window = sa.select(touches.c.id).where(touches.c.id > position, touches.c.id <= last).order_by(touches.c.id).limit(SEARCHED)
    found = connection.scalar(sa.select(sa.func.max(window.subquery().c.id)))
    return max(position, last) if found is None else int(found)


def _wanted(outlet: Outlet, row: Row, end: int | None) -> sa.Select[Any]:
    """The touches behind a lane's position that the webhook wants, up to that one."""
    asked = sa.select(touches).where(touches.c.id > row["position"]).order_by(touches.c.id)
    if end is not None:
        asked = asked.where(touches.c.id <= end)
    if outlet.kinds:
        asked = asked.where(touches.c.kind.in_(sorted(kind.value for kind in outlet.kinds)))
    if outlet.campaigns:
        asked = asked.where(touches.c.campaign.in_(sorted(outlet.campaigns)))
    if row["since"] is not None:
        asked = asked.where(touches.c.at >= row["since"])
    return asked if row["before"] is None else asked.where(touches.c.at < row["before"])


def _line_of(row: Row) -> Line:
    """What would stay of the touch if the person were erased: no words of others, nothing that they were written or wrote."""
    kept = {**row, **plain(row)}
    return Line(id=row["id"], label=None, touch=Touch(kind=Kind(row["kind"]), **{name: kept[name] for name in TOUCH_FIELDS}))


def _lane(row: Row) -> sa.ColumnElement[bool]:
    return sa.and_(postings.c.webhook == row["webhook"], postings.c.lane == row["lane"])


def _state(row: Row) -> str:
    if row["disabled_at"] is not None:
        return "disabled"
    return "well" if row["failing_since"] is None else "failing"


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


_DUE = sa.and_(postings.c.disabled_at.is_(None), postings.c.due_at <= MachineNow())
_REPLAYS = sa.select(postings.c.webhook, sa.func.count()).where(postings.c.lane != LIVE).group_by(postings.c.webhook)
_DISABLE = (
    sa.update(postings).where(postings.c.webhook == sa.bindparam("named"))
    .values(disabled_at=MachineNow(), reason=sa.bindparam("why"))
)
