"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.schema.tables import Id, Instant, Json

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
