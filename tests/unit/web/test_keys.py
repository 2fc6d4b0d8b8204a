"""Keys of the API: made, used, run out, revoked; what each role may; how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.model.access import ALLOWED, Role, Task
from engage.store.schema.api import api_keys
from tests.small import small_workspace
from tests.unit.web.site import Visitor

ASKED = {
    Task.TELL: [("POST", "/v1/events"), ("POST", "/v1/consents"), ("PUT", "/v1/contacts/ana")],
    Task.READ: [("GET", "/v1/contacts/ana"), ("GET", "/v1/contacts/ana/history"), ("GET", "/v1/campaigns/birthday/report")],
    Task.SEND: [("POST", "/v1/messages"), ("DELETE", "/v1/messages/1"), ("POST", "/v1/campaigns/birthday/enroll")],
    Task.SEE_MESSAGE: [("GET", "/v1/messages/1")],
    Task.STEER: [("POST", "/v1/campaigns/birthday/pause"), ("POST", "/v1/campaigns/birthday/resume")],
    Task.APPROVE: [("POST", "/v1/campaigns/birthday/approve")],
}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(workspace=small_workspace(), api_key=None)


def test_each_role_may_what_the_table_says_and_nothing_else(visitor: Visitor) -> None:
    for role in Role:
        headers = visitor.key(role, rate=1_000)
        for task, asked in ASKED.items():
            for method, path in asked:
                answer = visitor.client.request(method, path, headers=headers)
                assert (answer.status_code == 403) is (role not in ALLOWED[task]), (role, method, path, answer.text)


def test_who_may_not_is_told_who_may(visitor: Visitor) -> None:
    answer = visitor.client.post("/v1/campaigns/birthday/pause", headers=visitor.key(Role.SENDER))
    assert "needs a key with the role marketer or admin" in answer.json()["detail"]


def test_without_a_key_nobody_learns_what_else_is_wrong(visitor: Visitor) -> None:
    answer = visitor.client.post("/v1/events", content=b"{", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="engage"')


def test_of_a_key_the_database_keeps_a_hash_alone(visitor: Visitor) -> None:
    made, text = visitor.keys.create("shop", Role.SENDER, rate=5)
    with visitor.database.read() as connection:
        row = str(connection.execute(sa.select(api_keys)).one())
    assert text not in row
    assert text.startswith("engage_")
    assert (made.ending, visitor.keys.known(text)) == (text[-4:], made)
    assert [each.name for each in visitor.keys.every()] == ["shop"]


def test_a_key_that_was_revoked_or_has_expired_opens_nothing(visitor: Visitor) -> None:
    good = visitor.key(Role.VIEWER)
    old = visitor.key(Role.VIEWER, expires_in=timedelta(seconds=-1))
    assert visitor.client.get("/v1/contacts/ana", headers=good).status_code == 200
    assert visitor.client.get("/v1/contacts/ana", headers=old).status_code == 401
    assert [each.expired for each in visitor.keys.every()] == [False, True]
    assert visitor.keys.revoke(1) is True
    assert visitor.keys.revoke(1) is False
    assert visitor.client.get("/v1/contacts/ana", headers=good).status_code == 401


def test_a_key_tells_when_it_was_used_last(visitor: Visitor) -> None:
    headers = visitor.key(Role.VIEWER)
    assert visitor.keys.every()[0].last_used_at is None
    visitor.client.get("/v1/contacts/ana", headers=headers)
    assert visitor.keys.every()[0].last_used_at is not None


def test_a_key_is_good_for_so_many_requests_a_second(visitor: Visitor) -> None:
    headers = visitor.key(Role.VIEWER, rate=3)
    answers = [visitor.client.get("/v1/contacts/ana", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == ['"key";r=2;t=1', '"key";r=1;t=1', '"key";r=0;t=1', '"key";r=0;t=1']
    assert (answers[0].headers["ratelimit-policy"], answers[3].headers["retry-after"]) == ('"key";q=3;w=1', "1")
    visitor.monotonic += 1
    assert visitor.client.get("/v1/contacts/ana", headers=headers).status_code == 200
    assert visitor.client.get("/v1/contacts/ana", headers=visitor.key(Role.VIEWER)).status_code == 200
