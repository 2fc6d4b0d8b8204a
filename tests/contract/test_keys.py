"""Keys of the API on both databases: known by their text alone, until they end by the database's clock or are revoked."""

from __future__ import annotations

from datetime import timedelta

from engage.model.access import Role
from engage.store.database import Database
from engage.store.installation.keys import SqlKeys


def test_a_key_is_known_until_it_ends(database: Database) -> None:
    keys = SqlKeys(database)
    good, text = keys.create("shop", Role.SENDER, rate=2.5, expires_in=timedelta(days=1))
    _, ended = keys.create("old", Role.VIEWER, rate=1, expires_in=timedelta(seconds=-1))
    assert (keys.known(text), keys.known(ended), keys.known(text[:-1])) == (good, None, None)
    told = [(each.name, each.expired, each.last_used_at is not None) for each in keys.every()]
    assert told == [("shop", False, True), ("old", True, False)]
    assert (keys.revoke(good.id), keys.revoke(good.id), keys.known(text)) == (True, False, None)
