"""Names of campaigns: what was kept under a former name goes over to the new one, in the transaction that accepts it.

Touches are never changed: `former_names` says whose they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from engage.model.workspace import Workspace
from engage.store.schema.tables import campaign_states, former_names, metadata, pauses, touches
from engage.store.sql.inserts import upsert

CARRIED = tuple(
    table for table in metadata.sorted_tables if "campaign" in table.c and table not in (touches, campaign_states, former_names)
)
"""All that is kept of a campaign under its name."""

OTHER = pauses.alias("other")


def carry_over(connection: sa.Connection, workspace: Workspace) -> None:
    """Carry on, under its new name, each campaign that was renamed since the last snapshot; once, as nothing is left then."""
    for old, new in sorted(_renamed(connection, workspace)):
        for table in CARRIED:
            connection.execute(sa.update(table).where(table.c.campaign == old, *_is_free(table, new)).values(campaign=new))
        _carry_pauses(connection, old, new)
        _carry_state(connection, old, new)
        connection.execute(sa.update(former_names).where(former_names.c.campaign == old).values(campaign=new))
        connection.execute(sa.delete(former_names).where(former_names.c.former == new))
        upsert(connection, former_names, {"former": old, "campaign": new}, {"campaign": new})


def _renamed(connection: sa.Connection, workspace: Workspace) -> Iterator[tuple[str, str]]:
    """The old and the new name: as the new file says, or back again where a former name returns and its successor is gone."""
    known = set(connection.scalars(sa.select(campaign_states.c.campaign)))
    for name, campaign in workspace.campaigns.items():
        former = campaign.renamed_from
        if former is not None and former in known and former not in workspace.campaigns:
            yield former, name
    for former, name in connection.execute(sa.select(former_names.c.former, former_names.c.campaign)).all():
        if former in workspace.campaigns and name in known and name not in workspace.campaigns:
            yield name, former


def is_of(campaign: str, column: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Whether the column names the campaign, by its own name or a former one."""
    formers = sa.select(former_names.c.former).where(former_names.c.campaign == campaign)
    return sa.or_(column == campaign, column.in_(formers))


def present_name(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """What the campaign that the column names is called now."""
    now = sa.select(former_names.c.campaign).where(former_names.c.former == column).correlate(column.table).scalar_subquery()
    return sa.func.coalesce(now, column, type_=column.type)


def _is_free(table: sa.Table, new: str) -> Iterator[sa.ColumnElement[bool]]:
    """Nothing of the new name stands in the way: where both were live for a while, what is the new one's own stays."""
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint) and "campaign" in constraint.columns:
            other = table.alias("other")
            same = [other.c[column.name] == column for column in constraint.columns if column.name != "campaign"]
            yield ~sa.exists().where(other.c.campaign == new, *same)


def _carry_state(connection: sa.Connection, old: str, new: str) -> None:
    """The old one's row: how far it is planned, since when it is live, whether it was approved. One that was live itself keeps its own."""
    lives = sa.select(campaign_states.c.live_since).where(campaign_states.c.campaign == new)
    gone = old if connection.scalar(lives) is not None else new
    connection.execute(sa.delete(campaign_states).where(campaign_states.c.campaign == gone))
    connection.execute(sa.update(campaign_states).where(campaign_states.c.campaign == old).values(campaign=new))


def _carry_pauses(connection: sa.Connection, old: str, new: str) -> None:
    mine = (pauses.c.scope == "campaign", pauses.c.name == old)
    there = sa.exists().where(OTHER.c.scope == "campaign", OTHER.c.name == new)
    connection.execute(sa.update(pauses).where(*mine, ~there).values(name=new))
    connection.execute(sa.delete(pauses).where(*mine))
