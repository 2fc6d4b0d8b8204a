"""A single message before it is taken on: whether it can be rendered for its reader, and holds what the law asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from engage.model.contact import ChannelKind, Contact
from engage.model.content import Content, EmailContent
from engage.model.delivery import Links
from engage.model.errors import RenderError
from engage.model.workspace import Channel, Purpose
from engage.templates.renderer import Templates
from engage.templates.scope import Segments

LINKS = Links(unsubscribe="https://check.invalid/u/token", preferences="https://check.invalid/p/token", view="https://check.invalid/v/token")
"""Links of a message that nobody gets."""


def parts_without(link: str, content: EmailContent) -> Iterator[str]:
    """The parts of a mail in which the link is not: "" for its page, "'s text part" for the other."""
    for what, part in (("", content.html), ("'s text part", content.text)):
        if part is not None and link not in part:
            yield what


def troubles_of(
    templates: Templates, message: str, *, channels: Sequence[Channel], contact: Contact, purpose: Purpose, values: Mapping[str, object],
    now: datetime, lookup: Segments | None = None,
) -> Iterator[str]:
    """What keeps the message from being sent by these channels, a sentence each: rendered for the contact by every one of them."""
    for channel in channels:
        yield from _by(templates, message, channel, contact, purpose, values, now, lookup)


def _by(
    templates: Templates, message: str, channel: Channel, contact: Contact, purpose: Purpose, values: Mapping[str, object], now: datetime,
    lookup: Segments | None,
) -> Iterator[str]:
    try:
        content: Content = templates.render_for(
            message, channel_kind=channel.kind, channel_name=channel.name, contact=contact, trigger={}, values=values, now=now,
            purpose=purpose.name, links=LINKS, lookup=lookup,
        ).content
    except RenderError as error:
        yield f"{message} cannot be rendered by {channel.name}: {error}"
        return
    if isinstance(content, EmailContent) and not purpose.is_transactional(ChannelKind.EMAIL):
        for what in parts_without(LINKS.unsubscribe, content):
            yield f"a mail for {purpose.name} is promotional: {message}{what} needs a link to {{{{ message.unsubscribe_url }}}}"
