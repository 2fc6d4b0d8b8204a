"""The API about single messages: asked for, asked for again, looked at, taken back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response

from engage.model.access import Role
from engage.store.schema.tables import deliveries
from tests.small import small_workspace
from tests.unit.web.site import KEY, Visitor

HEADERS = {"Authorization": f"Bearer {KEY}"}
ASKED = {"contact": "ana", "message": "code", "purpose": "service", "channels": ["email"], "with": {"code": "123456"}}
TEMPLATE = "---\nsubject: Your code\n---\nYour code is {{ code }}.\n"


@pytest.fixture
def visitor() -> Visitor:
    bare = "---\nsubject: x\n---\nHello!\n"
    return Visitor(workspace=small_workspace(**{"templates/code/email.md": TEMPLATE, "templates/bare/email.txt": bare}))


def ask(visitor: Visitor, key: str | None = None, **changed: Any) -> Response:
    headers = {**HEADERS, **({"Idempotency-Key": key} if key is not None else {})}
    return visitor.client.post("/v1/messages", json={**ASKED, **changed}, headers=headers)


def rows(visitor: Visitor) -> int:
    with visitor.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(deliveries.c.campaign == "")) or 0


def test_a_message_is_taken_on_and_can_be_looked_at(visitor: Visitor) -> None:
    answer = ask(visitor, expires="30m")
    assert answer.status_code == 202
    seen = visitor.client.get(answer.headers["location"], headers=HEADERS).json()
    assert seen == answer.json()
    assert (seen["state"], seen["contact"], seen["send_at"], seen["expires_at"]) == (
        "waiting", "ana", "2026-02-25T12:00:00Z", "2026-02-25T12:30:00Z"
    )


def test_a_message_may_be_for_later(visitor: Visitor) -> None:
    answer = ask(visitor, send_at="2026-03-01T09:00:00+01:00")
    assert (answer.json()["due_at"], answer.json()["expires_at"]) == ("2026-03-01T08:00:00Z", "2026-03-08T08:00:00Z")


def test_asked_again_under_its_key_it_is_made_but_once(visitor: Visitor) -> None:
    answers = [ask(visitor, key="k1") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    assert (ask(visitor, key="k2").json()["id"] != answers[0].json()["id"], rows(visitor)) == (True, 2)


def test_a_key_stands_for_one_message_of_one_program(visitor: Visitor) -> None:
    ask(visitor, key="k1")
    other = ask(visitor, key="k1", **{"with": {"code": "654321"}})
    assert (other.status_code, other.json()["errors"][0]["parameter"]) == (422, "Idempotency-Key")
    assert rows(visitor) == 1
    assert ask(visitor, key="k 1").status_code == 422
    from_elsewhere = visitor.client.post("/v1/messages", json=ASKED, headers={**_sender(visitor), "Idempotency-Key": "k1"})
    assert (from_elsewhere.status_code, rows(visitor)) == (202, 2)


def _sender(visitor: Visitor) -> dict[str, str]:

    return visitor.key(Role.SENDER)


@pytest.mark.parametrize(("changed", "status", "said"), [
    ({"contact": "nobody"}, 404, "no contact 'nobody'"), ({"message": "cod"}, 404, "did you mean code?"),
    ({"purpose": "sales"}, 404, "no purpose 'sales'"), ({"channels": ["fax"]}, 404, "no channel 'fax'"),
    ({"with": {}}, 409, "cannot be rendered by email"), ({"channels": ["sms"]}, 409, "no template for sms"),
    ({"purpose": "care", "message": "bare"}, 409, "needs a link to {{ message.unsubscribe_url }}"),
    ({"send_at": "9999-01-01T00:00:00Z"}, 409, "no clock"),
    ({"channels": []}, 422, "form"), ({"expires": "soon"}, 422, "form"), ({"priority": 10}, 422, "form"), ({"priority": True}, 422, "form"),
])
def test_what_cannot_be_sent_is_said_at_once(visitor: Visitor, changed: Any, status: int, said: str) -> None:
    answer = ask(visitor, **changed)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    assert rows(visitor) == 0


def test_a_channel_of_staff_is_no_way_to_a_contact() -> None:
    with_room = 'channels:\n  room: {adapter: console, kind: chat, to: "#support"}\n'
    settings = small_workspace().files["engage.yaml"].decode().replace("channels:\n", with_room)
    workspace = small_workspace(**{"engage.yaml": settings, "templates/code/email.md": TEMPLATE})
    answer = ask(Visitor(workspace=workspace), channels=["room"])
    assert (answer.status_code, "fixed recipient" in answer.json()["detail"]) == (409, True)


def test_a_message_that_waits_is_taken_back_once(visitor: Visitor) -> None:
    path = ask(visitor).headers["location"]
    answers = [visitor.client.delete(path, headers=HEADERS) for _ in range(2)]
    said = [(answer.status_code, answer.json()["state"], answer.json()["reason"]) for answer in answers]
    assert said == [(200, "cancelled", "taken_back")] * 2
    assert visitor.touches().count("cancelled") == 1
    assert visitor.client.get(path, headers=HEADERS).status_code == 404


@pytest.mark.parametrize("state", ["sending", "sent", "failed"])
def test_a_message_that_has_gone_is_not_taken_back(visitor: Visitor, state: str) -> None:
    path = ask(visitor).headers["location"]
    with visitor.database.begin() as connection:
        connection.execute(sa.update(deliveries).where(deliveries.c.campaign == "").values(state=state))
    answer = visitor.client.delete(path, headers=HEADERS)
    assert (answer.status_code, state in answer.json()["detail"]) == (409, True)


def test_a_campaigns_message_is_none_of_these(visitor: Visitor) -> None:
    path = f"/v1/messages/{visitor.delivery}"
    assert [visitor.client.request(method, path, headers=HEADERS).status_code for method in ("GET", "DELETE")] == [404, 404]
