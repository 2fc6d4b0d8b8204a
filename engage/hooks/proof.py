"""Did the source send this? Signatures, secrets and times, compared in constant time. Pure: `now` is the machine clock's."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import final

from engage.hooks.request import HookRequest
from engage.model.errors import EngageError
from engage.model.hooks import Hook

WINDOW = timedelta(seconds=300)
"""By how much a signed time may differ from ours, either way."""

REMEMBERED = timedelta(hours=24)
"""For so long a request that proved itself by a signature is known again."""

REPEATED_WITHIN = timedelta(minutes=10)
"""For so long the same bytes, of a source that signs no time and names no event, are the same event told twice."""


class NotProven(EngageError):
    """The request did not prove that it is from its source. What was wrong is for our log, never for the one who sent it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """It is from the source. `mark` is what was proven, as a hash: the same request again has the same. `remembered` for so long."""

    mark: str
    remembered: timedelta = REMEMBERED


def proven(*signed: bytes, remembered: timedelta = REMEMBERED) -> Proven:
    """The proof over these pieces of the request."""
    digest = sha256()
    for piece in signed:
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return Proven(mark=digest.hexdigest(), remembered=remembered)


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Whether they are equal; it takes the same time wherever they differ."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def refuse_unless_signed(
    given: Iterable[str], message: bytes, secrets: Iterable[str | bytes], *, digest: str = "sha256", hexadecimal: bool = False,
) -> None:
    """Raises NotProven unless one of the given signatures is the HMAC of the message by one of the secrets. All are compared."""
    expected = [hmac.digest(_bytes(secret), message, digest) for secret in secrets]
    written = [each.hex() if hexadecimal else b64encode(each).decode() for each in expected]
    matches = [same(one.strip().lower() if hexadecimal else one.strip(), other) for one in given for other in written]
    if not any(matches):
        raise NotProven("the signature is missing, or by another secret")


def refuse_unless_now(moment: datetime | None, now: datetime) -> None:
    """Raises NotProven where the signed time is missing, or more than 300 seconds off."""
    if moment is None or abs(now - moment) > WINDOW:
        raise NotProven("the signed time is missing, too old or too new")


def by_secret(hook: Hook, request: HookRequest) -> Proven:
    """Of a source that signs nothing: the secret by basic authentication (as its password, or alone), as a bearer token, or as
    `secret` in the URL. Raises NotProven.
    """
    given = [found for found in (*_basic(request), _bearer(request), request.parameter("secret")) if found]
    if hook.header is not None:
        given = [request.header(hook.header)]
    return by_given(hook, given, request)


def by_given(hook: Hook, given: Iterable[str], request: HookRequest) -> Proven:
    """One of these is the secret. Raises NotProven."""
    matches = [same(one, secret) for one in given for secret in hook.secrets if secret]
    if not any(matches):
        raise NotProven("the secret is missing, or another one")
    return proven(request.body, remembered=REPEATED_WITHIN)


def unix(text: str, *, per_second: int = 1) -> datetime | None:
    """A moment from seconds (or milliseconds) since 1970; None for what is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    try:
        return datetime.fromtimestamp(int(text) / per_second, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def decoded(text: str) -> bytes | None:
    """What stands in base64; None for what is none."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _basic(request: HookRequest) -> tuple[str, str]:
    """User and password: some systems send an API key as the user."""
    scheme, _, given = request.header("authorization").partition(" ")
    raw = decoded(given.strip()) if scheme.lower() == "basic" else None
    user, _, password = (raw or b"").decode("utf-8", "replace").partition(":")
    return user, password


def _bearer(request: HookRequest) -> str | None:
    scheme, _, given = request.header("authorization").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
