"""SMTP on the wire: security, logins, kept connections, and faults in the midst."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from engage.channels.smtp import SmtpChannel
from engage.model.content import Attachment, EmailContent
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from tests.builders import a_channel, a_cleared, some_settings
from tests.servers.smtp import DROP, SmtpServer
from tests.waiting import until

T = TypeVar("T")


def _with(server: SmtpServer, work: Callable[[SmtpChannel], Awaitable[T]], **options: str) -> T:
    given = {"url": server.url, "timeout": "20s", "final_timeout": "20s", **options}

    async def run() -> T:
        channel = SmtpChannel(a_channel(adapter="smtp", options=given), some_settings())
        try:
            return await work(channel)
        finally:
            await channel.close()

    return asyncio.run(run())


def _mail(address: str = "ana@example.com", **content: Any) -> Cleared:
    cleared = a_cleared()
    approved = replace(cleared.rendered.approved, address=address)
    mail = replace(EmailContent(subject="s", text="t"), **content)
    return replace(cleared, rendered=replace(cleared.rendered, approved=approved, content=mail))


async def _error(channel: SmtpChannel, cleared: Cleared) -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(cleared)
    return caught.value


async def _in_turn(channel: SmtpChannel, count: int) -> list[Receipt]:
    return [await channel.send(_mail()) for _ in range(count)]


def _for(purpose: str, number: int) -> Cleared:
    cleared = _mail(f"{purpose}{number}@example.com")
    approved = cleared.rendered.approved
    intent = replace(approved.intent, id=number, purpose=purpose)
    return replace(cleared, rendered=replace(cleared.rendered, approved=replace(approved, intent=intent)))


def test_what_is_transactional_goes_before_the_bulk_that_stands_in_line_already() -> None:
    answered: list[int] = []

    async def both(channel: SmtpChannel) -> None:
        async def hand_over(messages: list[Cleared]) -> None:
            await channel.send_many(messages, lambda cleared, _: answered.append(cleared.intent.id), in_time=lambda: True)

        has_begun = asyncio.Event()
        channel.handed_over = has_begun.set
        bulk = asyncio.create_task(hand_over([_for("care", number) for number in range(1, 41)]))
        await has_begun.wait()
        await hand_over([_for("service", 41), _for("service", 42)])
        assert answered == [1, 41, 42]
        await bulk

    with SmtpServer(extensions=()) as server:
        _with(server, both, connections="1")
        assert [message.recipients[0] for message in server.messages[:4]] == [
            "care1@example.com", "service41@example.com", "service42@example.com", "care2@example.com",
        ]
        assert len(server.messages) == 42


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_mail_goes_protected_and_logged_in(tls: Any) -> None:
    with SmtpServer(tls=tls, users={"engage": "p@ss:word/"}) as server:
        url = server.url.replace("p@ss:word/", "p%40ss%3Aword%2F")
        _with(server, lambda channel: channel.send(_mail()), url=url, ca_file=server.ca_file)
        (message,) = server.messages
    assert message.over_tls
    assert message.user == "engage"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_nobody_vouches_for_is_peoples_to_mend(tls: Any) -> None:
    with SmtpServer(tls=tls) as server:
        error = _with(server, lambda channel: _error(channel, _mail()))
        (said,) = _with(server, lambda channel: channel.check())
    assert isinstance(error, Unavailable)
    assert error.configuration
    assert "certificate" in said
    assert server.messages == []


def test_on_this_machine_tls_is_taken_where_it_is_offered_whoever_vouches_for_it() -> None:
    with SmtpServer(tls="starttls") as server:
        _with(server, lambda channel: channel.send(_mail()), url=server.url.partition("?")[0])
    assert server.messages[0].over_tls


def test_no_mail_goes_unprotected_where_protection_is_required() -> None:
    with SmtpServer() as server:
        error = _with(server, lambda channel: _error(channel, _mail()), url=f"{server.url}?starttls=required")
    assert isinstance(error, Unavailable)
    assert error.configuration
    assert server.commands[-1].startswith("EHLO")


def test_a_ca_file_that_is_none_is_peoples_to_mend() -> None:
    with SmtpServer(tls="implicit") as server:
        error = _with(server, lambda channel: _error(channel, _mail()), ca_file="/nowhere/ca.pem")
    assert isinstance(error, Unavailable)
    assert error.configuration


@pytest.mark.parametrize(("reply", "configuration"), [(None, True), ("454 4.7.0 later", False), (DROP, False)])
def test_a_login_that_fails_is_peoples_to_mend_unless_the_server_says_later(reply: str | None, configuration: bool) -> None:
    with SmtpServer(users={"engage": "right"}) as server:
        if reply:
            server.answer("auth", reply)
        url = server.url if reply else server.url.replace("right", "wrong")
        error = _with(server, lambda channel: _error(channel, _mail()), url=url)
        assert _with(server, lambda channel: channel.check(), url=url) != ()
    assert isinstance(error, Unavailable)
    assert error.configuration is configuration
    assert "wrong" not in str(error)


def test_a_server_that_knows_no_login_cannot_be_logged_in_to() -> None:
    with SmtpServer() as server:
        error = _with(server, lambda channel: _error(channel, _mail()), url=server.url.replace("//", "//me:secret@"))
    assert isinstance(error, Unavailable)
    assert error.configuration


def test_one_connection_serves_mail_after_mail_and_ends_with_quit() -> None:
    with SmtpServer() as server:
        receipts = _with(server, lambda channel: _in_turn(channel, 5))
        until(lambda: server.open_connections == 0)
    assert [receipt.provider_id for receipt in receipts] == ["M1", "M2", "M3", "M4", "M5"]
    assert server.connections == 1
    assert server.commands.count("QUIT") == 1


def _burst(server: SmtpServer, count: int, **options: str) -> list[object]:
    """What became of so many mails at once by one connection, each to an address of its own."""
    async def work(channel: SmtpChannel) -> list[object]:
        mails = (channel.send(_mail(f"r{number}@example.com")) for number in range(count))
        return await asyncio.gather(*mails, return_exceptions=True)

    return _with(server, work, connections="1", **options)


def _recipients(server: SmtpServer) -> list[str]:
    return [message.recipients[0] for message in server.messages]


def test_mails_that_stand_in_line_go_one_after_the_other_whether_or_not_the_server_pipelines() -> None:
    for extensions in (("PIPELINING", "SIZE 1000000"), ("SIZE 1000000",)):
        with SmtpServer(extensions=extensions) as server:
            _burst(server, 20)
        assert (_recipients(server), server.connections) == ([f"r{number}@example.com" for number in range(20)], 1)


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data"])
def test_a_refusal_in_the_midst_of_a_pipeline_concerns_its_own_mail_alone(phase: str) -> None:
    with SmtpServer() as server:
        for reply in ("250 fine", "550 5.1.1 gone", "250 fine"):
            server.answer(phase, "354 go on" if phase == "data" and reply.startswith("250") else reply, times=1)
        first, second, *others = _burst(server, 5)
    assert isinstance(second, Rejected)
    assert all(isinstance(each, Receipt) for each in (first, *others))
    assert _recipients(server) == ["r0@example.com", "r2@example.com", "r3@example.com", "r4@example.com"]
    assert server.connections == 1


def test_a_content_that_a_server_awaits_though_it_refused_the_recipient_is_left_empty() -> None:
    """RFC 2920, section 3.1: DATA may be accepted all the same; the dot alone then ends it, and nothing goes to anyone."""
    with SmtpServer() as server:
        server.answer("rcpt", "550 5.1.1 gone", times=1)
        server.answer("data", "354 go on", times=1)
        server.answer("dot", "554 5.5.1 no recipients", times=1)
        first, *others = _burst(server, 3)
    assert isinstance(first, Rejected)
    assert [isinstance(each, Receipt) for each in others] == [True, True]
    assert _recipients(server) == ["r1@example.com", "r2@example.com"]


def test_a_last_reply_that_never_came_leaves_the_mail_that_had_begun_behind_it_free_to_go() -> None:
    with SmtpServer() as server:
        server.answer("dot", DROP, times=1)
        first, *others = _burst(server, 4)
    assert isinstance(first, Unconfirmed)
    assert [isinstance(each, Receipt) for each in others] == [True, True, True]
    assert _recipients(server) == ["r0@example.com", "r1@example.com", "r2@example.com", "r3@example.com"]
    assert server.connections == 2


def test_a_server_that_hangs_up_between_two_mails_costs_neither() -> None:
    with SmtpServer() as server:
        server.answer("mail", "250 fine", times=1)
        server.answer("mail", "421 4.7.0 enough for one connection", times=1)
        assert all(isinstance(each, Receipt) for each in _burst(server, 4))
    assert (len(server.messages), server.connections) == (4, 2)


def test_a_refused_content_spoils_nothing_that_had_begun_behind_it() -> None:
    with SmtpServer() as server:
        server.answer("dot", "554 5.7.1 spam", times=1)
        first, *others = _burst(server, 3)
    assert isinstance(first, Rejected)
    assert [isinstance(each, Receipt) for each in others] == [True, True]
    assert server.connections == 1


def test_a_mail_that_a_server_cannot_take_stops_no_other_in_line() -> None:
    async def work(channel: SmtpChannel) -> list[object]:
        mails = (channel.send(_mail(address)) for address in ("a@example.com", "žan@example.com", "b@example.com"))
        return await asyncio.gather(*mails, return_exceptions=True)

    with SmtpServer(extensions=("PIPELINING", "8BITMIME")) as server:
        first, second, third = _with(server, work, connections="1")
    assert isinstance(second, Rejected)
    assert isinstance(first, Receipt)
    assert isinstance(third, Receipt)
    assert _recipients(server) == ["a@example.com", "b@example.com"]


def test_there_are_never_more_connections_than_allowed() -> None:
    async def burst(channel: SmtpChannel) -> None:
        await asyncio.gather(*(channel.send(_mail()) for _ in range(30)))

    with SmtpServer() as server:
        _with(server, burst, connections="3")
    assert len(server.messages) == 30
    assert server.connections == 3


def test_a_refusal_costs_no_connection_and_spoils_no_later_mail() -> None:
    async def work(channel: SmtpChannel) -> None:
        await channel.send(_mail())
        assert isinstance(await _error(channel, _mail("gone@example.com")), Rejected)
        assert isinstance(await _error(channel, _mail("gone@example.com")), Unavailable)
        await channel.send(_mail())

    with SmtpServer() as server:
        server.answer("rcpt", "250 fine", times=1)
        server.answer("rcpt", "550 5.1.1 gone", times=1)
        server.answer("rcpt", "451 4.3.0 later", times=1)
        _with(server, work)
    assert server.connections == 1
    assert [message.recipients for message in server.messages] == [("ana@example.com",)] * 2


@pytest.mark.parametrize("end", ["421 4.4.2 idle too long", DROP])
def test_a_kept_connection_that_the_server_ended_is_replaced_at_no_cost(end: str) -> None:
    async def work(channel: SmtpChannel) -> None:
        await channel.send(_mail())
        server.answer("mail", end, times=1)
        await channel.send(_mail())

    with SmtpServer() as server:
        _with(server, work)
    assert len(server.messages) == 2
    assert server.connections == 2


def test_a_connection_that_breaks_later_than_mail_is_not_tried_twice() -> None:
    async def work(channel: SmtpChannel) -> SendError:
        await channel.send(_mail())
        server.answer("data", DROP, times=1)
        return await _error(channel, _mail())

    with SmtpServer() as server:
        assert isinstance(_with(server, work), Unavailable)
    assert len(server.messages) == 1


def test_a_mail_whose_answer_was_lost_is_handed_over_once() -> None:
    with SmtpServer() as server:
        server.answer("dot", DROP, times=1)
        assert isinstance(_with(server, lambda channel: _error(channel, _mail())), Unconfirmed)
    assert len(server.messages) == 1


def test_a_large_mail_that_breaks_off_before_its_dot_was_surely_not_delivered() -> None:
    big = Attachment(name="big.bin", media_type="application/octet-stream", content=bytes(12_000_000))
    with SmtpServer() as server:
        server.answer("content", DROP)
        error = _with(server, lambda channel: _error(channel, _mail(attachments=(big,))))
    assert isinstance(error, Unavailable), error
    assert server.messages == []


def test_a_large_mail_arrives_whole() -> None:
    content = bytes(range(256)) * 12_000
    big = Attachment(name="big.bin", media_type="application/octet-stream", content=content)
    with SmtpServer() as server:
        _with(server, lambda channel: channel.send(_mail(attachments=(big,))))
    (attached,) = server.messages[0].parsed.iter_attachments()
    assert attached.get_content() == content


def test_lines_of_dots_arrive_as_they_were() -> None:
    text = ".\n..\n.hidden\nend.\n"
    with SmtpServer() as server:
        _with(server, lambda channel: channel.send(_mail(text=text)))
    assert server.messages[0].parsed.get_content().replace("\r\n", "\n") == text


def test_an_address_beyond_ascii_goes_where_the_server_can_take_it() -> None:
    with SmtpServer() as server:
        _with(server, lambda channel: channel.send(_mail("žan@čebela.si")))
        assert server.messages[0].recipients == ("žan@čebela.si",)
        assert "SMTPUTF8" in server.messages[0].options
    with SmtpServer(extensions=("8BITMIME",)) as server:
        error = _with(server, lambda channel: _error(channel, _mail("žan@čebela.si")))
        assert isinstance(error, Rejected)
        assert not error.address_is_bad
        _with(server, lambda channel: channel.send(_mail("zan@čebela.si")))
        assert server.messages[0].recipients == ("zan@xn--ebela-gya.si",)


def test_the_envelope_carries_the_bounce_address_and_the_size() -> None:
    with SmtpServer() as server:
        _with(server, lambda channel: channel.send(_mail()), return_path="bounces+{id}@aurora.example")
    (message,) = server.messages
    assert message.sender == "bounces+d7.abc@aurora.example"
    assert message.options == (f"SIZE={len(message.content)}",)


def test_a_server_that_only_knows_helo_is_greeted_so() -> None:
    with SmtpServer(extensions=()) as server:
        server.answer("ehlo", "502 5.5.1 what", times=1)
        _with(server, lambda channel: channel.send(_mail()), helo="client.aurora.example")
    assert server.commands[:2] == ["EHLO client.aurora.example", "HELO client.aurora.example"]
    assert len(server.messages) == 1
