"""Addresses as they are compared: one spelling for each, and a keyed hash that stands for it where the address itself must not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from engage.model.contact import ADDRESSES, ChannelKind
from engage.model.keyed import Keyed

BAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Enhanced status codes (RFC 3463, RFC 7505) that say of a mail address that it will never work: no such mailbox, no such domain, not
an address, moved away, null MX, disabled. The other 5.1.x speak of the sender."""

STOPPED = "stop"
"""Why a number is suppressed whose owner wrote STOP: the one reason that its owner can take back, by START."""

READMITTED = "readmitted"
"""Source of the lines that keep withdrawn what people had withdrawn who were erased, and are taken in again."""

_BETWEEN_DIGITS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")


_PLAIN_NUMBER = re.compile(r"\+\d+", re.ASCII).fullmatch
"""Numbers that are spelled as `normalise` has them."""

_PLAIN_EMAIL = re.compile(
    r"(?=[^@]{1,64}@.{4,180}$)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9]{0,61}[a-z0-9])?\.)+(?:com|net|org|[a-z]{2})",
    re.ASCII | re.IGNORECASE,
)
_IN_HAND = 8192
"""Addresses of a few batches: each is looked at when it is decided, cleared and handed over."""


@lru_cache(maxsize=_IN_HAND)
def is_plain_email(address: str) -> bool:
    """Whether it is surely one valid mail address, and needs no closer look: nearly all are, and a look costs forty times as much."""
    return _PLAIN_EMAIL.fullmatch(address) is not None


RECENT = 16_384
"""So many addresses are kept with what was made of them: whoever stores people by the thousand asks for each several times."""


@lru_cache(maxsize=RECENT)
def normalise(kind: ChannelKind, address: str) -> str:
    """The spelling by which an address of that kind is known: mail in lower case, numbers without what people put between digits."""
    text = (address if address.isascii() else unicodedata.normalize("NFC", address)).strip()
    match kind:
        case ChannelKind.EMAIL:
            return text.lower()
        case ChannelKind.SMS:
            digits = _BETWEEN_DIGITS.sub("", text)
            return f"+{digits[2:]}" if digits.startswith("00") else digits
        case ChannelKind.CHAT:
            return text


def address_coder(secret: bytes, kind: ChannelKind) -> Callable[[str], str]:
    """What `address_key` does with addresses of the kind that hardly ever come again: nothing of them is kept."""
    code, spelled = _codes(secret, kind.value).code, normalise.__wrapped__
    if kind is ChannelKind.EMAIL:
        return lambda address: code((address.strip().lower() if address.isascii() else spelled(kind, address)).encode()).hex()
    return lambda address: code((address if _PLAIN_NUMBER(address) else spelled(kind, address)).encode()).hex()


@lru_cache(maxsize=RECENT)
def address_key(secret: bytes, kind: ChannelKind, address: str) -> str:
    """A keyed hash, 64 hexadecimal digits, of the kind and the normalised address: what suppressions and withdrawals go by.

    It outlives the address, so that people who were erased stay suppressed.
    """
    return _codes(secret, kind.value).code(normalise(kind, address).encode()).hex()


def identity_key(secret: bytes, name: str, value: str) -> str:
    """The hash by which an identity of that name (`external_id`, or the attribute of an address) is known: of an address its own key."""
    kind = next((kind for kind, attribute in ADDRESSES.items() if attribute == name), None)
    if kind is not None:
        return address_key(secret, kind, value)
    return _codes(secret, name).code(value.encode()).hex()


@lru_cache(maxsize=64)
def _codes(secret: bytes, name: str) -> Keyed:
    """HMAC by OpenSSL would let go of the interpreter's lock at each address: where another thread works, that costs ten times the hash."""
    return Keyed(secret, f"{name}:".encode(), size=32)


def kind_of_reference(reference: str) -> ChannelKind | None:
    """What kind of address a contact reference looks like: with an `@` a mail address, of digits a phone number, else none."""
    if "@" in reference:
        return ChannelKind.EMAIL
    return ChannelKind.SMS if re.fullmatch(r"\+?\d{5,15}", normalise(ChannelKind.SMS, reference)) else None
