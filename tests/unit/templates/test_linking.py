"""Links that carry what they say: signed, short, and without an address."""

from __future__ import annotations

import json

import pytest

from engage.model.errors import RenderError
from engage.model.tokens import LONGEST_SAID, BadToken, TokenPayload, sign, sign_with, verify_with
from tests.builders import a_contact
from tests.messages import a_text

SECRET, WHO = b"secret", TokenPayload(delivery_id=7, contact_id=1)


def said(body: str, kind: str) -> object:
    """What the link that a template prints says."""
    base, found, token = a_text(body, contact=a_contact()).strip().rsplit("/", 2)
    assert (base, found) == ("https://engage.example.com", kind)
    payload, text = verify_with(SECRET, kind, token)
    assert payload.contact_id == 1
    return json.loads(text)


def test_an_answer_says_its_event_and_what_it_carries() -> None:
    assert said("{{ message.answer_url('csat.answered', score=5) }}", "a") == {"e": "csat.answered", "d": {"score": 5}}
    assert said("{{ message.answer_url('csat.answered') }}", "a") == {"e": "csat.answered"}
    assert said("{% for s in [3] %}{{ message.answer_url('csat.answered', score=s) }}{% endfor %}", "a") == {
        "e": "csat.answered", "d": {"score": 3},
    }


def test_a_confirmation_says_its_purpose() -> None:
    assert said("{{ message.confirm_url('care') }}", "s") == {"p": "care"}


@pytest.mark.parametrize("body", [
    "{{ message.answer_url('csat.answered', ticket_id='ana@example.com') }}",
    "{{ message.answer_url('csat.answered', ticket_id='+38640123456') }}", "{{ message.answer_url('message.clicked', url='x') }}",
    "{{ message.answer_url('csat.answered', ticket_id='x' * 201) }}", "{{ message.answer_url() }}", "{{ message.confirm_url() }}",
    "{{ message.answer_url('csat.answered', score=true) }}",
])
def test_what_a_link_cannot_carry_is_no_message(body: str) -> None:
    with pytest.raises(RenderError):
        a_text(body, contact=a_contact())


def test_a_plural_within_a_loop_takes_its_forms_and_nothing_of_jinjas() -> None:
    assert a_text("{% for n in [1, 2] %}{{ plural(n, one='one', other='{n}') }} {% endfor %}", contact=a_contact()).split() == ["one", "2"]


@pytest.mark.parametrize("text", ["", "{}", "š" * 300])
def test_what_a_token_carries_comes_back_and_only_by_its_own_kind(text: str) -> None:
    token = sign_with(SECRET, "a", WHO, text)
    assert verify_with(SECRET, "a", token) == (WHO, text)
    for kind, secret, other in (("s", SECRET, token), ("a", b"x", token), ("a", SECRET, token[:-1]), ("a", SECRET, f"é{token[1:]}")):
        with pytest.raises(BadToken):
            verify_with(secret, kind, other)


def test_a_token_of_another_form_is_none_that_carries_something() -> None:
    with pytest.raises(BadToken):
        verify_with(SECRET, "a", sign(SECRET, "u", WHO))
    with pytest.raises(ValueError, match="at most"):
        sign_with(SECRET, "a", WHO, "x" * (LONGEST_SAID + 1))
