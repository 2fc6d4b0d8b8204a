"""The API: whoever has the key tells what happened, and every wrong is said in problem details."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
    assert answer.json()["events"] == [{"id": "t1", "status": "accepted", "contact": "known", "ignored": [], "problem": None}]
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
    assert (answer.status_code, "application/json" in answer.json()["detail"]) == (415, True)


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
        {**CLOSED, "data": "x"}, {**CLOSED, "at": "yesterday"}, {**CLOSED, "at": 1700000000}, {**CLOSED, "at": "2026-02-25T11:00:00"},
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
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="engage"')
    assert visitor.intake.taken == {}


def test_with_no_key_made_everybody_is_refused_and_told_how_to_make_one() -> None:
    answer = post(Visitor(api_key=None), CLOSED)
    assert answer.status_code == 401
    assert "engage key create" in answer.json()["detail"]


def test_an_event_that_conflicts_with_what_is_declared_is_refused_with_the_field(visitor: Visitor) -> None:
    answer = post(visitor, {**CLOSED, "data": {"ticket_id": 7}})
    assert (answer.status_code, "`ticket_id` must be text" in answer.json()["detail"]) == (409, True)
    assert visitor.intake.taken == {}


def test_in_a_list_each_event_is_answered_by_itself(visitor: Visitor) -> None:
    told = [CLOSED, {**CLOSED, "id": "t2", "data": {"ticket_id": 7}}, {**CLOSED, "id": "t3", "type": "message.sent"}, CLOSED]
    answers = post(visitor, told).json()["events"]
    assert [answer["status"] for answer in answers] == ["accepted", "refused", "refused", "repeated"]
    assert "`ticket_id` must be text" in answers[1]["problem"]
    assert list(visitor.intake.taken) == ["t1"]


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
        def take_all(self, events: Sequence[Event]) -> Sequence[bool]:
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


CLOUD = {
    "specversion": "1.0", "id": "9", "source": "/desk", "type": "ticket.closed", "subject": "ana", "time": "2026-02-25T11:00:00Z",
    "data": {"ticket_id": "T-9"}, "traceparent": "00-x",
}


def send(visitor: Visitor, content: str, kind: str, **headers: str) -> Response:
    sent = {"Authorization": f"Bearer {KEY}", "Content-Type": kind, **headers}
    return visitor.client.post("/v1/events", content=content, headers=sent)


def test_a_batch_of_cloud_events_is_taken(visitor: Visitor) -> None:
    answer = send(visitor, json.dumps([CLOUD, {**CLOUD, "id": "10"}]), "application/cloudevents-batch+json; charset=utf-8")
    assert [event["id"] for event in answer.json()["events"]] == ["/desk#9", "/desk#10"]


def test_a_cloud_event_in_the_binary_mode_is_taken(visitor: Visitor) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "9", "ce-source": "/desk", "ce-type": "ticket.closed", "ce-subject": "an%61"}
    answer = send(visitor, '{"ticket_id": "T-9"}', "application/json", **headers)
    assert answer.json()["events"][0]["id"] == "/desk#9"
    assert (visitor.intake.taken["/desk#9"].contact_ref, visitor.intake.taken["/desk#9"].data) == ("ana", {"ticket_id": "T-9"})


def test_a_cloud_event_whose_source_is_long_still_counts_once(visitor: Visitor) -> None:
    long = {**CLOUD, "source": "https://desk.example/" + "x" * 300}
    assert [post(visitor, long).json()["events"][0]["status"] for _ in range(2)] == ["accepted", "repeated"]


@pytest.mark.parametrize(("content", "status"), [
    ("{", 400), ("", 422), ("\xff", 400), ('{"type": NaN}', 400), ('{"type": "x", "type": "y"}', 400),
    ('{"type": "x", "data": {"n": 1e999}}', 422), ('{"type": "x", "data": {"n": ' + "9" * 5_000 + "}}", 422),
    ('{"type": "x", "data": {"n": "\\u0000"}}', 422), ('{"type": "x", "data": {"n": "\\ud800"}}', 422),
    ('{"type": "x", "data": {"\\u0000": 1}}', 422), ('{"type": "x", "data": ' + "[" * 100 + "]" * 100 + "}", 422),
    ("[" * 100_000 + "]" * 100_000, 422), ('{"type": true}', 422), ('{"type": "x", "contact": 12}', 422),
    ('{"type": "x\\ny"}', 422), ('"text"', 422), ("null", 422), ("12", 422),
])
def test_whatever_no_database_could_keep_is_refused(visitor: Visitor, content: str, status: int) -> None:
    answer = visitor.client.post(
        "/v1/events", content=content.encode("latin-1"), headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert visitor.intake.taken == {}


def test_nul_in_the_address_is_refused(visitor: Visitor) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    for path in ("/v1/contacts/a%00b", "/v1/contacts/ana/history?campaign=a%00b", "/v1/messages/%00"):
        assert visitor.client.get(path, headers=headers).status_code in (404, 422), path


def test_other_methods_are_told_which_there_are(visitor: Visitor) -> None:
    answer = visitor.client.request("OPTIONS", "/v1/contacts/ana")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT")
    assert answer.headers["content-type"] == "application/problem+json"
    assert visitor.client.post("/v1/nowhere").json()["status"] == 404


def test_the_document_tells_a_companys_words_to_those_with_a_key_alone(visitor: Visitor) -> None:
    told = visitor.client.get("/openapi.json").json()
    known = visitor.client.get("/openapi.json", headers={"Authorization": f"Bearer {KEY}"}).json()
    assert "birth_date" not in told["components"]["schemas"]["Attributes"]["properties"]
    assert known["components"]["schemas"]["Attributes"]["properties"]["birth_date"]["anyOf"][0] == {"type": "string", "format": "date"}
    assert known["components"]["schemas"]["ConsentIn"]["properties"]["purpose"]["enum"] == ["care", "marketing", "service", "club"]
    assert told["paths"]["/v1/events"]["post"]["security"] == [{"key": ["sender", "marketer", "admin"]}]


def test_every_answer_of_every_operation_stands_in_the_document(visitor: Visitor) -> None:
    paths = visitor.client.get("/openapi.json").json()["paths"]
    operations = {f"{method} {path}": operation for path, methods in paths.items() for method, operation in methods.items()}
    for name, operation in operations.items():
        if " /v1/" in name:
            assert {"401", "403", "422", "429", "503"} <= set(operation["responses"]), name
            refusals = [each for status, each in operation["responses"].items() if status >= "400"]
            assert all("application/problem+json" in each["content"] for each in refusals), name
        if " /v1/" in name and "requestBody" in operation:
            assert {"400", "413", "415"} <= set(operation["responses"]), name
