"""A mail's envelope as a server takes it: the commands before the content, by the extensions that it offers (RFC 1870, 6152, 6531)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from engage.channels.mime import Mail
from engage.model.errors import Rejected

Envelope = tuple[bytes, bytes, bytes]
"""MAIL, RCPT and DATA."""


def envelope(mail: Mail, offered: AbstractSet[str]) -> Envelope:
    """The three commands. Raises Rejected where this server cannot take them."""
    options = b" SIZE=%d" % len(mail.content) if "size" in offered else b""
    if mail.utf8:
        if "smtputf8" not in offered:
            raise Rejected("the server has no SMTPUTF8, which this address needs", code="smtputf8")
        options += b" SMTPUTF8 BODY=8BITMIME" if "8bitmime" in offered else b" SMTPUTF8"
    if not (mail.sender + mail.recipient).isprintable():
        raise Rejected("a control character in an address", code="malformed")
    return b"MAIL FROM:<%s>%s\r\n" % (mail.sender.encode(), options), b"RCPT TO:<%s>\r\n" % mail.recipient.encode(), b"DATA\r\n"
