"""The API about people: what is told of them, their consents, their history, campaigns that they enter."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from engage.contacts.ports import Person
from tests.builders import NOON
from tests.small import small_workspace
from tests.unit.web.site import KEY, Visitor

HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(workspace=small_workspace())


def put(visitor: Visitor, who: str, consents: Any = (), **attributes: Any) -> Response:
    body = {"attributes": attributes, "consents": list(consents)}
    return visitor.client.put(f"/v1/contacts/{who}", json=body, headers=HEADERS)


def test_a_contact_is_made_then_changed_then_as_it_was(visitor: Visitor) -> None:
    answers = [put(visitor, "bor", email="Bor@Example.com", birth_date="1990-05-05") for _ in range(2)]
    answers.append(put(visitor, "bor", email=None, phone="+38641123456", tags=["vip", "vip"]))
    assert [(answer.status_code, answer.json()["result"]) for answer in answers] == [(201, "created"), (200, "unchanged"), (200, "changed")]
    known = visitor.client.get("/v1/contacts/bor", headers=HEADERS).json()
    assert known["attributes"] == {"phone": "+38641123456", "birth_date": "1990-05-05", "tags": ["vip"]}
    assert visitor.client.get("/v1/contacts/%2B38641123456", headers=HEADERS).json()["id"] == known["id"]


@pytest.mark.parametrize(("who", "told"), [("'; DROP TABLE contacts", "begins with an apostrophe"), ("1.5E+11", "cut by a spreadsheet")])
def test_an_external_id_that_nobody_can_have_conflicts(visitor: Visitor, who: str, told: str) -> None:
    answer = put(visitor, who, email="bor@example.com")
    assert (answer.status_code, told in answer.json()["detail"]) == (409, True)


def test_whoever_is_known_by_the_address_gets_the_external_id(visitor: Visitor) -> None:
    visitor.people.upsert([Person(attributes={"email": "eva@example.com"})], now=NOON)
    answer = put(visitor, "eva", email="eva@example.com")
    assert (answer.status_code, answer.json()["result"]) == (200, "changed")


@pytest.mark.parametrize(("attributes", "pointer"), [
    ({"email": "nobody"}, "/attributes/email"), ({"plann": "pro"}, "/attributes/plann"),
    ({"birth_date": "2026-02-30"}, "/attributes/birth_date"),
    ({"birth_date": 7}, "/attributes/birth_date"), ({"phone": "040 123 456"}, "/attributes/phone"), ({"tags": "vip"}, "/attributes/tags"),
    ({"first_name": "A\nB"}, "/attributes/first_name"), ({"external_id": "x"}, "/attributes/external_id"),
    ({"country": "si"}, "/attributes/country"),
])
def test_what_has_not_the_form_is_refused_by_field_and_nothing_is_written(visitor: Visitor, attributes: Any, pointer: str) -> None:
    answer = put(visitor, "new", **attributes)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert visitor.client.get("/v1/contacts/new", headers=HEADERS).status_code == 404


@pytest.mark.parametrize(("attributes", "pointer"), [
    ({"phone": "+38600"}, None), ({"phone": "+386001234567"}, "/attributes/phone"), ({"timezone": "Mars/Base"}, "/attributes/timezone"),
    ({"country": "ZZ"}, "/attributes/country"), ({"locale": "xx"}, "/attributes/locale"),
])
def test_what_nobody_can_have_conflicts_by_field(visitor: Visitor, attributes: Any, pointer: str | None) -> None:
    answer = put(visitor, "new", **attributes)
    if pointer is None:
        assert answer.status_code == 422
    else:
        assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (409, [pointer])


def test_consents_come_along_and_an_undated_grant_undoes_no_withdrawal(visitor: Visitor) -> None:
    told = {"purpose": "marketing", "channel": "email", "granted": True}
    assert _marketing(put(visitor, "ana", [told])) == (True, True)
    assert _marketing(put(visitor, "ana", [{**told, "granted": False}])) == (False, False)
    assert _marketing(put(visitor, "ana", [told])) == (False, False)
    assert put(visitor, "ana", [{**told, "purpose": "marketting"}]).json()["detail"].endswith("did you mean marketing?")
    assert put(visitor, "ana", [{**told, "at": "2030-01-01T00:00:00Z"}]).status_code == 409


def _marketing(answer: Response) -> tuple[bool, bool]:
    (state,) = [each for each in answer.json()["consents"] if (each["purpose"], each["channel"]) == ("marketing", "email")]
    return state["may_write"], state["granted"]


def consent(visitor: Visitor, body: Any) -> Response:
    return visitor.client.post("/v1/consents", json=body, headers=HEADERS)


def test_a_consent_is_a_line_of_the_ledger_with_its_source_and_proof(visitor: Visitor) -> None:
    told = {
        "contact": "ana", "purpose": "marketing", "channel": "email", "granted": True, "at": "2026-02-24T08:00:00Z", "source": "checkout",
        "proof": "order 1", "wording": "Send me offers.", "locale": "en", "expires_at": "2027-02-24T08:00:00Z",
    }
    assert [consent(visitor, told).json() for _ in range(2)] == [{"recorded": 1}, {"recorded": 0}]
    (line,) = visitor.ledger.lines(visitor.ana)
    assert (line.source, line.proof, line.locale, line.granted) == ("checkout", "order 1", "en", True)
    assert [each.text for each in visitor.ledger.wordings([line.wording or ""]).values()] == ["Send me offers."]


def test_consents_of_a_list_are_recorded_together_or_not_at_all(visitor: Visitor) -> None:
    one = {"contact": "ana", "purpose": "marketing", "granted": False}
    refused = consent(visitor, [one, {**one, "contact": "nobody"}])
    assert (refused.status_code, visitor.lines()) == (404, [])
    assert consent(visitor, [one, {**one, "purpose": "care"}]).json() == {"recorded": 2}
    assert visitor.lines() == [("marketing", None, False), ("care", None, False)]
    assert visitor.ledger.lines(visitor.ana)[0].source == "api: ENGAGE_API_KEY"


@pytest.mark.parametrize("wrong", [
    {"at": "2030-01-01T00:00:00Z"}, {"at": "0001-01-01T00:00:00+14:00"}, {"expires_at": "2020-01-01T00:00:00Z"},
])
def test_a_consent_of_an_impossible_time_is_refused(visitor: Visitor, wrong: dict[str, str]) -> None:
    assert consent(visitor, {"contact": "ana", "purpose": "care", "granted": True, **wrong}).status_code == 409


def test_a_history_comes_in_pages_and_by_kind(visitor: Visitor) -> None:
    for number in range(5):
        visitor.client.post("/v1/events", json={"id": f"e{number}", "type": "ticket.closed", "contact": "ana", "data": {}}, headers=HEADERS)
    path = "/v1/contacts/ana/history"
    first = visitor.client.get(path, params={"kind": "event", "limit": 3}, headers=HEADERS).json()
    second = visitor.client.get(path, params={"kind": "event", "limit": 3, "before": first["next"]}, headers=HEADERS).json()
    ids = [touch["detail"]["event_id"] for page in (first, second) for touch in page["touches"]]
    assert (sorted(ids), second["next"]) == (["e0", "e1", "e2", "e3", "e4"], None)
    sent = visitor.client.get(path, params={"kind": "sent", "until": "2026-03-01T00:00:00Z"}, headers=HEADERS).json()["touches"]
    assert [touch["private"]["subject"] for touch in sent] == ["Vse najboljše, Ana!"]
    assert visitor.client.get("/v1/contacts/nobody/history", headers=HEADERS).status_code == 404
    wrong = visitor.client.get(path, params={"limit": 0}, headers=HEADERS)
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (422, "limit")


def test_an_address_that_several_share_names_nobody(visitor: Visitor) -> None:
    visitor.neighbour()
    answer = visitor.client.get("/v1/contacts/ana@example.com", headers=HEADERS)
    assert (answer.status_code, "several contacts" in answer.json()["detail"]) == (409, True)


def enroll(visitor: Visitor, campaign: str, **body: Any) -> Response:
    return visitor.client.post(f"/v1/campaigns/{campaign}/enroll", json=body, headers=HEADERS)


def test_people_are_enrolled_once_under_a_key(visitor: Visitor) -> None:
    answer = enroll(visitor, "follow_up", contacts=["ana", "nobody", "ana"], key="k1", data={"ticket_id": "T-1"})
    outcomes = [{"contact": "ana", "outcome": "entered"}, {"contact": "nobody", "outcome": "unknown"}]
    assert answer.json() == {"key": "k1", "outcomes": outcomes}
    assert enroll(visitor, "follow_up", contacts=["ana"], key="k1").json()["outcomes"][0]["outcome"] == "already"
    assert "did you mean follow_up?" in enroll(visitor, "folow_up", contacts=["ana"]).json()["detail"]


def test_a_campaigns_report_has_each_rate_with_what_it_is_a_share_of(visitor: Visitor) -> None:
    enroll(visitor, "follow_up", contacts=["ana"], data={"ticket_id": "T-1"})
    path = "/v1/campaigns/follow_up/report"
    told = visitor.client.get(path, params={"since": "2026-02-01T00:00:00Z"}, headers=HEADERS).json()
    assert (told["entered"], told["held_out"], told["sent"], told["opened"]) == (1, 0, 0, {"count": 0, "of": 0, "rate": None})
    assert (told["converted"]["treated"], told["lift"]["interval"]) == ({"count": 0, "of": 1, "rate": 0.0}, None)
    assert (set(told["by"]), told["since"]) == ({"message", "channel", "locale", "variant", "day"}, "2026-02-01T00:00:00Z")
    assert visitor.client.get("/v1/campaigns/nothing/report", headers=HEADERS).status_code == 404


def test_a_campaign_is_paused_resumed_and_approved(visitor: Visitor) -> None:
    steer = [visitor.client.post(f"/v1/campaigns/birthday/{verb}", headers=HEADERS).json()["state"] for verb in ("pause", "pause")]
    assert (steer, [pause["name"] for pause in visitor.operations.pauses()]) == (["paused", "paused"], ["birthday"])
    assert enroll(visitor, "birthday", contacts=["ana"]).json()["outcomes"][0]["outcome"] == "paused"
    assert visitor.client.post("/v1/campaigns/birthday/resume", headers=HEADERS).json() == {"campaign": "birthday", "state": "resumed"}
    assert visitor.operations.pauses() == []
    assert visitor.client.post("/v1/campaigns/birthday/approve", headers=HEADERS).json()["state"] == "approved"
    assert visitor.client.post("/v1/campaigns/nothing/approve", headers=HEADERS).status_code == 404
