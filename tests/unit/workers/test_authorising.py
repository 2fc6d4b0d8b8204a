"""Tokens of a token server: asked for as settings say, kept while they are good; what goes wrong is told without a secret."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from engage.channels.public_address import ForbiddenAddress
from engage.hooks.ports import Unreachable
from engage.model.errors import NotThereError
from engage.model.workspace import OAuth2
from tests.servers.http import DROP, SILENCE, Answer
from tests.servers.tokens import TokenServer
from workers.fetching import LARGEST, Fetcher
from workers.loop import LoopThread
from workers.mailboxes.authorising import AccessTokens


class Inside(AbstractResolver):
    """A name of which the check of addresses found that it leads inside."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        raise ForbiddenAddress("not public")

    async def close(self) -> None:
        """Nothing is kept."""


SECRETS = {"client_secret": "hush", "refresh_token": "refresh-me"}


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


def oauth2(server: TokenServer, **changes: Any) -> OAuth2:
    return OAuth2(**{"token_url": server.url, "client_id": "engage", "scope": "https://mail.example/", **SECRETS, **changes})


def tokens(loop: LoopThread, *, at: list[float] | None = None, patience: float = 5.0) -> AccessTokens:
    clock = at or [0.0]
    return AccessTokens(Fetcher(lambda: loop, patience=patience), seconds=lambda: clock[0])


def test_with_a_refresh_token_it_is_shown_and_without_one_the_client_asks_in_its_own_name(server: TokenServer, loop: LoopThread) -> None:
    made = tokens(loop)
    client = {"client_id": "engage", "client_secret": "hush", "scope": "https://mail.example/"}
    assert made.token(oauth2(server)).text == "token-1"
    assert made.token(oauth2(server, refresh_token=None)).text == "token-2"
    assert made.token(oauth2(server, client_secret=None, scope=None)).text == "token-3"
    assert server.asked == [
        {"grant_type": "refresh_token", "refresh_token": "refresh-me", **client}, {"grant_type": "client_credentials", **client},
        {"grant_type": "refresh_token", "refresh_token": "refresh-me", "client_id": "engage"},
    ]  # fmt: skip


@pytest.mark.parametrize(("lasts", "kept", "gone"), [
    (3600, 3539.0, 3540.0), ("3599", 3538.0, 3540.0), (60, 29.0, 31.0), (None, 239.0, 241.0), ("soon", 239.0, 241.0), (True, 239.0, 241.0),
    (-5, 239.0, 241.0), (1e300, 86_339.0, 86_341.0), (0, None, 0.0),
])  # fmt: skip
def test_a_token_is_kept_until_shortly_before_its_end(
    lasts: object, kept: float | None, gone: float, server: TokenServer, loop: LoopThread
) -> None:
    at = [0.0]
    made, server.lasts = tokens(loop, at=at), lasts
    assert not made.token(oauth2(server)).kept
    if kept is not None:
        at[0] = kept
        assert made.token(oauth2(server)).kept
    at[0] = gone
    assert not made.token(oauth2(server)).kept
    assert len(server.asked) == 2


def test_what_was_refused_is_let_go_and_other_settings_have_a_token_of_their_own(server: TokenServer, loop: LoopThread) -> None:
    made, one = tokens(loop), oauth2(server)
    made.token(one)
    made.forget(one)
    made.forget(one)
    assert (made.token(one).text, made.token(oauth2(server, scope="other")).text, made.token(one).text) == ("token-2", "token-3", "token-2")


MICROSOFT = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret hush for refresh-me"}


@pytest.mark.parametrize(("answer", "expected"), [
    (Answer(status=400, body={"error": "invalid_grant", "error_description": "refresh-me"}), "refresh token is not taken.*invalid_grant"),
    (Answer(status=401, body=MICROSOFT), r"`client_secret` is not right.*invalid_client, AADSTS7000215"),
    (Answer(status=400, body={"error": "invalid_scope"}), "`scope` is none"), (Answer(status=400, body={"error": "hush"}), "answers 400"),
    (Answer(status=400, body={"error": ["invalid_grant"]}), "answers 400"),
    (Answer(status=404, body="<p>refresh-me"), "is `token_url` right"),
    (Answer(status=500, body="hush"), "answers 500; it is asked again"), (Answer(status=429), "answers 429"),
    (Answer(status=302, headers={"Location": "http://169.254.169.254/"}), "answers 302.*not followed"),
    (Answer(body="<html>hush</html>"), "holds no bearer token"), (Answer(body="[" * 60_000), "holds no bearer token"),
    (Answer(body=["token"]), "holds no bearer token"), (Answer(body={"access_token": 7}), "holds no bearer token"),
    (Answer(body={"access_token": "a\x01b"}), "holds no bearer token"), (Answer(body={"access_token": "x\r\nA LOGOUT"}), "holds no bearer"),
    (Answer(body={"access_token": "t", "token_type": "mac"}), "holds no bearer token"),
    (Answer(body=json.dumps({"access_token": "t" * LARGEST})), "more than 64 KB"),
    (DROP, "cannot be reached"), (SILENCE, "does not answer in time"),
])  # fmt: skip
def test_what_goes_wrong_is_told_without_a_secret(answer: Answer | str, expected: str, server: TokenServer, loop: LoopThread) -> None:
    server.answer(answer, times=1)
    made = tokens(loop, patience=0.2 if answer == SILENCE else 5.0)
    with pytest.raises(NotThereError, match=expected) as told:
        made.token(oauth2(server))
    assert not [secret for secret in SECRETS.values() if secret in str(told.value) + repr(told.value.__cause__)]
    assert made.token(oauth2(server)).text == "token-2"


@pytest.mark.parametrize("url", [
    "https://169.254.169.254/token", "http://tokens.example/t", "https://10.0.0.1/", "https://x@tokens.example/", "file:///t",
])  # fmt: skip
def test_secrets_are_posted_to_no_address_of_the_inside_and_to_nobody_in_the_open(url: str, loop: LoopThread) -> None:
    with pytest.raises(NotThereError, match="by a name"):
        tokens(loop).token(OAuth2(token_url=url, client_id="engage", **SECRETS))


def test_a_name_that_leads_inside_is_not_connected_to(server: TokenServer, loop: LoopThread) -> None:
    with pytest.raises(Unreachable, match="not public") as told:
        Fetcher(lambda: loop, resolver=Inside).post(f"https://tokens.example:{server.port}/token", SECRETS)
    assert "hush" not in str(told.value)
    assert server.requests == []
