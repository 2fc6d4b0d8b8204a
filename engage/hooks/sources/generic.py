"""Any other system that posts JSON: it proves itself as its hook in engage.yaml says, and its mapping says what its words mean."""

from __future__ import annotations

from datetime import datetime

from engage.hooks import mapping
from engage.hooks.found import Found
from engage.hooks.proof import NotProven, Proven, by_secret, proven, refuse_unless_now, refuse_unless_signed
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import moment
from engage.model.hooks import Encoding, Hook, Signing


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By an HMAC where the hook says how it is made, else by the secret itself."""
    return by_secret(hook, request) if hook.signing is None else _signed(hook, hook.signing, request, now)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """What the mapping says."""
    return mapping.read(hook, request, now)


def _signed(hook: Hook, signing: Signing, request: HookRequest, now: datetime) -> Proven:
    given = request.header(signing.header)
    if not given.startswith(signing.prefix):
        raise NotProven("the signature is missing, or does not begin as it should")
    stamp = request.header(signing.timestamp_header) if signing.timestamp_header else ""
    message = request.body.join(piece.replace("{timestamp}", stamp).encode() for piece in signing.signed.split("{body}"))
    hexadecimal = signing.encoding is Encoding.HEX
    signature = given.removeprefix(signing.prefix)
    refuse_unless_signed([signature], message, hook.secrets, digest=signing.digest.value, hexadecimal=hexadecimal)
    if signing.timestamp_header:
        refuse_unless_now(moment(stamp), now)
    return proven(message)


SOURCE = Source(means="its own signature or secret", prove=prove, read=read)
