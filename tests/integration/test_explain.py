"""`engage explain` on every kind of trigger: what it says is what the engine then does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engage.cli.explaining import as_plain, sentences
from engage.contacts.zones import names_behind
from engage.model.contact import ChannelKind, Consent, Money
from engage.model.history import Kind
from engage.simulation.explaining import Case, explain
from engage.simulation.explanation import Explanation
from engage.simulation.visitor import Visitor
from engage.store.database import Database
from engage.store.history.inquiries import SqlInquiry
from tests.engine import Works
from tests.small import SETTINGS, small_workspace

MONDAY = datetime(2026, 2, 23, 12, 0, tzinfo=UTC)
EDITED = SETTINGS.replace("  plan: text\n", "  plan: text\n  visits: number\n  vip: boolean\n  spent: money\n")
CAMPAIGNS: Mapping[str, str] = {
    "once_pro": "purpose: care\nstatus: live\ntrigger: {enters: pros}\nre_entry: never\nsend: birthday\nchannels: [email]\n",
    "left_pro": "purpose: care\nstatus: live\ntrigger: {leaves: pros}\nsend: birthday\nchannels: [email]\n",
    "gift": "purpose: care\nstatus: live\ntrigger: {manual: true}\nholdout: 50%\nsend: birthday\nchannels: [email]\n",
    "choosy": (
        "purpose: care\nstatus: live\ntrigger: {date: birth_date, at: 09:00}\n"
        "audience: contact.country == 'SI' and (contact.plan == 'pro' or in_segment('pros')) and contact.visits > 3\n"
        "send: birthday\nchannels: [sms, email]\n"
    ),
    "winback": (
        "purpose: care\nstatus: live\ntrigger: {event: ticket.closed, where: \"event.ticket_id != 'spam'\", key: event.ticket_id}\n"
        "re_entry: after 14d\nsteps:\n  - wait: 2d\n  - if: contact.plan == 'pro'\n    then: [{send: birthday, channels: [email]}]\n"
        "    else: [{wait: 1d}, {send: csat, channels: [sms, email]}]\n"
    ),
    "few": (
        "purpose: care\nstatus: live\ntrigger: {event: ticket.closed}\nramp: [{share: 0.01%, for: 10h}]\n"
        "steps: [{send: birthday, channels: [email]}]\n"
    ),
    "draft": "purpose: care\nstatus: draft\ntrigger: {date: birth_date, at: 09:00}\nsend: birthday\nchannels: [email]\n",
    "rich": (
        "purpose: care\nstatus: live\ntrigger: {manual: true}\naudience: contact.vip or contact.spent.amount > 10\n"
        "send: birthday\nchannels: [email]\n"
    ),
    "from_may": (
        "purpose: care\nstatus: live\nvalid: {from: 2026-05-01, until: 2026-06-30}\ntrigger: {date: birth_date, at: 09:00}\n"
        "send: birthday\nchannels: [email]\n"
    ),
    "hourly_from_may": (
        "purpose: care\nstatus: live\nvalid: {from: 2026-05-01}\ntrigger: {schedule: '0 * * * *', in: contact}\n"
        "send: birthday\nchannels: [email]\n"
    ),
    "by_hand_from_may": (
        "purpose: care\nstatus: live\nvalid: {from: 2026-05-01}\ntrigger: {manual: true}\nsend: birthday\nchannels: [email]\n"
    ),
    "over": (
        "purpose: care\nstatus: live\nvalid: {until: 2026-01-31}\ntrigger: {date: birth_date, at: 09:00}\n"
        "send: birthday\nchannels: [email]\n"
    ),
}


@pytest.fixture
def works() -> Iterator[Works]:
    files = {f"campaigns/{name}.yaml": text for name, text in CAMPAIGNS.items()}
    segment = {"segments/pros.yaml": "audience: contact.plan == 'pro'\n"}
    database = Database.open("sqlite://")
    database.migrate()
    works = Works(database, small_workspace(**{"engage.yaml": EDITED, **files, **segment}), at=MONDAY)
    works.know("ana", birth_date=date(1992, 2, 28), phone="+38640111222", plan="basic", visits=5)
    yield works
    works.close()
    database.close()


def asked(works: Works, campaign: str, contact: str = "ana", *, at: datetime | None = None) -> Explanation:
    campaigns = works.workspace.campaigns
    inquiry = SqlInquiry(works.database, workspace=lambda: works.workspace, versions=works.version)
    person = works.people.find(contact)
    assert person is not None
    visitor = Visitor(
        workspace=works.workspace, campaign=campaigns[campaign], contact=person, at=at or works.clock.now(), records=inquiry,
        zones_of=names_behind,
    )
    return explain(Case(visitor=visitor, inquiry=inquiry))


def written(explanation: Explanation) -> str:
    return "\n".join(sentences(explanation))


def test_of_a_date_the_day_and_the_hour_where_the_contact_lives(works: Works) -> None:
    told = asked(works, "birthday")
    assert told.answer == "It would get it: birthday by email, Sat 28 Feb 2026 09:00 in Europe/Ljubljana (2026-02-28 08:00 UTC)."
    assert told.chance.at == datetime(2026, 2, 28, 8, 0, tzinfo=UTC)
    assert [(finding.name, finding.passed) for finding in told.entering] == [("birth_date", True), ("occurrence", True)]
    works.play(told.chance.at + timedelta(seconds=1))
    assert works.sent() == ["ana@example.com"]


def test_after_the_day_the_run_that_began_then_and_the_year_after(works: Works) -> None:
    works.play(datetime(2026, 3, 1, tzinfo=UTC))
    told = asked(works, "birthday")
    assert "it entered then, and its run is finished" in told.entering[1].why
    assert told.enters_at == datetime(2027, 2, 28, 8, 0, tzinfo=UTC)
    assert [(run.key, run.state) for run in told.runs] == [("birth_date:2026", "finished")]


def test_of_a_moment_that_has_passed_what_came_later_does_not_count(works: Works) -> None:
    works.play(datetime(2026, 3, 1, tzinfo=UTC))
    told = asked(works, "birthday", at=MONDAY)
    assert (told.runs, told.enters_at) == ([], datetime(2026, 2, 28, 8, 0, tzinfo=UTC))
    assert told.next_send is not None
    assert told.next_send.outcome == "send"


def test_a_date_that_is_missing_or_a_placeholder_says_so(works: Works) -> None:
    works.know("bo", birth_date=None)
    works.know("cy", birth_date=date(1900, 1, 1))
    assert asked(works, "birthday", "bo").answer == "It would not get it now: the contact has no birth_date."
    assert "placeholder" in asked(works, "birthday", "cy").chance.why


def test_the_audience_clause_by_clause_with_values_and_what_a_segment_asks(works: Works) -> None:
    told = asked(works, "choosy")
    country, pro, visits = told.clauses
    assert (country.holds, dict(country.values)) == (True, {"contact.country": "SI"})
    assert (pro.holds, [part.holds for part in pro.parts], dict(pro.parts[0].values)) == (False, [False, False], {"contact.plan": "basic"})
    assert [(part.text, part.holds) for part in pro.parts[1].parts] == [("contact.plan == 'pro'", False)]
    assert (visits.holds, dict(visits.values)) == (True, {"contact.visits": 5})
    assert told.chance.why == "it is not in the audience: contact.plan == 'pro' or in_segment('pros') is false"
    assert told.answer == f"It would not get it now: {told.chance.why}."


def test_values_are_told_as_people_write_them(works: Works) -> None:
    works.know("cy", spent=Money(amount=Decimal("12.30"), currency="EUR"))
    told = written(asked(works, "rich", "cy"))
    assert "✗ contact.vip   (contact.vip is missing)" in told
    assert "✓ contact.spent.amount > 10   (contact.spent.amount is 12.30)" in told


def test_every_check_of_every_channel_whichever_of_them_says_no(works: Works) -> None:
    person = works.people.find("ana")
    assert person is not None
    works.ledger.record([
        Consent(contact_id=person.id, purpose="care", channel=ChannelKind.SMS, granted=False, at=MONDAY - timedelta(days=1), source="STOP")
    ])
    works.operations.pause("campaign", "birthday", now=MONDAY)
    sent = asked(works, "birthday").next_send
    assert sent is not None
    assert (sent.outcome, sent.channel, sent.goes_at) == ("hold", None, None)
    for channel in ("email", "sms"):
        assert [check.number for check in sent.checks if check.channel == channel and check.number > 1] == [2, 3, 4, 5, 6, 7, 8]
    failed = [(check.number, check.channel) for check in sent.checks if not check.passed]
    assert failed == [(1, None), (4, "sms")]


def test_a_schedule_says_when_it_comes_round_and_a_refusal_why(works: Works) -> None:
    works.know("pia", plan="pro")
    told = asked(works, "newsletter", "pia")
    assert told.enters_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert told.next_send is not None
    assert told.chance.at is None
    assert told.answer == (
        "It would not get it now: suppressed (no consent): marketing by email is opt_in: nothing is on record."
    )


def test_an_event_campaign_tells_each_event_what_comes_next_and_then_where_the_run_is(works: Works) -> None:
    before = asked(works, "winback")
    assert before.chance.why == "with the next ticket.closed for which `where` holds"
    assert [step.what for step in before.ahead] == ["wait 2d", "if contact.plan == 'pro': else", "wait 1d"]
    assert before.next_send is not None
    assert (before.next_send.message, before.next_send.due_at) == ("csat", MONDAY + timedelta(days=3))

    works.happen("ticket.closed", "ana", ticket_id="spam")
    works.happen("ticket.closed", "ana", ticket_id="T1", at=MONDAY - timedelta(hours=1))
    works.settle()
    during = asked(works, "winback")
    spam, first = during.entering
    assert (spam.passed, [clause.holds for clause in spam.clauses]) == (False, [False])
    assert dict(spam.clauses[0].values) == {"event.ticket_id": "spam"}
    assert first.why.endswith("its key T1 is taken: its run is active")
    assert "wait 2d: until Wed 25 Feb 2026 12:00 in Europe/Ljubljana" in during.runs[0].waits
    assert during.answer == "It is on its way: csat by sms, Thu 26 Feb 2026 12:00 in Europe/Ljubljana (2026-02-26 11:00 UTC)."

    assert during.chance.at is not None
    works.play(during.chance.at + timedelta(seconds=1))
    assert [touch.at for touch in works.touches(Kind.SENT) if touch.campaign == "winback"] == [during.chance.at]
    after = asked(works, "winback")
    assert after.chance.why.endswith("holds, not before Mon 09 Mar 2026 12:00 in Europe/Ljubljana (2026-03-09 11:00 UTC)")


def test_a_run_that_waits_for_an_answer_says_for_what_and_until_when(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T7")
    works.play(MONDAY + timedelta(days=2))
    told = asked(works, "follow_up")
    assert told.runs[0].waits.startswith("wait for csat.answered (3d at most): until Fri 27 Feb 2026 13:00")
    assert [step.what for step in told.ahead][-1] == "if answer is none: then"
    assert told.next_send is not None
    assert (told.next_send.channel, told.next_send.outcome) == ("sms", "send")
    works.happen("csat.answered", "ana", ticket_id="T7", score=5)
    assert "it would end without a further message" in asked(works, "follow_up").chance.why


def test_a_delivery_that_waits_is_the_one_that_is_asked_about(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T8", at=MONDAY + timedelta(hours=9))
    works.play(MONDAY + timedelta(days=1, hours=10))
    told = asked(works, "follow_up")
    assert told.runs[0].waits.startswith("send csat: to be handed over Wed 25 Feb 2026 08:00")
    assert told.next_send is not None
    assert (told.next_send.outcome, told.chance.at) == ("defer", datetime(2026, 2, 25, 7, 0, tzinfo=UTC))


def test_what_the_ramp_holds_into_the_night_goes_in_the_morning(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T9")
    works.settle()
    told = asked(works, "few")
    assert told.next_send is not None
    assert (told.next_send.outcome, told.next_send.channel, told.chance.at) == ("hold", "email", datetime(2026, 2, 24, 7, 0, tzinfo=UTC))
    assert "; then: put off until Tue 24 Feb 2026 08:00" in told.chance.why
    works.play(datetime(2026, 2, 24, 8, 0, tzinfo=UTC))
    assert [touch.at for touch in works.touches(Kind.SENT) if touch.campaign == "few"] == [told.chance.at]


def test_segments_say_whether_the_contact_is_inside_since_when_and_why(works: Works) -> None:
    works.settle()
    outside = asked(works, "once_pro")
    assert outside.entering[0].why == "it is not in it"
    assert outside.answer == "It would get it once it comes to be in pros."
    assert [(clause.text, clause.holds) for clause in outside.entering[0].clauses] == [("contact.plan == 'pro'", False)]
    works.clock.move(MONDAY + timedelta(minutes=10))
    works.know("ana", plan="pro", visits=5)
    works.play(MONDAY + timedelta(minutes=20))
    inside = asked(works, "once_pro")
    assert inside.entering[0].why.startswith("it is in it since Mon 23 Feb 2026 13:1")
    assert inside.shares[0].passed is False
    assert inside.chance.why.startswith("never; it entered last")
    assert asked(works, "left_pro").chance.why == "once it leaves pros"


def test_by_hand_says_how_and_the_control_group_who_gets_nothing(works: Works) -> None:
    works.know(*(f"p{number}" for number in range(12)))
    told = {label: asked(works, "gift", label) for label in (f"p{number}" for number in range(12))}
    held = {label for label, each in told.items() if each.shares[0].passed is False}
    assert 0 < len(held) < 12
    for label, each in told.items():
        by_hand = f"once somebody enrolls it: engage enroll gift {label}, or"
        assert each.chance.why.startswith("50%: it is in the control group, which gets nothing" if label in held else by_hand)


@pytest.mark.parametrize(
    ("campaign", "why"), [("draft", "the campaign is draft"), ("over", "the campaign is valid until 2026-01-31")]
)
def test_a_campaign_that_is_not_open_says_so(works: Works, campaign: str, why: str) -> None:
    assert asked(works, campaign).chance.why == why


def test_before_its_first_day_a_campaign_lets_nobody_in(works: Works) -> None:
    assert asked(works, "from_may").answer == "It would not get it now: the campaign is valid from 2026-05-01 until 2026-06-30 only."
    works.know("may", birth_date=date(1990, 5, 1))
    assert asked(works, "from_may", "may").chance.at == datetime(2026, 5, 1, 7, 0, tzinfo=UTC)
    assert asked(works, "hourly_from_may").enters_at == datetime(2026, 4, 30, 22, 0, tzinfo=UTC)
    by_hand = asked(works, "by_hand_from_may").chance.why
    assert by_hand.endswith("enroll, not before Fri 01 May 2026 00:00 in Europe/Ljubljana (2026-04-30 22:00 UTC)")


@pytest.mark.parametrize("campaign", [*CAMPAIGNS, "birthday", "follow_up", "newsletter"])
def test_every_campaign_is_told_in_words_and_in_the_json_that_is_documented(works: Works, campaign: str) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T1")
    works.settle()
    told = asked(works, campaign)
    assert told.answer in written(told)
    assert {"Campaign", "Trigger", "Audience", "Chance"} <= {line.split()[0] for line in written(told).splitlines()}
    page = Path(__file__).parents[2].joinpath("docs", "explaining.md").read_text(encoding="utf-8")
    for key in keys_of(as_plain(told)):
        assert f"`{key}`" in page


def keys_of(value: Any) -> set[str]:
    """Every key of the JSON but those that data gives."""
    if isinstance(value, Mapping):
        own = {key: item for key, item in value.items() if key not in ("values", "variables")}
        trigger = {} if "says" in own.get("trigger", {"says": 1}) else {"trigger": None}
        return set(value) | {key for item in ({**own, **trigger}).values() for key in keys_of(item)}
    if isinstance(value, list | tuple):
        return {key for item in value for key in keys_of(item)}
    return set()
