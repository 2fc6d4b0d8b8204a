"""Contacts' zones and stored dates hang on the workspace's zone, its attributes and the zone data: worked out anew when those change."""

from __future__ import annotations

import hashlib
import importlib.metadata
from datetime import datetime
from typing import final

import structlog

from engage.contacts.ports import People
from engage.model.workspace import Settings
from engage.store.database import Database
from engage.store.notes import read_note, write_note

NAME = "settled_for"

log = structlog.get_logger(__name__)


@final
class Settling:
    """Remembers in the database what the contacts were last settled for; safe to repeat, and where many processes do it at once."""

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._people = people

    def settle(self, settings: Settings, *, now: datetime) -> None:
        """Settle the contacts anew, where anything that it hangs on has changed since."""
        mark = _mark(settings)
        with self._database.read() as connection:
            if read_note(connection, NAME) == mark:
                return
        changed = self._people.resettle(now=now)
        with self._database.begin() as connection:
            write_note(connection, NAME, mark)
        if changed:
            log.info("contacts.resettled", contacts=changed)


def _mark(settings: Settings) -> str:
    attributes = sorted((name, kind.value) for name, kind in settings.attributes.items())
    parts = [settings.timezone, repr(attributes), importlib.metadata.version("tzdata")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
