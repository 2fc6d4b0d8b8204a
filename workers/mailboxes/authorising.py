"""A mailbox's `oauth2` -> an access token (RFC 6749, sections 4.4, 5 and 6), fetched from the token server and kept while it is good.

What a token server answers is a stranger's: of it only the token, its time and words that are known are read, so that no message
and no log can carry a secret that it repeats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, final

from engage.hooks.ports import Unreachable
from engage.model.errors import NotThereError
from engage.model.workspace import OAuth2
from workers.fetching import Posted

EARLY = 60.0
"""Seconds before its end at which a token is taken for ended: both machines' clocks and the way there take some."""

UNTOLD = 300.0
"""Seconds for which a token is kept whose server does not say how long it is good for."""

LONGEST = 86_400.0

_TOKEN = re.compile(r"[!-~]{1,16384}")
_REFUSALS = {
    "invalid_grant": "the refresh token is not taken any more: it ended, was revoked, or is another client's; have a new one made",
    "invalid_client": "`client_id` or `client_secret` is not right, or the secret has ended",
    "unauthorized_client": "`client_id` or `client_secret` is not right, or the client may not ask in this way",
    "invalid_scope": "`scope` is none that the client may have",
    "invalid_request": "something is missing that it wants: a `scope`, or a `client_secret`",
    "unsupported_grant_type": "it wants a `refresh_token`",
    "interaction_required": "the owner of the mailbox has to sign in again; have a new refresh token made",
    "consent_required": "nobody has granted the client what it asks for",
    "invalid_resource": "`scope` names something that is not there",
    "temporarily_unavailable": "it is away for a moment",
}
"""What a token server says (RFC 6749, section 5.2, OpenID Connect, Microsoft) -> what it means here."""

_MICROSOFT = re.compile(rb"AADSTS\d{4,9}\b")
"""Microsoft's own number of what is wrong, by which its documentation and its people find it."""


class Network(Protocol):
    """What tokens are asked over."""

    def post(self, url: str, form: Mapping[str, str]) -> Posted:
        """Post a form, without redirects. Raises Unreachable."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token. `kept`: it was not fetched just now, so that another one may be better."""

    text: str = field(repr=False)
    kept: bool


class Tokens(Protocol):
    """What lets into mailboxes that take no password."""

    def token(self, oauth2: OAuth2) -> AccessToken:
        """The kept one while it is good, else a new one. Raises NotThereError."""
        ...

    def forget(self, oauth2: OAuth2) -> None:
        """Let go of the one that was refused: the next one is fetched."""
        ...


@final
class AccessTokens:
    """The port Tokens. `seconds` only ever grows. What is kept is this process's alone, and another one's when the settings change."""

    def __init__(self, network: Network, *, seconds: Callable[[], float]) -> None:
        self._network = network
        self._seconds = seconds
        self._kept: dict[OAuth2, tuple[str, float]] = {}

    def token(self, oauth2: OAuth2) -> AccessToken:
        """The kept one while it is good, else a new one. Raises NotThereError."""
        now = self._seconds()
        self._kept = {each: (text, until) for each, (text, until) in self._kept.items() if now < until}
        if oauth2 in self._kept:
            return AccessToken(text=self._kept[oauth2][0], kept=True)
        text, lasts = self._fetched(oauth2)
        self._kept[oauth2] = text, now + max(lasts - EARLY, lasts / 2)
        return AccessToken(text=text, kept=False)

    def forget(self, oauth2: OAuth2) -> None:
        """Let go of the one that was refused: the next one is fetched."""
        self._kept.pop(oauth2, None)

    def _fetched(self, oauth2: OAuth2) -> tuple[str, float]:
        try:
            posted = self._network.post(oauth2.token_url, _form(oauth2))
        except Unreachable as error:
            raise NotThereError(f"no token can be had: {error}") from error
        if posted.status != 200:
            raise NotThereError(f"no token can be had: {_refusal(posted)}")
        return _granted(_read(posted.body))


def _form(oauth2: OAuth2) -> Mapping[str, str]:
    grant = "client_credentials" if oauth2.refresh_token is None else "refresh_token"
    given = {
        "grant_type": grant, "client_id": oauth2.client_id, "client_secret": oauth2.client_secret,
        "refresh_token": oauth2.refresh_token, "scope": oauth2.scope,
    }
    return {key: value for key, value in given.items() if value is not None}


def _refusal(posted: Posted) -> str:
    """What an answer other than 200 says, in our words alone."""
    if posted.status >= 500 or posted.status == 429:
        return f"the token server answers {posted.status}; it is asked again at the next look"
    if 300 <= posted.status < 400:
        return f"the token server answers {posted.status}: another address, which is not followed; is `token_url` right?"
    said = _read(posted.body).get("error")
    if not isinstance(said, str) or said not in _REFUSALS:
        return f"the token server answers {posted.status} and nothing that is known; is `token_url` right?"
    number = _MICROSOFT.search(posted.body)
    return f"{_REFUSALS[said]} (the token server says {said}{', ' + number[0].decode() if number else ''})"


def _read(body: bytes) -> Mapping[str, object]:
    """What it says in JSON; nothing where it is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _granted(said: Mapping[str, object]) -> tuple[str, float]:
    """The token, and the seconds that it is good for. Raises NotThereError."""
    text, kind, lasts = said.get("access_token"), said.get("token_type", "bearer"), said.get("expires_in")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text) or str(kind).lower() != "bearer":
        raise NotThereError("no token can be had: the token server's answer holds no bearer token; is `token_url` right?")
    if isinstance(lasts, str) and lasts.isascii() and lasts.isdigit() and len(lasts) < 10:  # Microsoft's older address writes it as text
        lasts = int(lasts)
    known = isinstance(lasts, int | float) and not isinstance(lasts, bool) and 0 <= lasts < float("inf")
    return text, min(float(lasts), LONGEST) if known and isinstance(lasts, int | float) else UNTOLD
