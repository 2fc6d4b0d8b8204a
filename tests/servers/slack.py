"""Slack's Web API as far as we speak it: chat.postMessage and auth.test.

    with SlackServer() as server:
        server.fail("channel_not_found")
        ... server.url (the option base_url), server.messages
"""

from __future__ import annotations

from tests.servers.http import Answer, HttpServer, Request


class SlackServer(HttpServer):
    """Accepts every message that carries its token; `messages` holds their arguments as they came."""

    def __init__(self, *, token: str = "xoxb-test") -> None:
        super().__init__()
        self.token = token
        self.messages: list[dict[str, object]] = []

    @property
    def url(self) -> str:
        """For the option `base_url`."""
        return f"{super().url}api/"

    def fail(self, error: str, *, times: int | None = None) -> None:
        """Answer as Slack does to what it refuses: 200, `ok: false` and a word."""
        self.answer(Answer(body={"ok": False, "error": error}), times=times)

    def _usual(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer(body={"ok": False, "error": "invalid_auth"})
        if request.path == "/api/auth.test":
            return Answer(body={"ok": True, "team": "Test"})
        return Answer(body={"ok": True, "ts": f"1700000000.{len(self.messages):06}", "channel": request.json["channel"]})

    def _accepts(self, reply: Answer) -> bool:
        return reply.status == 200 and isinstance(reply.body, dict) and reply.body.get("ok") is True

    def _taken(self, request: Request) -> None:
        if request.path == "/api/chat.postMessage":
            self.messages.append(request.json)
