"""A version of a campaign that reaches few first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from engage.model.campaign import Stage
from engage.model.delivery import Approved, CampaignState, Facts, Held
from engage.model.localtime import zone
from engage.model.shares import is_in
from engage.model.time import Duration
from engage.policy import decide
from engage.policy.ramp import opens_at
from tests.builders import a_campaign, a_contact, an_intent, some_settings

LIVE = datetime(2026, 3, 2, 12, tzinfo=UTC)
RAMP = (
    Stage(share=Fraction(1, 100), duration=Duration(seconds=3600)),
    Stage(share=Fraction(1, 10), duration=Duration(days=1)),
)
CAMPAIGN = a_campaign(name="news", ramp=RAMP)
UTC_ZONE = zone("UTC")


def test_each_stage_reaches_its_share_and_after_the_last_one_everybody() -> None:
    moments = [opens_at(CAMPAIGN, number, since=LIVE, zone=UTC_ZONE) for number in range(1, 5001)]
    first, second, last = LIVE, LIVE + timedelta(hours=1), LIVE + timedelta(hours=25)
    assert set(moments) == {first, second, last}
    for number, moment in enumerate(moments, start=1):
        assert (moment == first) == is_in(number, Fraction(1, 100), "news", "ramp")
        assert (moment < last) == is_in(number, Fraction(1, 10), "news", "ramp")


def test_who_is_not_in_the_share_is_held_until_the_stage_that_takes_them() -> None:
    late = next(number for number in range(1, 99) if not is_in(number, Fraction(1, 10), "news", "ramp"))
    facts = Facts(contact=a_contact(id=late), campaign=CampaignState(since=LIVE))
    intent = an_intent(campaign="news", contact_id=late, intended_at=LIVE, due_at=LIVE, expires_at=LIVE + timedelta(days=7))
    asked = {"settings": some_settings(), "campaign": CAMPAIGN}
    held = decide(intent, facts, now=LIVE, **asked)
    assert isinstance(held, Held)
    assert (held.reason, held.until) == ("ramp", LIVE + timedelta(hours=25))
    assert isinstance(decide(intent, facts, now=LIVE + timedelta(hours=25), **asked), Approved)


def test_a_stage_of_a_day_ends_at_the_same_hour_in_the_workspaces_zone() -> None:
    before_summer = datetime(2026, 3, 28, 12, tzinfo=UTC)
    ramp = a_campaign(name="news", ramp=(Stage(share=Fraction(0), duration=Duration(days=1)),))
    assert opens_at(ramp, 1, since=before_summer, zone=zone("Europe/Ljubljana")) == before_summer + timedelta(hours=23)


def test_a_campaign_that_was_renamed_keeps_its_shares() -> None:
    renamed = a_campaign(name="newsletter", renamed_from="news", ramp=RAMP)
    for number in range(1, 300):
        assert opens_at(renamed, number, since=LIVE, zone=UTC_ZONE) == opens_at(CAMPAIGN, number, since=LIVE, zone=UTC_ZONE)
