"""Fetching mail by IMAP: each is taken before it is moved, and nothing that goes wrong loses one."""

from __future__ import annotations

import pytest

from engage.feedback.mime import LONGEST
from engage.model.errors import NotThereError
from engage.model.workspace import Mailbox
from tests.servers.imap import ImapServer
from tests.servers.tokens import NO_TOKENS
from workers.mailboxes.imap import collect, look

OURS, THEIRS = b"Subject: ours\r\n\r\nx\r\n", b"Subject: theirs\r\n\r\nx\r\n"


def mailbox(server: ImapServer, **changes: str) -> Mailbox:
    return Mailbox(name="returns", **{"url": server.url, **changes})


def folders(server: ImapServer) -> dict[str, list[bytes]]:
    return {name: list(mails.values()) for name, mails in server.folders.items()}


@pytest.mark.parametrize("extensions", [("MOVE", "UIDPLUS"), ("UIDPLUS",), ()])
def test_each_mail_is_taken_and_moved_to_where_it_belongs(extensions: tuple[str, ...]) -> None:
    taken: list[bytes] = []
    with ImapServer(OURS, THEIRS, extensions=extensions) as server:
        assert look(mailbox(server), NO_TOKENS) == 2
        assert collect(mailbox(server), lambda raw: taken.append(raw) or raw == OURS, NO_TOKENS) == 2
        assert collect(mailbox(server), lambda raw: taken.append(raw) or True, NO_TOKENS) == 0
    assert taken == [OURS, THEIRS]
    assert {name: mails for name, mails in folders(server).items() if name != "INBOX"} == {"Engage": [OURS], "Engage-Other": [THEIRS]}
    assert folders(server)["INBOX"] == [] or not extensions


def test_one_that_cannot_be_taken_stays_and_stops_no_other() -> None:
    def take(raw: bytes) -> bool:
        if raw == THEIRS:
            raise RuntimeError("no database")
        return True

    with ImapServer(THEIRS, OURS) as server:
        assert collect(mailbox(server), take, NO_TOKENS) == 1
    assert folders(server) == {"INBOX": [THEIRS], "Engage": [OURS], "Engage-Other": []}


def test_a_line_that_breaks_loses_nothing_and_the_next_look_goes_on() -> None:
    taken: list[bytes] = []
    with ImapServer(OURS, OURS + b"2", OURS + b"3") as server:
        server.gone_after = 1
        with pytest.raises(NotThereError):
            collect(mailbox(server), lambda raw: taken.append(raw) or True, NO_TOKENS)
        server.gone_after = None
        assert collect(mailbox(server), lambda raw: taken.append(raw) or True, NO_TOKENS) == 2
    assert set(taken) == {OURS, OURS + b"2", OURS + b"3"}
    assert len(folders(server)["Engage"]) == 3


def test_no_more_of_a_mail_is_fetched_than_is_looked_at() -> None:
    sizes: list[int] = []
    with ImapServer(b"Subject: big\r\n\r\n" + b"x" * (LONGEST + 5_000)) as server:
        collect(mailbox(server), lambda raw: sizes.append(len(raw)) or True, NO_TOKENS)
    assert sizes == [LONGEST]


def test_what_is_wrong_is_told_without_address_or_password() -> None:
    with ImapServer() as server:
        wrong = mailbox(server, url=server.url.replace("secret", "wrong"))
        with pytest.raises(NotThereError, match="returns cannot be looked into") as told:
            collect(wrong, lambda raw: True, NO_TOKENS)
        assert "wrong" not in str(told.value)
        assert "@" not in str(told.value)
        with pytest.raises(NotThereError):
            look(mailbox(server, folder="Nowhere"), NO_TOKENS)
