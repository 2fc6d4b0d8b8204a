"""Mails as they arrived, held against what the templates say of the same people: subject, recipient, text and HTML, read by the
standard library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import mailing
from bench.sinks import Postfix, sink
from engage.model.delivery import Content, EmailContent
from engage.model.workspace import Workspace
from engage.store.database import Database

KEPT_MAILS = 500


def kept_mails_differ(
    postfix: Postfix, folder: Path, workspace: Callable[[int, str], tuple[Path, Workspace]], send: Callable[[Path], Mapping[str, Any]],
) -> int:
    """How many of some hundred mails are not what they should be, of a run of their own."""
    dump, url = folder / "mails", f"sqlite:///{folder / 'kept.db'}"
    dump.mkdir()
    with sink(postfix, folder, pipelining=True, dump=dump) as server:
        root, company = workspace(server.port, url)
        database = Database.open(url)
        database.migrate()
        mailing.fill(database, company, KEPT_MAILS)
        expected = {each.approved.address: _told(each.content) for each in mailing.rendered(database, company)}
        send(root)
    with database.read() as connection:
        sent = connection.execute(sa.text("SELECT count(*) FROM deliveries WHERE state = 'sent'")).scalar_one()
    database.close()
    arrived = {mail["To"]: mail for mail in map(_read, dump.glob("m.*"))}
    missing = abs(sent - len(arrived)) + len(arrived.keys() - expected.keys())
    return missing + sum(_parts(mail) != expected[address] for address, mail in arrived.items() if address in expected)


def _read(path: Path) -> EmailMessage:
    """The mail without the lines in which the server notes what it did."""
    lines = path.read_bytes().split(b"\n")
    while lines and lines[0].startswith(b"X-"):
        del lines[0]
    mail = message_from_bytes(b"\n".join(lines), policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)  # noqa: S101  # by its policy
    return mail


def _parts(mail: EmailMessage) -> mailing.Parts:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    if mail.defects or text is None or html is None:
        return mailing.Parts(subject="", text="", html="")
    return mailing.Parts(subject=mail["Subject"], text=_lines(text.get_content()), html=_lines(html.get_content()))


def _told(content: Content) -> mailing.Parts:
    assert isinstance(content, EmailContent)  # noqa: S101  # the newsletter is a mail
    return mailing.Parts(subject=content.subject, text=_lines(content.text), html=_lines(content.html or ""))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")
