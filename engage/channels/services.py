"""Mail services that report what became of a mail: the header by which each gives our delivery's key back, and whose servers they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

NONE = "none"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`header` is added to every mail, `{key}` in its `value` being the delivery's Idempotency-Key; its servers' names end with `hosts`."""

    header: str
    value: str
    hosts: tuple[str, ...]


SERVICES: Mapping[str, Service] = {
    "ses": Service(header="X-Engage-Delivery", value="{key}", hosts=(".amazonaws.com", ".amazonaws.com.cn")),
    "sendgrid": Service(header="X-SMTPAPI", value='{"unique_args": {"engage_delivery": "{key}"}}', hosts=(".sendgrid.net",)),
    "mailgun": Service(header="X-Mailgun-Variables", value='{"engage_delivery": "{key}"}', hosts=(".mailgun.org",)),
    "postmark": Service(header="X-PM-Metadata-engage_delivery", value="{key}", hosts=(".postmarkapp.com",)),
    "brevo": Service(header="X-Mailin-custom", value="{key}", hosts=(".brevo.com", ".sendinblue.com")),
}
"""SES puts a Message-ID of its own into the mail, but tells the headers that it had; the others give their own fields back."""


def service_at(host: str) -> Service | None:
    """Whose server that is; None: nobody's that is known."""
    name = f".{host.lower()}"
    return next((service for service in SERVICES.values() if name.endswith(service.hosts)), None)
