import hmac
from base64 import urlsafe_b64decode

import pytest

from engage.model.tokens import BadToken, TokenPayload, sign, sign_each, verify

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


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 128, b"y" * 129, b"z" * 300])
def test_a_signature_is_of_the_standard_librarys_hmac(secret: bytes) -> None:
    payload = TokenPayload(delivery_id=2**63, contact_id=1)
    body = urlsafe_b64decode(sign(secret, "u", payload))[:17]
    of_every_mail = hmac.digest(secret, b"engage link\0" + body, "sha512")
    parts = {"u": of_every_mail[:16], "p": of_every_mail[16:32], "v": of_every_mail[32:48]}
    parts["a"] = hmac.digest(secret, b"engage link\0a\0" + body, "sha256")[:16]
    assert {kind: urlsafe_b64decode(sign(secret, kind, payload)) for kind in parts} == {kind: body + part for kind, part in parts.items()}
    assert sign_each(secret, "upv", payload) == [sign(secret, kind, payload) for kind in "upv"]
    assert [verify(secret, kind, sign(secret, kind, payload)) for kind in "upva"] == [payload] * 4
