"""Mails as they arrived, read by the standard library, held against what plain Jinja makes of the same templates and people: recipient,
subject, text and HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, final

import sqlalchemy as sa

from bench import mailing
from bench.plain import Plain
from bench.sinks import Postfix, sink
from engage.model.delivery import Approved
from engage.model.workspace import Workspace
from engage.store.database import Database
from engage.templates import Templates
from engage.templates.email import EmailTemplate

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
        plainly = Plainly(company, Templates(company, secret=database.secret()))
        expected = {each.approved.address: plainly.mail(each.approved) for each in mailing.rendered(database, company)}
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


@final
class Plainly:
    """The newsletter by stock Jinja and Babel."""

    def __init__(self, company: Workspace, templates: Templates) -> None:
        self._company = company
        self._templates = templates
        self._plains: dict[str, Plain] = {}

    def mail(self, approved: Approved) -> mailing.Parts:
        """What one person's mail says."""
        wanted = approved.contact.text("locale") or self._company.settings.locale
        choice = self._templates.catalogue.choose(approved.intent.message, approved.channel, approved.kind, wanted)
        template = self._templates.template(approved.kind, choice, wanted)
        assert isinstance(template, EmailTemplate)  # noqa: S101  # the newsletter is a mail
        assert template.html is not None  # noqa: S101  # with a page
        plain = self._plains.setdefault(wanted, Plain(self._company, self._templates.phrases, choice.locale, wanted))
        data = plain.data(approved, self._templates.links(approved.intent.id, approved.contact.id, approved.intent.purpose), mailing.NOW)
        text = re.sub("\n{3,}", "\n\n", plain.run(template.text, data)).strip()
        return mailing.Parts(subject=plain.run(template.subject, data), text=text, html=_lines(plain.run(template.html, data)))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")
