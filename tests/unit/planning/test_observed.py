"""What came in, as engage.yaml could declare it: kinds are guessed of all values, and the YAML can be pasted as it is."""

from __future__ import annotations

import pytest

from engage.model.contact import AttributeKind as Kind
from engage.planning.observed import SeenEvents, as_yaml, guess, observe
from engage.settings import load_settings
from tests.builders import NOON
from tests.small import SETTINGS

DECLARED = {"ticket.closed": {"ticket_id": Kind.TEXT}}


@pytest.mark.parametrize(("values", "kind"), [
    (["T-1", "T-2"], Kind.TEXT), ([1, 2.5], Kind.NUMBER), ([True, False], Kind.BOOLEAN), ([1, True], Kind.TEXT), ([1, "1"], Kind.TEXT),
    (["2026-02-28", None], Kind.DATE), (["2026-02-28T09:00:00Z"], Kind.DATETIME), (["2026-02-28", "soon"], Kind.TEXT),
    (["20260228"], Kind.TEXT), ([["a", "b"], []], Kind.LIST), ([{"amount": "12.30", "currency": "EUR"}], Kind.MONEY), ([None], Kind.TEXT),
])
def test_a_kind_is_guessed_of_all_values(values: list[object], kind: Kind) -> None:
    assert guess(values) is kind


def seen(type_: str, *samples: dict[str, object]) -> SeenEvents:
    return SeenEvents(type=type_, count=len(samples), last=NOON, samples=samples)


def test_what_is_declared_in_full_is_no_news_and_our_own_events_are_left_out() -> None:
    found = observe([seen("ticket.closed", {"ticket_id": "T-1"}), seen("message.opened", {"message": "m"})], DECLARED)
    assert [(each.type, each.is_news) for each in found] == [("ticket.closed", False)]


def test_the_yaml_can_be_pasted_into_engage_yaml() -> None:
    news = observe([
        seen("ticket.closed", {"ticket_id": "T-1", "channel": "phone"}),
        seen("order.placed", {"order_id": "1", "total": {"amount": "1.00", "currency": "EUR"}}, {"order_id": "2", "gift": True}),
    ], DECLARED)
    pasted = SETTINGS[: SETTINGS.index("events:")] + "\n".join(as_yaml(news)) + "\n" + SETTINGS[SETTINGS.index("purposes:") :]
    events = load_settings({"engage.yaml": pasted.encode()}, {}).events
    assert events["ticket.closed"] == {"ticket_id": Kind.TEXT, "channel": Kind.TEXT}
    assert events["order.placed"] == {"order_id": Kind.TEXT, "total": Kind.MONEY, "gift": Kind.BOOLEAN}


def test_what_has_no_name_that_may_be_declared_is_told_beside_it() -> None:
    lines = list(as_yaml(observe([seen("Ordered!", {"total sum": 1}), seen("order.placed", {"total sum": 1, "id": "a"})], {})))
    assert lines[0] == "events:"
    assert lines[1].startswith("  # no name for an event: Ordered!")
    assert lines[2].startswith("  order.placed: {id: text}  #")
    assert '"total sum"' in lines[2]
