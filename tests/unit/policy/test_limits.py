"""How often one contact hears from us."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from engage.model.campaign import Limit, Per
from engage.model.contact import ChannelKind
from engage.model.delivery import HandOff
from engage.model.localtime import zone
from engage.model.time import Duration
from engage.model.workspace import Basis, Settings
from engage.policy.limits import Quota, full_quota, next_room, quotas_of
from tests.builders import a_campaign, a_contact, a_purpose, an_intent, some_settings


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def room(now: str, limit: Limit, *taken: str, zones: tuple[str, ...] = ("Europe/Ljubljana",)) -> str | None:
    quota = Quota(whose="purpose care", limit=limit, taken=tuple(map(utc, taken)))
    places = tuple(map(zone, zones))
    moment = next_room(utc(now), [quota], places)
    assert (full_quota(utc(now), [quota], places) is None) == (moment == utc(now))
    return moment.strftime("%Y-%m-%dT%H:%M") if moment is not None else None


DAY, WEEK, MONTH = (Limit(count=1, per=per) for per in (Per.DAY, Per.WEEK, Per.MONTH))


@pytest.mark.parametrize(("limit", "taken", "now", "then"), [
    pytest.param(DAY, [], "2026-03-02T12:00", "2026-03-02T12:00", id="nothing was sent yet"),
    pytest.param(DAY, ["2026-03-02T08:00"], "2026-03-02T12:00", "2026-03-02T23:00", id="a day: until local midnight"),
    pytest.param(DAY, ["2026-03-01T22:30"], "2026-03-02T12:00", "2026-03-02T12:00", id="sent on the local day before"),
    pytest.param(DAY, ["2026-03-01T23:30"], "2026-03-02T12:00", "2026-03-02T23:00", id="sent just after local midnight"),
    pytest.param(DAY, ["2026-03-29T08:00"], "2026-03-29T12:00", "2026-03-29T22:00", id="a day of 23 hours"),
    pytest.param(WEEK, ["2026-03-02T08:00"], "2026-03-08T12:00", "2026-03-08T23:00", id="a week: until Monday"),
    pytest.param(WEEK, ["2026-03-01T08:00"], "2026-03-02T12:00", "2026-03-02T12:00", id="Sunday was another week"),
    pytest.param(MONTH, ["2026-03-01T08:00"], "2026-03-31T12:00", "2026-03-31T22:00", id="a month: until the first"),
    pytest.param(MONTH, ["2026-12-01T08:00"], "2026-12-31T12:00", "2026-12-31T23:00", id="over the end of the year"),
    pytest.param(Limit(count=2, per=Per.DAY), ["2026-03-02T08:00"], "2026-03-02T12:00", "2026-03-02T12:00", id="one of two"),
    pytest.param(Limit(count=2, per=Per.DAY), ["2026-03-02T08:00"] * 2, "2026-03-02T12:00", "2026-03-02T23:00", id="two of two"),
    pytest.param(Limit(count=0, per=Per.DAY), [], "2026-03-02T12:00", None, id="none at all"),
    pytest.param(
        Limit(count=2, within=Duration(seconds=86400)), ["2026-03-01T13:00", "2026-03-02T08:00"], "2026-03-02T12:00", "2026-03-02T13:00",
        id="24 hours roll",
    ),
    pytest.param(
        Limit(count=1, within=Duration(seconds=86400)), ["2026-03-28T12:00"], "2026-03-29T11:59", "2026-03-29T12:00", id="24 hours elapse",
    ),
    pytest.param(
        Limit(count=1, within=Duration(days=1)), ["2026-03-28T12:00"], "2026-03-29T10:59", "2026-03-29T11:00", id="a day keeps the clock",
    ),
    pytest.param(
        Limit(count=3, within=Duration(days=7)), ["2026-03-01T09:00", "2026-03-02T09:00", "2026-03-03T09:00", "2026-03-04T09:00"],
        "2026-03-05T09:00", "2026-03-09T09:00", id="where more than the limit was sent, until enough of it has passed",
    ),
])
def test_room_comes_with_the_next_period_or_rolls(limit: Limit, taken: list[str], now: str, then: str | None) -> None:
    assert room(now, limit, *taken) == then


def test_where_several_zones_may_be_meant_there_must_be_room_in_all() -> None:
    america = ("America/New_York", "Pacific/Honolulu")
    assert room("2026-03-02T12:00", DAY, "2026-03-02T06:00", zones=america) == "2026-03-03T05:00"
    assert room("2026-03-03T06:00", DAY, "2026-03-03T04:00", zones=america) == "2026-03-03T10:00"


def test_every_quota_must_have_room() -> None:
    quotas = [
        Quota(whose="purpose care", limit=DAY, taken=(utc("2026-03-02T08:00"),)),
        Quota(whose="workspace", limit=WEEK, taken=(utc("2026-03-02T08:00"),)),
    ]
    assert next_room(utc("2026-03-02T12:00"), quotas, (zone("Europe/Ljubljana"),)) == utc("2026-03-08T23:00")
    assert str(full_quota(utc("2026-03-03T12:00"), quotas, (zone("Europe/Ljubljana"),))) == "workspace: 1 per week"


@pytest.mark.parametrize(("limit", "where", "began"), [
    (MONTH, "Pacific/Kiritimati", "2026-01-01T00:00"), (MONTH, "Pacific/Kiritimati", "2025-12-31T10:00"),
    (WEEK, "Pacific/Kiritimati", "2026-01-04T10:00"), (WEEK, "Europe/Ljubljana", "2026-10-18T22:00"),
    (DAY, "Pacific/Kiritimati", "2026-01-04T10:00"), (DAY, "Europe/Ljubljana", "2026-10-24T22:00"),
    (DAY, "Pacific/Kwajalein", "1969-09-30T13:00"),  # it had that day twice
    (Limit(count=1, within=Duration(months=2)), "Pacific/Kiritimati", "2026-01-01T00:00"),
    (Limit(count=1, within=Duration(days=90)), "Pacific/Kiritimati", "2026-01-01T00:00"),
    (Limit(count=1, within=Duration(seconds=3600)), "Pacific/Kiritimati", "2026-01-01T00:00"),
])
def test_a_limit_looks_back_as_far_as_a_hand_off_can_count(limit: Limit, where: str, began: str) -> None:
    sent = utc(began)
    quota = Quota(whose="purpose care", limit=limit, taken=(sent,))
    free = next_room(sent, [quota], (zone(where),))
    assert free is not None
    assert free - sent <= limit.looks_back


def _settings() -> Settings:
    return some_settings(limits=(WEEK,), purposes={
        "care": a_purpose(limits=(DAY,)), "marketing": a_purpose("marketing"),
        "service": a_purpose("service", consent=dict.fromkeys(ChannelKind, Basis.NONE)),
    })


_numbers = count(100)


def hand_off(purpose: str = "care", campaign: str = "birthday", delivery_id: int | None = None) -> HandOff:
    return HandOff(at=utc("2026-03-02T08:00"), campaign=campaign, purpose=purpose, delivery_id=delivery_id or next(_numbers))


def taken(*hand_offs: HandOff, purpose: str = "care") -> dict[str, int]:
    quotas = quotas_of(an_intent(purpose=purpose), hand_offs, settings=_settings(), campaign=a_campaign(limits=(MONTH,)))
    return {str(quota): len(quota.taken) for quota in quotas}


def test_each_limit_counts_what_is_its_own() -> None:
    counted = taken(hand_off(), hand_off("marketing", "newsletter"), hand_off("service", "receipt"), hand_off("care", "thanks"))
    assert counted == {"purpose care: 1 per day": 2, "campaign birthday: 1 per month": 1, "workspace: 1 per week": 3}


def test_a_delivery_does_not_count_against_itself() -> None:
    assert taken(hand_off(delivery_id=7)) == {"purpose care: 1 per day": 0, "campaign birthday: 1 per month": 0, "workspace: 1 per week": 0}


def test_the_workspaces_limit_leaves_purposes_without_consent_alone() -> None:
    assert taken(hand_off(), purpose="service") == {"campaign birthday: 1 per month": 1}


def test_a_purpose_that_is_gone_still_counts_for_the_workspace() -> None:
    assert taken(hand_off("gone", "old"))["workspace: 1 per week"] == 1


def test_the_deliveries_of_one_occasion_count_once_and_never_against_each_other() -> None:
    """`channels: {all: [email, sms]}` is one touch of every limit."""
    def sent(delivery_id: int, hour: str, occasion: str | None) -> HandOff:
        return HandOff(at=utc(f"2026-03-02T{hour}"), campaign="birthday", purpose="care", delivery_id=delivery_id, occasion=occasion)

    settings = some_settings(purposes={"care": a_purpose(limits=(DAY,))})
    hand_offs = [sent(8, "08:00", "7:0"), sent(9, "09:00", "7:0"), sent(5, "07:00", None), sent(6, "07:30", None)]

    def taken(**intent: object) -> int:
        (quota,) = quotas_of(an_intent(**intent), hand_offs, settings=settings, campaign=None)
        return len(quota.taken)

    assert taken(id=50) == 3
    assert taken(id=9, occasion="7:0") == 2


def test_a_delivery_that_was_resent_counts_once() -> None:
    hand_offs = [
        HandOff(at=utc(f"2026-03-02T{hour}"), campaign="birthday", purpose="care", delivery_id=delivery_id)
        for hour, delivery_id in (("08:00", 5), ("08:10", 5), ("09:00", 6))
    ]
    (quota,) = quotas_of(
        an_intent(id=50), hand_offs, settings=some_settings(purposes={"care": a_purpose(limits=(DAY,))}), campaign=None,
    )
    assert quota.taken == (utc("2026-03-02T08:00"), utc("2026-03-02T09:00"))


@pytest.mark.parametrize(("frequency", "limit"), [
    ("daily", "1 per day"), ("weekly", "1 per week"), ("monthly", "1 per month"), (None, None), ("never heard of", None),
])
def test_a_contacts_own_wish_is_a_limit_over_all_that_asks_for_consent(frequency: str | None, limit: str | None) -> None:
    hand_offs = [hand_off(), hand_off("marketing", "newsletter"), hand_off("service", "receipt")]

    def wished(purpose: str) -> list[tuple[str, int]]:
        contact = a_contact(frequency=frequency)
        quotas = quotas_of(an_intent(purpose=purpose), hand_offs, settings=_settings(), campaign=None, contact=contact)
        return [(str(quota.limit), len(quota.taken)) for quota in quotas if "wish" in quota.whose]

    assert wished("care") == ([] if limit is None else [(limit, 2)])
    assert wished("service") == []
