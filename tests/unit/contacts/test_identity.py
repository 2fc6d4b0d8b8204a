"""Who is meant by a row."""

from __future__ import annotations

import pytest

from engage.contacts.identity import Member, Register, keys_of
from engage.contacts.places import Unusable

ANA = {"external_id": "ana", "email": "Ana@example.com", "phone": "+38640123456"}


def test_a_person_is_found_by_external_id_then_email_then_phone() -> None:
    ana = Member(ANA, id=1)
    register = Register([ana])
    assert register.find(keys_of({"external_id": "ana", "email": "new@example.com"})) is ana
    assert register.find(keys_of({"email": "ana@EXAMPLE.com"})) is ana
    assert register.find(keys_of({"phone": "+386 40 123 456"})) is ana
    assert register.find(keys_of({"email": "bor@example.com"})) is None


def test_one_with_another_external_id_is_somebody_else_though_the_address_is_shared() -> None:
    assert Register([Member(ANA, id=1)]).find(keys_of({"external_id": "bor", "email": "ana@example.com"})) is None


def test_one_with_another_email_is_somebody_else_though_the_number_is_shared() -> None:
    assert Register([Member(ANA, id=1)]).find(keys_of({"email": "bor@example.com", "phone": "+38640123456"})) is None


def test_a_contact_known_by_its_email_alone_can_be_given_its_external_id() -> None:
    known = Member({"email": "ana@example.com"}, id=1)
    assert Register([known]).find(keys_of({"external_id": "ana", "email": "ana@example.com"})) is known


def test_an_address_of_several_contacts_tells_nobody() -> None:
    register = Register([Member({"external_id": name, "email": "family@example.com"}, id=number) for number, name in enumerate("ab")])
    with pytest.raises(Unusable, match="belongs to 2 contacts"):
        register.find(keys_of({"email": "family@example.com"}))
    assert register.find(keys_of({"email": "family@example.com", "external_id": "b"})) is not None


def test_taking_replaces_clears_and_keeps() -> None:
    ana = Member(ANA, id=1)
    assert ana.take({"email": None, "city": "Koper"})
    assert ana.attributes == {"external_id": "ana", "phone": "+38640123456", "city": "Koper"}
    assert ana.has_changed
    assert not ana.take({"city": "Koper"})


def test_nobody_is_left_without_any_identity() -> None:
    with pytest.raises(Unusable, match="nothing would be left"):
        Member({"email": "ana@example.com"}, id=1).take({"email": None})
