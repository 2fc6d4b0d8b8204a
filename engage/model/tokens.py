"""The signed tokens of public links (`/u/{token}`, `/p/{token}`, `/v/{token}`): ids go in, no address ever does.

A token is base64url of one version byte, the delivery's and the contact's id, and a code of 16 bytes over them under the installation's
secret; a token of one kind is refused as one of another, and says nothing about it. The links that every mail has share one code of 48
bytes, of which each kind takes its own 16; the others have one over their kind as well. Links that
answer something carry what they answer behind the ids, as text that everybody can read and nobody can change.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import final

from engage.model.errors import EngageError
from engage.model.keyed import Keyed
from engage.model.making import made_often

VERSION = 1
_BODY = Struct(">BQQ")
_SIGNATURE = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_IN_EVERY_MAIL = {"u": 0, "p": _SIGNATURE, "v": 2 * _SIGNATURE}
"""Where the code has a kind's own bytes."""

_LENGTH = (_BODY.size + _SIGNATURE) * 4 // 3

LONGEST_SAID = 600
"""Bytes of text that a link carries at most: some mail programs break lines of a thousand."""


class BadToken(EngageError):
    """A token that this secret did not sign, of another kind, or cut short."""


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPayload:
    """What a link says: which delivery, of which contact. A `delivery_id` of 0 is a preview's."""

    delivery_id: int
    contact_id: int


def sign(secret: bytes, kind: str, payload: TokenPayload) -> str:
    """The token, 44 characters that need no quoting in a URL. `kind` is the link's."""
    body = _BODY.pack(VERSION, payload.delivery_id, payload.contact_id)
    return _text(body + _signature(secret, kind, body))


def sign_each(secret: bytes, kinds: Sequence[str], *, delivery_id: int, contact_id: int) -> list[str]:
    """A token of each of these kinds, which are among `u`, `p` and `v`."""
    body = _BODY.pack(VERSION, delivery_id, contact_id)
    code = _of_every_mail(secret).code(body)
    text = _text(b"".join([body + code[at:at + _SIGNATURE] for at in map(_IN_EVERY_MAIL.__getitem__, kinds)]))  # none ends in a padding
    return [text[at:at + _LENGTH] for at in range(0, len(text), _LENGTH)]


def _text(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_URL_SAFE).decode("ascii")


def _bytes(token: str) -> bytes:
    """Of the one spelling that they have, without padding: Python's decoder passes over whatever is no letter of base64url."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (Base64Error, UnicodeEncodeError) as error:
        raise BadToken("a link's token is not base64url") from error
    if _text(raw).rstrip("=") != token:
        raise BadToken("a link's token is spelt otherwise")
    return raw


def verify(secret: bytes, kind: str, token: str) -> TokenPayload:
    """What the token says. Raises BadToken; takes the same time whatever is wrong with the signature."""
    if len(token) != _LENGTH:
        raise BadToken("a link's token has the wrong length")
    raw = _bytes(token)
    body, signature = raw[: _BODY.size], raw[_BODY.size :]
    if not hmac.compare_digest(signature, _signature(secret, kind, body)):
        raise BadToken("a link's signature is not ours")
    version, delivery_id, contact_id = _BODY.unpack(body)
    if version != VERSION:
        raise BadToken(f"a link's version {version} is not known")
    return TokenPayload(delivery_id=delivery_id, contact_id=contact_id)


def sign_with(secret: bytes, kind: str, payload: TokenPayload, said: str, *, longest: int = LONGEST_SAID) -> str:
    """A token that carries a text too, of at most `longest` bytes; as long as that makes it. Raises ValueError."""
    text = said.encode()
    if len(text) > longest:
        raise ValueError(f"a link carries at most {longest} bytes")
    body = _BODY.pack(VERSION, payload.delivery_id, payload.contact_id) + text
    return _text(body + _signature(secret, kind, body)).rstrip("=")


def verify_with(secret: bytes, kind: str, token: str, *, longest: int = LONGEST_SAID) -> tuple[TokenPayload, str]:
    """What a token that carries a text of at most `longest` bytes says. Raises BadToken."""
    if not _LENGTH <= len(token) <= (_BODY.size + longest + _SIGNATURE + 2) * 4 // 3:
        raise BadToken("a link's token has the wrong length")
    raw = _bytes(token)
    body, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    if len(body) < _BODY.size or not hmac.compare_digest(signature, _signature(secret, kind, body)):
        raise BadToken("a link's signature is not ours")
    version, delivery_id, contact_id = _BODY.unpack(body[: _BODY.size])
    if version != VERSION:
        raise BadToken(f"a link's version {version} is not known")
    return TokenPayload(delivery_id=delivery_id, contact_id=contact_id), body[_BODY.size :].decode()


def _signature(secret: bytes, kind: str, body: bytes) -> bytes:
    at = _IN_EVERY_MAIL.get(kind)
    if at is not None:
        return _of_every_mail(secret).code(body)[at:at + _SIGNATURE]
    return _of_kind(secret, kind).code(body)


@lru_cache(maxsize=64)
def _of_every_mail(secret: bytes) -> Keyed:
    return Keyed(secret, b"engage links\0", size=len(_IN_EVERY_MAIL) * _SIGNATURE)


@lru_cache(maxsize=64)
def _of_kind(secret: bytes, kind: str) -> Keyed:
    return Keyed(secret, b"engage link\0" + kind.encode() + b"\0", size=_SIGNATURE)
