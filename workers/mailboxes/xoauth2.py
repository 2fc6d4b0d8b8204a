"""An access token -> a mailbox that is entered: SASL XOAUTH2 over IMAP, as Google and Microsoft describe it.

A server that refuses first says why, in base64 and JSON, and wants an empty answer before it ends the command. Of what it says the status
and the scope are told; the token is cut out, should it be repeated.
"""

from __future__ import annotations

import binascii
import imaplib
import json
import re
from typing import final

_PRINTED = re.compile(r"[ -~]{1,100}")
_QUESTIONS = 2
"""The first one asks for the token, the second says why it was refused; whoever asks more is not answered."""


class TokenRefused(imaplib.IMAP4.error):
    """The server does not let in with this token."""


def authenticate(server: imaplib.IMAP4, user: str, token: str) -> None:
    """Enter. Raises TokenRefused, where the server hangs up at it too, and what the library raises where it is away."""
    if "AUTH=XOAUTH2" not in server.capabilities:
        raise imaplib.IMAP4.error("the server takes no access tokens (AUTH=XOAUTH2 is not among what it can do)")
    exchange = _Exchange(user, token)
    try:
        server.authenticate("XOAUTH2", exchange.answer)
    except (imaplib.IMAP4.error, binascii.Error) as error:
        raise TokenRefused(exchange.refusal(str(error))) from error


@final
class _Exchange:
    """What is asked, and answered."""

    def __init__(self, user: str, token: str) -> None:
        self._initial = f"user={user}\x01auth=Bearer {token}\x01\x01".encode()
        self._secrets = token, binascii.b2a_base64(self._initial).decode()
        self._asked = 0
        self._said = b""

    def answer(self, question: bytes) -> bytes | None:
        """The token, then nothing."""
        self._asked += 1
        if self._asked > _QUESTIONS:
            return None
        if self._asked == 1:
            return self._initial
        self._said = question
        return b""

    def refusal(self, said: str) -> str:
        """Why it was refused: what the server explained, else its last word."""
        try:
            found = json.loads(self._said)
        except (ValueError, RecursionError):
            found = {}
        told = found if isinstance(found, dict) else {}
        parts = [f"{key} {told[key]}" for key in ("status", "scope") if key in told and self._may_be_told(told[key])]
        why = ", ".join(parts) or (said if self._may_be_told(said) else "")
        return "the access token is refused" + (f" ({why})" if why else "") + "; may this user and client read this mailbox by IMAP?"

    def _may_be_told(self, said: object) -> bool:
        """Whether no word of it is, or could be a piece of, what was sent."""
        words = re.findall(r"[^\s\"'<>()\[\],;:=]{4,}", str(said))
        repeated = any(word in secret or secret in word for word in words for secret in self._secrets)
        return isinstance(said, str | int) and bool(_PRINTED.fullmatch(str(said))) and not repeated
