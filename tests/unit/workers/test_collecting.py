"""The scheduler's look into the mailboxes: what is ours goes to one folder, the rest to another; a server that is away stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from engage.feedback import Taken
from engage.feedback.mails import MailTaken
from engage.model.workspace import Channel, Mailbox, OAuth2, Workspace
from tests.builders import NOON, a_channel, a_workspace, some_settings
from tests.servers.imap import ImapServer
from tests.servers.tokens import NO_TOKENS, TokenServer
from workers import diagnosis
from workers.mailboxes.collecting import Collecting, unsubscribe_addresses


class Mails:
    """Knows what is ours by the first word."""

    def take(self, raw: bytes, *, recipients: Sequence[str], now: datetime) -> MailTaken:
        ours = raw.startswith(b"ours")
        return MailTaken(what="bounced", delivery_id=7, fate=Taken.NEW) if ours else MailTaken(what="other")


class Clock:
    def now(self) -> datetime:
        return NOON


def workspace(**mailboxes: Mailbox) -> Workspace:
    return a_workspace(settings=replace(some_settings(), mailboxes=mailboxes))


def test_every_mailbox_is_emptied_and_one_that_is_away_stops_no_other() -> None:
    told: list[int] = []
    with ImapServer(b"ours", b"theirs") as server:
        here = workspace(away=Mailbox(name="away", url="imap://a:b@127.0.0.1:1"), returns=Mailbox(name="returns", url=server.url))
        mails: Any = Mails()
        collecting = Collecting(mails, workspace=lambda: here, clock=Clock(), tokens=NO_TOKENS, told=lambda: told.append(1))
        collecting.look()
        collecting.look()
    folders = {name: list(mails.values()) for name, mails in server.folders.items()}
    assert folders == {"INBOX": [], "Engage": [b"ours"], "Engage-Other": [b"theirs"]}
    assert told == [1]


def test_the_doctor_counts_what_waits_and_says_which_mailbox_cannot_be_looked_into() -> None:
    with ImapServer(b"one", b"two") as server:
        here = workspace(away=Mailbox(name="away", url="imap://a:b@127.0.0.1:1"), returns=Mailbox(name="returns", url=server.url))
        away, returns = diagnosis._mailboxes(here.settings)
    assert (away["ok"], returns["ok"], returns["found"]) == (False, True, "2 mails wait")
    assert "a:b" not in str(away)


def test_the_doctor_fetches_a_token_and_says_whether_its_server_or_the_mailbox_refuses() -> None:
    def by_token(name: str, url: str, tokens: str) -> Mailbox:
        return Mailbox(name=name, url=url, oauth2=OAuth2(token_url=tokens, client_id="engage", refresh_token="hush"))

    with ImapServer(b"one", tokens=["token-1"]) as server, TokenServer() as given:
        here, away = (by_token(name, server.url_for_tokens, url) for name, url in (("here", given.url), ("away", "http://127.0.0.1:1/t")))
        found = list(diagnosis._mailboxes(workspace(here=here, away=away).settings))
        server.tokens = {"another"}
        found += diagnosis._mailboxes(workspace(here=here).settings)
    assert [each["ok"] for each in found] == [True, False, False]
    assert "no token can be had: 127.0.0.1 cannot be reached" in str(found[1]["found"])
    assert "the access token is refused (status 400" in str(found[2]["found"])
    assert "hush" not in str(found)


def test_mail_unsubscribes_at_the_addresses_of_all_providers_that_carry_a_name() -> None:
    def way(name: str, mailto: str) -> Channel:
        return a_channel("email", named=name, options={"unsubscribe_mailto": mailto})

    channels = {
        "email": replace(way("one", "Bye+{id}@a.example"), providers=(way("one", "Bye+{id}@a.example"), way("two", "off-{id}@b.example"))),
        "brand": way("three", "hello@c.example"), "sms": a_channel("sms"),
    }
    assert unsubscribe_addresses(replace(some_settings(), channels=channels)) == {"bye+{id}@a.example", "off-{id}@b.example"}
