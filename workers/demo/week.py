"""What happens at the demo company's support desk in the week: tickets closed, reopened, answered. Contacts' names -> events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from engage.model.contact import Event, Value

EVERY = 12
"""Every so manieth of the contacts had a ticket."""

SCORES = (5, 4, 2, None, 3, 1, None, 5)
"""What they answer; None: nothing at all, which brings the reminder."""


def tickets(contacts: Sequence[str], start: datetime) -> Sequence[Event]:
    """The events of the week, in the order of their moments."""
    events: list[Event] = []
    for number, contact in enumerate(contacts[::EVERY]):
        closed = start + timedelta(hours=7 + 3 * (number % 14), minutes=11 * (number % 5))
        events.extend(_ticket(number, contact, closed))
    return sorted(events, key=lambda event: (event.at, event.id))


def _ticket(number: int, contact: str, closed: datetime) -> Iterator[Event]:
    ticket = f"T-{1000 + number}"

    def event(name: str, type_: str, at: datetime, **data: Value) -> Event:
        return Event(id=f"{ticket}-{name}", type=type_, at=at, data={"ticket_id": ticket, **data}, contact_ref=contact)

    channel = "phone" if number % 9 == 8 else "email"
    yield event("closed", "ticket.closed", closed, channel=channel, tags=("spam",) if number % 11 == 10 else ("order",))
    if number % 4 == 3:
        yield event("reopened", "ticket.reopened", closed + timedelta(hours=5))
    if number % 8 == 7:
        yield event("closed-again", "ticket.closed", closed + timedelta(hours=20), channel=channel, tags=("order",))
    score = SCORES[number % len(SCORES)]
    if score is not None:
        yield event("answered", "csat.answered", closed + timedelta(days=1, hours=26), score=score)
