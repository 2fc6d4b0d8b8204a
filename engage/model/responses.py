"""What comes back of a message, as events of Engage's own: `message.delivered`, `message.clicked`; nobody declares them.

Every campaign may use them (`wait_for`, `exit`, `goal`, triggers, `events(…)`); whoever takes a provider's answer writes them.
"""

from __future__ import annotations

from collections.abc import Mapping

from engage.model.contact import AttributeKind
from engage.model.history import Kind
from engage.model.steps import Sign
from engage.model.triggers import Kinds

OWN_EVENTS = "message."
"""What the types of these events begin with, and no other type does."""

RESPONSES: Mapping[Kind, str] = {
    kind: f"{OWN_EVENTS}{kind}"
    for kind in (Kind.DELIVERED, Kind.BOUNCED, Kind.OPENED, Kind.CLICKED, Kind.REPLIED, Kind.UNSUBSCRIBED, Kind.COMPLAINED)
}
"""The touch that comes back -> the type of its event."""

RESPONSE_FIELDS: Kinds = {
    "message": AttributeKind.TEXT,
    "campaign": AttributeKind.TEXT,
    "channel": AttributeKind.TEXT,
    "url": AttributeKind.TEXT,
}
"""The fields of each. `campaign` is missing of a message without one; `url` is there only where a link was followed."""

MESSAGE_EVENTS: Mapping[str, Kinds] = dict.fromkeys(RESPONSES.values(), RESPONSE_FIELDS)
"""The built-in events with their fields, as `events:` of engage.yaml would declare them."""

SHOWN_BY: Mapping[Sign, tuple[Kind, ...]] = {
    "delivered": (Kind.DELIVERED, Kind.OPENED, Kind.CLICKED), "opened": (Kind.OPENED, Kind.CLICKED), "clicked": (Kind.CLICKED,),
}
"""What shows a sign: who clicked a link has opened the message, and who opened it has got it."""
