"""What may post to `/hooks/…`: each entry of `hooks:` in engage.yaml, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import final

from engage.model.errors import Place
from engage.model.expression import Expression

HOOK_RATE = 100.0
"""Requests a second that are taken of each source, where nothing else is said."""

GENERIC = "generic"
"""The source of every hook that is not called after a known system: what it says is read by its own mapping."""


class Digest(StrEnum):
    """The hashes of a signature that other systems make."""

    SHA256 = "sha256"
    SHA512 = "sha512"
    SHA1 = "sha1"


class Encoding(StrEnum):
    """How a signature is written."""

    HEX = "hex"
    BASE64 = "base64"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How a generic hook is signed: HMAC over `signed`, in which `{body}` and `{timestamp}` stand for what came, in `header`.

    `prefix` stands before the signature (`sha256=`). With a `timestamp_header` the time is signed and may be 300 seconds old.
    """

    header: str
    digest: Digest = Digest.SHA256
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    signed: str = "{body}"
    timestamp_header: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One event that a generic hook may bring: of which type, and where in the body its fields stand.

    The expressions name `body`, `headers` and, with `each`, `item`. `contact` None: it is about nobody, and so about everybody.
    `attributes` are what is told of the contact, for `contact.updated`.
    """

    type: str | Expression
    where: Expression | None = None
    each: Expression | None = None
    id: Expression | None = None
    at: Expression | None = None
    contact: Expression | None = None
    fields: Mapping[str, Expression] = field(default_factory=dict)
    attributes: Mapping[str, Expression] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One hook. `secrets` are those that count, the newest first: two while one takes the other's place. They are never printed.

    `header`: where the secret itself comes in, of a generic hook that signs nothing. `external_id` is how the source's own number of
    a person stands in our contacts, `{id}` being the number. `organization` and `topics` are of the sources that know such things. `rate`
    is in requests a second.
    """

    name: str
    source: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    header: str | None = None
    signing: Signing | None = None
    external_id: str = "{id}"
    organization: str | None = None
    topics: frozenset[str] = frozenset()
    events: tuple[Mapped, ...] = ()
    rate: float = HOOK_RATE
    place: Place | None = None

    def contact_of(self, number: object) -> str:
        """The external id of the person whom the source knows by that number."""
        return self.external_id.replace("{id}", str(number))
