"""Bounces that servers write for people, each in its own words -> findings. Pure.

Nothing is known by its server: a mail is a bounce where the sender, the subject and the words say so together, and the addresses that
failed are those that stand in its words, before what is returned, and are neither the server's nor ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from engage.feedback.autoreplies import is_bulk
from engage.feedback.diagnosis import code_of, plain
from engage.feedback.findings import Finding, What
from engage.feedback.mime import Mail, fields_of
from engage.feedback.phrases import DAEMONS, DELAYED, GATEWAYS, GIVEN_UP, OPENINGS, SUBJECTS

_ONE = r"[\w.%+!#$&*/=?^{|}~-]{1,128}@[\w.-]{1,200}\w"
_ADDRESS = re.compile(rf"(?<![\w.%+!#$&*/=?^{{|}}~@-]){_ONE}(?![\w@])")
_LISTED = re.compile(
    r"^[ \t>*\-•]{0,40}(?:\d{1,3}[.)][ \t]{0,9})?"
    r"(?:(?:unknown user|user unknown|failed recipient|final-recipient|invalid recipient|undeliverable to|delivery failed to|rcpt to|"
    r"recipients?|user|address|failed|error|account|mailbox|empfänger|destinataire|destinatario|smtp)\b[^:\n<]{0,30}[:;][ \t]{0,20})?"
    rf"(?:rfc822;[ \t]{{0,9}})?[<(\[\"'“]*(?:mailto:|smtp=|smtp:)?(?P<address>{_ONE})",
    re.IGNORECASE | re.MULTILINE,
)
"""An address at the beginning of a line, or behind a word that says what it is."""

_NAMED = re.compile(
    rf"(?:rcpt to:|(?:generated|expanded) from:?|smtp=|for user\s|recipient:|final-recipient: ?rfc822; ?)\s*<?(?P<address>{_ONE})",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"^[ \t>]*(?:[-=_*#~]{2,}[^\n]{0,60}?(?:original(?! transcript)|copy of|returned|unsent|undelivered|your message (?:follows|was)|"
    r"message (?:header|body|text|content|follows)|headers? of|forwarded|included|rejected message|bounced|kopie|copie|copia|"
    r"копия|原邮件|原信|原文|オリジナル)[^\n]*$|"
    r"(?:the )?(?:original|returned|unsent|undelivered|rejected) (?:message|mail|e-?mail)(?: text| headers?| content| details| body)?"
    r"(?:(?: follows| is attached| is as follows| as follows| as received| is included| below)[^\n]{0,30})?:?[ \t]*$|"
    r"(?:received|return-path|x-original-to|message-id|dkim-signature|x-received|x-mailer):[ \t]*\S)",
    re.IGNORECASE | re.MULTILINE,
)
"""The line from which on a text holds the mail that came back."""

_OF_THE_MAIL = re.compile(
    r"^[ \t>*]*(?:to|cc|from|sent|date|subject|reply-to|sender|an|von|betreff|de|à|objet|para|asunto)[ \t]*:[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Lines that name the mail that came back."""

_AFTER = re.compile(
    r"(?:accepting mail from|mail from|from|sender|contact|reply to|write to|forward to|questions|copy to|postmaster at|"
    r"发件人|寄件者|差出人)[:：(（\s<\"']*$",
    re.IGNORECASE,
)
"""What stands before an address that is somebody else's than the recipient's."""

_NOT_PEOPLE = re.compile(
    r"(?:mailer-?daemon|postmaster|mail-?daemon|abuse|hostmaster|webmaster|no-?reply|support|help(?:desk)?|administrator|admin|root|"
    r"mailadmin|antispam|spam|unblock|removal|delist|info-bounce|bounces?)[\w.+=-]*@|@(?:[\w-]+\.)*(?:localhost|local|w3\.org)$",
    re.IGNORECASE,
)
_REPLY = re.compile(r"^(?:re|aw|sv|antw|odp|vs|ynt|回复|答复|res|rv|r|fwd?|wg|tr|enc|转发|vl|doorst)\s*(?:\[\d+\])?:", re.IGNORECASE)
_HARD_SIGN = re.compile(r"(?<![\d.])(?:[45]\.\d{1,3}\.\d{1,3}|[45][0-5]\d)(?![\d.])")
_ENHANCED = re.compile(
    r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])|"
    r"\b(?:4[25]\d|5[0257]\d)[ -]+(?:[45]\.\d|<|requested|no such|user|mailbox|recipient|unknown|invalid)"
)
"""A code that hardly stands in anything but what a mail server says."""

_FOR_GOOD = re.compile(r"(?<![\d.])(?:5\d\d[ -#]+)?5\.\d{1,3}\.\d{1,3}(?![\d.])")
"""A code by which a server says in any language that it has given up."""

_STRONG = re.compile(
    r"(?:could not|couldn't|cannot|can't|was not|has not|unable to|n'a pas pu|konnte nicht|no pudo|not possible to)(?: be|\s)*\W{0,3}"
    r"(?:deliver|reach|zugestellt|[eê]tre (?:d[eé]livr|remis)|entregar|ser entregado)[^@]{0,80}[\w.+=-]+@[\w.-]+|"
    r"^your message to:? [\w.+=-]+@[\w.-]+ was blocked by"
)
"""What hardly anybody begins a mail with but a server."""

_GOODS = re.compile(r"parcel|package|shipment|courier|paket|colis|paquete|pacco|посылк|包裹|your (?:payment|transfer|invoice)")
"""What else cannot be delivered, or fails."""

_SERVERS = re.compile(r"mailer-?daemon|<?postmaster@", re.IGNORECASE)

_QUOTED = re.compile(r"^[ \t]*>[^\n]*$", re.MULTILINE)
_REFUSED = re.compile(r"automatically rejected|was (?:automatically )?(?:refused|rejected) by the recipient")
_LEAD, _WORDS, _BEGINNING, _FIRST_WORDS = 6_000, 40_000, 400, 40
_MOST = 50


def of_prose(mail: Mail) -> Sequence[Finding]:
    """What the mail says of its recipients; empty where it is no bounce."""
    said = mail.said
    words, copy = _parted(said[:_WORDS])
    lead = plain(words[:_LEAD])
    if not _is_bounce(mail, lead, copy):
        return ()
    what = What.DELAYED if _is_delay(mail, lead) else What.BOUNCED
    ours = {address.lower() for value in mail.all("to", "from", "sender", "reply-to", "cc") for address in _ADDRESS.findall(value)}
    about = list(_failed(mail, words, copy, ours))[:_MOST]
    if not about:
        return (Finding(what=what, address=None, code=code_of("", words[:_LEAD]), said=words[:500]),)
    return [Finding(what=what, address=address, code=code_of("", _near(words, address, about)), said=words[:500]) for address in about]


def _parted(said: str) -> tuple[str, str]:
    """The mail's own words, and what it returns in the same text."""
    found = _COPY.search(said)
    if found is None:
        return said, ""
    if found.start() < 40 and not OPENINGS.search(plain(said[: found.start()])):  # it begins with a line that only looks like it
        later = _COPY.search(said, found.end())
        return (said[: later.start()], said[later.start() :]) if later else (said, "")
    return said[: found.start()], said[found.start() :]


def _is_bounce(mail: Mail, lead: str, copy: str) -> bool:
    """Sender, subject and words together; a person's answer that quotes a bounce is none."""
    if mail.header("x-failed-recipients"):
        return True
    subject, sender = plain(mail.header("subject")), plain(mail.header("from"))
    telling, opened, returns = bool(SUBJECTS.search(subject)), bool(OPENINGS.search(lead)), bool(mail.returned or copy)
    signed = returns or bool(_HARD_SIGN.search(lead))
    if _is_daemon(mail, sender):
        to_itself = "your mailbox" in lead and not signed
        named = bool(_ADDRESS.search(lead))
        given_up = named and bool(_FOR_GOOD.search(lead))
        surely = signed or mail.media_type == "multipart/report" or (named and "mailer-daemon" in sender)
        return (telling and not to_itself and (surely or opened or named)) or (surely and (opened or (returns and given_up)))
    if _GOODS.search(lead):
        return False
    if _returns_null(mail) or (GATEWAYS.search(sender) and not is_bulk(mail)):
        return telling and opened and (signed or _returns_null(mail) or bool(_STRONG.search(lead[:_BEGINNING])))
    if _REPLY.match(subject) or (is_bulk(mail) and not returns):
        begun = plain(_QUOTED.sub("", mail.said[:_BEGINNING])).lstrip(" *-=#_>")
        strong = _STRONG.search(begun)
        return strong is not None and strong.start() <= _FIRST_WORDS
    return telling and opened and (returns or bool(_ENHANCED.search(lead))) and not mail.header("in-reply-to")


def is_from_daemon(mail: Mail) -> bool:
    """Whether a server seems to have sent it."""
    return _is_daemon(mail, plain(mail.header("from")))


def is_a_servers(mail: Mail) -> bool:
    """Whether no person can have written it, whatever it says: it is a server's, or nobody is to answer it (RFC 5321, section 4.5.5)."""
    return _returns_null(mail) or bool(_SERVERS.search(mail.header("from")))


def of_refusal(mail: Mail) -> Sequence[Finding]:
    """What a reader's filter refused by a receipt (RFC 5429), as Sieve's `reject` does: only where it says so."""
    said = mail.said
    if not _REFUSED.search(plain(said[:_LEAD])):
        return ()
    address = next(iter(_ADDRESS.findall(said)), None)
    return (Finding(what=What.BOUNCED, address=address, code=code_of("", said), said=said[:500]),)


def _is_daemon(mail: Mail, sender: str) -> bool:
    if DAEMONS.search(sender) or not sender.strip("<>@ \""):
        return True
    return _returns_null(mail) and mail.media_type == "multipart/report"


def _returns_null(mail: Mail) -> bool:
    by_itself = mail.header("auto-submitted").lower() == "auto-generated (failure)"
    return by_itself or mail.header("return-path").replace(" ", "").lower() in ("<>", "<mailer-daemon>")


def _is_delay(mail: Mail, lead: str) -> bool:
    return bool(DELAYED.search(plain(mail.header("subject"))) or DELAYED.search(lead)) and not GIVEN_UP.search(lead)


def _failed(mail: Mail, words: str, copy: str, ours: Collection[str]) -> Iterator[str]:
    """The addresses, the surest place first: the header, a list in the words, the words, the returned mail's own header."""
    seen: set[str] = set()
    about = _OF_THE_MAIL.sub("", words)
    places = (
        _ADDRESS.findall(" ".join(mail.all("x-failed-recipients"))),
        [found["address"] for found in _NAMED.finditer(words)] + [found["address"] for found in _LISTED.finditer(words)],
        [found[0] for found in _ADDRESS.finditer(about) if not _AFTER.search(about[max(0, found.start() - 40) : found.start()])],
        _returned_to(mail, copy),
    )
    for people in (True, False):
        for place in places:
            for address in place:
                bare = address.strip(".'=")
                if bare.lower() not in seen and bare.lower() not in ours and not (people and _NOT_PEOPLE.search(bare)):
                    seen.add(bare.lower())
                    yield bare
            if seen:
                return


def _returned_to(mail: Mail, copy: str) -> list[str]:
    for text in (mail.returned, copy.partition("\n")[2], copy):
        fields = fields_of(text)
        for name in ("x-failed-recipients", "delivered-to", "to"):
            found = _ADDRESS.findall(str(fields.get(name, "")))
            if found:
                return found[:1]
    return []


def _near(words: str, address: str, about: Sequence[str]) -> str:
    """What stands from this address to the next one that failed; all of it where only one did."""
    if len(about) == 1:
        return words[:_LEAD]
    start = words.find(address)
    ends = [at for other in about if other != address and (at := words.find(other, start + len(address))) > 0]
    return words[max(start, 0) : min(ends, default=len(words))][:_LEAD]
