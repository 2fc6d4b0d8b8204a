"""The signed tokens of public links (`/u/{token}`, `/p/{token}`, `/v/{token}`): ids go in, no address ever does.

A token is base64url of one version byte, the delivery's and the contact's id, and the first 16 bytes of an HMAC-SHA256 over
them and the token's kind; so a token of one kind is refused as one of another.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from struct import Struct
from typing import final

from engage.model.errors import EngageError

VERSION = 1
_BODY = Struct(">BQQ")
_SIGNATURE = 16
_LENGTH = (_BODY.size + _SIGNATURE) * 4 // 3


class BadToken(EngageError):
    """A token that this secret did not sign, of another kind, or cut short."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPayload:
    """What a link says: which delivery, of which contact. A `delivery_id` of 0 is a preview's."""

    delivery_id: int
    contact_id: int


def sign(secret: bytes, kind: str, payload: TokenPayload) -> str:
    """The token, 44 characters that need no quoting in a URL. `kind` is the link's: `u`, `p`, `v`."""
    body = _BODY.pack(VERSION, payload.delivery_id, payload.contact_id)
    return urlsafe_b64encode(body + _signature(secret, kind, body)).decode("ascii")


def verify(secret: bytes, kind: str, token: str) -> TokenPayload:
    """What the token says. Raises BadToken; takes the same time whatever is wrong with the signature."""
    if len(token) != _LENGTH:
        raise BadToken("a link's token has the wrong length")
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except (Base64Error, UnicodeEncodeError) as error:
        raise BadToken("a link's token is not base64url") from error
    body, signature = raw[: _BODY.size], raw[_BODY.size :]
    if not hmac.compare_digest(signature, _signature(secret, kind, body)):
        raise BadToken("a link's signature is not ours")
    version, delivery_id, contact_id = _BODY.unpack(body)
    if version != VERSION:
        raise BadToken(f"a link's version {version} is not known")
    return TokenPayload(delivery_id=delivery_id, contact_id=contact_id)


def _signature(secret: bytes, kind: str, body: bytes) -> bytes:
    return hmac.digest(secret, b"engage link\0" + kind.encode() + b"\0" + body, "sha256")[:_SIGNATURE]
