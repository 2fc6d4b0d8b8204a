"""What holds for every decision: another obstacle never helps, and a deferral is a moment at which it would go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.model.campaign import Limit, Per
from engage.model.contact import ChannelKind, Consent
from engage.model.delivery import Approved, CampaignState, Decision, Deferred, Facts, HandOff, Intent, ProviderState
from engage.model.localtime import local, zone
from engage.model.quiet_hours import QuietHours
from engage.model.time import Duration
from engage.model.workspace import Guards, Settings
from engage.policy import Approver, decide
from engage.policy.addresses import is_email
from tests.builders import a_campaign, a_contact, a_purpose, an_intent, some_settings

KINDS = list(ChannelKind)
PLACES = ["Europe/Ljubljana", "Asia/Kathmandu", "America/New_York", "Pacific/Apia", "Asia/Manila", "Mars/Olympus"]
HOUR = timedelta(hours=1)

moments = st.builds(lambda hours: datetime(2026, 3, 26, tzinfo=UTC) + hours * HOUR, st.integers(0, 24 * 7))
limits = st.sampled_from([
    Limit(count=1, per=Per.DAY), Limit(count=2, per=Per.WEEK), Limit(count=2, per=Per.MONTH),
    Limit(count=1, within=Duration(seconds=86400)), Limit(count=2, within=Duration(days=3)),
])
hand_offs = st.builds(
    lambda at, purpose, campaign, delivery_id: HandOff(at=at, purpose=purpose, campaign=campaign, delivery_id=delivery_id),
    moments, st.sampled_from(["care", "service"]), st.sampled_from(["birthday", "other"]), st.integers(1, 4),
)
consents = st.builds(
    lambda at, kind, granted: Consent(contact_id=1, purpose="care", channel=kind, granted=granted, at=at, source="form"),
    moments, st.sampled_from([None, *KINDS]), st.booleans(),
)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Everything that the decision asks, mostly in good order."""
    now = draw(moments)
    place = draw(st.sampled_from(PLACES))
    contact = a_contact(zone=place, email=draw(st.sampled_from(["ana@example.com", "broken", None])),
                        frequency=draw(st.sampled_from([None, None, "daily", "monthly"])))
    night = QuietHours(start=time(draw(st.integers(18, 23))), end=time(draw(st.integers(5, 10))))
    expires = now + draw(st.integers(-5, 200)) * HOUR
    return {
        "intent": an_intent(intended_at=now, due_at=now, expires_at=expires, channels=("email", "sms", "chat")),
        "facts": Facts(
            contact=contact, hand_offs=tuple(draw(st.lists(hand_offs, max_size=4))), consents=tuple(draw(st.lists(consents, max_size=3))),
            providers={"email": ProviderState(wait=draw(st.sampled_from([0, 0, 90, 40_000])))},
        ),
        "now": now,
        "settings": some_settings(
            quiet_hours=draw(st.sampled_from([None, night])), limits=tuple(draw(st.lists(limits, max_size=1))),
            purposes={"care": a_purpose(limits=tuple(draw(st.lists(limits, max_size=2))))},
        ),
    }


def judge(case: dict[str, Any]) -> Decision:
    intent: Intent = case["intent"]
    facts: Facts = case["facts"]
    settings: Settings = case["settings"]
    return decide(intent, facts, now=case["now"], settings=settings, campaign=a_campaign())


def obstacle(case: dict[str, Any], which: str) -> dict[str, Any]:
    """The same case with one thing more against it."""
    now: datetime = case["now"]
    settings: Settings = case["settings"]
    facts: dict[str, dict[str, Any]] = {
        "exited": {"run_exited": True},
        "paused": {"campaign": CampaignState(paused=True)},
        "approval": {"campaign": CampaignState(approved=False)},
        "channels": {"paused_channels": frozenset({"email", "sms", "chat"})},
        "suppressed": {"suppressed": dict.fromkeys(ChannelKind, "manual")},
        "duplicates": {"duplicates": frozenset(ChannelKind)},
        "withdrawn": {"consents": (Consent(contact_id=1, purpose="care", channel=None, granted=False, at=now, source="link"),)},
        "busy": {"providers": {name: ProviderState(wait=60) for name in ("email", "sms", "chat")}},
        "often": {"hand_offs": (*case["facts"].hand_offs, HandOff(at=now, campaign="birthday", purpose="care", delivery_id=1))},
    }
    if which in facts:
        return {**case, "facts": replace(case["facts"], **facts[which])}
    if which == "expired":
        return {**case, "intent": replace(case["intent"], expires_at=now)}
    if which == "needless":
        return {**case, "intent": replace(case["intent"], needless="message.opened")}
    if which == "guarded":
        return {**case, "settings": replace(settings, guards=Guards(only_to=frozenset({"@nowhere.example"})))}
    assert which == "quiet"
    return {**case, "settings": replace(settings, quiet_hours=QuietHours(days_off=frozenset(range(7))))}


OBSTACLES = [
    "exited", "paused", "approval", "channels", "suppressed", "duplicates", "withdrawn", "busy", "often", "expired", "guarded", "quiet",
    "needless",
]


@settings(max_examples=200)
@given(cases(), st.sampled_from(OBSTACLES))
def test_another_obstacle_never_turns_a_no_into_a_yes(case: dict[str, Any], which: str) -> None:
    if isinstance(judge(obstacle(case, which)), Approved):
        assert isinstance(judge(case), Approved)
        assert which == "often", "only a limit may have room for one more"


@settings(max_examples=400)
@given(cases(), st.lists(st.sampled_from(OBSTACLES), max_size=1))
def test_a_quick_yes_is_said_only_where_the_whole_decision_says_yes(case: dict[str, Any], against: list[str]) -> None:
    for which in against:
        case = obstacle(case, which)
    facts: Facts = case["facts"]
    approver = Approver(case["settings"], now=case["now"], providers=facts.providers)
    quick = approver.approve(case["intent"], facts, a_campaign())
    whole = judge(case)
    if quick is not None:
        assert isinstance(whole, Approved)
        assert replace(whole, trail=()) == quick
    elif isinstance(whole, Approved):
        wishes = facts.contact is not None and facts.contact.text("frequency") is not None
        assert whole.channel != "email" or facts.hand_offs or wishes, "the first channel could have been taken quickly"


@settings(max_examples=200)
@given(cases())
def test_what_is_put_off_goes_at_the_moment_named_and_at_no_quarter_of_an_hour_before(case: dict[str, Any]) -> None:
    decision = judge(case)
    if not isinstance(decision, Deferred):
        return
    now: datetime = case["now"]
    assert now < decision.until < case["intent"].expires_at
    known = tuple(line for line in case["facts"].consents if line.at <= now)  # what is said only later may change everything
    later = {**case, "facts": replace(case["facts"], providers={}, consents=known)}
    assert isinstance(judge({**later, "now": decision.until}), Approved)
    ready = now + timedelta(seconds=case["facts"].providers["email"].wait if decision.channel == "email" else 0)
    moment = max(ready, now)
    while moment < decision.until:
        assert not isinstance(judge({**later, "now": moment}), Approved)
        moment += HOUR / 4


@settings(max_examples=60)
@given(st.sampled_from(PLACES[:-1]), st.lists(moments, min_size=5, max_size=25).map(sorted), limits)
def test_no_limit_is_ever_exceeded_however_often_one_tries(place: str, tries: list[datetime], limit: Limit) -> None:
    case_settings = some_settings(purposes={"care": a_purpose(limits=(limit,))})
    sent: list[datetime] = []
    for number, now in enumerate(tries, 100):
        facts = Facts(contact=a_contact(zone=place), hand_offs=tuple(
            HandOff(at=at, campaign="birthday", purpose="care", delivery_id=index) for index, at in enumerate(sent)
        ))
        intent = an_intent(id=number, intended_at=now, due_at=now, expires_at=now + 10_000 * HOUR)
        decision = decide(intent, facts, now=now, settings=case_settings, campaign=a_campaign())
        if isinstance(decision, Approved):
            sent.append(now)
    assert sent, "the first try always has room"
    for at in sent:
        assert sum(_counts_together(at, other, limit, place) for other in sent) <= limit.count


def _counts_together(at: datetime, other: datetime, limit: Limit, place: str) -> bool:
    """Whether `other` counts in the period that `at` begins, or lies in."""
    if limit.within is not None:
        first, second = local(at, zone(place)), local(other, zone(place))
        elapsed = other - at if limit.within.seconds else second - first
        return timedelta(0) <= elapsed < timedelta(days=limit.within.days, seconds=limit.within.seconds)
    day, another = local(at, zone(place)).date(), local(other, zone(place)).date()
    match limit.per:
        case Per.DAY:
            return day == another
        case Per.WEEK:
            return day.isocalendar()[:2] == another.isocalendar()[:2]
        case _:
            return (day.year, day.month) == (another.year, another.month)


letters = st.text("ab1._+-@ ", min_size=1, max_size=12)


@settings(max_examples=300)
@given(st.builds("{}@{}.{}".format, letters, letters, st.sampled_from(["com", "si", "test", "x1"])))
def test_the_quick_look_at_an_address_lets_nothing_through_that_the_thorough_one_refuses(address: str) -> None:
    try:
        validate_email(address, check_deliverability=False, strict=True)
        valid = True
    except EmailNotValidError:
        valid = False
    assert is_email(address) is valid
