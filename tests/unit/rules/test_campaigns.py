"""Every key of a campaign comes out in the model; a key that changed nothing would be a dead setting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any

import pytest

from engage.model.campaign import Campaign, ExitOnEvent, ExitOnGoal, ExitWhen, Goal, Limit, Per, ReEntry, Stage, Status
from engage.model.errors import InputError
from engage.model.quiet_hours import QuietHours
from engage.model.steps import If, Send, Wait, WaitFor, WaitUntilMoment, WaitUntilTime
from engage.model.time import Duration, EndOfDay
from engage.model.triggers import (
    Again,
    Change,
    DateTrigger,
    DayOff,
    EventTrigger,
    Late,
    LeapDay,
    ManualTrigger,
    Repeat,
    ScheduleTrigger,
    SegmentTrigger,
)
from tests.workspaces import CAMPAIGN, files_of, loaded, with_files

DATE = "{date: birth_date, at: 09:00}"


def campaign_of(text: str) -> Campaign:
    return loaded(with_files(files_of(c=text), segments__vips="audience: contact.plan == 'gold'")).campaigns["c"]


def trigger_of(written: str) -> Any:
    return campaign_of(CAMPAIGN.replace(DATE, written)).trigger


def step_of(written: str) -> Any:
    head = "purpose: care\ntrigger: {event: ticket.closed}\nchannels: [email]\n"
    return campaign_of(f"{head}steps:\n  - {written}\n  - send: birthday\n").steps[0]


EVERY_KEY: dict[str, tuple[str, Callable[[Campaign], object], object]] = {
    "title": ("title: no", lambda c: c.title, "no"),
    "status": ("status: live", lambda c: c.status, Status.LIVE),
    "priority": ("priority: 9", lambda c: c.priority, 9),
    "valid": (
        "valid: {from: 2026-01-01, until: 2026-12-31}", lambda c: (c.valid_from, c.valid_until), (date(2026, 1, 1), date(2026, 12, 31)),
    ),
    "audience": ("audience: contact.plan == 'gold'", lambda c: c.audience and c.audience.source, "contact.plan == 'gold'"),
    "expires": ("expires: end_of_day", lambda c: c.steps[0].expires if isinstance(c.steps[0], Send) else None, EndOfDay.END_OF_DAY),
    "quiet_hours": (
        "quiet_hours: {from: 22:00}", lambda c: c.steps[0].quiet_hours if isinstance(c.steps[0], Send) else None,
        (QuietHours(start=time(22)), None),
    ),
    "limit": ("limit: 1 per month", lambda c: c.limits, (Limit(count=1, per=Per.MONTH),)),
    "limits": ("limit: [1 per day, 2 per 24h]", lambda c: c.limits[1:], (Limit(count=2, within=Duration(seconds=86400)),)),
    "re_entry": ("re_entry: after 14d", lambda c: c.re_entry, ReEntry(after=Duration(days=14))),
    "re_entry never": ("re_entry: never", lambda c: c.re_entry, ReEntry(allowed=False)),
    "holdout": ("holdout: 0.5%", lambda c: c.holdout, Fraction(5, 1000)),
    "goal": ("goal: {event: order.placed}", lambda c: c.goal, Goal(event="order.placed", within=Duration(days=30))),
    "goal within": ("goal: {event: message.clicked, within: 2w}", lambda c: c.goal and c.goal.within, Duration(days=14)),
    "exit": ("goal: {event: order.placed}\nexit: goal", lambda c: c.exits, (ExitOnGoal(),)),
    "ramp": (
        "ramp: [{share: 1%, for: 1h}, {share: 10%, for: 2h}]", lambda c: c.ramp,
        (Stage(share=Fraction(1, 100), duration=Duration(seconds=3600)), Stage(share=Fraction(1, 10), duration=Duration(seconds=7200))),
    ),
    "on_edit": ("on_edit: migrate", lambda c: c.migrates, True),
    "renamed_from": ("renamed_from: wishes", lambda c: c.renamed_from, "wishes"),
    "on_unknown": ("on_unknown: resend", lambda c: c.on_unknown, "resend"),
}


@pytest.mark.parametrize("key", EVERY_KEY)
def test_every_key_comes_out_and_changes_something(key: str) -> None:
    line, ask, expected = EVERY_KEY[key]

    assert ask(campaign_of(CAMPAIGN)) != expected
    assert ask(campaign_of(CAMPAIGN + line + "\n")) == expected


def test_what_is_not_said_has_its_default() -> None:
    campaign = campaign_of(CAMPAIGN)
    [step] = campaign.steps

    assert (campaign.title, campaign.status, campaign.priority, campaign.re_entry) == ("c", Status.DRAFT, 5, ReEntry())
    assert isinstance(step, Send)
    assert (step.path, step.message, step.channels, step.purpose) == ("0", "birthday", ("email", "sms"), "care")
    assert (step.expires, step.quiet_hours) == (Duration(days=7), (None, None))
    assert str(step.place) == "campaigns/c.yaml:3:1"


def test_the_version_is_that_of_the_files_content() -> None:
    one, same, other = campaign_of(CAMPAIGN), campaign_of(CAMPAIGN), campaign_of(CAMPAIGN + "# a comment\n")

    assert one.version == same.version != other.version


def test_a_date_trigger_takes_all_its_keys() -> None:
    assert trigger_of("{date: birth_date}") == DateTrigger(attribute="birth_date", at=time(9))
    assert trigger_of("{date: birth_date, repeat: monthly, offset: -2w, at: 7:30, min_years: 1, day_off: before}") == DateTrigger(
        attribute="birth_date", at=time(7, 30), repeat=Repeat.MONTHLY, offset_days=-14, min_years=1, day_off=DayOff.BEFORE,
    )
    assert trigger_of("{date: birth_date, leap_day: mar-01}").leap_day is LeapDay.MAR_01


def test_an_event_trigger_takes_all_its_keys() -> None:
    trigger = trigger_of("{event: ticket.closed, where: event.channel != 'phone', key: event.ticket_id, again: restart}")

    assert isinstance(trigger, EventTrigger)
    assert trigger.event == "ticket.closed"
    assert trigger.where is not None
    assert trigger.where.source == "event.channel != 'phone'"
    assert trigger.key is not None
    assert trigger.key.source == "event.ticket_id"
    assert trigger.again is Again.RESTART


def test_a_schedule_is_a_cron_line_a_moment_or_a_list_of_moments() -> None:
    assert trigger_of('{schedule: "0 10 * * mon"}') == ScheduleTrigger(cron="0 10 * * mon", zone="Europe/Ljubljana")
    assert trigger_of("{schedule: 2026-03-01T10:00, in: contact, day_off: after, late: next_day}") == ScheduleTrigger(
        moments=(datetime(2026, 3, 1, 10, 0),), zone=None, day_off=DayOff.AFTER, late=Late.NEXT_DAY,  # noqa: DTZ001 - a wall time
    )
    assert trigger_of("{schedule: [2026-03-02 10:00, 2026-03-01 10:00], in: Europe/Riga}") == ScheduleTrigger(
        moments=(datetime(2026, 3, 1, 10, 0), datetime(2026, 3, 2, 10, 0)), zone="Europe/Riga",  # noqa: DTZ001 - wall times
    )


def test_a_segment_triggers_by_being_entered_or_left() -> None:
    assert trigger_of("{enters: vips}") == SegmentTrigger(segment="vips", change=Change.ENTERS)
    assert trigger_of("{enters: vips, existing: true}") == SegmentTrigger(segment="vips", change=Change.ENTERS, existing=True)
    assert trigger_of("{leaves: vips}") == SegmentTrigger(segment="vips", change=Change.LEAVES)


def test_a_campaign_may_be_entered_by_hand_alone() -> None:
    assert trigger_of("{manual: true}") == ManualTrigger()


def test_a_trigger_by_hand_holds_whatever_the_caller_says_and_a_segments_trigger_two_fields() -> None:
    steps = "steps:\n  - {send: birthday, when: trigger.anything.deep == 1}\n"
    campaign_of("purpose: care\ntrigger: {manual: true}\nchannels: [email]\n" + steps)

    text = "purpose: care\ntrigger: {enters: vips}\nsend: birthday\nchannels: [email]\nexit: {when: trigger.%s is none}\n"
    assert campaign_of(text % "segment").exits
    assert campaign_of(text % "at").exits
    with pytest.raises(InputError, match=r"5:22: `trigger` has no field `segmnt`; did you mean segment\?"):
        campaign_of(text % "segmnt")


def test_copies_go_out_where_a_schedule_says_so() -> None:
    text = CAMPAIGN.replace(DATE, "{schedule: 0 10 * * mon}")

    assert campaign_of(text + "duplicates: send\n").copies is True
    assert campaign_of(text + "duplicates: skip\n").copies is False


def test_engages_own_events_need_no_declaration() -> None:
    campaign = campaign_of(
        "purpose: care\ntrigger: {event: message.clicked, where: event.url is not none}\nchannels: [email]\nsteps:\n"
        "  - wait_for: {event: message.opened, where: event.campaign == trigger.campaign, for: 1d}\n    as: seen\n"
        "  - send: birthday\n    when: seen.message == 'x' and events('message.bounced', within='30d', channel='email') == 0\n"
        "exit: {event: message.unsubscribed}\n"
    )

    assert isinstance(campaign.trigger, EventTrigger)
    assert campaign.trigger.event == "message.clicked"


def test_a_send_takes_all_its_keys() -> None:
    step = step_of(
        "{send: alarm, channels: [support_room], expires: 2h, purpose: service, to: '{{ trigger.channel }}', id: first, "
        "when: trigger.ticket_id is not none, with: {a: text, b: '{{ trigger.ticket_id }}', c: [x], d: {e: 00123}}, as: outcome}"
    )

    assert isinstance(step, Send)
    assert (step.message, step.channels, step.expires, step.purpose) == ("alarm", ("support_room",), Duration(seconds=7200), "service")
    assert (step.id, step.as_, getattr(step.to, "source", None)) == ("first", "outcome", "{{ trigger.channel }}")
    assert step.when is not None
    assert step.with_["a"] == "text"
    assert getattr(step.with_["b"], "source", None) == "{{ trigger.ticket_id }}"
    assert (step.with_["c"], step.with_["d"]) == (("x",), {"e": "00123"})


def test_a_sends_quiet_hours_come_after_the_campaigns() -> None:
    campaign = campaign_of(
        "purpose: care\ntrigger: {date: birth_date}\nchannels: [email]\nquiet_hours: {to: 09:00}\n"
        "steps:\n  - send: birthday\n    quiet_hours: ignore\n"
    )
    [step] = campaign.steps

    assert isinstance(step, Send)
    assert step.quiet_hours == (QuietHours(end=time(9)), "ignore")


def test_a_wait_is_a_duration_a_time_or_a_moment() -> None:
    assert step_of("wait: 1mo").duration == Duration(months=1)
    until = step_of("wait: {until: 09:00, days: [mon, tue], day_off: after}")
    assert isinstance(until, WaitUntilTime)
    assert (until.at, until.days, until.day_off) == (time(9), {0, 1}, DayOff.AFTER)
    assert step_of("wait: {until: 09:00, days: working}").days == "working"
    moment = step_of("wait: {until: contact.renews_at, offset: -24h, at: 10:00}")
    assert isinstance(moment, WaitUntilMoment)
    assert (moment.until.source, moment.offset, moment.at) == ("contact.renews_at", Duration(seconds=-86400), time(10))


def test_steps_know_their_paths_and_the_names_given_before_them() -> None:
    campaign = campaign_of("""
        purpose: care
        trigger: {event: ticket.closed}
        channels: [email]
        steps:
          - wait: 1d
          - wait_for: {event: csat.answered, where: event.ticket_id == trigger.ticket_id, for: 3d}
            as: answer
          - if: answer is none
            then:
              - send: csat
                as: outcome
            else:
              - when: answer.score <= 2
                send: birthday
              - if: outcome == 'sent'
                then: [{wait: 2h}]
        """)
    wait, wait_for, branch = campaign.steps

    assert isinstance(wait, Wait)
    assert isinstance(wait_for, WaitFor)
    assert (wait_for.path, wait_for.duration, wait_for.as_) == ("1", Duration(days=3), "answer")
    assert isinstance(branch, If)
    assert [step.path for step in branch.then] == ["2.then.0"]
    assert [step.path for step in branch.otherwise] == ["2.else.0", "2.else.1"]
    inner = branch.otherwise[1]
    assert isinstance(inner, If)
    assert inner.then[0].path == "2.else.1.then.0"


def test_an_exit_is_an_event_an_audience_a_condition_or_a_list_of_them() -> None:
    campaign = campaign_of(
        CAMPAIGN + "audience: contact.plan == 'gold'\n"
        "exit:\n  - event: ticket.reopened\n    where: event.ticket_id == 'x'\n  - audience\n  - when: contact.status == 'gone'\n"
    )
    event, audience, condition = campaign.exits

    assert isinstance(event, ExitOnEvent)
    assert (event.event, event.where and event.where.source) == ("ticket.reopened", "event.ticket_id == 'x'")
    assert audience == ExitWhen(audience=True)
    assert isinstance(condition, ExitWhen)
    assert condition.condition is not None


def test_preferred_may_stand_in_the_list_of_channels() -> None:
    assert campaign_of(CAMPAIGN.replace("[email, sms]", "[preferred, email]")).channels == ("preferred", "email")
