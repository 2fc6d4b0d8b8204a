"""The step `call` against a real endpoint: signed, once however often it is repeated, its answer in the run; and honest when it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.channels.endpoint import LONGEST_ANSWER, HttpEndpoint, load_endpoints, load_outlets
from engage.delivery.calling import Caller, CallOutcome, DueCall
from engage.delivery.identity import SignedIdentity
from engage.delivery.retries import CALL_ATTEMPTS
from engage.model.errors import InputError, Rejected, SendError, Unavailable, Unconfirmed
from engage.model.history import Kind
from engage.model.outlets import Outlet
from engage.model.workspace import Endpoint, Workspace
from engage.store.database import Database
from engage.store.delivery.calls import SqlCalls
from engage.store.schema.tables import calls
from tests.builders import some_settings
from tests.engine import Works
from tests.servers.http import DROP, SILENCE, Answer
from tests.servers.webhook import WebhookServer
from tests.small import SETTINGS, small_workspace
from workers.loop import LoopThread

GIFT = """\
title: A gift
purpose: service
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
steps:
  - call: gifts
    id: gift
    data: {ticket: "{{ trigger.ticket_id }}", who: "{{ contact.external_id }}"}
    as: gift
  - if: gift is none
    then:
      - send: sorry
        channels: [sms]
    else:
      - send: gift
        with: {code: "{{ gift.code }}"}
        channels: [sms]
"""


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    loop = LoopThread()
    yield loop
    loop.close()


@pytest.fixture
def server() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        yield server


def workspace_of(server: WebhookServer) -> Workspace:
    return small_workspace(None, **{
        "engage.yaml": f"{SETTINGS}endpoints:\n  gifts: {{url: '{server.url}', secret: {server.secret}}}\n",
        "campaigns/follow_up.yaml": None, "campaigns/gift.yaml": GIFT,
        "templates/gift/sms.txt": "Your gift: {{ code }}\n", "templates/sorry/sms.txt": "No gift, sorry.\n",
    })


class CrashingCalls:
    """The outbox of a worker that dies between the answer and its commit, so many times."""

    def __init__(self, calls: SqlCalls, *, times: int = 0) -> None:
        self._calls = calls
        self._times = times

    def claim(self, *, limit: int, lease: timedelta) -> list[DueCall]:
        return list(self._calls.claim(limit=limit, lease=lease))

    def settle(self, call: DueCall, outcome: CallOutcome, *, now: object) -> None:
        if self._times:
            self._times -= 1
            raise ConnectionError("the worker is gone")
        self._calls.settle(call, outcome, now=now)  # type: ignore[arg-type]  # handed through


class Desk:
    """Ana closed a ticket, and her run waits for its call."""

    def __init__(self, database: Database, server: WebhookServer, loop: LoopThread, *, crashes: int = 0) -> None:
        self.works = Works(database, workspace_of(server))
        self.works.know("ana", phone="+38640123456")
        self.works.happen("ticket.closed", "ana", ticket_id="T-1")
        self.works.settle()
        endpoints = load_endpoints(self.works.workspace.settings)
        keys = SignedIdentity(secret=database.secret(), domain="a.example")
        outbox = CrashingCalls(SqlCalls(database), times=crashes)
        self.caller = Caller(outbox, endpoints=lambda: endpoints, keys=keys, clock=self.works.clock, loop=loop)  # type: ignore[arg-type]  # as above

    def call(self) -> None:
        """Make what is due, and go on with the answers."""
        self.caller.drain()
        self.works.settle()

    def later(self) -> None:
        """Let leases and pauses be over."""
        with self.works.database.begin() as connection:
            connection.execute(sa.update(calls).values(due_at=self.works.clock.now() - timedelta(days=365)))

    def texts(self) -> list[object]:
        """What was sent."""
        return [touch.private["text"] for touch in self.works.touches(Kind.SENT)]


@pytest.fixture
def desk(database: Database, server: WebhookServer, loop: LoopThread) -> Iterator[Desk]:
    desk = Desk(database, server, loop)
    yield desk
    desk.works.close()


def test_the_run_goes_on_with_the_endpoints_answer(desk: Desk, server: WebhookServer) -> None:
    server.answer(Answer(body={"code": "XMAS"}))
    desk.call()
    assert list(server.messages.values()) == [{"ticket": "T-1", "who": "ana"}]
    assert desk.texts() == ["Your gift: XMAS"]
    assert desk.works.touches(Kind.FAILED) == []


def test_a_crash_between_the_answer_and_its_commit_repeats_the_call_with_the_same_key(
    database: Database, server: WebhookServer, loop: LoopThread
) -> None:
    desk = Desk(database, server, loop, crashes=1)
    server.answer(Answer(body={"code": "XMAS"}))
    desk.call()
    assert desk.texts() == []
    desk.later()
    desk.call()
    keys = [request.headers["Idempotency-Key"] for request in server.requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert len(server.messages) == 1
    assert desk.texts() == ["Your gift: XMAS"]
    desk.works.close()


def test_a_refusal_is_final_and_an_endpoint_that_is_away_is_asked_for_a_day(desk: Desk, server: WebhookServer) -> None:
    server.answer(Answer(status=503))
    for _ in range(CALL_ATTEMPTS - 1):
        desk.call()
        assert desk.texts() == []
        desk.later()
    desk.call()
    assert len(server.requests) == CALL_ATTEMPTS
    assert desk.texts() == ["No gift, sorry."]
    (failed,) = desk.works.touches(Kind.FAILED)
    assert (failed.reason, failed.step) == ("call", "gift")
    assert failed.detail == {"endpoint": "gifts", "code": "503", "attempts": CALL_ATTEMPTS}


def ask(server: WebhookServer, loop: LoopThread, **endpoint: str) -> object:
    """What the endpoint answers, or the error."""
    told = Endpoint(name="gifts", url=endpoint.get("url", server.url), secret=endpoint.get("secret", server.secret))
    asked = HttpEndpoint(told, patience=0.5)
    try:
        return loop.run(asked.ask({"who": "ana"}, key="c1.x"))
    except SendError as error:
        return error
    finally:
        loop.run(asked.close())


@pytest.mark.parametrize(("reply", "answer"), [
    (Answer(body=""), {}), (Answer(status=204, body=""), {}), (Answer(body=[1, "č"]), [1, "č"]),
    (Answer(status=202, body={"a": None}), {"a": None}),
])
def test_any_json_is_an_answer_and_nothing_is_an_empty_one(server: WebhookServer, loop: LoopThread, reply: Answer, answer: object) -> None:
    server.answer(reply)
    assert ask(server, loop) == answer


@pytest.mark.parametrize(("reply", "kind", "code"), [
    (Answer(status=400), Rejected, "400"), (Answer(status=404), Rejected, "404"), (Answer(status=409), Rejected, "409"),
    (Answer(status=301, headers={"Location": "https://example.com"}), Rejected, "301"),
    (Answer(status=408), Unavailable, "408"), (Answer(status=425), Unavailable, "425"), (Answer(status=500), Unavailable, "500"),
    (Answer(body="no json"), Rejected, "malformed"), (Answer(body='{"a": NaN}'), Rejected, "malformed"),
    (Answer(body='"\\u0000"'), Rejected, "malformed"), (Answer(body='"\\ud800"'), Rejected, "malformed"),
    (Answer(body="[" * 20_000), Rejected, "malformed"), (Answer(body=json.dumps("x" * LONGEST_ANSWER)), Rejected, "too_long"),
    (DROP, Unconfirmed, "ServerDisconnectedError"), (SILENCE, Unconfirmed, "SocketTimeoutError"),
])
def test_everything_else_is_refused_or_tried_again(
    server: WebhookServer, loop: LoopThread, reply: Answer | str, kind: type[SendError], code: str
) -> None:
    server.answer(reply)
    error = ask(server, loop)
    assert isinstance(error, kind)
    assert error.code == code
    assert server.url not in str(error)


def test_a_retry_after_is_heeded(server: WebhookServer, loop: LoopThread) -> None:
    server.answer(Answer(status=429, headers={"Retry-After": "7"}))
    error = ask(server, loop)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 7


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/"])
def test_an_address_of_the_inside_is_refused_before_anything_is_asked(server: WebhookServer, url: str) -> None:
    endpoint = Endpoint(name="gifts", url=url, secret=server.secret)
    with pytest.raises(InputError, match="not public"):
        load_endpoints(some_settings(endpoints={"gifts": endpoint}))
    with pytest.raises(InputError, match="not public"):
        load_outlets(some_settings(webhooks={"crm": Outlet(name="crm", url=endpoint.url, secret=server.secret)}))


def test_a_name_that_leads_to_this_machine_is_refused_unless_it_says_so(server: WebhookServer, loop: LoopThread) -> None:
    error = ask(server, loop, url=f"http://engage.localhost:{server.port}/")
    assert isinstance(error, Unavailable)
    assert server.requests == []
    assert not isinstance(ask(server, loop, url=f"http://localhost:{server.port}/"), SendError)


def test_doctor_is_told_whether_an_endpoint_can_be_reached_and_nothing_is_called(server: WebhookServer, loop: LoopThread) -> None:
    there = HttpEndpoint(Endpoint(name="gifts", url=server.url, secret=server.secret))
    away = HttpEndpoint(Endpoint(name="gifts", url="http://127.0.0.1:9/", secret=server.secret))
    assert loop.run(there.check()) == ()
    assert loop.run(away.check()) == ("no connection to the provider",)
    assert [request.method for request in server.requests] == ["OPTIONS"]
    for endpoint in (there, away):
        loop.run(endpoint.close())


def test_a_secret_that_is_none_is_refused_by_its_place(server: WebhookServer) -> None:
    with pytest.raises(InputError, match="secret must be base64 of at least 24 bytes"):
        load_endpoints(some_settings(endpoints={"gifts": Endpoint(name="gifts", url=server.url, secret="short")}))


def test_what_happens_is_taken_by_any_2xx_and_a_redirect_is_no_answer(server: WebhookServer, loop: LoopThread) -> None:
    (outlet,) = load_outlets(some_settings(webhooks={"crm": Outlet(name="crm", url=server.url, secret=server.secret)})).values()
    server.answer(Answer(body="thanks"), times=1)
    loop.run(outlet.tell('{"type": "touch.sent"}', key="touch_1_1"))
    assert server.messages == {"touch_1_1": {"type": "touch.sent"}}
    for status, headers in ((302, {"Location": server.url}), (410, {}), (500, {})):
        server.answer(Answer(status=status, headers=headers), times=1)
        with pytest.raises(SendError) as raised:
            loop.run(outlet.tell("{}", key="touch_2_2"))
        assert raised.value.code == str(status)
    assert len(server.requests) == 4
    loop.run(outlet.close())
