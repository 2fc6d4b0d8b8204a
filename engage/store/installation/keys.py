"""The keys of the API in SQL. What is kept of a key is a keyed hash: nobody who reads the database can use the API by it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import final

import sqlalchemy as sa

from engage.model.access import Key, Role
from engage.store.database import Database
from engage.store.rows.rows import Row
from engage.store.schema.api import api_keys
from engage.store.sql.clock import MachineNow

PREFIX = "engage_"
"""By which a key that strayed into a repository is found."""

EXACT_TO = 60.0
"""Seconds to which the last use is known: it is not written at each request."""


@final
class SqlKeys:
    """Makes, finds and revokes keys; by the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: Role, *, rate: float, expires_in: timedelta | None = None) -> tuple[Key, str]:
        """A new key, and its text, which is told this once."""
        text = PREFIX + secrets.token_urlsafe(32)
        row = {"name": name, "role": role.value, "rate": rate, "hash": self._hash(text), "ending": text[-4:], "created_at": MachineNow()}
        if expires_in is not None:
            row["expires_at"] = MachineNow(expires_in.total_seconds())
        with self._database.begin() as connection:
            made = connection.execute(api_keys.insert().values(row).returning(api_keys)).mappings().one()
        return _key(made), text

    def every(self) -> Sequence[Key]:
        """All that were ever made, the oldest first."""
        with self._database.read() as connection:
            return [replace(_key(row), expired=bool(row["expired"])) for row in connection.execute(_ALL).mappings()]

    def revoke(self, key_id: int) -> bool:
        """Let it open nothing any more, from now on; False where there is no such key, or it was revoked before."""
        asked = sa.update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        with self._database.begin() as connection:
            return bool(connection.execute(asked.values(revoked_at=MachineNow())).rowcount)

    def known(self, text: str) -> Key | None:
        """The key of that text; None where there is none, it has expired, or was revoked."""
        with self._database.read() as connection:
            row = connection.execute(_KNOWN, {"hash": self._hash(text)}).mappings().first()
        if row is None:
            return None
        if row["stale"]:
            with self._database.begin() as connection:
                connection.execute(_USED, {"of": row["id"]})
        return _key(row)

    def _hash(self, text: str) -> str:
        return hmac.digest(self._database.secret(), b"api key " + text.encode(), "sha256").hex()


def _key(row: Row) -> Key:
    return Key(
        id=row["id"], name=row["name"], role=Role(row["role"]), rate=row["rate"], ending=row["ending"], created_at=row["created_at"],
        expires_at=row["expires_at"], revoked_at=row["revoked_at"], last_used_at=row["last_used_at"],
    )


_ALL = sa.select(api_keys, (api_keys.c.expires_at <= MachineNow()).label("expired")).order_by(api_keys.c.id)
_STALE = sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < MachineNow(-EXACT_TO))
_KNOWN = sa.select(api_keys, _STALE.label("stale")).where(
    api_keys.c.hash == sa.bindparam("hash"), api_keys.c.revoked_at.is_(None),
    sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > MachineNow()),
)
_USED = sa.update(api_keys).where(api_keys.c.id == sa.bindparam("of"), _STALE).values(last_used_at=MachineNow())
