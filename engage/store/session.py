"""What the parts of a transaction share: its connection, the workspace as it is now, the installation's secret."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from engage.model.addresses import address_key, kind_of_reference
from engage.model.contact import Contact
from engage.model.workspace import Workspace
from engage.store.rows.rows import Row, contact_of

WorkspaceNow = Callable[[], Workspace]
"""The newest accepted workspace."""


class Session:
    """One open transaction."""

    def __init__(self, connection: sa.Connection, *, workspace: WorkspaceNow, secret: bytes) -> None:
        self._connection = connection
        self._workspace = workspace
        self._secret = secret

    @property
    def _on_postgresql(self) -> bool:
        return self._connection.dialect.name == "postgresql"

    def _contact_of(self, row: Row) -> Contact:
        return contact_of(row, self._workspace().settings.attributes)

    def _ref_key(self, reference: str) -> str | None:
        """The hash of a contact reference that is an address; None for one that is not."""
        kind = kind_of_reference(reference)
        return None if kind is None else address_key(self._secret, kind, reference)

