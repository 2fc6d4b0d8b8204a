"""The message written to a text stream instead of being sent: for development, any kind of channel.

It shows the address and the whole text on purpose; it is no log.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import ClassVar, TextIO, assert_never, final

from engage.channels.mime import Letterhead
from engage.channels.options import Options
from engage.model.contact import ChannelKind
from engage.model.content import ChatContent, Content, EmailContent, SmsContent
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import Unavailable
from engage.model.workspace import Channel, Settings


@final
class ConsoleChannel:
    """The adapter `console`."""

    KIND: ClassVar[ChannelKind | None] = None
    IDEMPOTENT: ClassVar[bool] = False
    OPTIONS: ClassVar[Mapping[str, str]] = {"stream": "Where to write: stdout (default) or stderr."}

    def __init__(self, channel: Channel, settings: Settings, *, stream: TextIO | None = None) -> None:
        options = Options(channel, self.OPTIONS)
        self._to_stderr = options.choice("stream", ("stdout", "stderr")) == "stderr"
        options.done()
        self._name = channel.name
        self._letterhead = Letterhead(sender=channel.sender, purposes=settings.purposes)
        self._stream = stream

    async def send(self, cleared: Cleared) -> Receipt:
        """Write the message. Raises Unavailable where the stream is closed."""
        approved, content = cleared.rendered.approved, cleared.rendered.content
        sender = self._letterhead.named(cleared)
        head = [f"--- {self._name} to {approved.address} ({cleared.rendered.locale}) {cleared.message_id}"]
        lines = [*head, *([f"From: {sender}"] if sender else []), *_lines(content), ""]
        # Asked at each send: a stream that was redirected since is the one meant.
        stream = self._stream or (sys.stderr if self._to_stderr else sys.stdout)
        try:
            stream.write("\n".join(lines) + "\n")
            stream.flush()
        except (OSError, ValueError) as error:  # ValueError: closed, or an encoding that cannot show the text
            raise Unavailable("the stream takes nothing", code=type(error).__name__) from error
        return Receipt(provider_id=cleared.message_id)

    async def check(self) -> tuple[str, ...]:
        """Nothing can be wrong."""
        return ()

    async def close(self) -> None:
        """The stream is not ours to close."""


def _lines(content: Content) -> list[str]:
    match content:
        case EmailContent():
            attached = [f"[{one.name}, {one.media_type}, {len(one.content)} bytes]" for one in content.attachments]
            return [f"Subject: {content.subject}", "", content.text.rstrip("\n"), *attached]
        case SmsContent():
            return [content.text, f"[{content.segments} x {content.encoding}]"]
        case ChatContent():
            return [content.text, *([f"[{len(content.blocks)} blocks]"] if content.blocks else [])]
        case _:
            assert_never(content)
