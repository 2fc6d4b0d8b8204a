"""Run by alembic: migrates over the connection that `engage.store.migrating` (or a developer's script) hands in."""

from __future__ import annotations

from alembic import context

from engage.store.schema.api import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True, render_as_batch=True)
context.run_migrations()
