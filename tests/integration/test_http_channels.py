"""Slack and the SMS webhook on the wire: what a request holds, and where it may not go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from engage.channels import Adapter
from engage.channels.slack import SlackChannel
from engage.channels.sms_webhook import SmsWebhookChannel
from engage.model.contact import ChannelKind
from engage.model.content import ChatContent, Content, SmsContent
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import SendError, Unavailable, Unconfirmed
from tests.builders import a_channel, a_cleared, an_approved, some_settings
from tests.servers.http import Answer
from tests.servers.slack import SlackServer
from tests.servers.webhook import WebhookServer

SMS = SmsContent(text="Živjo", encoding="ucs-2", segments=1)


def _cleared(kind: ChannelKind, address: str, content: Content) -> Cleared:
    cleared = a_cleared()
    approved = an_approved(channel=kind.value, kind=kind, address=address)
    return replace(cleared, rendered=replace(cleared.rendered, approved=approved, content=content))


def _outcome(adapter: Adapter, cleared: Cleared) -> Receipt | SendError:
    async def run() -> Receipt | SendError:
        try:
            return await adapter.send(cleared)
        except SendError as error:
            return error
        finally:
            await adapter.close()

    return asyncio.run(run())


def _slack(server: SlackServer, content: Content, *, to: str | None = None, **options: str) -> Receipt | SendError:
    given = {"token": server.token, "base_url": server.url, "timeout": "20s", **options}
    channel = a_channel("chat", adapter="slack", options=given, to=to, sender=None)
    return _outcome(SlackChannel(channel, some_settings()), _cleared(ChannelKind.CHAT, to or "U012345", content))


def _sms(server: WebhookServer, **options: str) -> Receipt | SendError:
    given = {"url": server.url, "secret": server.secret, "loopback": "allowed", "timeout": "20s", **options}
    channel = a_channel("sms", adapter="sms_webhook", sender="Aurora", options=given)
    return _outcome(SmsWebhookChannel(channel, some_settings()), _cleared(ChannelKind.SMS, "+38640123456", SMS))


def _check(adapter: Adapter) -> tuple[str, ...]:
    async def run() -> tuple[str, ...]:
        try:
            return await adapter.check()
        finally:
            await adapter.close()

    return asyncio.run(run())


def test_a_chat_message_carries_text_blocks_and_the_deliverys_key() -> None:
    blocks = ({"type": "section", "text": {"type": "mrkdwn", "text": "*Živjo*"}},)
    with SlackServer() as server:
        receipt = _slack(server, ChatContent(text="Živjo", blocks=blocks))
        (message,) = server.messages
    assert isinstance(receipt, Receipt)
    assert receipt.provider_id == "1700000000.000000"
    assert message == {
        "channel": "U012345", "text": "Živjo", "blocks": list(blocks), "unfurl_links": False, "unfurl_media": False,
        "metadata": {"event_type": "engage_delivery", "event_payload": {"key": "d7.abc"}},
    }


def test_previews_are_shown_where_the_option_says_so() -> None:
    with SlackServer() as server:
        _slack(server, ChatContent(text="https://example.com"), unfurl="yes")
        (message,) = server.messages
    assert (message["unfurl_links"], message["unfurl_media"]) == (True, True)
    assert "blocks" not in message


@pytest.mark.parametrize(("to", "configuration"), [(None, False), ("#support", True)])
def test_a_room_that_slack_does_not_know_holds_a_channel_that_has_no_other(to: str | None, configuration: bool) -> None:
    with SlackServer() as server:
        server.fail("channel_not_found")
        error = _slack(server, ChatContent(text="x"), to=to)
    assert getattr(error, "configuration", False) is configuration
    assert getattr(error, "address_is_bad", False) is not configuration


def test_an_answer_that_claims_to_be_json_and_is_not_confirms_nothing() -> None:
    with SlackServer() as server:
        server.answer(Answer(body="{oops", media_type="application/json"))
        assert isinstance(_slack(server, ChatContent(text="x")), Unconfirmed)


def test_slack_says_whose_token_it_is() -> None:
    with SlackServer() as server:
        options = {"token": "xoxb-stolen", "base_url": server.url}
        channel = a_channel("chat", adapter="slack", options=options, sender=None)
        assert _check(SlackChannel(channel, some_settings())) == ("Slack answers invalid_auth",)
        assert server.messages == []


def test_an_sms_is_signed_and_says_all_that_the_gateway_needs() -> None:
    with WebhookServer() as server:
        receipt = _sms(server)
        (request,) = server.requests
        assert server.messages == {"d7.abc": {
            "id": "d7.abc", "to": "+38640123456", "from": "Aurora", "text": "Živjo", "encoding": "ucs-2", "segments": 1,
        }}
    assert isinstance(receipt, Receipt)
    assert receipt.provider_id == "sms-d7.abc"
    assert request.headers["webhook-id"] == request.headers["Idempotency-Key"] == "d7.abc"
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("body", "provider_id"), [
    ({"id": 17}, "17"), ({}, None), ([], None), ("thanks", None), ({"id": None}, None), ({"id": "m-38640123456"}, "m-<address>"),
])
def test_a_yes_is_a_yes_whatever_it_says_beside(body: Any, provider_id: str | None) -> None:
    with WebhookServer() as server:
        server.answer(Answer(status=202, body=body))
        receipt = _sms(server)
    assert isinstance(receipt, Receipt)
    assert receipt.provider_id == provider_id


def test_a_name_that_leads_inside_is_never_connected_to() -> None:
    with WebhookServer() as server:
        error = _sms(server, url=server.url.replace("http://127.0.0.1", "https://localhost"), loopback="refused")
        assert server.requests == []
    assert isinstance(error, Unavailable)
    assert error.configuration
    assert error.code == "forbidden_address"


def test_a_redirect_is_not_followed() -> None:
    with WebhookServer() as elsewhere, WebhookServer() as server:
        server.answer(Answer(status=307, headers={"Location": elsewhere.url}))
        error = _sms(server)
        assert elsewhere.requests == []
    assert isinstance(error, Unavailable)
    assert error.configuration


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "120"}, 120.0), ({}, None)])
def test_a_gateway_that_is_busy_says_for_how_long(headers: Mapping[str, str], wait: float | None) -> None:
    with WebhookServer() as server:
        server.answer(Answer(status=503, headers=headers))
        error = _sms(server)
    assert isinstance(error, Unavailable)
    assert error.retry_after == wait
    assert error.whole_provider


@pytest.mark.parametrize(("status", "said"), [
    (204, ()), (405, ()), (404, ("the gateway answers 404",)), (401, ("the gateway answers 401",)),
])
def test_the_check_asks_the_gateway_without_a_message(status: int, said: tuple[str, ...]) -> None:
    with WebhookServer() as server:
        server.answer(Answer(status=status))
        options = {"url": server.url, "secret": server.secret, "loopback": "allowed"}
        assert _check(SmsWebhookChannel(a_channel("sms", adapter="sms_webhook", options=options), some_settings())) == said
        assert [request.method for request in server.requests] == ["OPTIONS"]
