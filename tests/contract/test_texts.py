"""What people text, on both databases: STOP blocks the number, START takes only that back, HELP is answered, the rest is a reply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engage.feedback import Taken
from engage.feedback.texts import IncomingText, TextAnswer, Texts
from engage.feedback.words import Word
from engage.model.contact import ChannelKind
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.feedback.texting import SqlTexts
from engage.store.people.ledger import SqlLedger, SqlSuppressions
from tests.engine import Works
from tests.small import SETTINGS, small_workspace

PHONE = "+38640123456"
REPLIED = """\
title: Thank you
purpose: service
status: live
trigger: {event: message.replied}
send: thanks
channels: [sms]
"""
PROMPT = """\
title: Wishes by SMS
purpose: care
status: live
trigger: {event: ticket.closed}
send: birthday
channels: [sms]
"""
FILES = {
    "campaigns/replied.yaml": REPLIED, "campaigns/prompt.yaml": PROMPT, "templates/thanks/sms.txt": "Thank you!\n",
    "engage.yaml": SETTINGS.replace("from: Aurora}", 'from: Aurora, answers: {stop: "We stop."}}'),
}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    """Ana got a wish by SMS."""
    works = Works(database, small_workspace(None, **FILES))
    works.know("ana", phone=PHONE, email=None)
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == [PHONE]
    yield works
    works.close()


def text(works: Works, said: str, *, sender: str = PHONE, id: str | None = None, kind: ChannelKind = ChannelKind.SMS) -> TextAnswer:
    texts = Texts(SqlTexts(works.database, workspace=lambda: works.workspace), workspace=lambda: works.workspace)
    now = works.clock.now()
    return texts.take(IncomingText(sender=sender, text=said, at=now, id=id, kind=kind), now=now)


def reasons(works: Works) -> list[str]:
    return [line.reason for line in SqlSuppressions(works.database).suppressed()]


def test_a_stop_blocks_the_number_and_withdraws_nothing_else(works: Works) -> None:
    assert text(works, "Stop!", id="SM1") == TextAnswer(word=Word.STOP, fate=Taken.NEW, reply="We stop.")
    assert reasons(works) == ["stop"]
    (touch,) = works.touches(Kind.UNSUBSCRIBED)
    assert (touch.reason, touch.message, touch.campaign, touch.channel) == ("stop", "birthday", "prompt", "sms")
    assert SqlLedger(works.database).lines(touch.contact_id or 0) == []
    works.happen("ticket.closed", "ana", ticket_id="T-2", id="T-2")
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == [PHONE]
    assert [touch.reason for touch in works.touches(Kind.SUPPRESSED)] == ["suppressed"]


def test_a_start_takes_the_stop_back_and_grants_nothing(works: Works) -> None:
    text(works, "STOP", id="SM1")
    assert text(works, "start", id="SM2") == TextAnswer(word=Word.START, fate=Taken.NEW)
    assert reasons(works) == []
    assert works.touches(Kind.CONSENT_GRANTED) == []
    works.happen("ticket.closed", "ana", ticket_id="T-2", id="T-2")
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == [PHONE, PHONE]


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_start_takes_no_other_reason_back(works: Works, order: str) -> None:
    by_hand = SqlSuppressions(works.database)
    if order == "after":
        text(works, "stop")
    by_hand.suppress(ChannelKind.SMS, PHONE, reason="manual", now=works.clock.now())
    if order == "before":
        text(works, "stop")
    assert text(works, "start").word is None
    assert reasons(works) == ["manual"]


def test_told_twice_it_counts_once_and_a_second_stop_says_nothing_new(works: Works) -> None:
    assert [text(works, "stop", id=id).fate for id in ("SM1", "SM1", "SM2")] == [Taken.NEW, Taken.KNOWN, Taken.KNOWN]
    assert [text(works, "start", id="SM3").fate, text(works, "stop", id="SM1").fate] == [Taken.NEW, Taken.KNOWN]
    assert reasons(works) == []
    assert [text(works, "hello", id=id).fate for id in ("SM4", "SM4", "SM5")] == [Taken.NEW, Taken.KNOWN, Taken.NEW]


def test_a_number_that_is_nobodys_is_blocked_too(works: Works) -> None:
    assert text(works, "arrêt", sender="+33612345678").word is Word.STOP
    assert reasons(works) == ["stop"]
    works.know("luc", phone="+33 6 12 34 56 78", email=None, country="FR")
    works.happen("ticket.closed", "luc", ticket_id="T-3", id="T-3")
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == [PHONE]


def test_help_is_answered_and_changes_nothing(works: Works) -> None:
    answer = text(works, "HELP")
    assert (answer.word, answer.reply) == (Word.HELP, "Aurora Outfitters: https://engage.example.com Reply STOP to get no more messages.")
    assert reasons(works) == []
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == [PHONE]


def test_everything_else_is_a_reply_to_the_last_message_that_campaigns_see(works: Works) -> None:
    assert text(works, "I can't stop smiling", id="SM1") == TextAnswer(word=None, fate=Taken.NEW)
    (touch,) = works.touches(Kind.REPLIED)
    assert (touch.message, touch.campaign, touch.reason) == ("birthday", "prompt", None)
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == [PHONE, PHONE]
    assert reasons(works) == []


def test_the_words_mean_nothing_in_a_chat(works: Works) -> None:
    works.know("bo", chat_id="U77", email=None)
    assert text(works, "stop", sender="U77", kind=ChannelKind.CHAT) == TextAnswer(word=None, fate=Taken.NEW)
    assert reasons(works) == []
