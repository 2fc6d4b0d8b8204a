"""Which addresses are usable."""

from __future__ import annotations

import pytest

from engage.model.contact import ChannelKind
from engage.policy.addresses import is_within, why_unusable


@pytest.mark.parametrize("address", [
    "ana@example.com", "Ana.Novak+test@mail.example.co.uk", "o'brien@example.com", "ana@bücher.example", "用户@例子.广告", "a@x.si",
    "ana@aurora.museum", "ana_1-2@x-y.example.org",
])
def test_valid_email_addresses_are_usable(address: str) -> None:
    assert why_unusable(address, ChannelKind.EMAIL) is None


@pytest.mark.parametrize("address", [
    "ana", "ana@", "@example.com", "ana@example", "a b@example.com", "ana@@example.com", "ana..n@example.com", ".ana@example.com",
    "ana@-x.com", "ana@x-.com", "ana@localhost", "ana@mail.test", "ana@example.com, eve@example.com",
    "ana@example.com\nBcc: eve@example.com",
    "ana@example.com\n", "Ana <ana@example.com>", "x" * 65 + "@example.com", "ana@" + "x" * 64 + ".com", "ana@ab--cd.com", "ana@1.2.3.4",
])
def test_broken_email_addresses_are_not(address: str) -> None:
    assert why_unusable(address, ChannelKind.EMAIL) == "the email address is not valid"


@pytest.mark.parametrize(("number", "countries", "no"), [
    ("+38640123456", None, None),
    ("+998901234567", None, None),
    ("+639171234567", frozenset({"PH"}), None),
    ("+38640123456", frozenset({"LV"}), "phone numbers of SI are not among the channel's countries"),
    ("+19005551234", None, "the phone number is a premium-rate number"),
    ("+1", None, "the phone number is not a valid E.164 number"),
    ("040123456", None, "the phone number is not a valid E.164 number"),
    ("+386 40 123 456", None, "the phone number is not a valid E.164 number"),
    ("+38640123456\n", None, "the phone number is not a valid E.164 number"),
    ("+99999999999999", None, "the phone number is not a valid E.164 number"),
    ("+٣٨٦٤٠١٢٣٤٥٦", None, "the phone number is not a valid E.164 number"),
])
def test_texts_go_to_e164_numbers_of_allowed_countries(number: str, countries: frozenset[str] | None, no: str | None) -> None:
    assert why_unusable(number, ChannelKind.SMS, countries) == no


@pytest.mark.parametrize(("chat_id", "usable"), [
    ("U012345", True), ("#support", True), ("two words", False), ("U01\n", False), ("x" * 256, False),
])
def test_a_chat_id_is_one_word(chat_id: str, usable: bool) -> None:
    assert (why_unusable(chat_id, ChannelKind.CHAT) is None) is usable


@pytest.mark.parametrize(("kind", "noun"), [("email", "email address"), ("sms", "phone number"), ("chat", "chat id")])
def test_a_missing_address_is_named_by_its_kind(kind: str, noun: str) -> None:
    assert why_unusable(None, ChannelKind(kind)) == why_unusable("", ChannelKind(kind)) == f"the contact has no {noun}"


@pytest.mark.parametrize(("only_to", "address", "within"), [
    ((), "ana@example.com", True),
    (("ana@example.com",), "Ana@Example.com", True),
    (("ana@example.com",), "eve@example.com", False),
    (("@example.com",), "eve@example.com", True),
    (("@Example.com",), "eve@EXAMPLE.com", True),
    (("@example.com",), "eve@mail.example.com", False),
    (("@example.com",), "eve@notexample.com", False),
    (("+38640123456",), "+38640123456", True),
    (("@example.com",), "+38640123456", False),
])
def test_only_to_lets_named_addresses_and_domains_through(only_to: tuple[str, ...], address: str, within: bool) -> None:
    assert is_within(frozenset(only_to), address) is within
