"""Reports that machines write for machines: delivery status notifications (RFC 3464, 6533) and complaints (RFC 5965) -> findings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.message import Message
from typing import final

from engage.feedback.diagnosis import code_of
from engage.feedback.findings import Finding, What
from engage.feedback.mime import Mail, fields_of
from engage.feedback.phrases import DELAYED, WAITLISTED

STATUS = frozenset({"message/delivery-status", "message/global-delivery-status", "text/delivery-status", "message/delivery-notification"})
FEEDBACK = frozenset({"message/feedback-report", "text/feedback-report", "application/feedback-report"})

COMPLAINTS = frozenset({"abuse", "fraud", "virus", "complaint", "spam", "opt-out", "opt-out-list", "miscategorized", "other", ""})
"""Feedback types that come of what a person did; `not-spam`, `auth-failure` and the like do not."""

_ADDRESS = re.compile(r"[^\s<>;,\"'()\[\]]+@[^\s<>;,\"'()\[\]]+")
_HEX = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_JUNK = "x-hmxmroriginalrecipient"
"""Outlook's field, in the copy of what was marked as junk."""

_OF_THE_WHOLE = frozenset({"reporting-mta", "arrival-date"})
_MOST = 50
_OLD_YAHOO = re.compile(r"\A\s*(?:this is an? (?:spam|abuse|email abuse) report|this is an email abuse report)", re.IGNORECASE)


def of_status(mail: Mail) -> Sequence[Finding]:
    """What became of each recipient, where the mail holds a delivery status."""
    texts = [part.text for part in mail.parts if part.media_type in STATUS]
    blocks = [block for text in texts for block in _blocks(text)]
    if any(map(_names_recipient, blocks)):  # what stands with none of them is about the whole mail
        blocks = [block for block in blocks if _names_recipient(block) or not block.keys() & _OF_THE_WHOLE]
    around = mail.said if len(blocks) == 1 else ""
    return [finding for block in blocks[:_MOST] if (finding := _of_recipient(block, around)) is not None]


def of_feedback(mail: Mail) -> Finding | None:
    """The complaint, where the mail holds a feedback report of one; `AUTOMATIC` for those of another kind."""
    for part in mail.parts:
        if part.media_type not in FEEDBACK:
            continue
        fields = _fields(part.text)
        kind = fields.get("feedback-type", "").lower().strip()
        about = _address(fields.get("original-rcpt-to", "") or fields.get("removal-recipient", ""))
        return Finding(what=What.COMPLAINED if kind in COMPLAINTS else What.AUTOMATIC, address=about, said=kind)
    return _of_old_feedback(mail)


def _of_old_feedback(mail: Mail) -> Finding | None:
    """Forms from before RFC 5965: Outlook's junk mail reports (JMRP), and those that only say it in words over the mail."""
    reporter = mail.header("from").lower()
    junk = mail.header(_JUNK) or str(fields_of(mail.returned).get(_JUNK, ""))
    if junk or (reporter.startswith("staff@") and mail.header("subject").lower().startswith("complaint about message")):
        return Finding(what=What.COMPLAINED, address=_address(junk), said="jmrp")
    if mail.returned and _OLD_YAHOO.search(mail.said) and "feedback" in f"{reporter} {mail.header('subject').lower()} {mail.report_type}":
        return Finding(what=What.COMPLAINED, address=None, said="abuse")
    return None


@final
class _Fields(dict[str, str]):
    """A block's fields by lower-case names, each in one line."""


def _fields(block: str) -> _Fields:
    found = _Fields()
    message: Message = fields_of(block)
    for name, value in message.items():
        found.setdefault(name.lower(), " ".join(str(value).encode("utf-8", "replace").decode("utf-8", "replace").split()))
    return found


def _blocks(text: str) -> Iterator[_Fields]:
    """The recipients' blocks: parted by empty lines, put together where a server parted one recipient's fields."""
    waiting: _Fields | None = None
    for written in re.split(r"\n[ \t]*\n+", text.strip())[: 4 * _MOST]:
        fields = _fields(written)
        if not fields.keys() & {"final-recipient", "original-recipient", "action", "status", "diagnostic-code"}:
            continue
        if waiting is not None and not fields.keys() & waiting.keys() and "final-recipient" not in fields:
            waiting.update(fields)
            continue
        if waiting is not None:
            yield waiting
        waiting = fields
    if waiting is not None:
        yield waiting


def _names_recipient(block: _Fields) -> bool:
    return bool(block.keys() & {"final-recipient", "original-recipient", "x-actual-recipient"})


def _of_recipient(fields: _Fields, around: str) -> Finding | None:
    action = fields.get("action", "").lower().split("(")[0].strip().strip(";.").strip()
    status, said = fields.get("status", ""), fields.get("diagnostic-code", "") or fields.get("x-supplementary-info", "")
    said = said.split(";", 1)[-1].strip() if ";" in said[:20] else said
    what = _what(action, status, f"{said} {around}")
    if what is None:
        return None
    code = code_of(status, said, around=around) if what in (What.BOUNCED, What.DELAYED) else None
    return Finding(what=what, address=_recipient(fields), code=code, said=said[:500])


def _what(action: str, status: str, words: str) -> What | None:
    """By the action, else by the status; what was only passed on has not come back, nor what waits for its sender to make himself known."""
    if WAITLISTED.search(words.lower()):
        return What.AUTOMATIC
    match action:
        case "failed" | "failure" | "fail" | "bounced" | "hardfail" | "error" | "deliverable-failed":
            return What.BOUNCED
        case "delayed" | "delay" | "deferred":
            return What.DELAYED
        case "delivered" | "deliverable":
            return What.DELIVERED
        case "relayed" | "expanded":
            return What.PASSED_ON
    match status.strip()[:1]:
        case "5":
            return What.BOUNCED
        case "4":
            return What.DELAYED if DELAYED.search(words.lower()) else What.BOUNCED
        case "2":
            return What.DELIVERED
        case _:
            return What.BOUNCED if action else None


def _recipient(fields: _Fields) -> str | None:
    """Whom we wrote to, else whom it came to in the end."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        found = _address(fields.get(name, ""))
        if found is not None:
            return found
    return None


def _address(written: str) -> str | None:
    """`rfc822; user@example.com`, `<user@example.com>`, and RFC 6533's `utf-8; us\\x{65}r@…`."""
    kind, semicolon, rest = written.partition(";")
    text = rest if semicolon else kind
    found = _ADDRESS.search(_HEX.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)), text))
    return None if found is None else found[0].strip(".:").removeprefix("mailto:")
