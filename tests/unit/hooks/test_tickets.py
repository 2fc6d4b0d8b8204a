"""What help desks and CRMs post becomes events about tickets and changes of contacts, whatever they call them."""

from __future__ import annotations

import json
from functools import partial
from itertools import permutations
from typing import Any
from urllib.parse import quote

import pytest

from engage.model.contact import Event
from engage.model.hooks import Hook
from tests.unit.hooks.desk import SECRET, Desk, basic, hubspot, in_url, payload, slack, standard, zendesk

freshdesk = partial(basic, "freshdesk")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def only(desk: Desk) -> Event:
    (event,) = desk.intake.taken.values()
    return event


def jsoned(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_zendesks_solved_is_our_closed(desk: Desk) -> None:
    desk.post(zendesk(payload("zendesk_solved.json")))
    event = only(desk)
    assert (event.type, event.contact_ref) == ("ticket.closed", "8447388090494")
    assert event.id == "zendesk:cbe4028c-7239-495d-b020-f22348516046"
    assert event.at.isoformat() == "2026-02-25T11:59:30+00:00"
    assert event.data == {"ticket_id": "5158", "tags": ("tents", "web_widget"), "channel": "web_service", "priority": "low"}


def test_a_triggers_own_body_tells_the_same_by_the_requesters_address(desk: Desk) -> None:
    desk.post(zendesk(payload("zendesk_trigger.json")))
    event = only(desk)
    assert (event.type, event.contact_ref, event.data["channel"]) == ("ticket.closed", "ana@example.com", "web")
    assert event.data["tags"] == ("tents", "web_widget")


@pytest.mark.parametrize(("before", "after", "what"), [
    ("OPEN", "SOLVED", "ticket.closed"), ("PENDING", "CLOSED", "ticket.closed"), ("SOLVED", "CLOSED", None), ("CLOSED", "SOLVED", None),
    ("SOLVED", "OPEN", "ticket.reopened"), ("SOLVED", "PENDING", "ticket.reopened"), ("NEW", "OPEN", None), ("OPEN", "HOLD", None),
])  # fmt: skip
def test_what_a_change_of_status_means(before: str, after: str, what: str | None, desk: Desk) -> None:
    told = json.loads(payload("zendesk_solved.json"))
    told["event"] |= {"current": after, "previous": before}
    answer = desk.post(zendesk(jsoned(told)))
    assert answer.status_code == 200
    assert [event.type for event in desk.intake.taken.values()] == ([what] if what else [])
    assert answer.json()["ignored"] == ([] if what else ["ticket.status_changed"])


def test_the_closed_that_zendesk_makes_of_solved_by_itself_is_not_another_closure(desk: Desk) -> None:
    body = {"ticket_id": "7", "status": "Closed", "requester_email": "ana@example.com"}
    assert desk.post(zendesk(jsoned(body))).json()["ignored"] == ["status closed"]
    desk.post(zendesk(jsoned({**body, "type": "ticket.closed"})))
    assert only(desk).type == "ticket.closed"


def test_a_body_may_say_the_type_itself_whatever_the_status_is_called(desk: Desk) -> None:
    desk.post(zendesk(jsoned({"type": "ticket.reopened", "ticket_id": 7, "status": "Odprto", "requester_external_id": "ana"})))
    assert (only(desk).type, only(desk).contact_ref, only(desk).data["ticket_id"]) == ("ticket.reopened", "ana", "7")


def test_a_ticket_whose_requester_is_not_told_is_nobodys_and_never_everybodys(desk: Desk) -> None:
    answer = desk.post(zendesk(jsoned({"type": "ticket.closed", "ticket_id": "7"})))
    assert answer.json()["ignored"] == ["a ticket without its requester"]
    assert desk.intake.taken == {}


def test_how_zendesks_numbers_stand_in_our_contacts_is_a_setting() -> None:
    desk = Desk(zendesk=Hook(name="zendesk", source="zendesk", secrets=(SECRET,), external_id="zd-{id}"))
    desk.post(zendesk(payload("zendesk_solved.json")))
    assert only(desk).contact_ref == "zd-8447388090494"


def test_an_unknown_event_is_taken_and_ignored(desk: Desk) -> None:
    answer = desk.post(zendesk(jsoned({"type": "zen:event-type:article.published", "detail": {}, "id": "1"})))
    assert (answer.status_code, answer.json()["ignored"]) == (200, ["article.published"])


def test_freshdesks_fields_are_read_as_it_names_them(desk: Desk) -> None:
    desk.post(freshdesk(payload("freshdesk.json")))
    event = only(desk)
    assert (event.type, event.contact_ref) == ("ticket.closed", "ana@example.com")
    assert event.data == {"ticket_id": "4711", "tags": ("tents", "repairs"), "channel": "phone", "priority": "low"}


@pytest.mark.parametrize(("changed", "status", "what"), [
    ("from:2,to:5", "Closed", "ticket.closed"), ("from:4,to:5", "Closed", None), ("from:4, to:2", "Open", "ticket.reopened"),
    ("from:5,to:3", "Pending", "ticket.reopened"), ("from:2,to:3", "Pending", None),
])  # fmt: skip
def test_freshdesks_change_of_status_says_what_it_was_before(changed: str, status: str, what: str | None, desk: Desk) -> None:
    told = json.loads(payload("freshdesk.json"))
    told["freshdesk_webhook"] |= {"ticket_status": status, "triggered_event": f"{{ticket_action:status:{{{changed}}}}}"}
    desk.post(freshdesk(jsoned(told)))
    assert [event.type for event in desk.intake.taken.values()] == ([what] if what else [])


def test_the_same_bytes_of_a_source_without_times_are_one_event_for_a_while_and_another_one_later(desk: Desk) -> None:
    body = payload("freshdesk.json")
    desk.post(freshdesk(body))
    desk.post(freshdesk(body))
    assert len(desk.intake.taken) == 1
    desk.machine.moment = desk.machine.moment.replace(hour=13)
    desk.post(freshdesk(body))
    assert len(desk.intake.taken) == 2


def test_salesforce_gets_the_answer_that_it_waits_for(desk: Desk) -> None:
    answer = desk.post(in_url("salesforce", payload("salesforce_case.xml")))
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert "<Ack>true</Ack>" in answer.text
    case, contact = desk.intake.taken.values()
    assert (case.type, case.contact_ref, case.data["ticket_id"]) == ("ticket.closed", "ana@example.com", "00001026")
    assert (case.id, case.data["channel"]) == ("salesforce:04l3000000000010AA", "phone")
    bo = desk.people.find("0033000000AbcdEAAR")
    assert bo is not None
    assert (contact.type, contact.contact_id) == ("contact.updated", bo.id)
    assert {name: bo.attributes.get(name) for name in ("email", "first_name", "country", "plan")} == {
        "email": "bo@example.com", "first_name": "Bo", "country": "SI", "plan": "pro",
    }


def test_another_organizations_message_is_refused(desk: Desk) -> None:
    body = payload("salesforce_case.xml").replace(b"00D300000000ABCEAY", b"00D300000000XYZEAY")
    assert desk.post(in_url("salesforce", body)).status_code == 401


BOMB = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><Envelope>&lol2;</Envelope>'
FILE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Envelope>&x;</Envelope>'


DEEP, WIDE = b"<a>" * 40 + b"</a>" * 40, b"<Envelope>" + b"<a/>" * 30_000 + b"</Envelope>"


@pytest.mark.parametrize("body", [BOMB, FILE, DEEP, WIDE, b"<Envelope/>"])
def test_xml_brings_no_entities_and_no_depths(body: bytes, desk: Desk) -> None:
    answer = desk.post(in_url("salesforce", body))
    assert answer.status_code in (401, 422)
    assert "root:" not in answer.text


def test_hubspots_changes_make_and_change_a_contact_whatever_comes_first(desk: Desk) -> None:
    answer = desk.post(hubspot(payload("hubspot.json")))
    bo = desk.people.find("1246965")
    assert bo is not None
    assert (bo.attributes["email"], bo.attributes["first_name"]) == ("bo@example.com", "Bo")
    assert answer.json()["ignored"] == ["deal.creation"]
    assert {event.type for event in desk.intake.taken.values()} == {"contact.updated"}
    assert all("bo@" not in str(event.data) for event in desk.intake.taken.values())


def change(name: str, value: str, at: int, id: int = 0) -> dict[str, Any]:
    return {
        "eventId": id or at, "subscriptionType": "contact.propertyChange", "objectId": 9, "propertyName": name, "propertyValue": value,
        "occurredAt": 1772020700000 + at, "portalId": 33, "appId": 1,
    }


CHANGES = (change("city", "Koper", 1), change("city", "Celje", 3), change("firstname", "Ana", 2), change("city", "Ptuj", 3, id=4))


def test_what_was_told_later_is_not_undone_by_what_comes_late(desk: Desk) -> None:
    ends = set()
    for person, order in enumerate(list(permutations(range(4)))[::3], start=100):
        for place in (*order, *order[:2]):
            desk.post(hubspot(jsoned([{**CHANGES[place], "objectId": person}])))
        found = desk.people.find(str(person))
        assert found is not None
        ends.add((found.attributes["first_name"], found.attributes["city"]))
    assert len(ends) == 1  # of two told of one moment the same one wins
    assert ends < {("Ana", "Celje"), ("Ana", "Ptuj")}


def test_a_value_that_cannot_be_read_is_refused_and_the_others_are_taken(desk: Desk) -> None:
    answer = desk.post(hubspot(jsoned([change("email", "no address", 1), change("city", "Koper", 2)])))
    assert (answer.status_code, answer.json()["events"], len(answer.json()["refused"])) == (200, 1, 1)
    assert desk.post(hubspot(jsoned([change("email", "no address", 5)]))).status_code == 422


def test_a_zendesk_user_is_a_contact(desk: Desk) -> None:
    desk.post(zendesk(payload("zendesk_user.json")))
    bo = desk.people.find("bo@example.com")
    assert bo is not None
    assert bo.attributes["external_id"] == "6596848315901"
    agent = payload("zendesk_user.json").replace(b"end-user", b"agent").replace(b"bo@", b"agent@")
    assert desk.post(zendesk(agent)).json()["ignored"] == ["a user who is no customer"]


def test_standard_webhooks_bring_the_event_that_they_are(desk: Desk) -> None:
    desk.post(standard(payload("standard.json")))
    event = only(desk)
    assert (event.type, event.contact_ref, event.id) == ("order.placed", "ana", "standard-webhooks:msg_1")
    assert event.data["order_id"] == "1001"
    assert desk.post(standard(payload("standard.json"), id="msg_1")).json()["status"] == "repeated"


def test_one_about_nobody_is_refused_as_it_would_be_about_everybody(desk: Desk) -> None:
    answer = desk.post(standard(jsoned({"type": "order.placed", "data": {"order_id": "1"}})))
    assert answer.status_code == 422
    assert "nothing tells whom this is about" in answer.json()["detail"]


def test_events_of_engages_own_cannot_be_forged(desk: Desk) -> None:
    answer = desk.post(standard(jsoned({"type": "message.clicked", "data": {"contact": "ana"}})))
    assert answer.status_code == 422
    assert desk.intake.taken == {}


def test_slack_is_given_back_its_challenge(desk: Desk) -> None:
    challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
    answer = desk.post(slack(jsoned({"token": "x", "challenge": challenge, "type": "url_verification"})))
    assert (answer.text, answer.status_code) == (challenge, 200)


def test_a_slack_button_is_the_event_that_it_is_called_after(desk: Desk) -> None:
    desk.people.change(desk.ana, {"chat_id": "U012345"}, now=desk.clock.now())
    answer = desk.post(slack(b"payload=" + quote(payload("slack_button.json").decode()).encode(), form=True))
    assert (answer.status_code, answer.text) == (200, "")
    event = only(desk)
    assert (event.type, event.contact_id, event.data) == ("csat.answered", desk.ana, {"ticket_id": "T-1", "score": 2})


@pytest.mark.parametrize(("triggered", "status", "what"), [
    ("{ticket_action:created}", "Open", "ticket.created"), ("{reply:sent}", "Open", None), ("{note_type:public}", "Closed", None),
    ("{status:{from:Open,to:Waiting on Customer}}", "Waiting on Customer", None), ("{status:{from:2,to:5}}", "Closed", "ticket.closed"),
    ('{"status": {"from": "Closed", "to": "Open"}}', "Open", "ticket.reopened"), ("", "Resolved", "ticket.closed"),
    ("{Status:{From:Open,To:Resolved}}", "Resolved", "ticket.closed"),
])  # fmt: skip
def test_what_triggered_freshdesk_says_whether_the_status_changed_at_all(triggered: str, status: str, what: str | None, desk: Desk) -> None:
    told = {"ticket_id": 1, "ticket_status": status, "triggered_event": triggered, "ticket_requester_email": "ana@example.com"}
    desk.post(freshdesk(jsoned({"freshdesk_webhook": told})))
    assert [event.type for event in desk.intake.taken.values()] == ([what] if what else [])


def test_hubspots_own_way_of_writing_zones_and_days_is_understood(desk: Desk) -> None:
    told = {"hs_timezone": "america_slash_port_hyphen_au_hyphen_prince", "date_of_birth": "637545600000"}
    desk.post(hubspot(jsoned([change(name, value, place) for place, (name, value) in enumerate(told.items(), 1)])))
    bo = desk.people.find("9")
    assert bo is not None
    assert (bo.attributes["timezone"], str(bo.attributes["birth_date"])) == ("America/Port-au-Prince", "1990-03-16")


def test_one_field_that_cannot_be_read_does_not_keep_the_others_from_being_taken(desk: Desk) -> None:
    person = {"external_id": "c-7", "email": "eva@example.com", "phone": "(02) 123 45", "role": "end-user", "id": "7"}
    answer = desk.post(zendesk(jsoned({"type": "zen:event-type:user.created", "id": "u-7", "detail": person})))
    eva = desk.people.find("c-7")
    assert (answer.json()["events"], eva is not None and eva.attributes.get("email")) == (1, "eva@example.com")
    assert "phone" in answer.json()["refused"][0]


def test_what_is_no_character_is_replaced_before_a_database_chokes_on_it(desk: Desk) -> None:
    body = b'{"type": "ticket.closed", "ticket_id": "7\\u0000", "tags": ["a\\ud800b"], "requester_email": "ana@example.com"}'
    assert desk.post(zendesk(body)).status_code == 200
    assert only(desk).data == {"ticket_id": "7\ufffd", "tags": ("a\ufffdb",)}
