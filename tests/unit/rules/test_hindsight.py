"""As much of the history is known as anything asks for: no less, or a simulation would promise what will not come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.rules.hindsight import hindsight
from tests.small import SETTINGS, small_workspace

CAMPAIGN = "purpose: service\nstatus: live\ntrigger: {event: ticket.closed}\n"
UNLIMITED = SETTINGS.replace(", limit: 1 per week", "")


def looked_back(campaign: str = "send: csat\nchannels: [email]\n", *, settings: str = UNLIMITED, segment: str | None = None) -> object:
    files = {"campaigns/c.yaml": CAMPAIGN + campaign, "campaigns/newsletter.yaml": None, "engage.yaml": settings}
    return hindsight(small_workspace(**files, **({"segments/some.yaml": segment} if segment else {})))


def test_where_nothing_else_asks_a_contacts_own_wish_may_reach_back_a_month() -> None:
    assert looked_back() == timedelta(days=32)


def test_limits_ask_for_as_long_as_they_count() -> None:
    assert looked_back(settings=SETTINGS) == timedelta(days=32)
    assert looked_back(settings=UNLIMITED + "limit: 2 per 90d\n") == timedelta(days=91)
    assert looked_back("limit: 1 per 45d\nsend: csat\nchannels: [email]\n") == timedelta(days=46)


@pytest.mark.parametrize("campaign", [
    "audience: not touched(kind='sent', within='60d')\nsend: csat\nchannels: [email]\n",
    "exit: {when: \"touched(message='csat', within='60d')\"}\nsend: csat\nchannels: [email]\n",
    "steps:\n  - if: touched(within='60d')\n    then:\n      - {send: csat, channels: [email]}\n",
    "steps:\n  - {send: csat, channels: [email], when: \"touched(within='60d')\"}\n",
    "steps:\n  - {send: csat, channels: [email], with: {again: \"{{ touched(within='60d') }}\"}}\n",
    "goal: {event: csat.answered, within: 60d}\nsend: csat\nchannels: [email]\n",
])
def test_expressions_and_goals_ask_wherever_they_stand(campaign: str) -> None:
    assert looked_back(campaign) == timedelta(days=61)


def test_a_segment_asks_too_and_without_a_span_for_everything() -> None:
    assert looked_back(segment="audience: touched(within='6w')\n") == timedelta(days=43)
    assert looked_back(segment="audience: touched(campaign='birthday')\n") is None


def test_the_guard_of_bounces_asks_for_a_campaigns_last_messages_whenever_they_were() -> None:
    assert looked_back(settings=UNLIMITED + "guards: {stop_at: {bounces: 5%}}\n") is None
