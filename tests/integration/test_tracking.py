"""A mail goes out, a link in it is followed over HTTP, the history says so, and the campaign goes on by it. On both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit

import pytest
from fastapi import APIRouter, FastAPI

from engage.feedback.lookout import HOLD, Lookout
from engage.model.content import EmailContent, SmsContent
from engage.model.history import Kind
from engage.store.database import AWAY, Database
from engage.store.feedback.letters import SqlLetters
from engage.web import following
from engage.web.ports import Site
from tests.engine import Works
from tests.small import small_workspace
from workers.processes import WebPart

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
CAMPAIGN = """\
title: A link
purpose: care
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
channels: [email]
steps:
  - send: offer
  - {wait_for: {event: message.clicked, where: "event.message == 'offer'", for: 1d}, as: click}
  - {when: click is none, send: nobody}
  - {when: click is not none, send: somebody}
"""
PAGE = (
    "---\nsubject: Hi\ntrack: true\nutm: {source: engage}\n---\n<html><body><a href='https://shop.example/sale'>Sale</a>"
    '<a href="{{ message.unsubscribe_url }}">Stop</a> {{ company.address }}</body></html>'
)
TEXTING = """\
title: A link by text
purpose: care
status: live
trigger: {event: csat.answered, key: event.ticket_id}
channels: {first: [sms, email], fallback_after: 2h, unless: clicked}
steps: [{send: nobody}]
"""
TEXT = "---\ntrack: {clicks: true}\n---\nThe sale: https://shop.example/sale\n"
PLAIN = "---\nsubject: Hi\n---\n<html><body><a href=\"{{ message.unsubscribe_url }}\">Stop</a> {{ company.address }}</body></html>"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Reading:
    """The works with a web server beside them."""

    def __init__(self, database: Database) -> None:
        pages = {"templates/offer/email.html": PAGE, "templates/nobody/email.html": PLAIN, "templates/somebody/email.html": PLAIN}
        files = {"campaigns/link.yaml": CAMPAIGN, "campaigns/text.yaml": TEXTING, "templates/nobody/sms.txt": TEXT, **pages}
        self.works = Works(database, small_workspace(**files), at=START)
        self.seconds = 0.0
        letters = SqlLetters(database, workspace=lambda: self.works.workspace)
        self.lookout = Lookout(
            self.works.feedback, letters, workspace=lambda: self.works.workspace, clock=self.works.clock, seconds=lambda: self.seconds,
            away=AWAY,
        )
        app, router = FastAPI(), APIRouter()
        following.add(router, cast(Site, SimpleNamespace(secret=database.secret(), clock=self.works.clock, lookout=self.lookout)))
        app.include_router(router)
        self.web = WebPart(app, host="127.0.0.1", port=0)
        self.web.start()

    def links(self, message: str) -> list[str]:
        """The addresses in the page of the mail that went out."""
        cleared = next(each for each in self.works.channels["email"].sent if each.intent.message == message)
        assert isinstance(cleared.rendered.content, EmailContent)
        return re.findall(r'(?:href|src)="([^"]*)"', cleared.rendered.content.html or "")

    def get(self, link: str, agent: str = FIREFOX) -> tuple[int, str | None]:
        """As a browser would, or a program of that name."""
        connection = HTTPConnection(self.web.address.removeprefix("http://"), timeout=10)
        connection.request("GET", urlsplit(link).path, headers={"User-Agent": agent})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        self.seconds += HOLD
        self.lookout.settle()
        return answer.status, answer.getheader("Location")

    def told(self) -> list[tuple[str, str | None]]:
        """What came back, and how a machine was known."""
        return [(touch.kind.value, touch.reason) for touch in self.works.touches(Kind.OPENED, Kind.CLICKED)]


@pytest.fixture
def reading(database: Database) -> Iterator[Reading]:
    reading = Reading(database)
    reading.works.know("ana")
    reading.works.happen("ticket.closed", "ana", ticket_id="T1")
    reading.works.settle()
    yield reading
    reading.web.stop()
    reading.works.close()


def sent(reading: Reading) -> list[str]:
    reading.works.play(START + timedelta(days=3))
    return [each.intent.message for each in reading.works.channels["email"].sent if each.intent.campaign == "link"]


def test_a_person_who_follows_a_link_brings_the_campaign_to_go_on_by_it(reading: Reading) -> None:
    link, stop, picture = reading.links("offer")
    assert ("/c/" in link, "/u/" in stop, picture.endswith(".gif")) == (True, True, True)
    reading.works.clock.move(START + timedelta(hours=1))
    assert reading.get(link) == (302, "https://shop.example/sale?utm_source=engage")
    assert reading.get(picture) == (200, None)
    reading.get(link)
    assert sorted(reading.told()) == [("clicked", None), ("opened", None)]
    assert sent(reading) == ["offer", "somebody"]


def test_a_machine_that_follows_it_brings_nothing_about(reading: Reading) -> None:
    link = reading.links("offer")[0]
    reading.get(link)
    reading.works.clock.move(START + timedelta(hours=1))
    assert reading.get(link, "Barracuda Sentinel (EE)")[0] == 302
    assert reading.told() == [("clicked", "early")]
    assert sent(reading) == ["offer", "nobody"]


def test_whoever_follows_a_texts_link_gets_no_mail_and_whoever_does_not_does(reading: Reading) -> None:
    reading.works.know("bor", "cene", phone="+38640777666")
    for label in ("bor", "cene"):
        reading.works.happen("csat.answered", label, ticket_id=label, score=5)
    reading.works.settle()
    texts = [cleared.rendered for cleared in reading.works.channels["sms"].sent]
    assert [text.approved.address for text in texts] == ["+38640777666", "+38640777666"]
    assert isinstance(texts[0].content, SmsContent)
    (link,) = re.findall(r"https?://\S+/c/\S+", texts[0].content.text)
    reading.works.clock.move(START + timedelta(minutes=10))
    assert reading.get(link) == (302, "https://shop.example/sale")
    reading.works.play(START + timedelta(hours=5))
    mails = [each for each in reading.works.channels["email"].sent if each.intent.campaign == "text"]
    assert [each.rendered.approved.address for each in mails] == ["cene@example.com"]
