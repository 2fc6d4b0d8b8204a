"""Each mail service is given the header that it gives back, and what comes back is found again by it."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from engage.channels.mime import Letterhead, compose
from engage.channels.services import SERVICES, service_at
from engage.delivery.identity import SignedIdentity
from tests.builders import NOON, a_cleared

HOSTS = {
    "email-smtp.eu-west-1.amazonaws.com": "ses", "smtp.sendgrid.net": "sendgrid", "smtp.eu.mailgun.org": "mailgun",
    "smtp.postmarkapp.com": "postmark", "smtp-relay.brevo.com": "brevo", "smtp-relay.sendinblue.com": "brevo",
}


@pytest.mark.parametrize(("host", "name"), HOSTS.items())
def test_a_service_is_known_by_its_server(host: str, name: str) -> None:
    assert service_at(host) is SERVICES[name]


@pytest.mark.parametrize("host", ["mail.example.com", "sendgrid.net.example.com", "evilsendgrid.net", "localhost", ""])
def test_others_are_nobodys(host: str) -> None:
    assert service_at(host) is None


@pytest.mark.parametrize("name", SERVICES)
def test_the_header_holds_the_key_by_which_the_delivery_is_found_again(name: str) -> None:
    identity = SignedIdentity(secret=b"s" * 32, domain="aurora.example")
    message_id, key = identity.names(4711)
    cleared = replace(a_cleared(), message_id=message_id, idempotency_key=key)
    mail = compose(cleared, Letterhead(sender="hello@aurora.example", service=SERVICES[name]), now=NOON)
    parsed = message_from_bytes(mail.content, policy=default)
    assert identity.delivery_in(parsed[SERVICES[name].header]) == identity.delivery_in(parsed["Message-ID"]) == 4711
    assert SignedIdentity(secret=b"x" * 32, domain="aurora.example").delivery_in(parsed["Message-ID"]) is None


@pytest.mark.parametrize("text", ["", f"d0.{'0' * 20}", f"d1.{'0' * 19}g", f"d{'9' * 20}.{'0' * 20}", f"d{'9' * 19}.{'0' * 20}", "d7"])
def test_what_is_no_key_of_ours_names_no_delivery(text: str) -> None:
    assert SignedIdentity(secret=b"s" * 32, domain="aurora.example").delivery_in(text) is None


def test_no_other_server_gets_it() -> None:
    mail = compose(a_cleared(), Letterhead(sender="hello@aurora.example"), now=NOON)
    assert b"engage_delivery" not in mail.content
