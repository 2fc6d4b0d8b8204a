"""The figures in SQL: the port `engage.history.report.Reports`. A campaign's are three statements, whatever it has sent.

Touches are first brought down to one row for each message and kind; every sum is of these.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.history.report import COUNTED, REASONED, CampaignReport, Dimension, Messages, PeopleReport
from engage.history.shares import Lift, Share
from engage.model.contact import AttributeKind
from engage.model.history import Kind
from engage.model.localtime import local_date, zone
from engage.model.steps import Split, every_send, every_step
from engage.planning.positions import name_of
from engage.store.campaigns.renaming import is_of, present_name
from engage.store.database import Database
from engage.store.expressions.asking import by_machine
from engage.store.people.figures import people_report
from engage.store.schema.tables import touches
from engage.store.session import WorkspaceNow
from engage.store.sql.typed_json import ByDialect

_ARM = re.compile(r"(.*\.arm\d+)\.\d+(\..*)?")

WHERE = (Dimension.MESSAGE, Dimension.CHANNEL, Dimension.LOCALE, Dimension.VARIANT, Dimension.DAY)
_COLUMNS = dict(zip(WHERE, ("message", "channel", "locale", "step", "hour"), strict=True))


@final
class SqlReports:
    """Reads the history."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def campaign(self, name: str, *, since: datetime | None = None, until: datetime | None = None) -> CampaignReport:
        """The campaign's, by every Dimension; `since` is included, `until` is not."""
        mine = [is_of(name, touches.c.campaign), *_span(since, until)]
        with self._database.read() as connection:
            people = connection.execute(_people(is_of(name, touches.c.campaign), since, until)).all()
            counted = connection.execute(_by_dimension(mine)).all()
            reasons = connection.execute(_by_reason(mine)).all()
        parts = self._parts(name, counted)
        entered, lift = _lift_of(people, name)
        return CampaignReport(
            campaign=name, entered=entered, lift=lift, total=parts.pop("total", {}).get("", Messages()),
            parts={each: dict(sorted(parts.get(each.value, {}).items())) for each in WHERE}, reasons=_reasons(reasons),
        )

    def campaigns(self, *, since: datetime | None = None, until: datetime | None = None) -> Sequence[CampaignReport]:
        """Of every campaign that anybody entered or that sent anything, in their order, without parts and reasons."""
        with self._database.read() as connection:
            people = connection.execute(_people(touches.c.campaign.is_not(None), since, until)).all()
            counted = connection.execute(_by_campaign(_span(since, until))).all()
        totals = _summed((name, kind, machine, count) for name, kind, machine, count in counted)
        names = sorted({*totals, *(row.campaign for row in people)})
        found = {name: _lift_of(people, name) for name in names}
        return [
            CampaignReport(campaign=name, entered=found[name][0], lift=found[name][1], total=totals.get(name, Messages())) for name in names
        ]

    def people(self, *, now: datetime) -> PeopleReport:
        """Of all contacts."""
        with self._database.read() as connection:
            return people_report(connection, settings=self._workspace().settings, now=now)

    def _parts(self, name: str, counted: Sequence[Any]) -> dict[str, Mapping[str, Messages]]:
        """By dimension and value. Hours become days of the workspace's zone, steps the arms that they stand in."""
        arms, home = self._arms(name), zone(self._workspace().settings.timezone)
        found: dict[str, list[tuple[str, str, bool, int]]] = defaultdict(list)
        for dimension, value, kind, machine, count in counted:
            if dimension == Dimension.DAY:
                value = local_date(datetime.fromisoformat(f"{value}:00+00:00"), home).isoformat()  # what it stands for
            elif dimension == Dimension.VARIANT:
                value = arms.get(value) or _arm_of(value)  # likewise
            if value is not None:
                found[dimension].append((value, kind, machine, count))
        return {dimension: _summed(rows) for dimension, rows in found.items()}

    def _arms(self, name: str) -> Mapping[str, str]:
        """The arm of each send that stands in one, by what the send is called."""
        campaign = self._workspace().campaigns.get(name)
        splits = [step for step in every_step(campaign.steps) if isinstance(step, Split)] if campaign is not None else []
        return {
            name_of(send): f"{name_of(split)}.arm{number}"
            for split in splits for number, arm in enumerate(split.arms) for send in every_send(arm.steps)
        }


def _arm_of(step: str | None) -> str | None:
    """The arm that a path leads into, of a version that is no more."""
    found = _ARM.fullmatch(step) if step else None
    return found[1] if found else None


def _summed(rows: Iterable[tuple[str, str, bool, int]]) -> dict[str, Messages]:
    counts: dict[str, dict[Kind, int]] = defaultdict(lambda: defaultdict(int))
    machines: dict[str, dict[Kind, int]] = defaultdict(lambda: defaultdict(int))
    for value, kind, machine, count in rows:
        (machines if machine else counts)[value][Kind(kind)] += count
    return {value: Messages(counts=dict(counts[value]), machines=dict(machines[value])) for value in {*counts, *machines}}


def _lift_of(people: Sequence[Any], name: str) -> tuple[int, Lift]:
    """Of the rows of one campaign, by all its names: how many entered, and how both groups did."""
    of = {bool(row.held_out): row for row in people if row.campaign == name}
    treated, held_out = (
        Share(count=of[side].converted or 0, of=of[side].runs) if side in of else Share(count=0, of=0) for side in (False, True)
    )
    return treated.of, Lift(treated=treated, held_out=held_out)


def _reasons(rows: Sequence[Any]) -> dict[Kind, Mapping[str, int]]:
    found: dict[Kind, dict[str, int]] = {kind: {} for kind in REASONED}
    for kind, reason, count in rows:
        found[Kind(kind)][reason or ""] = count
    return {kind: reasons for kind, reasons in found.items() if reasons}


def _span(since: datetime | None, until: datetime | None) -> list[sa.ColumnElement[bool]]:
    return [*([touches.c.at >= since] if since else []), *([touches.c.at < until] if until else [])]


def _kinds(kinds: Iterable[Kind]) -> sa.ColumnElement[bool]:
    return touches.c.kind.in_([kind.value for kind in kinds])


def _hour(at: sa.ColumnElement[Any]) -> ByDialect:
    """The hour, in UTC, as text: `2026-02-25T12`."""
    return ByDialect(
        sqlite=sa.func.substr(sa.type_coerce(at, sa.String), 1, 13),
        postgresql=sa.func.to_char(sa.func.timezone("UTC", at), 'YYYY-MM-DD"T"HH24'), kind=AttributeKind.TEXT,
    )


def _by_dimension(mine: Sequence[sa.ColumnElement[bool]]) -> sa.CompoundSelect[Any]:
    """How many messages had each kind, in all and by each value of each dimension."""
    machine = by_machine().label("machine")
    least = {name: sa.func.min(touches.c[name]).label(name) for name in ("message", "channel", "locale", "step")}
    base = (
        sa.select(touches.c.delivery_id, touches.c.kind, machine, *least.values(), _hour(sa.func.min(touches.c.at)).label("hour"))
        .where(*mine, _kinds(COUNTED), touches.c.delivery_id.is_not(None))
        .group_by(touches.c.delivery_id, touches.c.kind, machine)
        .cte("base")
    )
    number = sa.func.count()
    total = sa.select(sa.literal("total"), sa.literal(""), base.c.kind, base.c.machine, number).group_by(base.c.kind, base.c.machine)
    parts = (
        sa.select(sa.literal(dimension.value), base.c[column], base.c.kind, base.c.machine, number)
        .group_by(base.c[column], base.c.kind, base.c.machine)
        for dimension, column in _COLUMNS.items()
    )
    return sa.union_all(total, *parts)


def _by_campaign(span: Sequence[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    name, machine = present_name(touches.c.campaign).label("name"), by_machine().label("machine")
    return (
        sa.select(name, touches.c.kind, machine, sa.func.count(touches.c.delivery_id.distinct()))
        .where(*span, _kinds(COUNTED), touches.c.campaign.is_not(None))
        .group_by(name, touches.c.kind, machine)
    )


def _by_reason(mine: Sequence[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """Messages, each once for a reason, however often it was put off for it; of those not entered, people."""
    number = sa.func.count(sa.func.coalesce(touches.c.delivery_id, -touches.c.id).distinct())
    return (
        sa.select(touches.c.kind, touches.c.reason, number).where(*mine, _kinds(REASONED))
        .group_by(touches.c.kind, touches.c.reason).order_by(touches.c.kind, number.desc(), touches.c.reason)
    )


def _people(mine: sa.ColumnElement[bool], since: datetime | None, until: datetime | None) -> sa.Select[Any]:
    """The runs that began in the span, whether they were held out, and how many of them converted, whenever."""
    began = _kinds([Kind.ENTERED, Kind.HELD_OUT])
    at, name = sa.func.min(sa.case((began, touches.c.at))), present_name(touches.c.campaign).label("campaign")
    one = (
        sa.select(
            name, sa.func.max(sa.case((touches.c.kind == Kind.HELD_OUT.value, 1), else_=0)).label("held_out"),
            sa.func.max(sa.case((touches.c.kind == Kind.CONVERTED.value, 1), else_=0)).label("converted"),
        )
        .where(mine, _kinds([Kind.ENTERED, Kind.HELD_OUT, Kind.CONVERTED]), touches.c.run_id.is_not(None))
        .group_by(touches.c.run_id, name)
        .having(at.is_not(None), *([at >= since] if since else []), *([at < until] if until else []))
        .subquery("one")
    )
    return (
        sa.select(one.c.campaign, one.c.held_out, sa.func.count().label("runs"), sa.func.sum(one.c.converted).label("converted"))
        .group_by(one.c.campaign, one.c.held_out)
    )
