"""What campaigns wait for is what their messages may tell: a click by a text, where the text's own file has its links counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engage.model.steps import Arm, Fallback, Send, Split, Winner
from engage.model.time import Duration
from engage.model.tracking import Tracking, TrackingRules
from engage.templates import examine
from tests.builders import HERE, a_campaign, a_send, some_settings
from tests.messages import FOOTER, a_written_workspace, found

HOUR = Duration(seconds=3600)
MAIL = {"templates/birthday/email.html": "---\nsubject: Hi\n---\n<html><body>" + FOOTER + "</body></html>"}
COUNTED = "---\ntrack: {clicks: true}\n---\nSee https://shop.example/"
PLAIN = "See https://shop.example/"


def told(*sends: Send | Split, **texts: str) -> list[str]:
    """What the check says; `texts` by the language of the file, `en` the workspace's."""
    files = {f"templates/birthday/sms{'' if name == 'en' else '.' + name}.txt": text for name, text in texts.items()}
    return found({**MAIL, **files}, a_campaign(*sends))


def first(*channels: str, unless: str = "clicked") -> Send:
    return a_send(channels=channels, fallback=Fallback(after=HOUR, unless=unless))  # type: ignore[arg-type]  # one of the signs


def contest(*channels: str) -> Split:
    arms = tuple(
        Arm(weight=10, steps=(a_send(f"0.arm{number}.0", channels=each),)) for number, each in enumerate((channels, ("email",)))
    )
    return Split(path="0", place=HERE, arms=arms, winner=Winner(sign="clicked", after=HOUR, weight=80))


def test_a_text_whose_file_tracks_may_be_waited_for() -> None:
    assert told(first("sms", "email"), en=COUNTED) == []
    assert told(contest("sms"), en=COUNTED) == []


def test_a_text_that_does_not_track_is_waited_for_in_vain_in_each_such_language() -> None:
    (problem,) = told(first("sms", "email"), en=COUNTED, sl=PLAIN)
    assert problem == (
        "templates/birthday/sms.sl.txt:1:1: campaign birthday waits for a click in this text (`unless: clicked`), and its links are not "
        "counted: say `track: {clicks: true}` between lines of --- at its top"
    )


@pytest.mark.parametrize("send", [first("email", "sms"), first("sms", "email", unless="delivered"), a_send()])
def test_what_nobody_waits_for_by_a_text_need_not_be_tracked(send: Send) -> None:
    assert told(send, en=PLAIN) == []


def test_an_arm_of_texts_that_do_not_track_can_never_win() -> None:
    (problem,) = told(contest("sms"), en=PLAIN)
    assert "this arm can never win: it is judged by clicks, and the links of templates/birthday/sms.txt are not counted" in problem
    assert told(contest("email", "sms"), en=PLAIN) == []


@pytest.mark.parametrize(("default", "text", "tracked"), [
    (Tracking(), PLAIN, False), (Tracking(), COUNTED, True), (Tracking(clicks=True), PLAIN, True), (Tracking(opens=True), PLAIN, True),
    (Tracking(utm=(("source", "engage"),)), PLAIN, False),
])
def test_the_check_knows_whether_anybody_is_tracked(default: Tracking, text: str, tracked: bool) -> None:
    settings = replace(some_settings(), tracking=TrackingRules(default=default))
    assert examine(a_written_workspace({**MAIL, "templates/birthday/sms.txt": text}, settings=settings)).tracked is tracked
