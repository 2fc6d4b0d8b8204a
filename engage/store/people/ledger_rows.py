"""Lines of the ledger, and their touches, as rows by the thousand: all of them but whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from engage.model.contact import ChannelKind, Consent, Ground
from engage.model.history import Kind
from engage.model.values import instant_text, moment_text
from engage.store.schema.ledger import consents
from engage.store.schema.tables import touches
from engage.store.sql.loading import BulkLoad, document

LINES = BulkLoad(consents, (
    "contact_id", "purpose", "channel", "granted", "at", "source", "proof", "address_key", "expires_at", "ground", "wording", "locale",
))
TOUCHES = BulkLoad(touches, ("contact_id", "at", "kind", "purpose", "channel", "detail"))


def line_values(at: str, line: Consent) -> tuple[object, ...]:
    """The line, of that moment."""
    return (
        line.purpose, _SAID[line.channel], line.granted, at, line.source, line.proof, line.address_key,
        line.expires_at and instant_text(line.expires_at), line.ground and line.ground.value, line.wording, line.locale,
    )


def touch_values(at: str, line: Consent) -> tuple[object, ...]:
    """The touch of a line without a proof."""
    kind = _GRANTED if line.granted else _WITHDRAWN
    return at, kind, line.purpose, _SAID[line.channel], _detail(line.source, line.ground, line.wording, line.expires_at)


def told_of(source: str, ground: Ground | None, wording: str | None, expires_at: datetime | None) -> dict[str, object]:
    """What the touch of such a line says beside what every touch does."""
    told = {"source": source, "ground": ground and ground.value, "wording": wording, "expires_at": expires_at and moment_text(expires_at)}
    return {name: value for name, value in told.items() if value is not None}


@lru_cache(maxsize=1_000)
def _detail(source: str, ground: Ground | None, wording: str | None, expires_at: datetime | None) -> str:
    """The same as a document: the lines of a list say it all alike."""
    return document(told_of(source, ground, wording, expires_at))


_GRANTED, _WITHDRAWN = Kind.CONSENT_GRANTED.value, Kind.CONSENT_WITHDRAWN.value
_SAID: Mapping[ChannelKind | None, str | None] = {None: None, **{kind: kind.value for kind in ChannelKind}}
