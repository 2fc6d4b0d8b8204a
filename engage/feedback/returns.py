"""The bytes of a mail that came back -> what it says. Pure; never raises, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from engage.feedback.autoreplies import is_absence, is_automatic
from engage.feedback.findings import Finding, What
from engage.feedback.mime import Mail, read_mail
from engage.feedback.notifications import of_notification
from engage.feedback.prose import is_a_servers, is_from_daemon, of_prose, of_refusal
from engage.feedback.reports import of_feedback, of_status

NEVER_BOUNCES = frozenset({"disposition-notification", "tlsrpt", "dmarc"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A mail and what it turned out to say; `findings` is empty for what a person wrote."""

    mail: Mail = field(repr=False)
    findings: Sequence[Finding]


def read(raw: bytes) -> Reading:
    """What came back: bounces, delays, successes, a complaint; `AUTOMATIC` for what other machines write."""
    mail = read_mail(raw)
    return Reading(mail=mail, findings=tuple(_findings(mail)))


def _findings(mail: Mail) -> Sequence[Finding]:
    complaint = of_feedback(mail)
    if complaint is not None:
        return (complaint,)
    told = of_status(mail) or of_notification(mail)
    if told:
        return told
    wrapped = _wrapped(mail)
    told = of_status(wrapped) if wrapped is not None else ()
    if not told and mail.report_type not in NEVER_BOUNCES and not is_absence(mail):
        told = of_prose(mail)
    if not told and wrapped is not None:
        told = of_prose(wrapped)
    if not told and mail.report_type == "disposition-notification":
        told = of_refusal(mail)
    return told or ((Finding(what=What.AUTOMATIC),) if is_automatic(mail) or is_a_servers(mail) else ())


def _wrapped(mail: Mail) -> Mail | None:
    """The bounce that a gateway of the reader's put whole into a mail that says nothing of its own."""
    texts = [part.text for part in mail.parts if part.media_type == "message/rfc822"]
    if len(texts) != 1 or not is_from_daemon(mail):
        return None
    return read_mail(texts[0].encode("utf-8", "replace"))
