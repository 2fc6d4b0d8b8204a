"""A token server (RFC 6749) on loopback that keeps what it was asked, and gives each time another token; and tokens for who needs none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import final
from urllib.parse import parse_qsl

from engage.hooks.ports import Unreachable
from tests.servers.http import Answer, HttpServer, Request
from workers.fetching import Posted
from workers.mailboxes.authorising import AccessTokens


@final
class TokenServer(HttpServer):
    """Gives `token-1`, `token-2`, …, which are good for `lasts` seconds."""

    def __init__(self, lasts: object = 3600) -> None:
        super().__init__()
        self.lasts = lasts

    @property
    def asked(self) -> list[Mapping[str, str]]:
        """The forms that came."""
        return [dict(parse_qsl(request.body.decode())) for request in self.requests]

    @property
    def url(self) -> str:
        """For `token_url`."""
        return f"{super().url}token"

    def _usual(self, request: Request) -> Answer:
        return Answer(body={"access_token": f"token-{len(self.requests)}", "token_type": "Bearer", "expires_in": self.lasts})

    def _taken(self, request: Request) -> None:
        """Nothing is kept besides the request."""


@final
class Silent:
    """Nobody is asked over it."""

    def post(self, url: str, form: Mapping[str, str]) -> Posted:
        """Raises Unreachable."""
        raise Unreachable("nobody is there")


GIVEN = "given-to-everybody"


@final
class Generous:
    """Gives everybody a token, and keeps who asked for it, and where."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def post(self, url: str, form: Mapping[str, str]) -> Posted:
        """The token GIVEN."""
        self.asked.append((url, form))
        return Posted(status=200, body=json.dumps({"access_token": GIVEN}).encode())


NO_TOKENS = AccessTokens(Silent(), seconds=lambda: 0.0)
