"""An audience as one SQL condition, on SQLite: what the random questions of the property test would not show by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, ChannelKind
from engage.model.errors import Place
from engage.model.workspace import Basis, Purpose, Segment
from engage.rules.expressions import Names, parse
from engage.store.engines import sqlite_engine
from engage.store.expressions.lowering import condition, segment_condition
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts, metadata
from engage.store.sql.operators import CannotLower

NOW = datetime(2026, 2, 28, 8, 0, tzinfo=UTC)
KINDS = {"plan": AttributeKind.TEXT, "score": AttributeKind.NUMBER, "joined": AttributeKind.DATE}
PURPOSES = {name: Purpose(name=name, title=name, consent=dict.fromkeys(ChannelKind, Basis(name))) for name in ("opt_in", "opt_out", "none")}
NAMES = Names(
    attributes={**BUILT_IN_ATTRIBUTES, **KINDS}, purposes=frozenset(PURPOSES), segments=frozenset({"a", "b", "list", "gone"}),
)
HERE = Place(file="campaigns/a.yaml", line=1, column=1)


@pytest.fixture
def database() -> Iterator[sa.Connection]:
    engine = sqlite_engine(sa.make_url("sqlite://"))
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def add_contact(
    database: sa.Connection, id: int, *, zone: str = "Europe/Ljubljana", email_key: str | None = None, **attributes: Any,
) -> None:
    built_in = {name: attributes.pop(name) for name in list(attributes) if name in BUILT_IN_ATTRIBUTES}
    database.execute(contacts.insert().values(
        id=id, zone_key=zone, zone_source="contact", known_at=NOW, changed_at=NOW, attributes=attributes, email_key=email_key, **built_in,
    ))


def add_consent(
    database: sa.Connection, contact: int, *, purpose: str, granted: bool, at: datetime = NOW, channel: str | None = None,
    address_key: str | None = None,
) -> None:
    database.execute(consents.insert().values(
        contact_id=contact, purpose=purpose, granted=granted, at=at, channel=channel, source="test", address_key=address_key,
    ))


def meant(database: sa.Connection, source: str, *, segments: Mapping[str, Segment] | None = None, **changes: Any) -> list[int]:
    """The ids that the source means, in order."""
    given: dict[str, Any] = {
        "segments": segments or {}, "kinds": KINDS, "purposes": PURPOSES, "now": NOW,
        "local_dates": {"Europe/Ljubljana": date(2026, 2, 28)},
    }
    asked = condition(parse(source, place=HERE, names=NAMES), **{**given, **changes})
    return list(database.scalars(sa.select(contacts.c.id).where(asked).order_by(contacts.c.id)))


def test_each_basis_reads_the_ledger_in_its_own_way(database: sa.Connection) -> None:
    for id in (1, 2, 3):
        add_contact(database, id)
    for purpose in ("opt_in", "opt_out", "none"):
        add_consent(database, 2, purpose=purpose, granted=True)
        add_consent(database, 3, purpose=purpose, granted=False)
    found = {purpose: meant(database, f"has_consent('{purpose}', 'email')") for purpose in PURPOSES}
    assert found == {"opt_in": [2], "opt_out": [1, 2], "none": [1, 2, 3]}


def test_the_latest_line_counts_be_it_of_the_channel_or_of_all(database: sa.Connection) -> None:
    add_contact(database, 1)
    add_consent(database, 1, purpose="opt_in", granted=True, channel="email", at=NOW - timedelta(days=3))
    assert (meant(database, "has_consent('opt_in', 'email')"), meant(database, "has_consent('opt_in', 'sms')")) == ([1], [])
    add_consent(database, 1, purpose="opt_in", granted=False, at=NOW - timedelta(days=2))
    assert meant(database, "has_consent('opt_in', 'email')") == []
    add_consent(database, 1, purpose="opt_in", granted=True, channel="email", at=NOW - timedelta(days=2))
    assert meant(database, "has_consent('opt_in', 'email')") == [1]


def test_a_line_of_later_does_not_count_yet(database: sa.Connection) -> None:
    add_contact(database, 1)
    add_consent(database, 1, purpose="opt_in", granted=True, at=NOW + timedelta(seconds=1))
    assert meant(database, "has_consent('opt_in', 'email')") == []


def test_a_withdrawal_by_message_counts_for_all_who_share_the_address_and_a_grant_does_not(database: sa.Connection) -> None:
    add_contact(database, 1, email_key="k")
    add_contact(database, 2, email_key="k")
    add_contact(database, 3, email_key="other")
    add_consent(database, 1, purpose="opt_out", granted=False, address_key="k")
    add_consent(database, 1, purpose="opt_in", granted=True, address_key="k")
    assert meant(database, "has_consent('opt_out', 'email')") == [3]
    assert meant(database, "has_consent('opt_in', 'email')") == [1]


def test_today_is_the_date_where_the_contact_lives_and_missing_where_that_is_not_known(database: sa.Connection) -> None:
    add_contact(database, 1, zone="Pacific/Kiritimati", joined="2026-02-28")
    add_contact(database, 2, zone="Pacific/Pago_Pago", joined="2026-02-28")
    add_contact(database, 3, zone="!", joined="2026-02-28")
    dates = {"Pacific/Kiritimati": date(2026, 2, 28), "Pacific/Pago_Pago": date(2026, 2, 27)}
    assert meant(database, "contact.joined == today", local_dates=dates) == [1]
    assert meant(database, "contact.joined != today", local_dates=dates) == [2, 3]


def test_an_attribute_that_is_declared_no_more_or_otherwise_is_missing(database: sa.Connection) -> None:
    add_contact(database, 1, plan="gold")
    assert meant(database, "contact.plan == 'gold'") == [1]
    assert meant(database, "contact.plan == 'gold'", kinds={}) == []
    assert meant(database, "contact.plan is none", kinds={"plan": AttributeKind.NUMBER}) == [1]


def test_a_segment_is_said_by_its_audience_or_found_among_its_members(database: sa.Connection) -> None:
    add_contact(database, 1, external_id="ana", plan="gold")
    add_contact(database, 2, email="bo@example.com")
    add_contact(database, 3, plan="gold")
    segments = {
        "a": Segment(name="a", audience=parse("contact.plan == 'gold'", place=HERE, names=NAMES)),
        "b": Segment(name="b", audience=parse("in_segment('a') and not in_segment('list')", place=HERE, names=NAMES)),
        "list": Segment(name="list", members=frozenset({"ana", "bo@example.com"})),
    }
    assert [meant(database, f"in_segment('{name}')", segments=segments) for name in ("a", "b", "list", "gone")] == [[1, 3], [3], [1, 2], []]


def test_a_list_of_a_hundred_thousand_members_is_one_parameter(database: sa.Connection) -> None:
    add_contact(database, 1, external_id="77777")
    segments = {"list": Segment(name="list", members=frozenset(str(number) for number in range(100_000)))}
    assert meant(database, "in_segment('list')", segments=segments) == [1]


def test_segments_in_a_circle_are_refused_rather_than_said_for_ever() -> None:
    segments = {
        "a": Segment(name="a", audience=parse("in_segment('b')", place=HERE, names=NAMES)),
        "b": Segment(name="b", audience=parse("in_segment('a')", place=HERE, names=NAMES)),
    }
    with pytest.raises(CannotLower, match="a -> b -> a"):
        segment_condition(segments["a"], segments=segments, kinds=KINDS, purposes=PURPOSES, now=NOW, local_dates={})


def test_what_was_not_refused_at_check_is_refused_here(database: sa.Connection) -> None:
    with pytest.raises(CannotLower):
        meant(database, "trigger.x == 'a'")


def test_a_quote_in_a_text_is_a_text(database: sa.Connection) -> None:
    add_contact(database, 1, plan="it's; DROP TABLE contacts")
    assert meant(database, "contact.plan == \"it's; DROP TABLE contacts\"") == [1]
