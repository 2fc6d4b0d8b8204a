"""What planning costs for a million contacts in 400 zones, on both databases: `python -m bench.planning [--quick] [--database NAME]`.

Everything is held against a baseline of the same run: birthdays of the next hour against the query of the index alone, 100,000
entering against the same statements into tables without indexes, and planning them again, when nothing is new, against the bare SELECT
of the audience. Of several turns, taken in turn, the best counts. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from bench.costs import costs
from bench.crowd import zones
from bench.databases import DATABASES, WRITTEN, Pair
from engage.contacts.zones import names_behind
from engage.model.campaign import Campaign
from engage.model.contact import AttributeKind
from engage.model.errors import Place
from engage.model.expression import Expression
from engage.model.triggers import DateTrigger
from engage.model.workspace import Workspace
from engage.planning.occurrences import date_slots
from engage.planning.openings import openings
from engage.planning.slots import Entry, Residence, Slot
from engage.rules.expressions import Names, parse
from engage.rules.workspace import load
from engage.settings import load_settings
from engage.store.database import Database
from engage.store.expressions.audiences import audience_condition
from engage.store.planning.entrances import form_of, given, matching
from engage.store.planning.slots import SLOT_COLUMNS, by_shape
from engage.store.planning.transactions import SqlTransaction
from engage.store.schema.tables import contact_dates, contacts
from engage.store.sql.json_tables import json_source

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
GOALS = {"birthdays": 3.0, "entering": 2.5, "nothing_new": 1.3}
SMALL_TURNS = 20  # what takes a millisecond is done oftener

SETTINGS = """\
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com
attributes: {birth_date: date, plan: text, tier: number}
purposes: {care: {title: Wishes, consent: opt_out}}
channels: {email: {adapter: console, kind: email, from: "Aurora <hello@aurora.example>"}}
"""
BIRTHDAY = """\
purpose: care
status: live
trigger: {date: birth_date, at: 09:00}
send: letter
channels: [email]
expires: end_of_day
"""
LETTER = "---\nsubject: Hello\n---\nHello!\n\n[Unsubscribe]({{ message.unsubscribe_url }})\n"

FILES = {"engage.yaml": SETTINGS, "campaigns/birthday.yaml": BIRTHDAY, "templates/letter/email.md": LETTER}


def main(arguments: list[str]) -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--zones", type=int, default=400)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="50,000 contacts, 100 zones, 3 turns")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.contacts, asked.zones, asked.turns = 50_000, 100, 3
    names = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    found = {}
    for name in names:
        with TemporaryDirectory() as folder, DATABASES[name](Path(folder), asked.contacts, zones(asked.zones), NOW) as pair:
            found[name] = measured(pair, in_zones=zones(asked.zones), turns=asked.turns)
            told(name, found[name])
    _say(json.dumps({"contacts": asked.contacts, "zones": asked.zones, "goals": GOALS, **found}))


def measured(pair: Pair, *, in_zones: Sequence[str], turns: int) -> Mapping[str, Any]:
    """All figures of one database, in milliseconds."""
    workspace = _workspace()
    return {
        "birthdays": birthdays(pair.full, workspace, in_zones=in_zones, turns=turns),
        **entering(pair, workspace, in_zones=in_zones, turns=turns),
        "asked": asked_for(pair.full, workspace, in_zones=in_zones),
    }


def told(name: str, found: Mapping[str, Any]) -> None:
    """One database's figures, for people."""
    for what, goal in GOALS.items():
        figure = found[what]
        _say(f"{name:<10} {what:<11} {figure['ms']:>9,.2f} ms, baseline {figure['baseline_ms']:>9,.2f} ms: {figure['ratio']:.2f} "
             f"(goal {goal}), {figure['people']:,} people")
    for size, cost in found["asked"].items():
        _say(f"{name:<10} {size:>11} entering: {cost['statements']} statements, {cost['rows']} rows into Python, {cost['s']:.1f} s")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def birthdays(database: Database, workspace: Workspace, *, in_zones: Sequence[str], turns: int) -> Mapping[str, Any]:
    """Whose birthday's nine o'clock comes in the next hour, all that entering asks included, against the index of dates alone."""
    campaign = workspace.campaigns["birthday"]
    entry = _entry(campaign, workspace, _birthday_slots(campaign, in_zones), in_zones)
    ((shape, slots),) = by_shape(entry.slots).items()
    with database.read() as connection:
        form = form_of(connection.dialect.name, entry, shape, slots, ())
        table = json_source(connection.dialect.name, "slot", SLOT_COLUMNS, rows="slot_rows", single=form.one_slot)
        told = given(form, entry, slots, ())
        ours = matching(form, table, None)
        dates = contact_dates.c
        of_index = sa.select(dates.contact_id).select_from(table.join(contact_dates, sa.true())).where(
            dates.name == shape.attribute, dates.month == table.c.month, dates.day == table.c.day, dates.zone_key == table.c.zone_key,
        )
        asked = partial(connection.execute, parameters=told)
        found = _in_turn(turns * SMALL_TURNS, lambda: asked(ours).all(), lambda: asked(of_index).all())
        people = len(asked(ours).all())
    entered = min(_timed(lambda: _enter(database, workspace, entry)) for _ in range(turns) if not _emptied(database))
    _emptied(database)
    return {**found, "people": people, "slots": len(slots), "entered_ms": round(entered, 2)}


def entering(pair: Pair, workspace: Workspace, *, in_zones: Sequence[str], turns: int) -> Mapping[str, Any]:
    """A tenth of all enter, with a touch and a first delivery each; then the same is planned again, and nothing is new."""
    campaign = replace(workspace.campaigns["birthday"], audience=_audience("contact.plan == 'pro'"))
    entry = _entry(campaign, workspace, [Slot(at=NOW, key="all", trigger={})], in_zones)
    everybody = _bare_select(entry, workspace)
    made, repeated = [], []
    for _ in range(turns):
        _emptied(pair.bare)
        _emptied(pair.full)
        without = _timed(lambda: _enter(pair.bare, workspace, entry))
        made.append((_timed(lambda: _enter(pair.full, workspace, entry)), without))
        _analysed(pair.full)
        with pair.full.read() as connection:
            _alone(connection)
            select = _timed(lambda: connection.execute(everybody(connection)).all())
        repeated.append((_timed(lambda: _enter(pair.full, workspace, entry)), select))
    with pair.full.read() as connection:
        people = connection.execute(sa.text("SELECT count(*) FROM deliveries")).scalar_one()
    _emptied(pair.full)
    return {"entering": {**_best(made), "people": people}, "nothing_new": {**_best(repeated), "people": people}}


def asked_for(database: Database, workspace: Workspace, *, in_zones: Sequence[str]) -> Mapping[str, Any]:
    """The same campaign over a hundredth of all, and over all: how many statements, and how many rows brought into Python."""
    found = {}
    for name, condition in (("a hundredth", "contact.tier == 0"), ("everybody", "contact.tier >= 0")):
        campaign = replace(workspace.campaigns["birthday"], audience=_audience(condition))
        entry = _entry(campaign, workspace, [Slot(at=NOW, key="all", trigger={})], in_zones)
        with costs(database.engine) as cost:
            took = _timed(lambda entry=entry: _enter(database, workspace, entry))  # type: ignore[misc]  # bound at once
        found[name] = {"statements": cost.statements, "rows": cost.rows, "s": round(took / 1000, 1)}
        _emptied(database)
    return found


def _bare_select(entry: Entry, workspace: Workspace) -> Callable[[sa.Connection], sa.Select[int]]:
    """Who is in the audience, and nothing else: what planning must ask at the least."""
    assert entry.audience is not None  # noqa: S101  # given above

    def select(connection: sa.Connection) -> sa.Select[int]:
        condition = audience_condition(connection, entry.audience, workspace=workspace, now=NOW)  # type: ignore[arg-type]  # as above
        return sa.select(sa.func.count()).select_from(contacts).where(contacts.c.erased_at.is_(None), condition)

    return select


def _workspace() -> Workspace:
    files = {path: text.encode() for path, text in FILES.items()}
    return load(files, load_settings(files, {}, root=Path()))


def _audience(source: str) -> Expression:
    names = Names(attributes={"plan": AttributeKind.TEXT, "tier": AttributeKind.NUMBER})
    return parse(source, place=Place(file="bench", line=1, column=1), names=names)


def _birthday_slots(campaign: Campaign, in_zones: Sequence[str]) -> Sequence[Slot]:
    assert isinstance(campaign.trigger, DateTrigger)  # noqa: S101  # as it is written above
    places = [Residence(zone_key=name) for name in in_zones]
    return date_slots(campaign.trigger, residences=places, after=NOW, until=NOW + timedelta(hours=1), zones_of=names_behind)


def _entry(campaign: Campaign, workspace: Workspace, slots: Sequence[Slot], in_zones: Sequence[str]) -> Entry:
    first = openings(campaign, slots, workspace=workspace, zone_keys=in_zones, zones_of=names_behind, now=NOW)
    return Entry(campaign=campaign, now=NOW, position="0", slots=tuple(slots), audience=campaign.audience, openings=first)


def _transaction(connection: sa.Connection, workspace: Workspace) -> SqlTransaction:
    return SqlTransaction(connection, workspace=lambda: workspace, secret=b"")


def _enter(database: Database, workspace: Workspace, entry: Entry) -> None:
    with database.begin() as connection:
        _transaction(connection, workspace).enter(entry)


def _emptied(database: Database) -> None:
    """Nobody has entered."""
    with database.begin() as connection:
        for table in WRITTEN:
            connection.execute(sa.text(f"TRUNCATE {table} CASCADE" if database.dialect == "postgresql" else f"DELETE FROM {table}"))  # noqa: S608  # names of our own


def _alone(connection: sa.Connection) -> None:
    """A statement that writes has one process on PostgreSQL: one that only reads gets no more here."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL max_parallel_workers_per_gather = 0"))


def _analysed(database: Database) -> None:
    """What autovacuum would do by itself."""
    with database.begin() as connection:
        connection.execute(sa.text("ANALYZE runs"))


def _timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


def _in_turn(turns: int, ours: Callable[[], object], baseline: Callable[[], object]) -> Mapping[str, float]:
    return _best([(_timed(ours), _timed(baseline)) for _ in range(turns)])


def _best(pairs: Sequence[tuple[float, float]]) -> Mapping[str, float]:
    ours, baseline = (min(each) for each in zip(*pairs, strict=True))
    return {"ms": round(ours, 2), "baseline_ms": round(baseline, 2), "ratio": round(ours / baseline, 2)}


if __name__ == "__main__":
    main(sys.argv[1:])
