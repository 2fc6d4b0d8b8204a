"""Mail addresses as people write them -> the one spelling that Engage keeps (RFC 5321 and 6531; the DNS is not asked).

The rules are `email-validator`'s. Of a long list most addresses are plain ASCII at domains that came before: of those the domain is
looked at once, and what stands before the `@` by a pattern. A test holds one against the other.
"""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from engage.contacts.places import Unusable

_PLAIN = re.compile(r"(?P<local>[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+){0,20})@(?P<domain>[A-Za-z0-9.-]{1,120})", re.ASCII)
_SHORT = 64


def email(raw: str) -> str:
    """The address, its domain in lower case and Unicode. Raises Unusable."""
    plain = _PLAIN.fullmatch(raw)
    if plain is not None:
        local = plain["local"]
        domain = _domain(plain["domain"])
        if domain is not None and len(local) <= _SHORT and local.lower() not in CASE_INSENSITIVE_MAILBOX_NAMES:
            return f"{local}@{domain}"
    if raw.startswith("'"):
        raise Unusable(f"{raw!r} begins with an apostrophe, left by a spreadsheet", raw.strip("'"))
    try:
        return validate_email(raw, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise Unusable(f"{raw!r} is no email address: {error}") from error


@lru_cache(maxsize=10_000)
def _domain(written: str) -> str | None:
    """The domain as it is kept; None for one that cannot be mailed to."""
    try:
        return validate_email(f"a@{written}", check_deliverability=False).domain
    except EmailNotValidError:
        return None
