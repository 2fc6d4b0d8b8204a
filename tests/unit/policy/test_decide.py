"""The decision: every row of its table, in its order, with its trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from engage.model.campaign import Campaign, Limit, Per, Status
from engage.model.contact import ChannelKind, Consent, Contact
from engage.model.delivery import (
    Approved,
    CampaignState,
    Decision,
    Deferred,
    Facts,
    HandOff,
    Held,
    Intent,
    ProviderState,
    Refused,
)
from engage.model.quiet_hours import QuietHours
from engage.model.time import Zones, ZoneSource
from engage.model.workspace import Basis, Guards, Settings
from engage.policy import channel_order, decide, next_chance
from tests.builders import NOON, a_campaign, a_channel, a_contact, a_purpose, an_intent, some_settings

NIGHT = QuietHours(start=time(21), end=time(8))
MIDNIGHT = datetime(2026, 2, 26, 0, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 26, 7, 0, tzinfo=UTC)
BROKEN = Zones(key="!", names=(), source=ZoneSource.BROKEN)


def judge(
    *, intent: Intent | None = None, contact: Contact | None = None, now: datetime = NOON, settings: Settings | None = None,
    campaign: Campaign | None = None, **facts: Any,
) -> Decision:
    return decide(
        intent or an_intent(expires_at=NOON + timedelta(days=7)), Facts(contact=contact or a_contact(), **facts), now=now,
        settings=settings or some_settings(), campaign=campaign or a_campaign(),
    )


def answer(decision: Decision) -> str:
    """The decision in one line."""
    match decision:
        case Approved():
            return f"send {decision.channel}"
        case Deferred():
            return f"defer {decision.reason} {decision.until:%Y-%m-%dT%H:%M}"
        case Held():
            return f"hold {decision.reason}"
        case Refused():
            return f"{decision.state} {decision.reason}"


def withdrawn(kind: ChannelKind | None = None, purpose: str = "care") -> Consent:
    return Consent(contact_id=1, purpose=purpose, channel=kind, granted=False, at=NOON - timedelta(days=1), source="link")


def sent(at: datetime = NOON - timedelta(hours=1)) -> HandOff:
    return HandOff(at=at, campaign="birthday", purpose="care", delivery_id=1)


CARE_DAILY = some_settings(purposes={"care": a_purpose(limits=(Limit(count=1, per=Per.DAY),))})
NIGHTLY = some_settings(quiet_hours=NIGHT)


@pytest.mark.parametrize(("case", "said"), [
    pytest.param({}, "send email", id="nothing against it"),
    pytest.param({"run_exited": True}, "cancelled exited", id="1 the run has exited"),
    pytest.param({"campaign": CampaignState(ended=True)}, "cancelled ended", id="1 the campaign has ended"),
    pytest.param({"campaign": CampaignState(live=False)}, "cancelled ended", id="1 the campaign is not live any more"),
    pytest.param({"campaign": CampaignState(paused=True)}, "hold paused", id="1 the campaign is paused"),
    pytest.param({"campaign": CampaignState(approved=False)}, "hold approval", id="1 the audience waits for approval"),
    pytest.param({"paused_channels": frozenset({"email"})}, "hold paused", id="1 the channel is paused"),
    pytest.param({"contact": a_contact(), "erased": True}, "suppressed erased", id="2 the contact is erased"),
    pytest.param({"contact": a_contact(email=None, phone=None)}, "suppressed no_address", id="2 no address"),
    pytest.param({"contact": a_contact(email="broken", phone="123")}, "suppressed no_address", id="2 no usable address"),
    pytest.param({"duplicates": frozenset({ChannelKind.EMAIL, ChannelKind.SMS})}, "suppressed duplicate", id="2 another got the copy"),
    pytest.param({"suppressed": {ChannelKind.EMAIL: "bounce", ChannelKind.SMS: "STOP"}}, "suppressed suppressed", id="3 on the list"),
    pytest.param({"consents": (withdrawn(),)}, "suppressed no_consent", id="4 consent withdrawn"),
    pytest.param({"now": NOON + timedelta(days=7)}, "expired expired", id="5 at its expiry"),
    pytest.param({"now": MIDNIGHT, "settings": NIGHTLY}, "defer quiet_hours 2026-02-26T07:00", id="6 quiet hours"),
    pytest.param({"contact": replace(a_contact(), zones=BROKEN)}, "hold zone", id="6 the zone is broken"),
    pytest.param({"contact": a_contact(zone="Mars/Olympus")}, "hold zone", id="6 the zone is not in the data"),
    pytest.param({"settings": CARE_DAILY, "hand_offs": (sent(),)}, "defer limit 2026-02-25T23:00", id="7 the limit is used up"),
    pytest.param({"providers": {"email": ProviderState(wait=90)}}, "defer rate 2026-02-25T12:01", id="8 the provider's rate"),
    pytest.param({"providers": {"email": ProviderState(wait=300, reason="breaker")}}, "defer breaker 2026-02-25T12:05", id="8 its breaker"),
    pytest.param({"providers": {"sms": ProviderState(wait=300)}}, "send email", id="8 another channel's provider has no say"),
])
def test_each_check_has_its_answer(case: dict[str, Any], said: str) -> None:
    states = case.pop("campaign", CampaignState())
    contact = replace(case.pop("contact", a_contact()), erased=case.pop("erased", False))
    now, settings = case.pop("now", NOON), case.pop("settings", some_settings())
    intent = an_intent(expires_at=NOON + timedelta(days=7))
    decision = decide(intent, Facts(contact=contact, campaign=states, **case), now=now, settings=settings, campaign=a_campaign())
    assert answer(decision) == said


def test_the_first_check_that_says_no_decides() -> None:
    """Everything is wrong; taking away one obstacle after the other lets each answer come in its turn."""
    facts = Facts(
        contact=replace(a_contact(), zones=BROKEN, erased=True), run_exited=True,
        campaign=CampaignState(ended=True, paused=True, approved=False), paused_channels=frozenset({"email"}),
        suppressed={ChannelKind.EMAIL: "bounce"}, consents=(withdrawn(),), hand_offs=(sent(MIDNIGHT),),
        duplicates=frozenset({ChannelKind.EMAIL}), providers={"email": ProviderState(wait=10)},
    )
    settings = replace(CARE_DAILY, quiet_hours=NIGHT, guards=Guards(only_to=frozenset({"@aurora.example"})))
    intent = an_intent(channels=("email",), expires_at=MIDNIGHT + timedelta(days=7))
    relief: list[tuple[str, Facts, Settings]] = [("", facts, settings)]

    def relieve(name: str, **changes: Any) -> None:
        relief.append((name, replace(relief[-1][1], **changes), relief[-1][2]))

    relieve("exit", run_exited=False)
    relieve("end", campaign=CampaignState(paused=True, approved=False))
    relieve("pause", campaign=CampaignState(approved=False))
    relieve("approval", campaign=CampaignState())
    relieve("erasure", contact=replace(a_contact(), zones=BROKEN))
    relieve("duplicate", duplicates=frozenset())
    relieve("suppression", suppressed={})
    relieve("consent", consents=())
    relieve("channel pause", paused_channels=frozenset())
    relief.append(("guard", relief[-1][1], replace(CARE_DAILY, quiet_hours=NIGHT)))
    relieve("zone", contact=a_contact())
    relief.append(("night", relief[-1][1], CARE_DAILY))
    relieve("limit", hand_offs=())
    relieve("provider", providers={})
    answers = [answer(decide(intent, each, now=MIDNIGHT, settings=which, campaign=a_campaign())) for _, each, which in relief]
    assert [said.split(" 2026")[0] for said in answers] == [
        "cancelled exited", "cancelled ended", "hold paused", "hold approval", "suppressed erased", "suppressed duplicate",
        "suppressed suppressed", "suppressed no_consent", "hold paused", "suppressed only_to", "hold zone", "defer quiet_hours",
        "defer limit", "defer rate", "send email",
    ]


def test_a_contact_that_is_gone_counts_as_erased() -> None:
    decision = decide(an_intent(), Facts(contact=None), now=NOON, settings=some_settings(), campaign=a_campaign())
    assert answer(decision) == "suppressed erased"


@pytest.mark.parametrize(("now", "said"), [
    (datetime(2026, 2, 25, 22, 59, tzinfo=UTC), "send email"), (datetime(2026, 2, 25, 23, 0, tzinfo=UTC), "cancelled ended"),
])
def test_the_last_day_of_validity_is_included_and_goes_by_the_workspaces_zone(now: datetime, said: str) -> None:
    assert answer(judge(campaign=a_campaign(valid_until=date(2026, 2, 25)), now=now)) == said


def test_a_campaign_paused_in_its_file_holds() -> None:
    assert answer(judge(campaign=a_campaign(status=Status.PAUSED))) == "hold paused"


def test_what_is_held_expires_all_the_same() -> None:
    late = NOON + timedelta(days=7)
    assert answer(judge(campaign=a_campaign(status=Status.PAUSED), now=late)) == "expired expired"
    assert answer(judge(paused_channels=frozenset({"email"}), now=late)) == "expired expired"


def test_a_message_without_a_campaign_takes_the_same_decision() -> None:
    decision = decide(an_intent(), Facts(contact=a_contact()), now=NOON, settings=some_settings(), campaign=None)
    assert answer(decision) == "send email"


@pytest.mark.parametrize(("facts", "said"), [
    pytest.param({"contact": a_contact(email=None)}, "send sms", id="no mail address"),
    pytest.param({"duplicates": frozenset({ChannelKind.EMAIL})}, "send sms", id="a copy went to the mail address"),
    pytest.param({"suppressed": {ChannelKind.EMAIL: "bounce"}}, "send sms", id="the mail address bounced"),
    pytest.param({"consents": (withdrawn(ChannelKind.EMAIL),)}, "send sms", id="no consent to mail"),
    pytest.param({"paused_channels": frozenset({"email"})}, "hold paused", id="a pause never switches the channel"),
    pytest.param({"providers": {"email": ProviderState(wait=60)}}, "defer rate 2026-02-25T12:01", id="nor does a busy provider"),
])
def test_the_first_channel_that_passes_the_contacts_checks_is_chosen(facts: dict[str, Any], said: str) -> None:
    assert answer(judge(**facts)) == said


def test_a_limit_and_quiet_hours_never_switch_the_channel() -> None:
    assert answer(judge(settings=CARE_DAILY, hand_offs=(sent(),))).startswith("defer limit")
    assert answer(judge(settings=NIGHTLY, now=MIDNIGHT)).startswith("defer quiet_hours")


def test_channels_whose_provider_refused_the_address_are_passed_over() -> None:
    week = NOON + timedelta(days=7)
    assert answer(judge(intent=an_intent(tried=("email",), expires_at=week))) == "send sms"
    assert answer(judge(intent=an_intent(tried=("email", "sms"), expires_at=week))) == "suppressed no_address"


def test_where_no_channel_passes_the_reason_is_that_of_the_one_that_came_furthest() -> None:
    decision = judge(contact=a_contact(email=None), consents=(withdrawn(),))
    assert answer(decision) == "suppressed no_consent"
    assert isinstance(decision, Refused)
    assert decision.channel == "sms"
    tied = judge(suppressed={ChannelKind.EMAIL: "bounce", ChannelKind.SMS: "STOP"})
    assert isinstance(tied, Refused)
    assert tied.channel == "email"


@pytest.mark.parametrize(("wish", "order"), [
    ("sms", ("sms", "email")), ("email", ("email", "sms")), ("chat", ("chat", "email", "sms")), ("pigeon", ("email", "sms")),
    (None, ("email", "sms")), ("support_room", ("email", "sms")),
])
def test_preferred_stands_for_the_contacts_own_choice(wish: str | None, order: tuple[str, ...]) -> None:
    settings = some_settings()
    settings = replace(settings, channels={**settings.channels, "support_room": a_channel("support_room", ChannelKind.CHAT, to="#support")})
    assert channel_order(("preferred", "email", "sms"), a_contact(preferred_channel=wish), settings) == order


def test_a_preferred_kind_is_the_first_channel_of_that_kind() -> None:
    settings = some_settings(channels={"post": a_channel("post", ChannelKind.EMAIL), "text": a_channel("text", ChannelKind.SMS)})
    assert channel_order(("preferred", "post"), a_contact(preferred_channel="sms"), settings) == ("text", "post")


def test_a_preference_that_cannot_be_used_falls_to_the_next_channel() -> None:
    intent = an_intent(channels=("preferred", "email"), expires_at=NOON + timedelta(days=1))
    assert answer(judge(intent=intent, contact=a_contact(preferred_channel="chat", chat_id=None))) == "send email"
    only = an_intent(channels=("preferred",))
    assert answer(judge(intent=only)) == "suppressed no_address"


def test_a_channel_that_is_not_set_up_any_more_is_passed_over() -> None:
    assert answer(judge(intent=an_intent(channels=("fax", "sms")))) == "send sms"
    assert answer(judge(intent=an_intent(channels=("fax",)))) == "suppressed no_address"


def test_a_purpose_that_is_not_declared_any_more_allows_nothing() -> None:
    assert answer(judge(intent=an_intent(purpose="gone"))) == "suppressed no_consent"


def staff_settings(**changes: Any) -> Settings:
    room = a_channel("support_room", ChannelKind.CHAT, to="#support")
    return some_settings(channels={"support_room": room, "email": a_channel()}, quiet_hours=NIGHT, **changes)


def test_a_fixed_recipient_has_no_consent_no_limit_no_quiet_hours_and_no_suppression() -> None:
    asking = a_purpose(consent=dict.fromkeys(ChannelKind, Basis.OPT_IN))
    settings = staff_settings(limits=(Limit(count=1, per=Per.DAY),), purposes={"care": asking})
    decision = judge(
        intent=an_intent(channels=("support_room",)), contact=replace(a_contact(chat_id=None), zones=BROKEN), now=NOON.replace(hour=23),
        settings=settings, suppressed={ChannelKind.CHAT: "manual"}, consents=(withdrawn(),), hand_offs=(sent(),),
        duplicates=frozenset({ChannelKind.CHAT}),
    )
    assert isinstance(decision, Approved)
    assert (decision.address, decision.kind) == ("#support", ChannelKind.CHAT)


def test_a_sends_own_recipient_is_fixed_too() -> None:
    decision = judge(intent=an_intent(channels=("email",), to="team@aurora.example"), consents=(withdrawn(),), settings=staff_settings())
    assert isinstance(decision, Approved)
    assert decision.address == "team@aurora.example"


@pytest.mark.parametrize(("facts", "said"), [
    ({"run_exited": True}, "cancelled exited"),
    ({"campaign_state": CampaignState(paused=True)}, "hold paused"),
    ({"paused_channels": frozenset({"support_room"})}, "hold paused"),
    ({"providers": {"support_room": ProviderState(wait=60)}}, "defer rate 2026-02-25T12:01"),
    ({"now": NOON + timedelta(days=1)}, "expired expired"),
    ({"settings": staff_settings(guards=Guards(only_to=frozenset({"@aurora.example"})))}, "suppressed only_to"),
])
def test_everything_else_applies_to_a_fixed_recipient(facts: dict[str, Any], said: str) -> None:
    state = facts.pop("campaign_state", CampaignState())
    now, settings = facts.pop("now", NOON), facts.pop("settings", staff_settings())
    intent = an_intent(channels=("support_room",))
    decision = decide(intent, Facts(contact=a_contact(), campaign=state, **facts), now=now, settings=settings, campaign=a_campaign())
    assert answer(decision) == said


def test_a_fixed_recipient_with_a_broken_address_gets_nothing() -> None:
    assert answer(judge(intent=an_intent(channels=("email",), to="nobody"))) == "suppressed no_address"


def test_what_is_for_staff_goes_to_nobody_else_where_no_address_is_known() -> None:
    assert answer(judge(intent=an_intent(channels=("email",), to=""))) == "suppressed no_address"


def test_only_to_looks_at_the_address_of_the_channel_chosen() -> None:
    settings = some_settings(guards=Guards(only_to=frozenset({"+38640123456"})))
    assert answer(judge(settings=settings)) == "suppressed only_to"
    assert answer(judge(settings=settings, intent=an_intent(channels=("sms",)))) == "send sms"


def test_a_texts_country_must_be_allowed_by_the_channel() -> None:
    settings = some_settings(channels={"sms": a_channel("sms", countries=frozenset({"LV"}))})
    assert answer(judge(settings=settings)) == "suppressed no_address"


def test_it_is_put_off_to_the_first_moment_that_satisfies_hours_limits_and_provider_together() -> None:
    settings = replace(CARE_DAILY, quiet_hours=NIGHT)
    decision = judge(settings=settings, hand_offs=(sent(),), providers={"email": ProviderState(wait=30)})
    assert answer(decision) == "defer limit 2026-02-26T07:00"
    waiting = judge(settings=settings, now=MORNING - timedelta(minutes=1), providers={"email": ProviderState(wait=3600)})
    assert answer(waiting) == "defer quiet_hours 2026-02-26T07:59"


@pytest.mark.parametrize(("expires", "said"), [
    (MORNING - timedelta(hours=1), "expired expired"), (MORNING, "expired expired"),
    (MORNING + timedelta(minutes=1), "defer quiet_hours 2026-02-26T07:00"),
])
def test_what_would_go_past_its_expiry_is_expired_at_once(expires: datetime, said: str) -> None:
    assert answer(judge(intent=an_intent(expires_at=expires), now=MIDNIGHT, settings=NIGHTLY)) == said


def test_what_can_never_go_is_expired() -> None:
    never = some_settings(quiet_hours=QuietHours(days_off=frozenset(range(7))))
    assert answer(judge(settings=never, intent=an_intent(expires_at=NOON + timedelta(days=3000)))) == "expired expired"


def test_a_wait_for_the_provider_that_would_end_in_the_night_is_put_off_by_the_night() -> None:
    evening = datetime(2026, 2, 25, 19, 59, tzinfo=UTC)
    assert answer(judge(settings=NIGHTLY, now=evening, providers={"email": ProviderState(wait=90)})) == "defer quiet_hours 2026-02-26T07:00"
    assert answer(judge(settings=NIGHTLY, now=evening, providers={"email": ProviderState(wait=30)})) == "defer rate 2026-02-25T19:59"


def test_layers_of_purpose_campaign_and_send_have_their_say() -> None:
    settings = some_settings(quiet_hours=NIGHT, purposes={"care": a_purpose(quiet_hours=QuietHours(end=time(9)))})
    week = NOON + timedelta(days=7)
    assert answer(judge(settings=settings, now=MIDNIGHT)) == "defer quiet_hours 2026-02-26T08:00"
    assert answer(judge(settings=settings, now=MIDNIGHT, intent=an_intent(expires_at=week, quiet_hours=("ignore", None)))) == "send email"
    later = an_intent(expires_at=week, quiet_hours=(None, QuietHours(end=time(10))))
    assert answer(judge(settings=settings, now=MIDNIGHT, intent=later)) == "defer quiet_hours 2026-02-26T09:00"


def test_the_trail_has_every_check_in_its_order_and_never_an_address() -> None:
    decision = judge(contact=a_contact(email="broken@"), consents=(withdrawn(ChannelKind.EMAIL),))
    assert [(check.number, check.name, check.channel, check.passed) for check in decision.trail] == [
        (1, "campaign", None, True), (2, "address", "email", False), (2, "address", "sms", True), (3, "suppression", "sms", True),
        (4, "consent", "sms", True), (1, "channel", "sms", True), (5, "expiry", "sms", True), (6, "quiet_hours", "sms", True),
        (7, "limits", "sms", True), (8, "provider", "sms", True),
    ]
    said = " ".join(check.why for check in decision.trail)
    assert "broken@" not in said
    assert "+38640123456" not in said


def test_the_trail_says_why_with_the_values() -> None:
    decision = judge(now=MIDNIGHT, settings=replace(CARE_DAILY, quiet_hours=NIGHT), hand_offs=(sent(MIDNIGHT),))
    whys = {check.name: check.why for check in decision.trail}
    assert whys["quiet_hours"] == "it is Thursday 01:00 in Europe/Ljubljana, quiet: 21:00 to 08:00"
    assert whys["limits"] == "purpose care: 1 per day is used up"
    assert whys["consent"] == "care by email is opt_out: nothing is on record"


def test_the_next_chance_is_told_whatever_the_expiry_says() -> None:
    intent = an_intent(expires_at=MIDNIGHT)
    ask: dict[str, Any] = {"now": MIDNIGHT, "settings": NIGHTLY, "campaign": a_campaign()}
    assert next_chance(intent, Facts(contact=a_contact()), **ask) == MORNING
    assert next_chance(intent, Facts(contact=None), **ask) is None
    assert next_chance(intent, Facts(contact=replace(a_contact(), zones=BROKEN)), **ask) is None
    assert next_chance(intent, Facts(contact=a_contact(), consents=(withdrawn(),)), **ask) is None
