"""The demo company's CRM: it hears of touches by `webhooks` of engage.yaml, checks each signature, and keeps each touch once."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import final

from aiohttp import web
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from workers.demo.catchers import HOST, HttpCatcher, Tray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One touch as the CRM was told of it. `data` is that of the payload."""

    id: str
    type: str
    at: str
    contact: str
    data: dict[str, object] = field(repr=False)

    @property
    def written(self) -> str:
        """The data in JSON, without whom it is about."""
        return json.dumps({name: value for name, value in self.data.items() if name not in ("id", "at", "kind", "contact")})


@final
class CrmCatcher(HttpCatcher):
    """A CRM that takes Standard Webhooks. `url` and `secret` are for `webhooks`; nothing of it is a message to anybody."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(Tray(), now)
        self.secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
        self._heard: dict[str, Heard] = {}
        self._keeping = Lock()

    @property
    def url(self) -> str:
        """The webhook's `url`."""
        return f"http://{HOST}:{self.port}/engage"

    def heard(self) -> Sequence[Heard]:
        """All that it was told, in the order of arrival."""
        with self._keeping:
            return tuple(self._heard.values())

    def _answer(self, request: web.Request, body: dict[str, object], raw: bytes) -> web.Response:
        try:
            Webhook(self.secret).verify(raw, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return web.json_response({"error": "signature"}, status=401)
        id_, data = request.headers["webhook-id"], body.get("data")
        told = data if isinstance(data, dict) else {}
        contact = told.get("contact") or {}
        heard = Heard(
            id=id_, type=str(body.get("type")), at=str(body.get("timestamp")), data=told,
            contact=str(contact.get("external_id") or contact.get("id") or ""),
        )
        with self._keeping:
            self._heard.setdefault(id_, heard)
        return web.Response(status=204)
