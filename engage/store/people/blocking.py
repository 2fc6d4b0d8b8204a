"""An address onto the suppression list, whoever puts it there: people, or what came back of a message."""

from __future__ import annotations

import sqlalchemy as sa

from engage.feedback.consequences import Block
from engage.model.addresses import STOPPED
from engage.store.schema.ledger import suppressions
from engage.store.sql.inserts import insert_ignoring


def put_on_list(connection: sa.Connection, block: Block) -> bool:
    """Suppress the address; False where it is suppressed already. The older reason stays, but for a STOP, which could be taken back."""
    row = {"address_key": block.address_key, "channel": block.kind.value, "reason": block.reason, "at": block.at}
    if connection.execute(insert_ignoring(connection, suppressions).values(row)).rowcount:
        return True
    stopped = sa.and_(suppressions.c.address_key == block.address_key, suppressions.c.reason == STOPPED)
    connection.execute(sa.update(suppressions).where(stopped).values(reason=block.reason))
    return False
