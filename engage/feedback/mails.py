"""A mail that came in, from whatever way -> what is written of it. The pipe, LMTP and the mailboxes all call `Mails.take`.

Which message it is about stands in a signed name: in the address that it came to (the return path, the address for answers), else in a
Message-ID of ours that it quotes. Nobody can make up one of somebody else's message, so nobody can suppress anybody but themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import final

import structlog

from engage.feedback.findings import Finding, What
from engage.feedback.mime import Mail
from engage.feedback.responses import Response, Taken
from engage.feedback.returns import read
from engage.feedback.taking import Feedback
from engage.model.history import Kind
from engage.model.tokens import BadToken, verify

ADDRESSED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "to", "cc", "x-delivered-to", "x-rcpt-to")
"""Where a mail may say to whom it came."""

LONGEST_ANSWER = 10_000

_NAME = re.compile(r"d[0-9]{1,19}\.[0-9a-f]{20}", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>,;\"]{1,128}@[^\s<>,;\"]{1,255}")
_UNSUBSCRIBE = re.compile(r"\bunsubscribe\s+([A-Za-z0-9_-]{40,48})(?![A-Za-z0-9_-])", re.IGNORECASE)
_KINDS = {What.BOUNCED: Kind.BOUNCED, What.DELIVERED: Kind.DELIVERED, What.COMPLAINED: Kind.COMPLAINED}
_ORDER = (What.COMPLAINED, What.DELIVERED, What.BOUNCED, What.DELAYED, What.PASSED_ON, What.AUTOMATIC)
"""Of several findings the first of these: what one recipient behind an address got has been delivered."""

log = structlog.get_logger()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MailTaken:
    """What became of a mail: `what` it was (`bounced`, `delayed`, `complained`, `replied`, `unsubscribed`, …, `other`), of which delivery.

    `fate` is None where there is nothing to be written of it: a delay, or what is none of ours.
    """

    what: str
    delivery_id: int | None = None
    fate: Taken | None = None
    code: str | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it is about a message of ours."""
        return self.delivery_id is not None and self.fate is not Taken.UNMATCHED


@final
class Mails:
    """Takes mails. Safe to use from many threads, and to be given the same mail twice."""

    def __init__(
        self, feedback: Feedback, *, delivery_of: Callable[[str], int | None], secret: bytes, unsubscribe_at: Callable[[], Collection[str]],
    ) -> None:
        """`delivery_of` tells whose a signed name (`d7.…`) is, None where we did not sign it; `unsubscribe_at` are the addresses whose mail
        unsubscribes, in lower case and without the signed name."""
        self._feedback = feedback
        self._delivery_of = delivery_of
        self._secret = secret
        self._unsubscribe_at = unsubscribe_at

    def take(self, raw: bytes, *, recipients: Sequence[str] = (), now: datetime) -> MailTaken:
        """Write what it comes to, committed when this returns. `recipients` are those of the envelope, where they are known.

        Raises what the store raises; never on account of what the mail holds.
        """
        reading = read(raw)
        mail, finding = reading.mail, _first(reading.findings)
        addresses = [*recipients, *(found for value in mail.all(*ADDRESSED) for found in _ADDRESS.findall(value))]
        unsubscribed = self._unsubscribed(mail, addresses) if finding is None or finding.what is What.AUTOMATIC else None
        delivery_id = unsubscribed if unsubscribed is not None else self._about(mail, addresses)
        taken = self._take(mail, finding, delivery_id, unsubscribing=unsubscribed is not None, now=now)
        log.info("mail.taken", what=taken.what, delivery_id=taken.delivery_id, fate=taken.fate.value if taken.fate else None)
        return taken

    def _take(self, mail: Mail, finding: Finding | None, delivery_id: int | None, *, unsubscribing: bool, now: datetime) -> MailTaken:
        kind, code = _kind(finding, unsubscribing=unsubscribing), None if finding is None else finding.code
        what = kind.value if kind is not None else finding.what.value if finding is not None else "other"
        if delivery_id is None:
            return MailTaken(what="other" if kind is Kind.REPLIED else what, code=code)
        if kind is None:
            return MailTaken(what=what, delivery_id=delivery_id, code=code)
        machine = finding is not None and finding.what is What.AUTOMATIC and kind is Kind.REPLIED
        response = Response(
            kind=kind, at=_written(mail, now), delivery_id=delivery_id, reason=code if kind is Kind.BOUNCED else None, machine=machine,
            text=mail.said[:LONGEST_ANSWER] if kind is Kind.REPLIED and not machine else None, source="mail",
            id=_name_of(mail) if kind is Kind.REPLIED else None,
        )
        (fate,) = self._feedback.take([response], now=now)
        return MailTaken(what=What.AUTOMATIC.value if machine else what, delivery_id=delivery_id, fate=fate, code=code)

    def _unsubscribed(self, mail: Mail, addresses: Sequence[str]) -> int | None:
        """The delivery by which somebody unsubscribes: by its link's own token in the subject, or by the address."""
        found = _UNSUBSCRIBE.search(mail.header("subject"))
        if found is not None:
            try:
                return verify(self._secret, "u", found[1]).delivery_id or None
            except BadToken:
                return None
        wanted = self._unsubscribe_at()
        return next((id for address in addresses if _bare(address) in wanted for id in self._signed(address)), None)

    def _about(self, mail: Mail, addresses: Sequence[str]) -> int | None:
        """The delivery by the address first, then by what the mail says that it answers, returns or quotes."""
        returned = mail.returned
        quoted = [part.text for part in mail.parts] if not returned else [returned, *(part.text for part in mail.parts)]
        places = [*addresses, *mail.all("in-reply-to", "references", "x-failed-message-id", "original-message-id"), *quoted]
        return next((id for place in places for id in self._signed(place)), None)

    def _signed(self, text: str) -> Iterator[int]:
        """The deliveries whose names stand in the text; those that we did not sign are no names."""
        for found in _NAME.finditer(text):
            delivery_id = self._delivery_of(found[0].lower())
            if delivery_id is not None:
                yield delivery_id


def _first(findings: Sequence[Finding]) -> Finding | None:
    return min(findings, key=lambda finding: _ORDER.index(finding.what), default=None)


def _kind(finding: Finding | None, *, unsubscribing: bool) -> Kind | None:
    """What it is written down as; None: nothing is."""
    if unsubscribing:
        return Kind.UNSUBSCRIBED
    if finding is None or finding.what is What.AUTOMATIC:
        return Kind.REPLIED
    return _KINDS.get(finding.what)


def _name_of(mail: Mail) -> str | None:
    """By what the mail is known again: its Message-ID, hashed, as it may name its writer's machine."""
    written = mail.header("message-id")
    return sha256(written.encode("utf-8", "replace")).hexdigest()[:32] if written else None


def _bare(address: str) -> str:
    """The address without the signed name, as settings have it: `unsubscribe+{id}@example.com`."""
    return _NAME.sub("{id}", address.strip("<>").lower(), count=1)


def _written(mail: Mail, now: datetime) -> datetime:
    """When the mail says that it was written; now, where that cannot be."""
    try:
        told = parsedate_to_datetime(mail.header("date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return now
    aware = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
    try:
        return min(aware.astimezone(UTC), now)
    except OverflowError:
        return now
