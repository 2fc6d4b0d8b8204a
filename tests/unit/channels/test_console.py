"""The console shows a message as it would be sent."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pytest

from engage.channels.console import ConsoleChannel
from engage.model.content import Attachment, ChatContent, Content, EmailContent, SmsContent
from tests.builders import a_channel, a_cleared, some_settings


def _shown(content: Content) -> str:
    cleared = a_cleared()
    stream = io.StringIO()
    channel = ConsoleChannel(a_channel(), some_settings(), stream=stream)
    asyncio.run(channel.send(replace(cleared, rendered=replace(cleared.rendered, content=content))))
    return stream.getvalue()


def test_a_mail_is_shown_with_its_subject_text_and_attachments() -> None:
    invite = Attachment(name="invite.ics", media_type="text/calendar", content=b"12345")
    assert _shown(EmailContent(subject="Živjo", text="Pozdrav\n", attachments=(invite,))) == (
        "--- email to ana@example.com (sl) <d7.abc@aurora.example>\nFrom: Aurora <hello@aurora.example>\n"
        "Subject: Živjo\n\nPozdrav\n[invite.ics, text/calendar, 5 bytes]\n\n"
    )


def test_a_text_is_shown_with_its_segments() -> None:
    assert "Živjo\n[2 x ucs-2]\n" in _shown(SmsContent(text="Živjo", encoding="ucs-2", segments=2))


def test_a_chat_message_is_shown_with_the_number_of_its_blocks() -> None:
    assert "Živjo\n[1 blocks]\n" in _shown(ChatContent(text="Živjo", blocks=({"type": "divider"},)))


def test_it_writes_to_the_stream_that_the_option_names(capsys: pytest.CaptureFixture[str]) -> None:
    for stream in ("stdout", "stderr"):
        channel = ConsoleChannel(a_channel(options={"stream": stream}), some_settings())
        asyncio.run(channel.send(a_cleared()))
    out, err = capsys.readouterr()
    assert out == err
    assert out.startswith("--- email to ")
