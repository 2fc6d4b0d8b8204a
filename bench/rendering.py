"""What one letter costs: rendered, and laid out as a mail, in CPU time. `python -m bench.rendering`.

Each against what anybody would write with the same libraries, in the same run: plain Jinja with Babel in its filters, and
`EmailMessage`. The texts of both are compared first. The last line is JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from statistics import median
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from bench.letters import NOW, approvals, cleared, workspace
from bench.plain import Plain
from engage.channels.dkim import Signer
from engage.channels.mime import Letterhead, compose
from engage.model.contact import ChannelKind
from engage.model.content import EmailContent
from engage.model.delivery import Approved, Cleared
from engage.model.workspace import Workspace
from engage.templates import Templates

T = TypeVar("T")
PLAIN_SHARE = 10
"""The slow ones are given a tenth of the letters."""


class PlainLetters:
    """Subject, HTML and text by plain Jinja, each language's templates compiled once."""

    def __init__(self, company: Workspace, templates: Templates) -> None:
        self._company = company
        self._templates = templates
        self._plains: dict[str, Plain] = {}

    def render(self, approved: Approved) -> tuple[str, str, str]:
        """One letter."""
        locale = str(approved.contact.attributes["locale"])
        if locale not in self._plains:
            self._plains[locale] = Plain(self._company, self._templates.phrases, locale)
        plain = self._plains[locale]
        choice = self._templates.catalogue.choose(approved.intent.message, "email", ChannelKind.EMAIL, locale)
        subject, _, html, text = self._templates.template(ChannelKind.EMAIL, choice).programs
        links = self._templates.links(approved.intent.id, approved.contact.id, approved.intent.purpose)
        data = plain.data(approved, links, NOW)
        return plain.run(subject, data), plain.run(html, data), plain.run(text, data)


def main(arguments: list[str]) -> None:
    """Render, lay out and sign; print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=6_000)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args(arguments)
    company = workspace()
    templates, all_of_them = Templates(company, secret=b"s" * 32), approvals(asked.letters)
    few, plain = all_of_them[: max(1, asked.letters // PLAIN_SHARE)], PlainLetters(company, templates)
    letters = [cleared(templates.render(approved, now=NOW)) for approved in all_of_them]
    _compare(few, templates, plain)
    letterhead = Letterhead(sender=company.settings.channels["email"].sender, purposes=company.settings.purposes)
    _read_back(letters[: len(few)], letterhead)
    took = {
        "plain_render_us": _cost(plain.render, few, asked.turns),
        "render_us": _cost(lambda approved: templates.render(approved, now=NOW), all_of_them, asked.turns),
        "email_message_us": _cost(_by_email_message, letters[: len(few)], asked.turns),
        "compose_us": _cost(lambda letter: compose(letter, letterhead, now=NOW), letters, asked.turns),
    }
    for name, key in (("rsa", generate_private_key(public_exponent=65537, key_size=2048)), ("ed25519", Ed25519PrivateKey.generate())):
        signed = Letterhead(sender=letterhead.sender, purposes=letterhead.purposes, signer=Signer(selector="s", domain=None, key=key))
        took[f"compose_{name}_us"] = _cost(lambda letter, by=signed: compose(letter, by, now=NOW), letters[: len(few)], asked.turns)
        took[f"sign_{name}_us"] = _cost(lambda letter, by=signed: _sign(by, letter), letters[: len(few)], asked.turns)
    _tell(took, letters[0], letterhead)


def _tell(took: dict[str, float], letter: Cleared, letterhead: Letterhead) -> None:
    content = letter.rendered.content
    assert isinstance(content, EmailContent)  # noqa: S101  # the bench's own letters are mails
    size = len(compose(letter, letterhead, now=NOW).content)
    print(f"a mail of {size:,} bytes, its page of {len(content.html or ''):,} characters")  # noqa: T201  # this is what a bench does
    for name, cost in took.items():
        print(f"{name:>20} {cost:8.1f}")  # noqa: T201
    ratios = {
        "render_ratio": round(took["plain_render_us"] / took["render_us"], 1),
        "mime_ratio": round(took["email_message_us"] / took["compose_us"], 1),
    }
    print(json.dumps({**{name: round(cost, 1) for name, cost in took.items()}, **ratios}))  # noqa: T201


def _cost(work: Callable[[T], object], inputs: Sequence[T], turns: int) -> float:
    """Microseconds of this process's CPU for one input: the median of some turns."""
    costs = []
    for one in inputs[:100]:
        work(one)
    for _ in range(turns):
        gc.collect()
        began = time.process_time()
        for one in inputs:
            work(one)
        costs.append((time.process_time() - began) / len(inputs) * 1e6)
    return median(costs)


def _compare(approved: Sequence[Approved], templates: Templates, plain: PlainLetters) -> None:
    """Both must say the same, byte by byte."""
    for one in approved:
        content = templates.render(one, now=NOW).content
        assert isinstance(content, EmailContent)  # noqa: S101
        subject, html, text = plain.render(one)
        if (content.subject, content.html, content.text) != (subject, html, text.strip() + "\n"):
            raise SystemExit(f"the letter to {one.contact.label} is another one")


def _read_back(letters: Sequence[Cleared], letterhead: Letterhead) -> None:
    """The standard library must read what was meant."""
    for letter in letters:
        content = letter.rendered.content
        assert isinstance(content, EmailContent)  # noqa: S101
        read = message_from_bytes(compose(letter, letterhead, now=NOW).content, policy=policy.SMTP)
        assert isinstance(read, EmailMessage)  # noqa: S101
        bodies = [read.get_body((kind,)) for kind in ("plain", "html")]
        texts = [body.get_content().replace("\r\n", "\n") for body in bodies if body is not None]
        if [str(read["Subject"]), *texts] != [content.subject, content.text, (content.html or "").rstrip("\n") + "\n"]:
            raise SystemExit(f"the mail to {letter.rendered.approved.contact.label} is read as another one")


def _by_email_message(letter: Cleared) -> bytes:
    content = letter.rendered.content
    assert isinstance(content, EmailContent)  # noqa: S101
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = message["Reply-To"] = "Aurora Outfitters <hello@aurora.example>"
    message["To"], message["Subject"] = letter.rendered.approved.address, content.subject
    message["Date"], message["Message-ID"], message["Auto-Submitted"] = NOW, letter.message_id, "auto-generated"
    message["List-Unsubscribe"] = f"<{letter.rendered.links.unsubscribe}>, <mailto:hello@aurora.example?subject=unsubscribe>"
    message["List-Unsubscribe-Post"], message["List-Id"] = "List-Unsubscribe=One-Click", "Offers and news <marketing.aurora.example>"
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    return message.as_bytes()


def _sign(letterhead: Letterhead, letter: Cleared) -> object:
    """The bare signature, without which none can do."""
    assert letterhead.signer is not None  # noqa: S101
    return letterhead.signer.sign(letter.message_id.encode() * 20)


if __name__ == "__main__":
    main(sys.argv[1:])
