"""Mailboxes that an access token lets into: one that is refused is fetched anew, once, and none is ever told."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from engage.model.errors import NotThereError
from engage.model.workspace import Mailbox, OAuth2
from tests.servers.imap import HANGS_UP, ImapServer
from tests.servers.tokens import TokenServer
from workers.fetching import Fetcher
from workers.loop import LoopThread
from workers.mailboxes.authorising import AccessTokens
from workers.mailboxes.imap import collect, look

OAUTH2 = {"client_id": "engage", "client_secret": "hush", "refresh_token": "refresh-me"}
SHOWN = "user=returns@news.example\x01auth=Bearer token-{}\x01\x01"


@pytest.fixture
def tokens(loop: LoopThread) -> AccessTokens:
    return AccessTokens(Fetcher(lambda: loop), seconds=lambda: 0.0)


@pytest.fixture
def given() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


def mailbox(server: ImapServer, given: TokenServer) -> Mailbox:
    return Mailbox(name="returns", url=server.url_for_tokens, oauth2=OAuth2(token_url=given.url, **OAUTH2))


def test_a_token_lets_in_and_is_kept_from_look_to_look(tokens: AccessTokens, given: TokenServer) -> None:
    with ImapServer(b"ours", b"theirs", tokens=["token-1"]) as server:
        assert look(mailbox(server, given), tokens) == 2
        assert collect(mailbox(server, given), b"ours".__eq__, tokens) == 2
    assert [list(server.folders[name].values()) for name in ("INBOX", "Engage", "Engage-Other")] == [[], [b"ours"], [b"theirs"]]
    assert server.shown == [SHOWN.format(1)] * 2
    assert len(given.asked) == 1


def test_a_kept_token_that_is_refused_is_fetched_anew(tokens: AccessTokens, given: TokenServer) -> None:
    with ImapServer(b"ours", tokens=["token-1"]) as server, capture_logs() as logs:
        look(mailbox(server, given), tokens)
        server.tokens = {"token-2"}
        assert look(mailbox(server, given), tokens) == 1
    assert server.shown == [SHOWN.format(1), SHOWN.format(1), SHOWN.format(2)]
    (said,) = [each for each in logs if each["event"] == "mailbox.token_refused"]
    assert "status 400, scope https://mail.google.com/" in said["why"]


def test_new_tokens_that_are_refused_are_not_asked_for_without_end(tokens: AccessTokens, given: TokenServer) -> None:
    with ImapServer(tokens=["token-1"]) as server:
        look(mailbox(server, given), tokens)
        server.tokens = {"none of ours"}
        for _ in range(2):
            with pytest.raises(NotThereError, match=r"returns cannot be looked into: the access token is refused \(status 400"):
                look(mailbox(server, given), tokens)
    assert len(given.asked) == 3


@pytest.mark.parametrize(("challenge", "end", "expected"), [
    ("", HANGS_UP, "refused (socket error: EOF)"), ("", "NO AUTHENTICATE failed.", "refused (AUTHENTICATE failed. done)"),
    (b64encode(b"no JSON").decode(), "NO no", "refused (no done)"), ("?", "NO no", "refused"),
    (b64encode(b"[" * 50_000).decode(), "NO no", "refused (no done)"),
    (b64encode(b'{"status": "token-1 is wrong", "scope": {"a": 1}}').decode(), "NO no", "refused (no done)"),
    (b64encode(b'{"status": "401\\r\\nforged"}').decode(), "NO bad token-1", "refused;"),
    ("", "NO " + b64encode(SHOWN.format(1).encode()).decode(), "refused;"),
])  # fmt: skip
def test_what_a_server_says_of_a_token_is_told_without_it(
    challenge: str, end: str, expected: str, tokens: AccessTokens, given: TokenServer
) -> None:
    with ImapServer(tokens=["another"]) as server:
        server.refuses = challenge, end
        with pytest.raises(NotThereError) as told:
            look(mailbox(server, given), tokens)
    assert expected in str(told.value)
    assert not [secret for secret in ("token-1", "forged", "hush", "dXNlc") if secret in str(told.value)]


def test_a_server_that_takes_no_tokens_is_shown_none(tokens: AccessTokens, given: TokenServer) -> None:
    with ImapServer() as server, pytest.raises(NotThereError, match="takes no access tokens"):
        look(mailbox(server, given), tokens)
    assert server.shown == []


def test_what_the_token_server_says_is_told_of_the_mailbox(tokens: AccessTokens) -> None:
    away = OAuth2(token_url="http://127.0.0.1:1/token", **OAUTH2)
    with pytest.raises(NotThereError, match=r"mailbox returns cannot be looked into: no token can be had: 127\.0\.0\.1 cannot be reached"):
        look(Mailbox(name="returns", url="imaps://a@127.0.0.1:1", oauth2=away), tokens)
