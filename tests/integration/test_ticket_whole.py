"""The ticket follow-up whole: `engage run` over the demo's workspace, Zendesk's posts, mails, a reader's browser, Slack, a CRM."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engage.contacts.ports import Person
from engage.history.timeline import Filter
from engage.model.history import Kind
from tests.engine import MONDAY
from tests.integration.test_hooks import CONFIG, DEMO_SECRET, posted
from tests.servers.processes import SLOW, Process, ground
from tests.unit.hooks.desk import zendesk
from tests.waiting import until as until_within
from workers.demo.catchers import Caught, SlackCatcher, SmtpCatcher, Tray
from workers.demo.crm import CrmCatcher
from workers.demo.playing import free_port
from workers.demo.reader import link_to, press
from workers.office import OnDisk
from workers.wiring import Wired

EVENING = MONDAY.replace(hour=21)
"""Ten at night in Ljubljana: a day later is night again."""
MORNING = datetime(2026, 2, 25, 7, 0, tzinfo=UTC)
"""Eight there, after that night."""


def until(holds: Callable[[], object]) -> None:
    """As long as a busy machine may need: five programs work here."""
    until_within(holds, seconds=SLOW)


@dataclass
class Aurora:
    """The company at work, and what the world sees of it."""

    process: Process
    wired: Wired
    tray: Tray
    crm: CrmCatcher

    def desk_tells(self, type_: str, ticket: str, who: str, at: datetime, *, secret: str = DEMO_SECRET) -> int:
        """What the trigger of docs/hooks.md posts; what is signed is the machine's time."""
        told = {"type": type_, "ticket_id": ticket, "channel": "Web form", "tags": "tents", "requester_email": f"{who}@example.com"}
        body = json.dumps({**told, "updated_at": at.isoformat()}).encode()
        return posted(self.process, zendesk(body, at=datetime.now(UTC), secret=secret))

    def it_is(self, moment: datetime) -> None:
        """Let time go by."""
        self.wired.stored_clock.set(moment)

    def touches(self, *kinds: Kind) -> list[tuple[str | None, Kind, str | None]]:
        """Who, what and why, in order."""
        lines = self.wired.history.timeline(Filter(kinds=frozenset(kinds)), limit=100)
        return [(line.label, line.touch.kind, line.touch.reason) for line in reversed(lines)]

    def by(self, channel: str) -> list[Caught]:
        """What arrived by a channel."""
        return [each for each in self.tray.all() if each.channel == channel]


@pytest.fixture
def aurora(tmp_path: Path) -> Iterator[Aurora]:
    root, tray, port = tmp_path / "aurora", Tray(), free_port()
    shutil.copytree(CONFIG, root, ignore=shutil.ignore_patterns("contacts.csv", "var"))
    now = lambda: datetime.now(UTC)  # noqa: E731  # by what the catchers date what they take
    with ExitStack() as parts:
        smtp, slack = parts.enter_context(SmtpCatcher(tray, now)), parts.enter_context(SlackCatcher(tray, now))
        crm = parts.enter_context(CrmCatcher(now))
        environment = {
            "ENGAGE_DATABASE": f"sqlite:///{tmp_path}/aurora.db", "ENGAGE_PUBLIC_URL": f"http://127.0.0.1:{port}", "SMTP_URL": smtp.url,
            "SLACK_URL": slack.base_url, "SLACK_TOKEN": slack.token, "CRM_URL": crm.url, "CRM_SECRET": crm.secret,
        }
        wired = parts.enter_context(OnDisk(root, environment).engaged())
        wired.stored_clock.set(EVENING)
        wired.people.upsert([a_customer("ana", "sl"), a_customer("bor", "en")], now=EVENING)
        desk = parts.enter_context(ground(root, environment))
        process = desk.start("run", "--port", str(port)).started()
        until(lambda: wired.postings.standings(now=EVENING))  # from then on the CRM is told
        yield Aurora(process=process, wired=wired, tray=tray, crm=crm)


def a_customer(name: str, locale: str) -> Person:
    return Person(attributes={
        "external_id": name, "email": f"{name}@example.com", "first_name": name.title(), "locale": locale, "country": "SI",
        "timezone": "Europe/Ljubljana", "status": "active",
    })


@pytest.mark.timeout(300)
def test_a_closed_ticket_is_asked_about_in_the_morning_in_slovenian_and_a_bad_answer_reaches_support_and_the_crm(aurora: Aurora) -> None:
    assert aurora.desk_tells("ticket.closed", "T-1", "ana", EVENING, secret="not-the-desks-secret") == 401
    assert aurora.desk_tells("ticket.closed", "T-1", "ANA", EVENING) == 200
    assert aurora.desk_tells("ticket.closed", "T-2", "bor", EVENING) == 200
    until(lambda: len(aurora.touches(Kind.ENTERED)) == 2)
    aurora.it_is(EVENING + timedelta(hours=5))
    assert aurora.desk_tells("ticket.reopened", "T-2", "bor", EVENING + timedelta(hours=5)) == 200
    until(lambda: aurora.touches(Kind.EXITED))

    aurora.it_is(EVENING + timedelta(days=1))
    until(lambda: aurora.touches(Kind.DEFERRED))
    assert aurora.by("email") == []
    aurora.it_is(MORNING)
    until(lambda: aurora.by("email"))
    (mail,) = aurora.by("email")
    assert (mail.recipient, mail.subject) == ("ana@example.com", "Kako smo se izkazali?")

    aurora.it_is(MORNING + timedelta(hours=2))
    link = link_to(aurora.tray.all(), "ana@example.com", 2)
    assert link is not None
    with urllib.request.urlopen(link, timeout=10) as page:
        assert 'lang="sl"' in page.read().decode()
    assert ("ana", Kind.EVENT, "csat.answered") not in told_events(aurora)  # a scanner opens links, too
    press(link)
    until(lambda: aurora.by("chat"))
    (word,) = aurora.by("chat")
    assert word.recipient == "#support"
    assert "T-1" in word.raw
    assert "2" in word.raw
    assert ("ana", Kind.EVENT, "csat.answered") in told_events(aurora)

    until(lambda: ("touch.finished", "ana") in heard(aurora))
    assert heard(aurora) == [
        ("touch.entered", "ana"), ("touch.entered", "bor"), ("touch.exited", "bor"), ("touch.deferred", "ana"), ("touch.sent", "ana"),
        ("touch.sent", "ana"), ("touch.finished", "ana"),
    ]
    assert aurora.touches(Kind.EXITED, Kind.DEFERRED) == [("bor", Kind.EXITED, "ticket.reopened"), ("ana", Kind.DEFERRED, "quiet_hours")]
    assert [each.recipient for each in aurora.tray.all()] == ["ana@example.com", "#support"]


def heard(aurora: Aurora) -> list[tuple[str, str]]:
    """What the CRM took: it refuses what is not signed with its secret."""
    return [(each.type, each.contact) for each in aurora.crm.heard()]


def told_events(aurora: Aurora) -> list[tuple[str | None, Kind, str | None]]:
    lines = aurora.wired.history.timeline(Filter(kinds=frozenset({Kind.EVENT})), limit=100)
    return [(line.label, line.touch.kind, str(line.touch.detail.get("event"))) for line in lines]
