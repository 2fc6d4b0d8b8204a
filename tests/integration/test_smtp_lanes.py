"""Mail after mail over one connection, where the server does what a lane might stumble over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from engage.channels.mime import Mail
from engage.channels.smtp_line import Errand
from engage.channels.smtp_opening import Server
from engage.channels.smtp_pool import SmtpPool
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from tests.servers.smtp import DROP, SILENCE, SmtpServer
from tests.waiting import until

CONTENT = b"Subject: s\r\n\r\ntext\r\n"
LARGE = b"Subject: s\r\n\r\n" + b"0123456789\r\n" * 120_000


def _mail(number: int, *, utf8: bool = False, content: bytes = CONTENT) -> Mail:
    return Mail(sender="shop@example.com", recipient=f"r{number}@example.com", content=content, utf8=utf8)


def _pool(server: SmtpServer, *, size: int = 1, ca_file: str | None = None) -> SmtpPool:
    return SmtpPool(Server(host="127.0.0.1", port=server.port, tls=ca_file is not None, starttls="never", ca_file=ca_file), size=size)


def _answers(server: SmtpServer, mails: Sequence[Mail], *, tls: bool = False, size: int = 1) -> list[str | SendError]:
    """What came of them, in their order; the channel is closed while they are under way."""
    answers: dict[str, str | SendError] = {}
    told: list[str] = []

    def errand(mail: Mail) -> Errand:
        def tell(_: Mail | None, answer: str | SendError) -> None:
            told.append(mail.recipient)
            answers[mail.recipient] = answer

        return Errand(compose=lambda: mail, told=tell)

    async def run() -> None:
        pool = _pool(server, size=size, ca_file=server.ca_file if tls else None)
        pool.begin([errand(mail) for mail in mails])
        await pool.close()

    asyncio.run(run())
    assert len(told) == len(set(told)) == len(mails)
    return [answers[mail.recipient] for mail in mails]


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
def test_closing_waits_for_everything_that_stands_in_line(extensions: tuple[str, ...]) -> None:
    with SmtpServer(extensions=extensions) as server:
        answers = _answers(server, [_mail(number) for number in range(40)], size=3)
    assert all(isinstance(answer, str) for answer in answers)
    assert len(server.messages) == 40


def test_a_reply_that_nobody_asked_for_is_not_taken_for_the_answer_to_the_next_mail() -> None:
    with SmtpServer(extensions=()) as server:
        server.answer("dot", "250 2.0.0 Ok\r\n250 2.0.0 Ok", times=1)
        server.answer("mail", "250 2.1.0 fine", times=1)
        server.answer("mail", "550 5.1.8 not you", times=1)
        first, second, third = _answers(server, [_mail(number) for number in range(3)])
    assert isinstance(first, str)
    assert isinstance(second, Rejected)
    assert isinstance(third, str)
    assert [message.recipients for message in server.messages] == [("r0@example.com",), ("r2@example.com",)]


def test_a_thousand_mails_in_a_row_that_the_server_cannot_take_stop_nobody_behind_them() -> None:
    mails = [_mail(0), *(_mail(number, utf8=True) for number in range(1, 1001)), _mail(1001)]
    with SmtpServer(extensions=("PIPELINING",)) as server:
        answers = _answers(server, mails)
    assert all(isinstance(answer, Rejected) for answer in answers[1:-1])
    assert [type(answers[0]), type(answers[-1])] == [str, str]


def test_a_thousand_mails_in_a_row_that_are_refused_stop_nobody_behind_them() -> None:
    with SmtpServer() as server:
        server.answer("rcpt", "550 5.1.1 gone", times=1000)
        answers = _answers(server, [_mail(number) for number in range(1001)])
    assert all(isinstance(answer, Rejected) for answer in answers[:-1])
    assert isinstance(answers[-1], str)
    assert server.connections == 1


def test_a_long_reply_arrives_whole_over_tls() -> None:
    long = "\r\n".join([*(f"250-line {number} of many" for number in range(600)), "250 Ok: queued as LAST"])
    with SmtpServer(tls="implicit") as server:
        server.answer("dot", long, times=1)
        first, second = _answers(server, [_mail(0), _mail(1)], tls=True)
    assert isinstance(first, str)
    assert (first.count("\n"), first.rpartition("\n")[2]) == (600, "Ok: queued as LAST")
    assert isinstance(second, str)


def test_a_large_content_that_waits_to_be_taken_is_followed_by_its_dot_and_by_the_next_mail() -> None:
    with SmtpServer() as server:
        answers = _answers(server, [_mail(0, content=LARGE), _mail(1), _mail(2, content=LARGE)])
    assert all(isinstance(answer, str) for answer in answers)
    assert [len(message.content) for message in server.messages] == [len(LARGE), len(CONTENT), len(LARGE)]


def test_whoever_cannot_wait_for_the_last_reply_lets_go_and_does_not_know() -> None:
    answers: list[str | SendError] = []

    async def run(server: SmtpServer) -> None:
        pool, has_all = _pool(server), asyncio.Event()
        pool.handed_over = has_all.set
        pool.begin([Errand(compose=lambda: _mail(0), told=lambda _, answer: answers.append(answer))])
        await has_all.wait()
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await asyncio.sleep(0)

    with SmtpServer() as server:
        server.answer("dot", SILENCE)
        asyncio.run(run(server))
        until(lambda: server.open_connections == 0)
    assert [type(answer) for answer in answers] == [Unconfirmed]


def test_what_was_refused_stays_refused_though_the_server_hangs_up_over_it() -> None:
    with SmtpServer() as server:
        server.answer("rcpt", "550 5.1.1 gone", times=1)
        server.answer("data", DROP, times=1)
        first, second = _answers(server, [_mail(0), _mail(1)])
    assert isinstance(first, Rejected)
    assert isinstance(second, str)


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
def test_a_reply_that_makes_no_sense_concerns_its_own_mail_alone(phase: str) -> None:
    with SmtpServer() as server:
        server.answer(phase, "250 what" if phase == "data" else "334 what", times=1)
        first, second = _answers(server, [_mail(0), _mail(1)])
    assert isinstance(first, Unconfirmed if phase == "dot" else Unavailable)
    assert isinstance(second, str)
