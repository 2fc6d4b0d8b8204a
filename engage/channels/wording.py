"""A provider's sentence made fit for logs and history: no address in it, on one line, of bounded length."""

from __future__ import annotations

import re

LONGEST = 300

_EMAIL = re.compile(r"[^\s<>@,;:\"'()]+@[^\s<>@,;:\"'()]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
"""And what is no text at all: an octet that is not UTF-8. PostgreSQL takes neither in JSON, and with it not the whole slice's outcomes."""


def _may_hold(text: str, spelling: str) -> bool:
    """Whether the spelling may be in the text, in whatever case; surely not is cheap to say where both are ASCII, as nearly always."""
    return not (text.isascii() and spelling.isascii()) or spelling.lower() in text.lower()


def without_addresses(text: str, *addresses: str) -> str:
    """The text with every email address, and the addresses given (a phone number also without its plus), replaced by `<address>`."""
    for address in addresses:
        if "@" in address and "@" not in text:
            continue
        for spelling in (address, address.removeprefix("+")):
            if spelling and _may_hold(text, spelling):
                text = re.sub(re.escape(spelling), "<address>", text, flags=re.IGNORECASE)
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    if "@" in text:
        text = _EMAIL.sub("<address>", text)
    return text.replace("<<address>>", "<address>").strip()[:LONGEST]
