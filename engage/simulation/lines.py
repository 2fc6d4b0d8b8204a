"""A touch as people read it: whose it is, what time it was where they live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import final

from engage.model.contact import Contact
from engage.model.history import Touch
from engage.model.localtime import local, zone
from engage.model.values import moment_text


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One touch with the contact it is about (None: about nobody)."""

    touch: Touch
    contact: Contact | None

    @property
    def label(self) -> str:
        """The contact's name for people; empty where there is none."""
        return self.contact.label if self.contact is not None else ""

    @property
    def zone(self) -> str:
        """The zone by which the hour was told: where a country has several, the first of them."""
        names = self.contact.zones.names if self.contact is not None else ()
        return names[0] if names else "UTC"

    @property
    def local(self) -> datetime:
        """When it was, by that zone's clock."""
        return local(self.touch.at, zone(self.zone))

    def row(self) -> dict[str, object]:
        """All that is known, by the names of the campaign language."""
        touch = self.touch
        return {
            "at": moment_text(touch.at),
            "local": self.local.isoformat(timespec="minutes"), "zone": self.zone,
            "contact": self.label, "kind": touch.kind.value, "reason": touch.reason, "campaign": touch.campaign, "step": touch.step,
            "message": touch.message, "channel": touch.channel, "provider": touch.provider, "locale": touch.locale,
            "subject": touch.private.get("subject"), "detail": dict(touch.detail),
        }
