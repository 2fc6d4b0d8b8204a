"""A company of one or two campaigns, and what its people got and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from engage.model.history import Kind
from engage.store.schema.tables import contacts
from tests.engine import Works
from tests.small import SETTINGS

Found = Callable[[dict[str, str | None], str], Works]
"""Founds a company: its files, and the moment in UTC at which it begins."""

WISHES = "---\nsubject: Hello\n---\nHello! {{ message.unsubscribe_url }}\n"
BY_DAY_AND_NIGHT = SETTINGS.replace("quiet_hours: {from: 21:00, to: 08:00}\n", "")
NOBODYS: dict[str, str | None] = dict.fromkeys(("campaigns/birthday.yaml", "campaigns/follow_up.yaml", "campaigns/newsletter.yaml"))


def utc(text: str) -> datetime:
    """`2026-03-02 08:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def company(trigger: str, steps: str = "send: wishes", *, settings: str = SETTINGS, more: str = "", **files: str) -> dict[str, str | None]:
    """One campaign, `wishes`, with this trigger; `files` by their paths with `__` for `/` and a name without its suffix are added."""
    campaign = f"title: Wishes\npurpose: care\nstatus: live\ntrigger: {trigger}\n{steps}\nchannels: [email]\n{more}"
    return {
        **NOBODYS, "engage.yaml": settings, "campaigns/wishes.yaml": campaign, "templates/wishes/email.md": WISHES,
        **{path.replace("__", "/"): text for path, text in files.items()},
    }


def go_to(works: Works, moment: datetime) -> None:
    """Let time go by up to a moment, and stand there."""
    works.play(moment)
    works.clock.move(moment)


def got(works: Works, *kinds: Kind) -> list[tuple[str, str]]:
    """Who got a message (or another touch) and when, in UTC, in order."""
    with works.database.read() as connection:
        names = {row.id: row.external_id for row in connection.execute(sa.select(contacts.c.id, contacts.c.external_id))}
    touches = works.touches(*(kinds or (Kind.SENT,)))
    return [(names[touch.contact_id], f"{touch.at:%Y-%m-%d %H:%M}") for touch in touches]
