"""`Cleared` in, the bytes of one mail out: what a mail carries, laid out once for all mails that differ in nothing but their reader.

`EmailMessage` takes 1.7 ms a mail, a hundred times what this takes. What differs (to whom, subject, message, links) is checked value
by value before it is put into the layout, and the whole header once more after.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import final
from urllib.parse import quote

from engage.channels.dkim import Signer
from engage.channels.layout import Fixed, Headers, Layout, OfList, Values, checked_head, multipart
from engage.channels.mailbox import Mailbox, one_address, one_mailbox
from engage.channels.services import Service
from engage.channels.words import phrase, refuse_controls, unstructured
from engage.model.content import Attachment, EmailContent
from engage.model.delivery import Cleared
from engage.model.errors import Rejected
from engage.model.making import made_often
from engage.model.workspace import Purpose

PLACE = "{id}"
_MOST_LAYOUTS = 1024
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; ?[A-Za-z0-9-]+=[A-Za-z0-9._-]+)*")
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")
_URL = re.compile(r"[!-;=?-~]+")  # printable ASCII without space and angle brackets


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What all mails of one channel share. `{id}` in an address becomes the delivery's signed name, by which an answer is known again."""

    sender: str | None
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    return_path: str | None = None
    reply_to: str | None = None
    unsubscribe_mailto: str | None = None
    signer: Signer | None = None
    service: Service | None = None
    layouts: dict[Hashable, Layout] = field(default_factory=dict, init=False, repr=False, compare=False)

    def named(self, cleared: Cleared) -> str | None:
        """Who it is from, as written: the template's word, else the purpose's, else the channel's."""
        purpose = self.purposes.get(cleared.intent.purpose)
        content = cleared.rendered.content
        own = content.sender if isinstance(content, EmailContent) else None
        return own or (purpose.sender if purpose else None) or self.sender

    def mailbox(self, cleared: Cleared) -> Mailbox:
        """The same as a mailbox. Raises ValueError where it is none."""
        sender = self.named(cleared)
        if not sender:
            raise ValueError("no sender")
        return one_mailbox(sender)


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail for one address. `content` ends with CRLF; its dots are not stuffed yet. `utf8`: it needs SMTPUTF8."""

    sender: str
    recipient: str
    content: bytes = field(repr=False)
    utf8: bool


def compose(cleared: Cleared, letterhead: Letterhead, *, now: datetime) -> Mail:
    """Lay the mail out. Raises Rejected where it cannot be one: header injection, no valid address, not a mail's content."""
    try:
        return _composed(cleared, letterhead, now)
    except ValueError as error:  # UnicodeEncodeError, of a lone surrogate, is one too
        raise Rejected(f"not a mail that can be sent: {_reason(error)}", code="malformed") from error


def _composed(cleared: Cleared, letterhead: Letterhead, now: datetime) -> Mail:
    content = cleared.rendered.content
    if not isinstance(content, EmailContent):
        raise ValueError("the content is not that of a mail")
    layout = _layout(cleared, content, letterhead)
    values = _values(cleared, content, letterhead, layout, now)
    if content.attachments:
        headers, body = _with_attachments(content, layout, values)
        head = checked_head(headers)
    else:
        head, body = layout.head(values), layout.body(content)
        headers = layout.headers(values) + layout.of_mime if letterhead.signer is not None else []
    if letterhead.signer is not None:
        head = letterhead.signer.field(headers, body, sender_domain=layout.sender.domain, now=now) + head
    envelope = one_address(_named(letterhead.return_path, cleared)) if letterhead.return_path else layout.sender.address
    utf8 = not (head.isascii() and envelope.isascii())
    return Mail(sender=envelope, recipient=values.recipient, content=b"".join((head, b"\r\n", body)), utf8=utf8)


def _with_attachments(content: EmailContent, layout: Layout, values: Values) -> tuple[Headers, bytes]:
    version, *of_body = layout.of_mime
    mixed, body = multipart("mixed", [(of_body, layout.body(content)), *map(_attachment_part, content.attachments)])
    return [*layout.headers(values), version, *mixed], body


def _layout(cleared: Cleared, content: EmailContent, letterhead: Letterhead) -> Layout:
    intent = cleared.intent
    key = (intent.campaign, intent.message, intent.purpose, content.sender, content.reply_to, content.html is not None, cleared.promotional)
    known = letterhead.layouts.get(key)
    if known is None:
        sender = letterhead.mailbox(cleared)
        reply_to = content.reply_to or letterhead.reply_to
        fixed = Fixed(
            sender=sender, reply_to=_constant(reply_to, sender), has_html=content.html is not None,
            of_list=_of_list(cleared, letterhead, sender) if cleared.promotional else None, service=letterhead.service,
        )  # fmt: skip
        if len(letterhead.layouts) >= _MOST_LAYOUTS:
            letterhead.layouts.clear()  # a template may name the sender by what it reads of the contact
        known = letterhead.layouts[key] = Layout(fixed)
    return known


def _of_list(cleared: Cleared, letterhead: Letterhead, sender: Mailbox) -> OfList:
    intent = cleared.intent
    purpose = letterhead.purposes.get(intent.purpose)
    return OfList(
        list_id=f"{phrase(purpose.title if purpose else intent.purpose)}\r\n <{_slug(intent.purpose)}.{sender.domain}>",
        feedback_id=":".join((_slug(intent.campaign), _slug(intent.message), _slug(intent.purpose), sender.domain)),
    )


def _values(cleared: Cleared, content: EmailContent, letterhead: Letterhead, layout: Layout, now: datetime) -> Values:
    """What differs from mail to mail, each as it stands in the header, each checked by itself. Raises ValueError."""
    if not _MESSAGE_ID.fullmatch(cleared.message_id):
        raise ValueError("not a Message-ID")
    url = token = mailto = ""
    if cleared.promotional:
        url = cleared.rendered.links.unsubscribe
        if not _URL.fullmatch(url):
            raise ValueError("not an unsubscribe link")
        token = url.rstrip("/").rpartition("/")[2]
        token = token if _UNRESERVED.fullmatch(token) else quote(token, safe="")
        written = letterhead.unsubscribe_mailto
        mailto = quote(one_address(_named(written, cleared)), safe="@+") if written else layout.mailto
    return Values(
        recipient=one_address(cleared.rendered.approved.address), subject=unstructured(content.subject), date=_date(now),
        message_id=refuse_controls(cleared.message_id), url=url, mailto=mailto, token=token, key=cleared.idempotency_key,
        reply_to=_reply_to(cleared, content, letterhead) if layout.own_reply_to else "",
    )  # fmt: skip


def _attachment_part(attachment: Attachment) -> tuple[Headers, bytes]:
    if not _MEDIA_TYPE.fullmatch(attachment.media_type) or attachment.media_type.startswith(("multipart/", "message/")):
        raise ValueError("not a media type that can be attached")
    name = quote(refuse_controls(attachment.name), safe="")
    headers = [
        ("Content-Type", attachment.media_type),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"attachment;\r\n filename*=utf-8''{name}"),  # RFC 2231
    ]
    return headers, encodebytes(attachment.content).replace(b"\n", b"\r\n")


def _reply_to(cleared: Cleared, content: EmailContent, letterhead: Letterhead) -> str:
    return str(one_mailbox(_named(content.reply_to or letterhead.reply_to or "", cleared)))


def _constant(reply_to: str | None, sender: Mailbox) -> Mailbox | None:
    """Where answers go of all mails of a layout; None where each has an address of its own."""
    if reply_to is None or not reply_to:
        return sender
    return None if PLACE in reply_to else one_mailbox(reply_to)


def _named(address: str, cleared: Cleared) -> str:
    """By the key, of which nobody can make up another's; it has no capitals, which some servers lose."""
    return address.replace(PLACE, cleared.idempotency_key)


def _date(now: datetime) -> str:
    return _date_of(int(now.timestamp())) if now.tzinfo is UTC else format_datetime(now)


@lru_cache(maxsize=16)
def _date_of(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


@lru_cache(maxsize=1024)
def _slug(name: str) -> str:
    return quote(name, safe="").replace("%", "_") or "-"


def _reason(error: ValueError) -> str:
    return "text that is not Unicode" if isinstance(error, UnicodeError) else str(error)
