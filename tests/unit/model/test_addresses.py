"""Addresses as they are compared, and the keyed hash that stands for them."""

from __future__ import annotations

import pytest

from engage.model.addresses import address_coder, address_key, kind_of_reference, normalise
from engage.model.contact import ChannelKind

EMAIL, SMS, CHAT = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.CHAT


@pytest.mark.parametrize(
    ("kind", "written", "known"),
    [
        (EMAIL, " Ana@Example.COM ", "ana@example.com"), (EMAIL, "z\u030cana@example.com", "\u017eana@example.com"),
        (SMS, "+386 (40) 123-456", "+38640123456"), (SMS, "00386 40 123 456", "+38640123456"), (CHAT, " U012Ab ", "U012Ab"),
    ],
)
def test_an_address_has_one_spelling(kind: ChannelKind, written: str, known: str) -> None:
    assert normalise(kind, written) == known


def test_the_key_is_the_same_for_every_spelling_and_hangs_on_kind_and_secret() -> None:
    key = address_key(b"secret", EMAIL, "ana@example.com")
    assert key == address_key(b"secret", EMAIL, "ANA@example.com ")
    assert len({key, address_key(b"secret", CHAT, "ana@example.com"), address_key(b"other", EMAIL, "ana@example.com")}) == 3


@pytest.mark.parametrize("kind", ChannelKind)
@pytest.mark.parametrize("written", ["Ana@Example.COM ", "+38640123456", " +386 40 123-456", "00386401", "+٣", "Žiga@Bücher.example", "U1"])
def test_a_key_made_once_is_the_key(kind: ChannelKind, written: str) -> None:
    assert address_coder(b"secret", kind)(written) == address_key(b"secret", kind, written)


def test_the_key_tells_nothing_of_the_address() -> None:
    key = address_key(b"secret", EMAIL, "ana@example.com")
    assert len(key) == 64
    assert "ana" not in key


@pytest.mark.parametrize(
    ("reference", "kind"),
    [("ana@example.com", EMAIL), ("+386 40 123 456", SMS), ("0038640123456", SMS), ("crm-17", None), ("123", None), ("", None)],
)
def test_a_reference_looks_like_a_mail_address_a_number_or_neither(reference: str, kind: ChannelKind | None) -> None:
    assert kind_of_reference(reference) is kind
