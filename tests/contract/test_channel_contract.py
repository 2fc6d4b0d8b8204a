"""What every channel must do, whatever it speaks to: run over each adapter on a real local server, and over the fake."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from engage.channels.adapter import Adapter, TakesMany, TellsHandOvers
from engage.model.delivery import Cleared, Receipt, Rendered
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from tests.contract.channel_benches import BENCHES, QUICK, Bench, Situation, SmtpBench
from tests.servers.http import DROP, SILENCE
from tests.waiting import until

SITUATIONS = [
    pytest.param(name, situation, id=f"{name}-{situation.name}") for name, bench in BENCHES.items() for situation in bench().situations()
]

SCRIPTS = ["Zažgi čebelo", "З днем народження", "Tugʻilgan kuningiz bilan", "daudz laimes, Ņina", "كل عام وأنت بخير", "🎂 e\u0301"]


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with BENCHES[request.param]() as bench:
        yield bench


async def _outcome(adapter: Adapter, cleared: Cleared) -> Receipt | SendError:
    try:
        return await adapter.send(cleared)
    except SendError as error:
        return error


def _send(bench: Bench, *messages: Cleared, **options: str) -> Sequence[Receipt | SendError]:
    """Send them at once, close, and give what came of each."""

    async def run() -> Sequence[Receipt | SendError]:
        adapter = bench.adapter(**options)
        try:
            return await asyncio.gather(*(_outcome(adapter, cleared) for cleared in messages))
        finally:
            await adapter.close()

    return asyncio.run(run())


def test_a_message_is_delivered_once_with_a_receipt(bench: Bench) -> None:
    (receipt,) = _send(bench, bench.cleared("Vse najboljše!"))
    assert isinstance(receipt, Receipt), receipt
    assert receipt.provider_id
    assert bench.received() == ["Vse najboljše!"]


@pytest.mark.parametrize("text", SCRIPTS)
def test_every_script_survives(bench: Bench, text: str) -> None:
    _send(bench, bench.cleared(text))
    assert bench.received() == [text]


@pytest.mark.parametrize(("name", "situation"), SITUATIONS)
def test_each_situation_raises_its_one_error(name: str, situation: Situation, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with BENCHES[name]() as bench:
        situation.set_up(bench.server)
        timeouts = {"smtp": {"timeout": QUICK, "final_timeout": QUICK}, "slack": {"timeout": QUICK}, "sms_webhook": {"timeout": QUICK}}
        silent = "silence" in situation.name
        (error,) = _send(bench, bench.cleared(), **(timeouts[name] if silent else {}))
        assert type(error) is situation.raises, error
        assert isinstance(error, SendError)
        assert {trait: getattr(error, trait) for trait in situation.traits} == situation.traits
        told = f"{error} {error.detail} {caplog.text} {''.join(traceback.format_exception(error))}"
        assert bench.address.removeprefix("+") not in told
        if name != "console":
            assert bool(bench.received()) == situation.taken


def test_no_address_and_no_text_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _send(bench, bench.cleared("a most private text"))
    assert bench.address.removeprefix("+") not in caplog.text
    assert "private" not in caplog.text


def test_nothing_becomes_a_header_or_a_recipient_that_was_not_meant(bench: Bench) -> None:
    for cleared in bench.hostile():
        (outcome,) = _send(bench, cleared)
        assert isinstance(outcome, Rejected), cleared
        assert not outcome.address_is_bad
    assert bench.received() == []


def test_twenty_sends_at_once_all_arrive_once(bench: Bench) -> None:
    texts = [f"message {number:02}" for number in range(20)]
    outcomes = _send(bench, *(bench.cleared(text, number=number) for number, text in enumerate(texts)))
    assert all(isinstance(outcome, Receipt) for outcome in outcomes), outcomes
    assert sorted(bench.received()) == texts
    assert len({outcome.provider_id for outcome in outcomes if isinstance(outcome, Receipt)}) == 20


def test_of_many_in_one_call_none_is_begun_once_its_time_is_over() -> None:
    answers: list[Receipt | SendError] = []

    async def run(bench: Bench) -> None:
        adapter = bench.adapter(connections="1")
        assert isinstance(adapter, TakesMany)
        messages = [bench.cleared(f"message {number:02}", number=number) for number in range(5)]
        await adapter.send_many(messages, lambda cleared, answer: answers.append(answer), in_time=lambda: not bench.received())
        await adapter.close()

    with SmtpBench() as bench:
        asyncio.run(run(bench))
        received = list(bench.received())
    went = sum(isinstance(answer, Receipt) for answer in answers)
    assert (len(answers), len(received)) == (5, went)
    assert 1 <= went <= 2  # the one, and the one whose envelope was written behind it
    assert {answer.code for answer in answers if isinstance(answer, Unavailable)} == {"late"}


def test_while_the_server_is_silent_those_behind_hear_that_their_time_is_over_and_none_of_them_goes_later() -> None:
    answers: list[Receipt | SendError] = []
    times = iter((True, True))

    async def run(bench: Bench) -> None:
        adapter = bench.adapter(connections="1", final_timeout="1s")
        assert isinstance(adapter, TakesMany)
        messages = [bench.cleared(f"message {number:02}", number=number) for number in range(5)]
        await adapter.send_many(messages, lambda cleared, answer: answers.append(answer), in_time=lambda: next(times, False))
        assert isinstance(await adapter.send(bench.cleared("another day", number=9)), Receipt)
        await adapter.close()

    with SmtpBench() as bench:
        bench.server.answer("dot", SILENCE, times=1)
        asyncio.run(run(bench))
        received = list(bench.received())
    assert [answer.code for answer in answers if isinstance(answer, Unavailable)] == ["late"] * 4
    assert isinstance(answers[-1], Unconfirmed), "the others did not wait for it"
    assert received == ["message 00", "another day"]


def test_a_mail_whose_time_is_over_when_the_server_greets_at_last_is_not_begun_and_the_connection_kept() -> None:
    answers: list[Receipt | SendError] = []

    async def run(bench: Bench) -> None:
        adapter = bench.adapter(connections="1")
        assert isinstance(adapter, TakesMany)
        times = iter((True,))
        late = [bench.cleared("late", number=1)]
        await adapter.send_many(late, lambda cleared, answer: answers.append(answer), in_time=lambda: next(times, False))
        assert isinstance(await adapter.send(bench.cleared("another day", number=9)), Receipt)
        await adapter.close()

    with SmtpBench() as bench:
        asyncio.run(run(bench))
        received, connections = list(bench.received()), bench.server.connections
    assert [answer.code for answer in answers if isinstance(answer, Unavailable)] == ["late"]
    assert (received, connections) == (["another day"], 1)


def test_a_mail_that_comes_in_the_moment_in_which_the_only_connection_falls_idle_is_sent() -> None:
    async def run(bench: Bench) -> None:
        adapter = bench.adapter(connections="1")
        assert isinstance(adapter, TakesMany)
        after: list[asyncio.Task[None]] = []

        def then(cleared: Cleared, answer: Receipt | SendError) -> None:
            second = adapter.send_many([bench.cleared("second", number=2)], lambda cleared, answer: None, in_time=lambda: True)
            after.append(asyncio.create_task(second))

        await adapter.send_many([bench.cleared("first", number=1)], then, in_time=lambda: True)
        await asyncio.wait_for(after[0], 10)
        await adapter.close()

    with SmtpBench() as bench:
        asyncio.run(run(bench))
        assert sorted(bench.received()) == ["first", "second"]


def test_many_in_one_call_are_each_answered_once_whatever_comes_of_the_others() -> None:
    answers: dict[int, list[Receipt | SendError]] = {}

    async def run(bench: Bench) -> None:
        adapter = bench.adapter()
        assert isinstance(adapter, TakesMany)
        await adapter.send_many([], lambda cleared, answer: None, in_time=lambda: True)
        messages = [bench.cleared(f"message {number:02}", number=number) for number in range(30)]
        broken = [bench.with_content(subject="hello\nBcc: victim@example.net"), bench.with_address("no address")]
        messages[10:10] = [replace(each, rendered=_numbered(each, 100 + place)) for place, each in enumerate(broken)]
        await adapter.send_many(
            messages, lambda cleared, answer: answers.setdefault(cleared.intent.id, []).append(answer), in_time=lambda: True
        )
        await adapter.close()

    with SmtpBench() as bench:
        bench.server.answer("dot", "554 5.7.1 spam", times=1)
        bench.server.answer("dot", DROP, times=1)
        asyncio.run(run(bench))
        received = list(bench.received())
    assert len(answers) == 32
    assert {len(given) for given in answers.values()} == {1}
    told = Counter(type(answer) for (answer,) in answers.values())
    assert told == {Receipt: 28, Rejected: 3, Unconfirmed: 1}
    assert [type(answers[number][0]) for number in (100, 101)] == [Rejected, Rejected]
    assert len(received) == len(set(received)) == 29


def _numbered(cleared: Cleared, number: int) -> Rendered:
    approved = cleared.rendered.approved
    return replace(cleared.rendered, approved=replace(approved, intent=replace(approved.intent, id=number)))


@pytest.mark.parametrize("name", [name for name in BENCHES if name != "console"])
def test_a_content_that_is_out_is_told_once_before_its_answer_is_known(name: str) -> None:
    told: list[str] = []

    async def run(bench: Bench) -> None:
        adapter = bench.adapter()
        assert isinstance(adapter, TellsHandOvers)
        adapter.handed_over = lambda: told.append("out")
        for number in range(3):
            await adapter.send(bench.cleared(number=number))
            told.append("answered")
        await adapter.close()

    with BENCHES[name]() as bench:
        asyncio.run(run(bench))
    assert told == ["out", "answered"] * 3


@pytest.mark.parametrize("name", [name for name, bench in BENCHES.items() if bench.idempotent])
def test_a_hand_off_repeated_with_the_same_key_makes_no_second_copy(name: str) -> None:
    with BENCHES[name]() as bench:
        bench.server.answer(DROP, times=1)
        cleared = bench.cleared()
        (first,), (second,) = _send(bench, cleared), _send(bench, cleared)
        assert isinstance(first, Unconfirmed)
        assert isinstance(second, Receipt)
        assert bench.received() == ["Vse najboljše!"]
        assert bench.adapter().IDEMPOTENT


def test_close_leaves_no_open_socket_and_may_be_repeated(bench: Bench) -> None:
    async def run() -> None:
        adapter = bench.adapter()
        await asyncio.gather(*(adapter.send(bench.cleared(number=number)) for number in range(5)))
        await adapter.close()
        await adapter.close()

    asyncio.run(run())
    until(lambda: bench.open_connections() == 0)


def test_a_cancelled_send_spoils_no_later_one(bench: Bench) -> None:
    async def run() -> None:
        adapter = bench.adapter()
        try:
            for steps in range(12):
                task = asyncio.create_task(adapter.send(bench.cleared("cancelled", number=100 + steps)))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await adapter.send(bench.cleared("the last", number=1))
        finally:
            await adapter.close()

    asyncio.run(run())
    until(lambda: bench.open_connections() == 0)  # what a cancelled send had written may be read after the last one, by another connection
    received = bench.received()
    assert received.count("the last") == 1
    assert set(received) <= {"cancelled", "the last"}, "a message was cut or mixed with another"


def test_the_check_of_a_good_provider_finds_nothing_and_sends_nothing(bench: Bench) -> None:
    async def run() -> tuple[str, ...]:
        adapter = bench.adapter()
        try:
            return await adapter.check()
        finally:
            await adapter.close()

    assert asyncio.run(run()) == ()
    assert bench.received() == []


@pytest.mark.parametrize("name", [name for name in BENCHES if name not in ("console", "fake")])  # these two take any kind
def test_content_of_another_kind_is_rejected(name: str) -> None:
    other = next(one() for one in BENCHES.values() if one.kind is not BENCHES[name].kind)
    with BENCHES[name]() as bench:
        cleared = bench.cleared()
        (outcome,) = _send(bench, replace(cleared, rendered=replace(cleared.rendered, content=other.content("x"))))
        assert isinstance(outcome, Rejected)
        assert bench.received() == []
