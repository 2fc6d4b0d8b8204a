"""Chat by Slack: chat.postMessage with text and blocks, over one kept session.

Slack takes no idempotency key; the delivery's key goes along as message metadata, by which a message is found again (`find`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from engage.channels.adapter import unheard
from engage.channels.clock import Now, machine_now
from engage.channels.http import broken, retry_after, telling, timeouts
from engage.channels.options import Options
from engage.channels.slack_errors import refusal
from engage.channels.slack_history import EVENT_TYPE, look_through
from engage.channels.webhook import leads_inside
from engage.model.contact import ChannelKind
from engage.model.content import ChatContent
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from engage.model.missing import Missing
from engage.model.web_addresses import web_address
from engage.model.workspace import Channel, Settings

_API = "https://slack.com/api/"

_QUIET = logging.getLogger("engage.channels.slack.client")
_QUIET.setLevel(logging.WARNING)  # at DEBUG, and at no level too, the library writes whole messages to its log


class _Redirected(Exception):
    """The answer sends us elsewhere."""


async def _refuse_redirect(*_: object) -> None:
    raise _Redirected


@final
class SlackChannel:
    """The adapter `slack`."""

    KIND: ClassVar[ChannelKind | None] = ChannelKind.CHAT
    IDEMPOTENT: ClassVar[bool] = False
    OPTIONS: ClassVar[Mapping[str, str]] = {
        "token": "The bot's token (xoxb-…), with the scope chat:write (and for lost answers those of reading, see below).",
        "unfurl": "Whether Slack shows previews of links: no (default) or yes.",
        "timeout": "How long to wait for a connection, and for the answer; 30s by default.",
        "base_url": "Where the API is; https://slack.com/api/ by default (GovSlack, tests).",
    }

    def __init__(self, channel: Channel, settings: Settings, *, now: Now = machine_now) -> None:
        del settings  # it needs none
        options = Options(channel, self.OPTIONS)
        self._token = options.required("token")
        self._unfurl = options.choice("unfurl", ("no", "yes")) == "yes"
        self._timeouts = timeouts(options.seconds("timeout", default=30))
        self._base_url = options.text("base_url") or _API
        address = web_address(self._base_url)
        if address is None or not address.is_private:
            options.refuse("'base_url' must be an https:// address")
        elif leads_inside(address.host, loopback_allowed=True):
            options.refuse("'base_url' leads to an address that is not public")
        if channel.sender is not None:
            options.refuse("`from` has no effect: Slack shows the name of the app whose token this is")
        options.done()
        self._is_fixed = channel.to is not None
        self._now = now
        self.handed_over: Callable[[], None] = unheard
        self._conversations: dict[str, str] = {}  # as Slack answered: of a person's id that of the conversation
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None

    async def send(self, cleared: Cleared) -> Receipt:
        """Post the message. Raises Rejected, Unavailable or Unconfirmed."""
        content, address = cleared.rendered.content, cleared.rendered.approved.address
        if not isinstance(content, ChatContent):
            raise Rejected("the content is not that of a chat message", code="malformed")
        answer = await self._call("chat.postMessage", address, {
            "channel": address,
            "text": content.text,
            "unfurl_links": self._unfurl,
            "unfurl_media": self._unfurl,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": cleared.idempotency_key}},
            **({"blocks": [dict(block) for block in content.blocks]} if content.blocks else {}),
        })
        ts, conversation = answer.get("ts"), answer.get("channel")
        if isinstance(conversation, str):
            self._conversations[address] = conversation
        return Receipt(provider_id=ts if isinstance(ts, str) else None)

    async def find(self, missing: Missing) -> Receipt | None:
        """Look for the message in its conversation by the metadata that it carries. None: it surely is not there.

        Raises Unavailable where nobody can know: for now, or (`configuration`) as the token may not read.
        """
        try:
            conversation = self._conversations.get(missing.address) or await self._conversation(missing.address)
            return await look_through(partial(self._call, address=missing.address), conversation, missing)
        except Rejected as error:
            raise Unavailable(error.detail, code=error.code, configuration=True) from error
        except Unconfirmed as error:
            raise Unavailable(error.detail, code=error.code) from error

    async def _conversation(self, address: str) -> str:
        """The conversation that a message to this address stands in."""
        if address[:1] in "CGD":
            return address
        if address[:1] not in "UW":
            raise Unavailable("a channel can be looked into by its id (C…) only, not by its name", code="no_id", configuration=True)
        opened = await self._call("conversations.open", address, {"users": address})
        conversation = opened.get("channel")
        if not isinstance(conversation, Mapping) or not isinstance(conversation.get("id"), str):
            raise Unconfirmed("Slack's answer makes no sense", code="malformed")
        return str(conversation["id"])

    async def check(self) -> tuple[str, ...]:
        """Ask Slack whose token this is. What is wrong, a sentence each."""
        try:
            await self._call("auth.test", "", {})
        except SendError as error:
            return (error.detail,)
        return ()

    async def close(self) -> None:
        """Close the session and its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _call(self, method: str, address: str, arguments: Mapping[str, object], *, reads: bool = False) -> Mapping[str, object]:
        given: dict[str, Any] = {"http_verb": "GET", "params": dict(arguments)} if reads else {"json": dict(arguments)}
        try:
            response = await self._client().api_call(method, **given)
        except SlackApiError as error:
            # `from None`: the library's error quotes the whole answer, and with it perhaps an address.
            raise self._refusal(error, address) from None
        except _Redirected as error:
            raise Unavailable("the API has moved elsewhere (see `base_url`)", code="redirect", configuration=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise broken(error) from error
        except (SlackClientError, ValueError) as error:
            raise Unconfirmed("Slack's answer makes no sense", code=type(error).__name__) from error
        return response.data if isinstance(response.data, dict) else {}

    def _refusal(self, error: SlackApiError, address: str) -> SendError:
        response = error.response
        status = getattr(response, "status_code", 0) or getattr(response, "status", 0)  # aiohttp's own, where the JSON was none
        data = getattr(response, "data", None)
        word = data.get("error") if isinstance(data, dict) else None
        wait = retry_after(response.headers.get("Retry-After"), now=self._now())
        return refusal(str(word) if word else None, int(status), wait=wait, fixed_recipient=self._is_fixed, address=address)

    def _client(self) -> AsyncWebClient:
        if self._session is None or self._session.closed:  # made here, as it wants a running loop
            stay = aiohttp.TraceConfig()
            stay.on_request_redirect.append(_refuse_redirect)  # the library follows them
            self._session = aiohttp.ClientSession(timeout=self._timeouts, trace_configs=[stay, *telling(self.handed_over)])
        if self._web is None or self._web.session is not self._session:
            self._web = AsyncWebClient(token=self._token, base_url=self._base_url, session=self._session, retry_handlers=[], logger=_QUIET)
            self._web.proxy = None  # the library reads the environment, which only engage.settings may
        return self._web
