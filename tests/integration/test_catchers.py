"""The demo's catchers take what the real adapters send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_string

import pytest

from engage.channels import load_channels
from engage.model.contact import ChannelKind
from engage.model.content import ChatContent, Content, SmsContent
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import SendError
from tests.builders import NOON, a_channel, a_cleared, an_approved, some_settings
from workers.demo.catchers import SlackCatcher, SmsCatcher, SmtpCatcher, Tray


def _now() -> datetime:
    return NOON


def _to(kind: ChannelKind, address: str, content: Content | None = None) -> Cleared:
    cleared = a_cleared()
    approved = an_approved(channel=kind.value, kind=kind, address=address)
    rendered = replace(cleared.rendered, approved=approved, content=content or cleared.rendered.content)
    return replace(cleared, rendered=rendered)


def _send(cleared: Cleared, adapter: str, options: Mapping[str, str], *, times: int = 1) -> list[Receipt]:
    """Through the adapter that is installed by that name."""
    name = cleared.rendered.approved.channel
    sender = None if adapter == "slack" else "Aurora <hello@aurora.example>"
    settings = some_settings(channels={name: a_channel(name, adapter=adapter, options=options, sender=sender)})

    async def run() -> list[Receipt]:
        channel = load_channels(settings)[name]
        try:
            assert await channel.check() == ()
            return [await channel.send(cleared) for _ in range(times)]
        finally:
            await channel.close()

    return asyncio.run(run())


def test_a_mail_is_caught_as_its_recipient_would_read_it() -> None:
    tray = Tray()
    with SmtpCatcher(tray, _now) as catcher:
        (receipt,) = _send(_to(ChannelKind.EMAIL, "ana@example.com"), "smtp", {"url": catcher.url})
    (caught,) = tray.all()
    assert receipt.provider_id == "C1"
    assert (caught.at, caught.channel, caught.recipient) == (NOON, "email", "ana@example.com")
    assert caught.sender == "Aurora <hello@aurora.example>"
    assert caught.subject == "Vse najboljše, Ana!"
    assert caught.html is not None
    assert caught.html.strip() == "<p>Vse najboljše!</p>"
    assert caught.text.strip() == "Vse najboljše!"
    assert message_from_string(caught.raw)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_mail_to_an_address_beyond_ascii_is_caught() -> None:
    tray = Tray()
    with SmtpCatcher(tray, _now) as catcher:
        _send(_to(ChannelKind.EMAIL, "žan@primer.si"), "smtp", {"url": catcher.url})
    assert [caught.recipient for caught in tray.all()] == ["žan@primer.si"]


def test_a_chat_message_is_caught() -> None:
    tray = Tray()
    content = ChatContent(text="З днем народження!", blocks=({"type": "divider"},))
    with SlackCatcher(tray, _now) as catcher:
        (receipt,) = _send(_to(ChannelKind.CHAT, "U012345", content), "slack", {"token": catcher.token, "base_url": catcher.base_url})
    (caught,) = tray.all()
    assert receipt.provider_id == f"{int(NOON.timestamp())}.000001"
    assert (caught.channel, caught.recipient, caught.text, caught.html) == ("chat", "U012345", "З днем народження!", None)
    assert json.loads(caught.raw)["metadata"]["event_payload"] == {"key": "d7.abc"}


def test_an_sms_is_caught_once_however_often_it_is_repeated() -> None:
    tray = Tray()
    content = SmsContent(text="Daudz laimes!", encoding="gsm-7", segments=1)
    with SmsCatcher(tray, _now) as catcher:
        options = {"url": catcher.url, "secret": catcher.secret, "loopback": "allowed"}
        receipts = _send(_to(ChannelKind.SMS, "+37120000000", content), "sms_webhook", options, times=3)
    (caught,) = tray.all()
    assert [receipt.provider_id for receipt in receipts] == ["sms-1"] * 3
    assert (caught.channel, caught.recipient, caught.text) == ("sms", "+37120000000", "Daudz laimes!")
    assert caught.sender.startswith("Aurora")


def test_an_sms_with_a_wrong_signature_is_refused() -> None:
    tray = Tray()
    content = SmsContent(text="x", encoding="gsm-7", segments=1)
    with SmsCatcher(tray, _now) as catcher:
        options = {"url": catcher.url, "secret": "whsec_" + "QUJD" * 8, "loopback": "allowed"}
        with pytest.raises(SendError, match="401"):
            _send(_to(ChannelKind.SMS, "+37120000000", content), "sms_webhook", options)
    assert tray.all() == ()


def test_arrivals_are_dated_by_the_clock_that_was_given() -> None:
    tray = Tray()
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with SmtpCatcher(tray, lambda: later) as catcher:
        _send(_to(ChannelKind.EMAIL, "ana@example.com"), "smtp", {"url": catcher.url})
    assert tray.all()[0].at == later
