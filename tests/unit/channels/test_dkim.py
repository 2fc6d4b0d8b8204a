"""Signed mail, verified as a receiver does: the field cut out of the mail again, and read by RFC 6376 anew."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engage.channels.dkim import Signer, read_key
from engage.channels.mime import Letterhead, compose
from engage.model.content import EmailContent
from tests.builders import a_cleared

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = {"rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048), "ed25519": Ed25519PrivateKey.generate()}


def signed(kind: str = "rsa", **content: Any) -> bytes:
    signer = Signer(selector="s1", domain=None, key=KEYS[kind])
    cleared = a_cleared()
    mail = replace(EmailContent(subject="Hi", text="One  two \n\n\n"), **content)
    letterhead = Letterhead(sender="Aurora <hello@aurora.example>", signer=signer)
    return compose(replace(cleared, rendered=replace(cleared.rendered, content=mail)), letterhead, now=NOW).content


def fields_of(head: bytes) -> list[tuple[str, str]]:
    return [(name, value) for name, value in re.findall(r"^([\w-]+):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head.decode(), re.MULTILINE)]


def relaxed(name: str, value: str) -> str:
    return f"{name.lower()}:{' '.join(value.split())}"


def relaxed_body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def verify(mail: bytes, key: Any) -> dict[str, str]:
    """The tags of the signature. Raises InvalidSignature, or AssertionError where the body is another."""
    head, _, body = mail.partition(b"\r\n\r\n")
    (name, value), *fields = fields_of(head)
    assert name == "DKIM-Signature"
    tags = {key: re.sub(r"\s", "", text) for key, _, text in (tag.strip().partition("=") for tag in value.split(";"))}
    assert tags["bh"] == b64encode(sha256(relaxed_body(body)).digest()).decode()
    stack = list(fields)
    chosen = []
    for wanted in tags["h"].split(":"):
        found = next((each for each in reversed(stack) if each[0].lower() == wanted), None)
        if found is not None:
            stack.remove(found)
            chosen.append(found)
    without = re.sub(r"b=[^;]*$", "b=", value, count=1)
    data = ("".join(relaxed(*each) + "\r\n" for each in chosen) + relaxed(name, without)).encode()
    if isinstance(key, Ed25519PrivateKey):
        key.public_key().verify(b64decode(tags["b"]), sha256(data).digest())
    else:
        key.public_key().verify(b64decode(tags["b"]), data, padding.PKCS1v15(), SHA256())
    return tags


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("content", [
    {}, {"subject": "Vse najboljše, Ana! " * 8}, {"html": "<p>a  b</p>\n\n", "text": "\tx \n .y\n"}, {"text": ""},
])
def test_a_receiver_verifies_every_mail(kind: str, content: dict[str, Any]) -> None:
    tags = verify(signed(kind, **content), KEYS[kind])
    assert (tags["a"], tags["d"], tags["s"], tags["t"]) == (f"{kind}-sha256", "aurora.example", "s1", str(int(NOW.timestamp())))
    assert {"from", "to", "subject", "date", "message-id", "mime-version", "list-unsubscribe"} <= set(tags["h"].split(":"))


@pytest.mark.parametrize("change", [
    lambda mail: mail.replace(b"Subject: Hi", b"Subject: Ho"), lambda mail: mail.replace(b"To: ", b"To: x"),
    lambda mail: mail.replace(b"\r\n\r\n", b"\r\nSubject: another\r\n\r\n", 1),
])
def test_a_changed_or_added_field_is_found_out(change: Any) -> None:
    with pytest.raises(InvalidSignature):
        verify(change(signed()), KEYS["rsa"])


def test_blanks_that_a_relay_changes_do_no_harm() -> None:
    folded = signed().replace(b"Subject: Hi", b"Subject:\r\n  Hi")
    verify(folded + b"\r\n\r\n", KEYS["rsa"])


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_read_from_its_file_or_its_text(kind: str, tmp_path: Path) -> None:
    pem = KEYS[kind].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    assert type(read_key(pem.decode())) is type(read_key(str(tmp_path / "key.pem"))) is type(KEYS[kind])


@pytest.mark.parametrize("written", ["/nowhere/key.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_without_quoting_it(written: str) -> None:
    with pytest.raises(ValueError, match="is no file with") as caught:
        read_key(written)
    assert written not in str(caught.value)


def test_a_key_of_another_kind_is_refused() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="RSA key of at least"):
        read_key(pem.decode())
