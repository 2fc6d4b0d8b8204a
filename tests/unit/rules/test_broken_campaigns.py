"""What a marketer gets wrong is told at its place, in a sentence that helps."""

from __future__ import annotations

import pytest

from tests.workspaces import CAMPAIGN, files_of, problems_of, with_files

HEAD = "purpose: care\ntrigger: {date: birth_date}\nchannels: [email]\n"

BROKEN = {
    "a wrong key": (
        CAMPAIGN + "audiance: contact.plan == 'gold'\n",
        ["campaigns/c.yaml:5:1: unknown key `audiance`; did you mean audience?"],
    ),
    "a wrong type": (
        CAMPAIGN.replace("channels: [email, sms]", "channels: {email: sms}\n"),
        ["campaigns/c.yaml:4:11: `channels` as a map needs one of all, first"],
    ),
    "a list where one word is expected": (
        CAMPAIGN + "purpose2: [care]\nstatus: [live]\n",
        ["campaigns/c.yaml:5:1: unknown key `purpose2`; did you mean purpose?",
         "campaigns/c.yaml:6:9: one of draft, live, paused is expected here, not a list"],
    ),
    "an unknown attribute": (
        CAMPAIGN + "audience: contact.birthdate is not none\n",
        ["campaigns/c.yaml:5:19: undeclared attribute `birthdate`; did you mean birth_date?"],
    ),
    "a misspelt step": (
        HEAD + "steps:\n  - sned: birthday\n",
        ["campaigns/c.yaml:5:5: unknown key `sned`; did you mean send?"],
    ),
    "an id that is another step's place": (
        HEAD + "steps:\n  - {send: birthday, id: 1}\n  - {send: birthday}\n",
        ["campaigns/c.yaml:5:26: `id: 1` is a number, by which steps without an id are known: give it a word"],
    ),
    "a missing template": (
        CAMPAIGN.replace("send: birthday", "send: brithday"),
        ["campaigns/c.yaml:3:7: the message `brithday` has no folder in templates/; did you mean birthday?"],
    ),
    "a template that a channel lacks": (
        CAMPAIGN.replace("[email, sms]", "[email, chat]"),
        ["campaigns/c.yaml:3:7: the message `birthday` has no template for the channel `chat` (templates/birthday/chat.*)"],
    ),
    "a bad cron line": (
        'purpose: care\ntrigger: {schedule: "0 25 * * mon"}\nsend: birthday\nchannels: [email]\n',
        ["campaigns/c.yaml:2:21: `0 25 * * mon` is not a cron line: `25` is no hour (0 to 23)"],
    ),
    "quiet hours of no length": (
        CAMPAIGN + "quiet_hours:\n  from: 21:00\n  to: 21:00\n",
        ["campaigns/c.yaml:7:3: quiet hours from 21:00 to 21:00 are no time at all or all day: say which"],
    ),
    "quiet hours of no length with those they override": (
        CAMPAIGN + "quiet_hours: {from: 08:00}\n",
        ["campaigns/c.yaml:5:1: with the quiet hours that these override they run from 08:00 to 08:00"],
    ),
    "a duplicate key": (
        CAMPAIGN + "purpose: service\n",
        ["campaigns/c.yaml:5:1: `purpose` is given twice (first in line 1)"],
    ),
    "an unknown channel": (
        CAMPAIGN.replace("sms", "smss"),
        ["campaigns/c.yaml:4:19: the channel `smss` is not declared in engage.yaml; did you mean sms?"],
    ),
    "an unknown purpose": (
        CAMPAIGN.replace("care", "car"),
        ["campaigns/c.yaml:1:10: the purpose `car` is not declared under `purposes` in engage.yaml; did you mean care?"],
    ),
    "an undeclared event": (
        "purpose: care\ntrigger: {event: ticket.close}\nsend: birthday\nchannels: [email]\n",
        ["campaigns/c.yaml:2:18: the event `ticket.close` is not declared under `events` in engage.yaml; did you mean ticket.closed?"],
    ),
    "a date that is none": (
        CAMPAIGN.replace("birth_date", "plan"),
        ["campaigns/c.yaml:2:17: the attribute `plan` is of the type text, not a date"],
    ),
    "a send without channels": (
        "purpose: care\ntrigger: {date: birth_date}\nsend: birthday\n",
        ["campaigns/c.yaml:3:7: this send has no `channels`, and neither has the campaign"],
    ),
    "no trigger": (
        "purpose: care\nsend: birthday\nchannels: [email]\n",
        ["campaigns/c.yaml:1:1: `trigger` is missing"],
    ),
    "two triggers": (
        CAMPAIGN.replace("{date: birth_date, at: 09:00}", "{date: birth_date, event: ticket.closed}"),
        ["campaigns/c.yaml:2:29: a trigger is one thing: `date` and `event` cannot stand together"],
    ),
    "a word out of a list": (
        CAMPAIGN + "status: lvie\n",
        ["campaigns/c.yaml:5:9: `lvie` is not one of draft, live, paused; did you mean live?"],
    ),
    "a name given twice": (
        HEAD + "steps:\n  - send: birthday\n    as: outcome\n  - send: birthday\n    as: outcome\n",
        ["campaigns/c.yaml:8:9: `as: outcome` is given twice in this campaign"],
    ),
    "a name that hides another": (
        HEAD + "steps:\n  - send: birthday\n    as: contact\n",
        ["campaigns/c.yaml:6:9: `contact` is a name that expressions have already"],
    ),
    "a key that says nothing": (
        CAMPAIGN + "audience:\n",
        ["campaigns/c.yaml:5:1: nothing is written here; an expression is expected"],
    ),
    "both short and long": (
        CAMPAIGN + "steps:\n  - send: birthday\n",
        ["campaigns/c.yaml:3:1: `send` is short for `steps`: they cannot stand together"],
    ),
    "a priority too high": (
        CAMPAIGN + "priority: 10\n",
        ["campaigns/c.yaml:5:1: `10` is not a priority from 0 to 9"],
    ),
    "channels in vain": (
        HEAD + "steps:\n  - send: birthday\n    channels: [sms]\n",
        ["campaigns/c.yaml:3:1: `channels` has no effect: every send has its own"],
    ),
    "nothing sent": (
        "purpose: care\ntrigger: {date: birth_date}\nsteps:\n  - wait: 1d\n",
        ["campaigns/c.yaml:3:1: no step of this campaign does anything"],
    ),
    "again without a key": (
        "purpose: care\ntrigger: {event: ticket.closed, again: restart}\nsend: birthday\nchannels: [email]\n",
        ["campaigns/c.yaml:2:33: `again` has no effect without `key`: every event has an id of its own"],
    ),
    "a leap day for what is monthly": (
        CAMPAIGN.replace("at: 09:00", "repeat: monthly, leap_day: skip"),
        ["campaigns/c.yaml:2:46: `leap_day` has no effect with `repeat: monthly`"],
    ),
    "days that run backwards": (
        CAMPAIGN + "valid: {from: 2026-02-01, until: 2026-01-01}\n",
        ["campaigns/c.yaml:5:27: `until` (2026-01-01) is before `from` (2026-02-01)"],
    ),
    "an exit by an audience that is not there": (
        CAMPAIGN + "exit: audience\n",
        ["campaigns/c.yaml:5:1: `exit: audience` has no effect: the campaign has no `audience`"],
    ),
    "an audience that SQL cannot ask": (
        CAMPAIGN + "audience: contact.first_name | reverse == 'anA'\n",
        None,
    ),
    "quiet hours for staff": (
        HEAD.replace("[email]", "[chat]") + 'steps:\n  - send: csat\n    to: "#support"\n    quiet_hours: ignore\n',
        ["campaigns/c.yaml:7:5: `quiet_hours` has no effect with `to`: a fixed recipient has none"],
    ),
    "quiet hours where all channels go to staff": (
        HEAD.replace("[email]", "[support_room]") + "steps:\n  - send: alarm\n    quiet_hours: {from: 20:00}\n",
        ["campaigns/c.yaml:6:5: `quiet_hours` has no effect: these channels go to fixed recipients, who have none"],
    ),
    "quiet hours and a limit of a campaign for staff": (
        HEAD.replace("[email]", "[support_room]") + "steps:\n  - send: alarm\nquiet_hours: {from: 20:00}\nlimit: 1 per day\n",
        ["campaigns/c.yaml:6:1: `quiet_hours` has no effect: every send goes to a fixed recipient",
         "campaigns/c.yaml:7:1: `limit` has no effect: every send goes to a fixed recipient"],
    ),
    "no share": (CAMPAIGN + "holdout: 10\n", ["campaigns/c.yaml:5:10: `10` is not a share; write it like 10% or 0.5%"]),
    "a share that leaves nobody": (
        CAMPAIGN + "holdout: 100%\n", ["campaigns/c.yaml:5:10: `100%` is not a share between 0% and 100%, both left out"],
    ),
    "a holdout of staff": (
        HEAD.replace("[email]", "[support_room]") + "send: alarm\nholdout: 5%\n",
        ["campaigns/c.yaml:5:1: `holdout` has no effect: every send goes to a fixed recipient"],
    ),
    "a ramp that does not rise": (
        CAMPAIGN + "ramp: [{share: 10%, for: 1h}, {share: 10%, for: 1h}]\n",
        ["campaigns/c.yaml:5:1: the shares of a `ramp` rise from stage to stage; after the last all are reached"],
    ),
    "an empty ramp": (CAMPAIGN + "ramp: []\n", ["campaigns/c.yaml:5:1: `ramp` is an empty list"]),
    "copies without a schedule": (
        CAMPAIGN + "duplicates: send\n",
        ["campaigns/c.yaml:5:1: `duplicates` has no effect: without a schedule each contact has its own copy, whoever shares its address"],
    ),
    "an edit that does something else": (
        CAMPAIGN + "on_edit: mirgate\n", ["campaigns/c.yaml:5:10: `mirgate` is not one of keep, migrate; did you mean migrate?"],
    ),
    "its own name": (CAMPAIGN + "renamed_from: c\n", ["campaigns/c.yaml:5:15: `renamed_from: c` is the name that the campaign has"]),
    "an exit by a goal that is not there": (
        CAMPAIGN + "exit: goal\n", ["campaigns/c.yaml:5:1: `exit: goal` has no effect: the campaign has no `goal`"],
    ),
    "an exit by a word": (CAMPAIGN + "exit: [gaol]\n", ["campaigns/c.yaml:5:8: `gaol` is not one of audience, goal; did you mean goal?"]),
    "a goal by what is not declared": (
        CAMPAIGN + "goal: {event: order.plaecd}\n",
        ["campaigns/c.yaml:5:15: the event `order.plaecd` is not declared under `events` in engage.yaml; did you mean order.placed?"],
    ),
    "a goal that asks for a name of the steps": (
        HEAD + "steps:\n  - {send: birthday, as: outcome}\ngoal: {event: order.placed, where: outcome == 'sent'}\n",
        ["campaigns/c.yaml:6:36: unknown name `outcome`; did you mean 'outcome' (texts stand in quotes)?"],
    ),
    "settings of sends where none is": (
        HEAD + "steps: [{set: {plan: x}}]\nlimit: 1 per day\nramp: [{share: 1%, for: 1h}]\n",
        [f"campaigns/c.yaml:{line}:1: `{key}` has no effect: no step of this campaign sends anything"
         for line, key in ((3, "channels"), (5, "limit"), (6, "ramp"))],
    ),
    "a segment that is not there": (
        CAMPAIGN.replace("{date: birth_date, at: 09:00}", "{enters: vips}"),
        ["campaigns/c.yaml:2:19: the segment `vips` has no file in segments/"],
    ),
    "what is there already, of what is left": (
        CAMPAIGN.replace("{date: birth_date, at: 09:00}", "{leaves: vips, existing: true}"),
        ["campaigns/c.yaml:2:25: `existing` has no effect with `leaves`: who is not in a segment has not left it"],
    ),
    "a trigger by no hand": (
        CAMPAIGN.replace("{date: birth_date, at: 09:00}", "{manual: false}"),
        ["campaigns/c.yaml:2:11: `manual` is true, or another trigger stands here"],
    ),
    "a trigger by hand with something else": (
        CAMPAIGN.replace("{date: birth_date, at: 09:00}", "{manual: true, event: ticket.closed}"),
        ["campaigns/c.yaml:2:25: a trigger is one thing: `manual` and `event` cannot stand together"],
    ),
    "wait until an hour that no day has": (
        HEAD + "steps:\n  - wait: {until: 25:00}\n  - send: birthday\n",
        ["campaigns/c.yaml:5:19: `25:00` is not a time of day; write it like 09:00"],
    ),
    "wait until what is no time": (
        HEAD + "steps:\n  - wait: {until: contact.plan}\n  - send: birthday\n",
        ["campaigns/c.yaml:5:19: `until` needs a time of day, a date or a date-time; this is a text"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_campaign_is_told_at_its_place(text: str, expected: list[str] | None) -> None:
    found = problems_of(files_of(c=text))

    if expected is None:
        assert found
        assert all(line.startswith("campaigns/c.yaml:5:") for line in found)
    else:
        assert found == expected


def test_a_former_name_that_is_still_a_campaign_is_told() -> None:
    assert problems_of(files_of(a=CAMPAIGN, b=CAMPAIGN + "renamed_from: a\n")) == [
        "campaigns/b.yaml:5:15: `renamed_from: a` is still a campaign of its own: its file is there"
    ]


def test_the_errors_of_all_files_come_at_once() -> None:
    files = with_files(
        files_of(a=CAMPAIGN + "priorty: 5\nstatus: on\n", b=CAMPAIGN + "limit: often\n"), segments__vips="audience: contact.plann == 'x'\n",
        tests__t="contacts: []\nclock: {from: 2026-01-01T00:00Z, to: 2026-01-02T00:00Z}\nexpects: []\n",
    )

    assert problems_of(files) == [
        "campaigns/a.yaml:5:1: unknown key `priorty`; did you mean priority?",
        "campaigns/a.yaml:6:9: `on` is not one of draft, live, paused",
        "campaigns/b.yaml:5:8: `often` is not a limit; write it like 2 per week or 3 per 7d",
        "segments/vips.yaml:1:19: undeclared attribute `plann`; did you mean plan?",
        "tests/t.yaml:3:1: unknown key `expects`; did you mean expect?",
    ]


def test_segments_in_a_circle_are_told_once_with_the_way_round() -> None:
    files = with_files(
        files_of(), segments__a="audience: in_segment('b')\n", segments__b="audience: contact.plan == 'x' or in_segment('a')\n",
        segments__c="audience: not in_segment('a')\n",
    )

    assert problems_of(files) == ["segments/a.yaml:1:11: segments in a circle: a → b → a"]


def test_a_segment_that_asks_itself_is_a_circle() -> None:
    assert problems_of(with_files(files_of(), segments__a="audience: in_segment('a')\n")) == [
        "segments/a.yaml:1:11: segments in a circle: a → a"
    ]


def test_a_file_that_would_be_passed_over_is_told() -> None:
    files = {**files_of(), "campaigns/wish.yml": b"x", "campaigns/old/wish.yaml": b"x"}

    assert problems_of(files) == [
        "campaigns/old/wish.yaml:0:0: `old/wish.yaml` is not taken: files here are campaigns/<name>.yaml",
        "campaigns/wish.yml:0:0: `wish.yml` is not taken: files here are campaigns/<name>.yaml",
    ]


def test_a_comment_after_a_whole_expression_is_only_a_comment() -> None:
    assert problems_of(files_of(c=CAMPAIGN + "audience: contact.plan == 'gold'   # the best\n")) == []


def test_braces_where_an_expression_stands_already_are_told() -> None:
    assert problems_of(files_of(c=CAMPAIGN + 'audience: "{{ contact.plan }}"\n')) == [
        "campaigns/c.yaml:5:11: this field is an expression already: write it without `{{ }}`"
    ]


def test_an_empty_list_says_nothing() -> None:
    assert problems_of(files_of(c=CAMPAIGN + "limit: []\n")) == ["campaigns/c.yaml:5:8: this list is empty"]


def test_a_wait_for_days_needs_its_time() -> None:
    assert problems_of(files_of(c=HEAD + "steps:\n  - wait: {days: [mon]}\n  - send: birthday\n")) == [
        "campaigns/c.yaml:5:11: `until` is missing"
    ]
