"""Several providers of a channel, their rates and their days, with real servers: who takes what, and what becomes of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa

from engage.channels import load_channels
from engage.contacts.ports import Person
from engage.delivery.conductor import Conductor
from engage.model.errors import Rejected, Unavailable
from engage.model.history import Kind
from engage.model.workspace import Guards, Workspace
from engage.store.database import Database
from engage.store.delivery.notices import SqlNotices, standings
from engage.store.delivery.standing import provider_states
from engage.store.delivery.volumes import SqlVolumes
from engage.store.schema.tables import deliveries
from tests.engine import MONDAY, Works
from tests.servers.http import Answer
from tests.servers.smtp import SmtpServer
from tests.servers.webhook import WebhookServer
from tests.small import SETTINGS, small_workspace

NEWS = """
title: News
purpose: service
status: live
trigger: {event: ticket.closed}
send: news
channels: [CHANNEL]
"""


class Machine:
    """A machine clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def workspace_of(channel: str, *, by: str = "email") -> Workspace:
    """A message for each closed ticket, by that channel."""
    settings = SETTINGS[: SETTINGS.index("quiet_hours:")] + f"channels:\n  {by}: {{{channel}}}\n"
    return small_workspace(**{
        "engage.yaml": settings, "campaigns/birthday.yaml": None, "campaigns/follow_up.yaml": None,
        "campaigns/newsletter.yaml": NEWS.replace("CHANNEL", by), "templates/news/sms.txt": "The news.",
    })


class Office:
    """The engine over real servers, with a machine clock for providers that the test moves."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self.works, self.machine = Works(database, workspace), Machine()
        self.works.channels = dict(load_channels(workspace.settings))
        self.worker = self.another("one")

    def another(self, owner: str) -> Conductor:
        """One more worker, with what it knows itself."""
        database = self.works.database
        self.works.shared = {"notices": SqlNotices(database, owner=owner), "volumes": SqlVolumes(database)}
        return self.works.another_conductor(owner, self.machine)

    def mail(self, *labels: str, domain: str = "example.com") -> None:
        """The message becomes due for these people."""
        people = [
            Person(attributes={
                "external_id": label, "email": f"{label}@{domain}", "phone": f"+386402{number:05}", "timezone": "Europe/Ljubljana",
            })
            for number, label in enumerate(labels, 100)
        ]
        self.works.people.upsert(people, now=self.works.clock.now())
        for label in labels:
            self.works.happen("ticket.closed", label, ticket_id="T-1")
        while self.works.planner.advance(now=self.works.clock.now()):
            pass

    def work(self, worker: Conductor | None = None) -> None:
        """What is due goes, as far as it may."""
        (worker or self.worker).drain("transactional")

    def later(self, seconds: float) -> None:
        """So long afterwards: all that waits for a provider is due."""
        self.machine.at += seconds
        with self.works.database.begin() as connection:
            connection.execute(sa.update(deliveries).where(deliveries.c.state == "waiting").values(retry_at=None))

    def took(self) -> Counter[str | None]:
        """How many were sent by which provider."""
        return Counter(touch.provider for touch in self.works.touches(Kind.SENT))

    def attempts(self) -> set[int]:
        """How many attempts deliveries were charged."""
        with self.works.database.read() as connection:
            return set(connection.scalars(sa.select(deliveries.c.attempts)))


@contextmanager
def office(database: Database, workspace: Workspace) -> Iterator[Office]:
    made = Office(database, workspace)
    try:
        yield made
    finally:
        for channel in made.works.channels.values():
            made.works.finish(channel.close())
        made.works.close()


@pytest.fixture
def one() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def other() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def two(one: SmtpServer, other: SmtpServer, *, more: str = "") -> Workspace:
    """A channel by two servers."""
    providers = f"{{name: one, adapter: smtp, url: '{one.url}'{more}}}, {{name: other, adapter: smtp, url: '{other.url}'}}"
    return workspace_of(f"from: hello@aurora.example, providers: [{providers}]")


def test_the_second_server_takes_over_while_the_first_refuses_and_work_drifts_back(
    database: Database, one: SmtpServer, other: SmtpServer
) -> None:
    one.answer("greeting", "421 4.3.2 closing")
    with office(database, two(one, other)) as works:
        works.mail(*(f"p{number}" for number in range(30)))
        works.work()
        works.later(1)
        works.work()
        assert works.took() == {"other": 30}
        assert works.attempts() == {0}, "a provider that is down costs nobody an attempt"
        [standing] = standings(database)
        assert (standing.provider, standing.reason, standing.lasts) == ("email/one", "breaker", True)
        one.answer("greeting", "220 test.invalid ESMTP")
        works.later(60)
        works.mail(*(f"q{number}" for number in range(40)))
        works.work()
        assert works.took() == {"other": 30, "one": 40}
    recipients = Counter(message.recipients for message in [*one.messages, *other.messages])
    assert (len(recipients), set(recipients.values())) == (70, {1})


def test_retry_after_of_an_sms_gateway_holds_for_every_worker_and_costs_no_attempt(database: Database) -> None:
    with WebhookServer() as gateway:
        gateway.answer(Answer(status=429, headers={"Retry-After": "120"}))
        channel = f"adapter: sms_webhook, url: '{gateway.url}', secret: {gateway.secret}, loopback: allowed, from: Aurora"
        with office(database, workspace_of(channel, by="sms")) as works:
            works.mail("ana", "bo")
            works.work()
            asked = len(gateway.requests)
            assert asked == 2
            another = works.another("two")
            works.later(60)
            works.work(another)
            works.work()
            assert len(gateway.requests) == asked, "nobody asks before its time"
            assert provider_states(database, works.works.workspace.settings, now=MONDAY) == {}, "Monday is long past by the machine's clock"
            gateway.answer(Answer(body={"id": "1"}))
            works.later(61)
            with database.begin() as connection:
                connection.execute(sa.text("UPDATE notices SET until = since"))
            works.work()
            assert works.took() == {"sms_webhook": 2}
            assert works.attempts() == {0}


def test_a_domain_that_puts_mail_off_holds_up_nobody_else(database: Database, one: SmtpServer) -> None:
    one.answer_for("slow.example", "451 4.7.1 too many, come back later")
    with office(database, workspace_of(f"adapter: smtp, url: '{one.url}', from: hello@aurora.example, connections: 1")) as works:
        works.mail(*(f"s{number}" for number in range(40)), domain="slow.example")
        works.work()
        tried = len([command for command in one.commands if command.startswith("RCPT")])
        works.mail(*(f"p{number}" for number in range(20)))
        assert (tried, works.took()) == (40, {})
        one.answer_for("slow.example", None)
        works.later(1)
        works.work()
        assert works.took() == {"smtp": 20}, "it is left alone"
        works.later(60)
        works.work()
        assert works.took() == {"smtp": 25}, "a few are tried at first"


def test_mails_over_a_domains_rate_wait_and_the_others_do_not(database: Database, one: SmtpServer) -> None:
    rate = "domain_rate: {slow.example: 6/m}"
    with office(database, workspace_of(f"adapter: smtp, url: '{one.url}', from: hello@aurora.example, {rate}")) as works:
        works.mail("s1", "s2", "s3", domain="slow.example")
        works.mail(*(f"p{number}" for number in range(20)))
        works.work()
        assert Counter(message.recipients[0].partition("@")[2] for message in one.messages) == {"example.com": 20, "slow.example": 1}
        works.later(10)
        works.work()
        assert len(one.messages) == 22
        assert works.attempts() == {0}
        assert works.works.touches(Kind.DEFERRED) == [], "what waits for a rate is no part of anybody's history"


def test_a_warm_up_lets_no_more_go_a_day_than_its_curve_and_the_rest_the_next_day(database: Database, one: SmtpServer) -> None:
    curve = "warm_up: {from: 2026-02-23, first_day: 5, growth: 2}"
    with office(database, workspace_of(f"adapter: smtp, url: '{one.url}', from: hello@aurora.example, {curve}")) as works:
        works.mail(*(f"p{number}" for number in range(18)))
        gone = []
        for _ in range(4):
            works.work()
            gone.append(len(one.messages))
            works.works.clock.move(works.works.clock.now() + timedelta(days=1))
        assert gone == [5, 15, 18, 18]
        assert {touch.reason for touch in works.works.touches(Kind.DEFERRED)} == {"warm_up"}


def test_what_is_over_one_providers_day_goes_by_the_next(database: Database, one: SmtpServer, other: SmtpServer) -> None:
    with office(database, two(one, other, more=", warm_up: {from: 2026-02-23, first_day: 5, growth: 2}")) as works:
        works.mail(*(f"p{number}" for number in range(18)))
        works.work()
        assert (len(one.messages), len(other.messages)) == (5, 13)



def test_a_campaign_that_bounces_by_two_providers_stops_by_what_both_refused_and_nothing_more_goes(database: Database) -> None:
    channel = "from: hello@aurora.example, providers: [{name: one, adapter: console}, {name: other, adapter: console}]"
    workspace = workspace_of(channel)
    guarded = replace(workspace.settings, guards=Guards(stop_at={Kind.BOUNCED: Fraction(5, 100)}))
    works = Works(database, replace(workspace, settings=guarded))
    one, other = works.channels["email/one"], works.channels["email/other"]
    try:
        refused = Rejected("550 5.1.1 nobody", code="550", address_is_bad=True)
        for channel in (one, other):
            channel.fail(refused, times=60)
        works.know(*(f"p{number}" for number in range(60)))
        for number in range(60):
            works.happen("ticket.closed", f"p{number}", ticket_id="T")
        works.settle()
        one.fail(Unavailable("no connection", whole_provider=True))
        works.know(*(f"q{number}" for number in range(61)))
        for number in range(60):
            works.happen("ticket.closed", f"q{number}", ticket_id="T")
        works.settle()
        with database.begin() as connection:
            connection.execute(sa.update(deliveries).where(deliveries.c.state == "waiting").values(retry_at=None))
        works.settle()
        assert len(other.tried) == 60, "the second took over"
        works.happen("ticket.closed", "q60", ticket_id="T")
        works.settle()
        assert [row["name"] for row in works.operations.pauses()] == ["newsletter"]
        assert len(other.tried) == 60, "nothing goes once it has stopped"
    finally:
        works.close()
