"""Mail by LMTP: taken for its recipients, each of whom is answered; what cannot be written down is to be sent again."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest

from workers.mailboxes.lmtp import LmtpPart

MAIL = b"Subject: x\r\n\r\n.dotted\r\n"


@pytest.mark.parametrize("by", ["port", "socket"])
def test_a_mail_is_taken_for_all_its_recipients(by: str, tmp_path: Path) -> None:
    taken: list[tuple[bytes, list[str]]] = []
    path = tmp_path / "lmtp" if by == "socket" else None
    part = LmtpPart(lambda raw, to: taken.append((raw, list(to))), host="127.0.0.1", port=0, path=path)
    part.start()
    try:
        host, _, port = part.address.rpartition(":")
        with smtplib.LMTP(str(path)) if path else smtplib.LMTP(host, int(port)) as client:
            assert client.sendmail("", ["bounces+1@news.example"], MAIL) == {}
            assert client.sendmail("eve@x.example", ["reply+3@news.example"], MAIL) == {}
    finally:
        part.stop()
    assert taken == [(MAIL, ["bounces+1@news.example"]), (MAIL, ["reply+3@news.example"])]
    assert path is None or not path.exists()


def test_each_of_several_recipients_has_an_answer() -> None:
    part = LmtpPart(lambda raw, to: None, host="127.0.0.1", port=0)
    part.start()
    try:
        host, _, port = part.address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as line, line.makefile("rwb") as stream:
            _answers(stream, 1)  # the greeting
            said = [b"LHLO x", b"MAIL FROM:<>", b"RCPT TO:<a@news.example>", b"RCPT TO:<b@news.example>", b"DATA", MAIL + b".", b"QUIT"]
            for command in said:
                stream.write(command + b"\r\n")
                stream.flush()
                if command != b"QUIT":
                    answers = _answers(stream, 2 if command.startswith(b"Subject") else 1)
                if command.startswith(b"Subject"):
                    assert answers == [b"250 2.0.0 taken", b"250 2.0.0 taken"]
    finally:
        part.stop()


def _answers(stream: IO[bytes], how_many: int) -> list[bytes]:
    """So many answers, each of which may have several lines."""
    lines: list[bytes] = []
    while len([line for line in lines if line[3:4] == b" "]) < how_many:
        lines.append(stream.readline().strip())
    return [line for line in lines if line[3:4] == b" "]


def test_what_cannot_be_written_down_is_to_be_sent_again() -> None:
    def take(raw: bytes, to: Sequence[str]) -> None:
        raise RuntimeError("no database")

    part = LmtpPart(take, host="127.0.0.1", port=0)
    part.start()
    try:
        host, _, port = part.address.rpartition(":")
        with smtplib.LMTP(host, int(port)) as client, pytest.raises(smtplib.SMTPException) as told:
            client.sendmail("", ["bounces+1@news.example"], MAIL)
    finally:
        part.stop()
    assert "451" in str(told.value)
