from base64 import urlsafe_b64decode

import pytest

from engage.model.tokens import BadToken, TokenPayload, sign, sign_each, sign_with, verify, verify_with

PAYLOAD = TokenPayload(delivery_id=2**40, contact_id=7)


def test_a_token_says_what_was_signed() -> None:
    assert verify(b"secret", "u", sign(b"secret", "u", PAYLOAD)) == PAYLOAD


def test_a_token_needs_no_quoting_in_a_url() -> None:
    assert set(sign(b"secret", "u", PAYLOAD)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize("secret", [b"other", b""])
def test_a_token_of_another_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(BadToken):
        verify(b"secret", "u", sign(secret, "u", PAYLOAD))


def test_a_token_of_another_kind_of_link_is_refused() -> None:
    with pytest.raises(BadToken):
        verify(b"secret", "p", sign(b"secret", "u", PAYLOAD))


def test_a_token_with_any_letter_changed_is_refused() -> None:
    token = sign(b"secret", "u", PAYLOAD)
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(BadToken):
            verify(b"secret", "u", changed)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 45, "ž" * 44, "!" * 44, "====" * 11])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        verify(b"secret", "u", token)


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 64, b"y" * 65, b"z" * 300])
def test_the_links_of_a_mail_are_signed_at_once_as_each_would_be(secret: bytes) -> None:
    payload = TokenPayload(delivery_id=2**63, contact_id=1)
    tokens = {kind: sign(secret, kind, payload) for kind in "upva"}
    assert sign_each(secret, "upv", delivery_id=2**63, contact_id=1) == [tokens[kind] for kind in "upv"]
    assert [verify(secret, kind, token) for kind, token in tokens.items()] == [payload] * 4
    assert len({urlsafe_b64decode(token)[17:] for token in tokens.values()}) == 4


@pytest.mark.parametrize("spelt", ["{}=", "{}==", " {}", "{}\n", "-{}", "{}!"])
def test_a_token_has_one_spelling(spelt: str) -> None:
    """Python's decoder passes over padding and whatever is no letter."""
    token = sign_with(b"secret", "a", TokenPayload(delivery_id=7, contact_id=9), "said")
    assert verify_with(b"secret", "a", token)[1] == "said"
    with pytest.raises(BadToken):
        verify_with(b"secret", "a", spelt.format(token))
