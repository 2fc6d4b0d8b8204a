"""Slack's Web API as far as we speak it: chat.postMessage, auth.test, conversations.open and conversations.history.

    with SlackServer() as server:
        server.fail("channel_not_found")
        ... server.url (the option base_url), server.messages
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.servers.http import Answer, HttpServer, Request


class SlackServer(HttpServer):
    """Accepts every message that carries its token; `messages` holds their arguments as they came."""

    def __init__(self, *, token: str = "xoxb-test") -> None:
        super().__init__()
        self.token = token
        self.messages: list[dict[str, object]] = []
        self.shows_metadata = True
        self.page = 200

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
        if request.path == "/api/conversations.open":
            return Answer(body={"ok": True, "channel": {"id": conversation_of(str(request.json["users"]))}})
        if request.path == "/api/conversations.history":
            return self._history(request.query)
        to = conversation_of(str(request.json["channel"]))
        return Answer(body={"ok": True, "ts": f"1700000000.{len(self.messages):06}", "channel": to})

    def _history(self, asked: Mapping[str, str]) -> Answer:
        """The conversation's messages, newest first, a page at a time; real Slack leaves out what is older or newer than asked for."""
        posted = [
            {"ts": f"1700000000.{number:06}", "bot_id": "B1", "text": message["text"]}
            | ({"metadata": message["metadata"]} if self.shows_metadata and asked.get("include_all_metadata") == "true" else {})
            for number, message in enumerate(self.messages) if conversation_of(str(message["channel"])) == asked["channel"]
        ][::-1]
        start = int(asked.get("cursor") or 0)
        end = start + min(self.page, int(asked["limit"]))
        more = {"next_cursor": str(end) if end < len(posted) else ""}
        return Answer(body={"ok": True, "messages": posted[start:end], "response_metadata": more})

    def _accepts(self, reply: Answer) -> bool:
        return reply.status == 200 and isinstance(reply.body, dict) and reply.body.get("ok") is True

    def _taken(self, request: Request) -> None:
        if request.path == "/api/chat.postMessage":
            self.messages.append(request.json)


def conversation_of(address: str) -> str:
    """A person is written to in a conversation of its own."""
    return f"D{address[1:]}" if address.startswith("U") else address
