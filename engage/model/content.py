"""What a recipient will read, by kind of channel: made by the templates, sent by the channels, kept with the touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from engage.model.making import made_often


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class EmailContent:
    """A mail's parts, in the reader's language. `html` is complete, with CSS inlined; None for a mail of text alone."""

    subject: str
    text: str
    html: str | None = None
    preheader: str | None = None
    sender: str | None = None
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SmsContent:
    """A text. `encoding` and `segments` are those of GSM 03.38 (160 or 153 septets) and UCS-2 (70 or 67 units)."""

    text: str
    encoding: Literal["gsm-7", "ucs-2"]
    segments: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ChatContent:
    """A chat message: `text` in the chat's own markup (and the notification's text), `blocks` as Block Kit where given."""

    text: str
    blocks: tuple[Mapping[str, object], ...] = ()


Content = EmailContent | SmsContent | ChatContent
