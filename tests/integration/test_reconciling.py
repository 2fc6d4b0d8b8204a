"""What came of a Slack message whose answer was lost: Slack is asked, by the key that the message carries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engage.channels.slack import SlackChannel
from engage.delivery.asking import ABSENT, QUESTIONS, Asker, pause_after
from engage.delivery.identity import SignedIdentity
from engage.delivery.reviewing import Choice
from engage.model.delivery import Cleared, DeliveryState, Receipt
from engage.model.errors import SendError, Unavailable, Unconfirmed
from engage.model.history import Kind
from engage.model.missing import Missing
from engage.store.database import Database
from engage.store.delivery.questions import SqlQuestions
from engage.store.delivery.reviewing import SqlIllEnded
from tests.builders import NOON, a_channel, some_settings
from tests.contract.channel_benches import SlackBench
from tests.engine import Works
from tests.servers.http import DROP
from tests.servers.slack import SlackServer
from tests.small import SETTINGS, small_workspace
from workers.loop import LoopThread

CHAT = "title: Thanks\npurpose: care\nstatus: live\ntrigger: {event: ticket.closed}\nquiet_hours: ignore\nsend: csat\nchannels: [chat]\n"
MISSING = Missing(address="U012345", message_id="<d7.abc@a.example>", idempotency_key="d7.abc", around=NOON)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


def adapter(server: SlackServer) -> SlackChannel:
    options = {"token": server.token, "base_url": server.url}
    return SlackChannel(a_channel("chat", adapter="slack", options=options, sender=None), some_settings())


def asked(server: SlackServer, *posted: Cleared, missing: Missing = MISSING) -> Receipt | SendError | None:
    """Post these, then ask by another process, which remembers nothing."""

    async def run() -> Receipt | SendError | None:
        poster, seeker = adapter(server), adapter(server)
        try:
            for cleared in posted:
                await poster.send(cleared)
            return await seeker.find(missing)
        except SendError as error:
            return error
        finally:
            await poster.close()
            await seeker.close()

    return asyncio.run(run())


def cleared(number: int = 7, address: str = "U012345") -> Cleared:
    bench = SlackBench()
    message = bench.cleared(number=number)
    return replace(message, rendered=replace(message.rendered, approved=replace(message.rendered.approved, address=address)))


def test_slack_finds_a_message_by_its_key_on_whatever_page_it_stands(slack: SlackServer) -> None:
    slack.page = 2
    found = asked(slack, *(cleared(number) for number in range(5, 12)))
    assert found == Receipt(provider_id="1700000000.000002")


def test_slack_says_what_is_surely_not_there_and_in_no_other_conversation(slack: SlackServer) -> None:
    assert asked(slack, cleared(8), cleared(7, address="U999")) is None
    (told,) = {request.query["oldest"] + " " + request.query["latest"] for request in slack.requests if request.path.endswith("history")}
    oldest, latest = (float(each) for each in told.split())
    assert oldest < NOON.timestamp() < latest


@pytest.mark.parametrize(("word", "code"), [("missing_scope", "missing_scope"), ("channel_not_found", "channel_not_found")])
def test_where_the_token_may_not_read_nobody_can_know_until_people_mend_it(slack: SlackServer, word: str, code: str) -> None:
    slack.fail(word)
    answer = asked(slack)
    assert isinstance(answer, Unavailable)
    assert (answer.configuration, answer.code) == (True, code)


def test_where_nothing_can_be_told_it_says_so(slack: SlackServer) -> None:
    by_name = asked(slack, missing=replace(MISSING, address="#support"))
    assert isinstance(by_name, Unavailable)
    slack.shows_metadata = False
    hidden = asked(slack, cleared(8))
    assert isinstance(hidden, Unavailable)
    slack.answer(DROP, times=1)
    broken = asked(slack)
    assert isinstance(broken, Unavailable)
    assert [error.configuration for error in (by_name, hidden, broken)] == [True, True, False]
    assert "U012345" not in f"{by_name} {hidden} {broken}"


class Told:
    """A provider that answers as a test says."""

    def __init__(self, *answers: Receipt | SendError | None) -> None:
        self.answers = list(answers)
        self.asked: list[Missing] = []

    async def find(self, missing: Missing) -> Receipt | None:
        self.asked.append(missing)
        answer = self.answers.pop(0)
        if isinstance(answer, SendError):
            raise answer
        return answer


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    """A company of which one chat message is unknown."""
    files: dict[str, str | None] = {
        "campaigns/follow_up.yaml": CHAT, "campaigns/birthday.yaml": None, "templates/csat/chat.md": "Hello\n",
        "engage.yaml": SETTINGS + "  chat: {adapter: console, kind: chat}\n",
    }
    made = Works(database, small_workspace(**files), at=datetime.now(UTC))
    made.know("ana", chat_id="U012345")
    made.channels["chat"].fail(Unconfirmed("no answer"), times=1, yet_taken=True)
    made.happen("ticket.closed", "ana", ticket_id="1")
    made.settle()
    yield made
    made.close()


def ask(works: Works, provider: Any, *, real: bool = True) -> int:
    loop = LoopThread()
    try:
        questions = SqlQuestions(works.database, workspace=lambda: works.workspace)
        identity = SignedIdentity(secret=works.database.secret(), domain="a.example")
        who = provider if isinstance(provider, dict) else {"chat": provider}
        asker = Asker(
            questions, channels=lambda: who, identity=identity, clock=works.clock, loop=loop, clock_is_real=lambda: real,
        )
        return asker.ask()
    finally:
        loop.close()


def unknown(works: Works) -> list[str | None]:
    return [each.answer for each in SqlIllEnded(works.database).find(Choice(states=(DeliveryState.UNKNOWN,)))]


def let_pass(works: Works) -> None:
    """The pause until the next question."""
    with works.database.begin() as connection:
        connection.exec_driver_sql("UPDATE questions SET ask_at = '2020-01-01T00:00:00.000000Z' WHERE ask_at IS NOT NULL")


def test_what_the_provider_has_is_sent_once_asked_and_its_text_and_name_are_kept(works: Works) -> None:
    provider = Told(Receipt(provider_id="17.5"))
    assert [ask(works, provider), ask(works, provider)] == [1, 0]
    (touch,) = works.touches(Kind.SENT)
    assert (touch.reason, touch.provider_id, touch.channel) == ("reconciled", "17.5", "chat")
    assert touch.private["text"] == "Hello\n" or touch.private["text"] == "Hello"
    assert provider.asked[0].idempotency_key == works.channels["chat"].sent[0].idempotency_key
    assert unknown(works) == []
    works.settle()
    assert len(works.channels["chat"].tried) == 1


def test_what_the_provider_has_not_stays_with_people_who_see_the_answer(works: Works) -> None:
    provider = Told(None, None)
    assert [ask(works, provider), ask(works, provider)] == [1, 0]
    let_pass(works)  # it might have been on its way still
    works.clock.move(works.clock.now() + timedelta(minutes=5))
    assert ask(works, provider) == 1
    let_pass(works)
    assert ask(works, provider) == 0
    assert unknown(works) == [ABSENT]


def test_nobody_is_asked_again_where_nobody_will_know_and_later_where_somebody_may(works: Works) -> None:
    provider = Told(Unavailable("busy", retry_after=7.0), Unavailable("no scope", code="missing_scope", configuration=True))
    assert ask(works, provider) == 1
    let_pass(works)
    assert ask(works, provider) == 1
    let_pass(works)
    assert ask(works, provider) == 0
    assert unknown(works) == ["missing_scope"]


def test_a_provider_that_cannot_be_asked_a_moved_clock_and_an_address_that_changed_ask_nobody(works: Works) -> None:
    provider = Told()
    assert ask(works, object()) == 0
    assert ask(works, provider, real=False) == 0
    ana = works.people.find("ana")
    assert ana is not None
    works.people.change(ana.id, {"chat_id": "U777"}, now=works.clock.now())
    assert ask(works, provider) == 1
    assert (provider.asked, unknown(works)) == ([], ["address_gone"])


def test_of_several_providers_the_one_is_asked_that_was_given_it(works: Works) -> None:
    with works.database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET provider = 'second'")
    first, second = Told(), Told(Receipt(provider_id="17.5"))
    assert ask(works, {"chat/first": first, "chat/second": second}) == 1
    (touch,) = works.touches(Kind.SENT)
    assert (touch.channel, touch.provider, first.asked) == ("chat", "second", [])


def test_the_questions_come_to_an_end() -> None:
    pauses = [pause_after(asked) for asked in range(1, QUESTIONS + 1)]
    assert (pauses[0], pauses[-1]) == (30.0, None)
    assert sum(pause for pause in pauses if pause is not None) > 8 * 3600
