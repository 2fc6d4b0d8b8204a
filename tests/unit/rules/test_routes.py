"""`channels` in its three forms, on a send and at the top; what of it could never come to anything is told."""

from __future__ import annotations

import pytest

from engage.model.steps import Fallback, Send
from engage.model.time import Duration
from tests.workspaces import CAMPAIGN, files_of, loaded, problems_of

HEAD = "purpose: care\ntrigger: {date: birth_date}\n"


def sends_of(text: str) -> tuple[Send, ...]:
    steps = loaded(files_of(c=text)).campaigns["c"].steps
    assert all(isinstance(step, Send) for step in steps)
    return tuple(step for step in steps if isinstance(step, Send))


def test_all_channels_at_the_top_hold_for_every_send() -> None:
    [send] = sends_of(CAMPAIGN.replace("[email, sms]", "{all: [email, sms]}"))

    assert (send.channels, send.by_all, send.fallback) == (("email", "sms"), True, None)


def test_the_first_channel_may_fall_back_on_the_next() -> None:
    first = "{first: [preferred, email, sms], fallback_after: 2h, unless: delivered}"
    [send, other] = sends_of(f"{HEAD}channels: [sms]\nsteps:\n  - {{send: birthday, channels: {first}}}\n  - send: birthday\n")

    assert (send.channels, send.by_all) == (("preferred", "email", "sms"), False)
    assert send.fallback == Fallback(after=Duration(seconds=7200), unless="delivered")
    assert (other.channels, other.fallback) == (("sms",), None)


WRONG = {
    "one channel of all": ("{all: [email]}", "4:17: this list needs at least two channels; one alone is written `channels: [email]`"),
    "no list of all": ("{all: email}", "4:17: a list of channels is expected here; did you mean [email]?"),
    "preferred among all": ("{all: [email, preferred]}", "4:25: `preferred` has no place in `all`: it chooses one, and all of them go"),
    "an unknown map": ("{any: [email, sms]}", "4:11: `channels` as a map needs one of all, first"),
    "both maps": (
        "{all: [email, sms], first: [email, sms]}",
        "4:31: `channels` as a map is one thing: `all` and `first` cannot stand together",
    ),
    "a channel twice": ("{all: [email, email]}", "4:25: the channel `email` stands in this list twice"),
    "an unknown channel": ("{all: [email, smss]}", "4:25: the channel `smss` is not declared in engage.yaml; did you mean sms?"),
    "no sign": ("{first: [email, sms], fallback_after: 2h}", "4:11: `unless` is missing"),
    "no span": ("{first: [email, sms], unless: opened}", "4:11: `fallback_after` is missing"),
    "a misspelt sign": (
        "{first: [email, sms], fallback_after: 2h, unless: opend}",
        "4:61: `opend` is none of delivered, opened, clicked; did you mean opened?",
    ),
    "a sign that never comes": (
        "{first: [sms, email], fallback_after: 2h, unless: opened}",
        "4:20: `unless: opened` waits in vain: by the channel `sms` (sms) nothing is ever seen to be opened",
    ),
    "staff first": (
        "{first: [support_room, email], fallback_after: 2h, unless: delivered}",
        "4:20: `unless: delivered` waits in vain: the channel `support_room` goes to a fixed recipient, of whom nothing is recorded",
    ),
    "a wait beyond the expiry": (
        "{first: [email, sms], fallback_after: 1mo, unless: opened}",
        "3:7: the next channel would never be tried: the message expires (7d) before `fallback_after` is over",
    ),
    "an empty list": ("[]", "4:11: `channels` is an empty list"),
    "a word": ("email", "4:11: `channels` is a list in order of preference; did you mean [email]?"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_meant_is_told_at_its_place(case: str) -> None:
    written, expected = WRONG[case]
    found = problems_of(files_of(c=CAMPAIGN.replace("[email, sms]", written)))

    assert [line for line in found if "has no template" not in line] == [f"campaigns/c.yaml:{expected}"]


def test_one_address_goes_by_a_list_and_not_by_a_map() -> None:
    own = f"{HEAD}steps:\n  - {{send: birthday, to: a@b.example, channels: {{all: [email, sms]}}}}\n"
    above = f"{HEAD}channels: {{all: [email, sms]}}\nsteps:\n  - {{send: birthday, to: a@b.example}}\n"

    assert problems_of(files_of(c=own)) == [
        "campaigns/c.yaml:4:39: `to` is one address, so that `channels` is a list with it, not a map"
    ]
    assert problems_of(files_of(c=above)) == [
        "campaigns/c.yaml:5:26: `to` is one address, and the campaign's `channels` is a map: say the `channels` of this send as a list"
    ]
