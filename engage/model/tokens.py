"""The signed tokens of public links (`/u/{token}`, `/p/{token}`, `/v/{token}`): ids go in, no address ever does.

A token is base64url of one version byte, the delivery's and the contact's id, and the first 16 bytes of an HMAC-SHA256 over
them and the token's kind; so a token of one kind is refused as one of another.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import TYPE_CHECKING, final

from engage.model.errors import EngageError

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

VERSION = 1
_BODY = Struct(">BQQ")
_SIGNATURE = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_BLOCK = 64  # bytes of SHA-256's block
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
    return sign_each(secret, (kind,), payload)[0]


def sign_each(secret: bytes, kinds: Sequence[str], payload: TokenPayload) -> list[str]:
    """A token of each of these kinds."""
    body = _BODY.pack(VERSION, payload.delivery_id, payload.contact_id)
    raw = [b2a_base64(body + _signature(secret, kind, body), newline=False) for kind in kinds]
    return [token.translate(_URL_SAFE).decode("ascii") for token in raw]


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
    begun, ended = _halves(secret, kind)
    inner, outer = begun.copy(), ended.copy()
    inner.update(body)
    outer.update(inner.digest())
    return outer.digest()[:_SIGNATURE]


@lru_cache(maxsize=64)
def _halves(secret: bytes, kind: str) -> tuple[Hash, Hash]:
    """HMAC-SHA256 (RFC 2104) with all that is the same for every link hashed already: a third of `hmac.digest`'s time."""
    key = (sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
    begun = sha256(bytes(byte ^ 0x36 for byte in key) + b"engage link\0" + kind.encode() + b"\0")
    return begun, sha256(bytes(byte ^ 0x5C for byte in key))
