"""What counts as an address that a message can go to, by kind of channel (RFC 5321 and 6531, E.164, a chat's own ids)."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from engage.model.addresses import is_plain_email
from engage.model.contact import ChannelKind

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_CHAT_ID = re.compile(r"[^\s\x00-\x1f\x7f]{1,255}")
CHEAP_TO_REMEMBER = 16_384
_NOUN = {ChannelKind.EMAIL: "email address", ChannelKind.SMS: "phone number", ChannelKind.CHAT: "chat id"}
_PREMIUM = "premium"


def why_unusable(address: str | None, kind: ChannelKind, countries: frozenset[str] | None = None) -> str | None:
    """Why nothing can be sent to the address, without naming it; None where it is usable.

    `countries` are those to whose numbers a text may go (None: to all); it has no meaning for the other kinds.
    """
    if not address:
        return f"the contact has no {_NOUN[kind]}"
    match kind:
        case ChannelKind.EMAIL:
            return None if is_email(address) else "the email address is not valid"
        case ChannelKind.SMS:
            return why_not_textable(address, countries)
        case ChannelKind.CHAT:
            return None if _CHAT_ID.fullmatch(address) else "the chat id is not valid"


def is_email(address: str) -> bool:
    """Whether it is one valid email address; the domain is not looked up."""
    return is_plain_email(address) or _is_unusual_email(address)


@lru_cache(maxsize=CHEAP_TO_REMEMBER)
def _is_unusual_email(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True


def why_not_textable(number: str, countries: frozenset[str] | None = None) -> str | None:
    """Why no text may go to the number; None where it may: valid E.164, not at a premium rate, of an allowed country."""
    region = _textable_region(number) if _E164.fullmatch(number) else None
    if region is None:
        return "the phone number is not a valid E.164 number"
    if region == _PREMIUM:
        return "the phone number is a premium-rate number"
    if countries is not None and region not in countries:
        return f"phone numbers of {region or 'no country'} are not among the channel's countries"
    return None


@lru_cache(maxsize=CHEAP_TO_REMEMBER)
def _textable_region(number: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    if phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        return _PREMIUM
    return phonenumbers.region_code_for_number(parsed) or ""


def is_within(only_to: frozenset[str], address: str) -> bool:
    """Whether the guard lets anything go to the address: it, or its whole domain (`@example.com`), is named. Case does not count."""
    if not only_to:
        return True
    wanted = address.casefold()
    domain = "@" + wanted.rpartition("@")[2] if "@" in wanted else None
    return any(entry.casefold() in (wanted, domain) for entry in only_to)
