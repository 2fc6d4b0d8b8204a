"""Amazon SES's notifications, where SNS sends them by mail: JSON in words -> findings. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engage.feedback.diagnosis import code_of
from engage.feedback.findings import Finding, What
from engage.feedback.mime import Mail

_BY_TYPE = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "delivery": "recipients"}
_MOST = 50


def of_notification(mail: Mail) -> Sequence[Finding]:
    """What became of each recipient; empty where the mail is no such notification."""
    if not (mail.header("x-amz-sns-message-id") or "amazonaws.com" in mail.header("from").lower()):
        return ()
    told = _object(mail.said)
    kind = str(told.get("notificationType") or told.get("eventType") or "").lower()
    about = told.get(kind)
    if kind not in _BY_TYPE or not isinstance(about, Mapping):
        return ()
    recipients = about.get(_BY_TYPE[kind])
    return [_finding(kind, about, each) for each in recipients[:_MOST]] if isinstance(recipients, list) else ()


def _object(said: str) -> Mapping[str, Any]:
    """The object that the text begins with; what SNS writes below it is left out."""
    try:
        found, _ = json.JSONDecoder().raw_decode(said.lstrip().replace("\n", " "))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _finding(kind: str, about: Mapping[str, Any], recipient: object) -> Finding:
    fields = recipient if isinstance(recipient, Mapping) else {"emailAddress": recipient}
    address, said = str(fields.get("emailAddress") or "") or None, str(fields.get("diagnosticCode") or "")
    if kind != "bounce":
        return Finding(what=What.COMPLAINED if kind == "complaint" else What.DELIVERED, address=address)
    sort = f"{about.get('bounceType')} {about.get('bounceSubType')}".lower()
    status = str(fields.get("status") or "") or _STATUS.get(sort, "4.0.0" if sort.startswith("transient") else "5.0.0")
    return Finding(what=What.BOUNCED, address=address, code=code_of(status, said), said=said[:500])


_STATUS = {
    "permanent general": "5.1.1", "permanent noemail": "5.1.1", "permanent suppressed": "5.1.1",
    "permanent onaccountsuppressionlist": "5.1.1",
    "transient mailboxfull": "4.2.2", "transient messagetoolarge": "5.3.4", "transient contentrejected": "5.7.1",
}  # fmt: skip
"""Where the notification has no code: what its types say."""
