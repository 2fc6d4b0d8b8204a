"""The sources, by the names that stand in `/hooks/{source}`. One file a source: how it proves itself, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping

from engage.hooks.sources import (
    brevo,
    freshdesk,
    generic,
    hubspot,
    mailgun,
    postmark,
    salesforce,
    sendgrid,
    ses,
    slack,
    standard_webhooks,
    twilio,
    zendesk,
)
from engage.hooks.sources.source import Certificates, Source

__all__ = ["SOURCES", "Certificates", "Source"]

SOURCES: Mapping[str, Source] = {
    "zendesk": zendesk.SOURCE,
    "freshdesk": freshdesk.SOURCE,
    "hubspot": hubspot.SOURCE,
    "salesforce": salesforce.SOURCE,
    "twilio": twilio.SOURCE,
    "slack": slack.SOURCE,
    "standard-webhooks": standard_webhooks.SOURCE,
    "generic": generic.SOURCE,
    "ses": ses.SOURCE,
    "sendgrid": sendgrid.SOURCE,
    "mailgun": mailgun.SOURCE,
    "postmark": postmark.SOURCE,
    "brevo": brevo.SOURCE,
}
