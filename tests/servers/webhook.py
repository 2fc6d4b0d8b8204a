"""An SMS gateway that takes Standard Webhooks, checks the signature and keeps one message for each Idempotency-Key.

    with WebhookServer() as server:
        server.answer(Answer(status=429, headers={"Retry-After": "7"}), times=1)
        ... server.url, server.secret, server.messages
"""

from __future__ import annotations

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tests.servers.http import Answer, HttpServer, Request


class WebhookServer(HttpServer):
    """`messages` holds the bodies by their keys: a repeated key is no second message."""

    secret = "whsec_" + "c2VjcmV0" * 4

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, object]] = {}

    @property
    def url(self) -> str:
        """For the option `url`."""
        return f"{super().url}sms"

    def _usual(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Answer(status=204)
        if not self._is_signed(request):
            return Answer(status=401, body={"error": "signature"})
        return Answer(body={"id": f"sms-{request.headers['Idempotency-Key']}"})

    def _taken(self, request: Request) -> None:
        if request.method == "POST" and self._is_signed(request):
            self.messages[request.headers["Idempotency-Key"]] = request.json

    def _is_signed(self, request: Request) -> bool:
        try:
            Webhook(self.secret).verify(request.body, dict(request.headers))
        except WebhookVerificationError:
            return False
        return True
