"""The API: whoever has the key tells what happened, and every wrong is said in problem details."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy.exc import OperationalError

from engage.model.contact import Event
from tests.builders import NOON
from tests.unit.web.site import KEY, FakeIntake, Visitor

CLOSED = {"id": "t1", "type": "ticket.closed", "contact": "ana", "at": "2026-02-25T11:00:00Z", "data": {"ticket_id": "T-1"}}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def post(visitor: Visitor, body: Any, *, key: str | None = KEY, **headers: str) -> Response:
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return visitor.client.post("/v1/events", json=body, headers=headers)


def test_an_event_is_taken_in_and_the_workers_are_told_once(visitor: Visitor) -> None:
    answer = post(visitor, CLOSED)
    assert answer.status_code == 200
    assert answer.json()["events"] == [{"id": "t1", "status": "accepted", "contact": "known", "ignored": []}]
    assert visitor.intake.taken["t1"].data == {"ticket_id": "T-1"}
    assert visitor.intake.nudged == 1


def test_the_same_id_again_says_that_it_was_there(visitor: Visitor) -> None:
    post(visitor, CLOSED)
    assert post(visitor, CLOSED).json()["events"][0]["status"] == "repeated"


def test_a_list_is_answered_in_its_order(visitor: Visitor) -> None:
    answer = post(visitor, [{**CLOSED, "id": f"t{number}"} for number in range(1_000)])
    assert [event["id"] for event in answer.json()["events"]] == [f"t{number}" for number in range(1_000)]
    assert visitor.intake.nudged == 1


def test_more_than_a_thousand_are_refused_as_a_whole(visitor: Visitor) -> None:
    assert post(visitor, [{**CLOSED, "id": f"t{number}"} for number in range(1_001)]).status_code == 422
    assert visitor.intake.taken == {}


def test_a_body_that_does_not_say_that_it_is_json_is_told_to() -> None:
    answer = Visitor().client.post("/v1/events", content=b"{}", headers={"Authorization": f"Bearer {KEY}", "Content-Type": "text/plain"})
    assert (answer.status_code, "Content-Type: application/json" in answer.json()["detail"]) == (415, True)


def test_an_event_about_somebody_unknown_says_so(visitor: Visitor) -> None:
    assert post(visitor, {**CLOSED, "contact": "nobody"}).json()["events"][0]["contact"] == "unknown"


def test_an_event_about_nobody_has_no_contact(visitor: Visitor) -> None:
    answer = post(visitor, {"id": "s1", "type": "back_in_stock", "data": {"sku": "A"}})
    assert answer.json()["events"][0]["contact"] is None
    assert visitor.intake.taken["s1"].at == NOON


def test_a_cloud_event_is_taken_as_well(visitor: Visitor) -> None:
    cloud = {
        "specversion": "1.0", "id": "9", "source": "/desk", "type": "ticket.closed", "subject": "ana", "time": "2026-02-25T11:00:00Z",
        "datacontenttype": "application/json", "data": {"ticket_id": "T-9"},
    }
    assert post(visitor, cloud).json()["events"][0]["id"] == "/desk#9"
    assert visitor.intake.taken["/desk#9"].contact_ref == "ana"


def test_fields_that_cannot_be_kept_are_named(visitor: Visitor) -> None:
    answer = post(visitor, {**CLOSED, "data": {"ticket_id": "T-1", "agent": {"name": "Bo"}, "tags": ["a", "b"]}})
    assert answer.json()["events"][0]["ignored"] == ["agent"]
    assert visitor.intake.taken["t1"].data == {"ticket_id": "T-1", "tags": ("a", "b")}


@pytest.mark.parametrize(
    "wrong",
    [
        {**CLOSED, "data": {"ticket_id": 7}}, {**CLOSED, "at": "yesterday"}, {**CLOSED, "at": "2026-02-25T11:00:00"},
        {**CLOSED, "kind": "x"}, {"id": "t1"}, {**CLOSED, "id": ""}, [], "ticket.closed", {"specversion": "1.0", "type": "ticket.closed"},
    ],
)
def test_what_cannot_be_read_is_refused_with_a_problem_and_nothing_is_taken(visitor: Visitor, wrong: Any) -> None:
    answer = post(visitor, wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"]
    assert visitor.intake.taken == {}


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + "x"])
def test_without_the_key_nothing_is_taken(visitor: Visitor, key: str | None) -> None:
    answer = post(visitor, CLOSED, key=key)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert visitor.intake.taken == {}


def test_with_no_key_set_everybody_is_refused() -> None:
    visitor = Visitor(api_key=None)
    answer = post(visitor, CLOSED)
    assert answer.status_code == 503
    assert "ENGAGE_API_KEY" in answer.json()["detail"]


def test_a_body_of_more_than_a_megabyte_is_refused(visitor: Visitor) -> None:
    assert post(visitor, {**CLOSED, "data": {"note": "x" * 1_000_001}}).status_code == 413


def test_a_body_that_hides_its_length_is_refused_too(visitor: Visitor) -> None:
    chunks = (b"x" * 100_000 for _ in range(11))
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    answer = visitor.client.post("/v1/events", content=chunks, headers=headers)
    assert answer.status_code == 413


def test_our_own_mistake_is_a_problem_without_a_trace(visitor: Visitor) -> None:
    visitor.database.close()
    answer = post(visitor, CLOSED)
    assert answer.status_code == 500
    assert set(answer.json()) == {"type", "title", "status", "detail"}


def test_while_the_database_is_away_an_event_is_asked_for_again() -> None:
    class Away(FakeIntake):
        def take(self, event: Event) -> bool:
            raise OperationalError("COMMIT", None, Exception("it went away"))

    visitor = Visitor(intake=Away())
    answer = post(visitor, CLOSED)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "again" in answer.json()["detail"]


def test_a_process_that_lives_is_healthy_and_one_that_cannot_serve_says_why(visitor: Visitor) -> None:
    assert visitor.client.get("/healthz").json() == {"status": "ok"}
    assert visitor.client.get("/readyz").status_code == 200
    visitor.problems.append("the database is away")
    answer = visitor.client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["the database is away"])


def test_the_api_describes_itself(visitor: Visitor) -> None:
    paths = visitor.client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/v1/events", "/hooks/{name}", "/healthz", "/readyz"}
