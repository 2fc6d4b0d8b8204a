"""SMS by a webhook: a signed JSON POST to a gateway, which may be the company's own (Standard Webhooks, Idempotency-Key).

The body is `{"id", "to", "from", "text", "encoding", "segments"}`; the answer may hold `{"id": "the gateway's own"}`.
As the same key goes with every try, a hand-off whose outcome is not known can be repeated without a second copy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar, final

from engage.channels.clock import Now, machine_now
from engage.channels.http import retry_after
from engage.channels.options import Options
from engage.channels.signing import signer
from engage.channels.webhook import Webhook, leads_inside
from engage.channels.wording import without_addresses
from engage.model.contact import ChannelKind
from engage.model.content import SmsContent
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import Rejected, SendError, Unavailable
from engage.model.web_addresses import web_address
from engage.model.workspace import Channel, Settings

PEOPLE_MUST_MEND = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 410})
"""A URL, secret or account that is wrong: every message would fare the same."""

LATER = frozenset({408, 409, 423, 425, 429})
"""Among them 409: this key's first try is still under way."""

BAD_NUMBER = frozenset({"invalid_recipient", "unknown_recipient", "landline"})
"""What `error` in the answer may say of the number itself. A bare 422 says nothing of it: many frameworks answer so to any mistake."""

_LONGEST_ANSWER = 65_536  # bytes


@final
class SmsWebhookChannel:
    """The adapter `sms_webhook`."""

    KIND: ClassVar[ChannelKind | None] = ChannelKind.SMS
    IDEMPOTENT: ClassVar[bool] = True
    OPTIONS: ClassVar[Mapping[str, str]] = {
        "url": "Where to post, https:// (http:// only to this machine itself, with `loopback: allowed`).",
        "secret": "The key of the signature (whsec_… in base64), which the gateway knows too.",
        "timeout": "How long to wait for a connection, and for the answer; 30s by default.",
        "loopback": "Whether the URL may be this machine itself: refused (default) or allowed.",
    }

    def __init__(self, channel: Channel, settings: Settings, *, now: Now = machine_now) -> None:
        del settings  # it needs none
        options = Options(channel, self.OPTIONS)
        loopback_allowed = options.choice("loopback", ("refused", "allowed")) == "allowed"
        url, secret = _url(options, loopback_allowed=loopback_allowed), _secret(options)
        patience = options.seconds("timeout", default=30)
        options.done()
        self._webhook = Webhook(url, secret, loopback_allowed=loopback_allowed, patience=patience, now=now)
        self._sender = channel.sender
        self._now = now

    @property
    def handed_over(self) -> Callable[[], None]:
        """Called each time a message was posted and not answered yet."""
        return self._webhook.handed_over

    @handed_over.setter
    def handed_over(self, called: Callable[[], None]) -> None:
        self._webhook.handed_over = called

    async def send(self, cleared: Cleared) -> Receipt:
        """Post the message. Raises Rejected, Unavailable or Unconfirmed."""
        content, address = cleared.rendered.content, cleared.rendered.approved.address
        if not isinstance(content, SmsContent):
            raise Rejected("the content is not that of an SMS", code="malformed")
        body = json.dumps({
            "id": cleared.idempotency_key, "to": address, "from": self._sender, "text": content.text,
            "encoding": content.encoding, "segments": content.segments,
        }, ensure_ascii=False)
        status, headers, answer = await self._post(cleared.idempotency_key, body)
        if 200 <= status < 300:
            own = answer.get("id")
            provider_id = without_addresses(str(own), address) if isinstance(own, str | int) else None
            return Receipt(provider_id=provider_id, detail={"status": status})
        raise _refusal(status, headers, answer, address, now=self._now())

    async def check(self) -> tuple[str, ...]:
        """Resolve, connect and ask the gateway which methods it takes (OPTIONS, no message). What is wrong, a sentence each."""
        try:
            status = await self._webhook.probe()
        except SendError as error:
            return (error.detail,)
        return (f"the gateway answers {status}",) if status in (401, 403, 404, 410) else ()

    async def close(self) -> None:
        """Close its connections."""
        await self._webhook.close()

    async def _post(self, key: str, body: str) -> tuple[int, Mapping[str, str], Mapping[str, object]]:
        try:
            async with self._webhook.post(body, key=key) as response:
                return response.status, response.headers, _answer(await response.content.read(_LONGEST_ANSWER))
        except ValueError as error:  # a lone surrogate in the text, a control character in the key
            raise Rejected("not a message that can be posted", code="malformed") from error


def _url(options: Options, *, loopback_allowed: bool) -> str:
    url = options.required("url")
    address = web_address(url)
    if url and (address is None or not (address.scheme == "https" or (loopback_allowed and address.on_this_machine))):
        options.refuse("'url' must be https://… (http:// only to this machine itself, with `loopback: allowed`)")
    elif address is not None and leads_inside(address.host, loopback_allowed=loopback_allowed):
        options.refuse("'url' leads to an address that is not public (this machine itself needs `loopback: allowed`)")
    return url


def _secret(options: Options) -> str:
    secret = options.required("secret")
    try:
        signer(secret or "A" * 32)  # a missing one is refused already
    except ValueError as error:
        options.refuse(f"'secret' {error}")
    return secret


def _answer(body: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, headers: Mapping[str, str], answer: Mapping[str, object], address: str, *, now: datetime) -> SendError:
    """What an answer other than 2xx means. It was read, so the message is not lost in between; and the key makes a retry safe."""
    word = answer.get("error")
    said = f" {without_addresses(word, address)}" if isinstance(word, str) else ""
    detail, code = f"the gateway answers {status}{said}", str(status)
    wait = retry_after(headers.get("Retry-After"), now=now)
    if status in PEOPLE_MUST_MEND:
        return Unavailable(detail, code=code, configuration=True)
    if status >= 500 or status in LATER:
        return Unavailable(detail, code=code, retry_after=wait, whole_provider=status in (429, 503) or wait is not None)
    return Rejected(detail, code=code, address_is_bad=word in BAD_NUMBER)
