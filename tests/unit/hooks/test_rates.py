"""A hook takes so many requests: who posts more is told to come again, and loses nothing; who proves nothing takes nothing from others."""

from __future__ import annotations

import pytest

from engage.model.hooks import Hook
from tests.unit.hooks.desk import SECRET, Desk, Post, basic, payload, zendesk


@pytest.fixture
def desk() -> Desk:
    """Zendesk may post once in five seconds, and twice at once."""
    return Desk(zendesk=Hook(name="zendesk", source="zendesk", secrets=(SECRET,), rate=0.2))


def closed(ticket: int, *, secret: str = SECRET) -> Post:
    return zendesk(b'{"type": "ticket.closed", "ticket_id": "%d", "requester_email": "ana@example.com"}' % ticket, secret=secret)


def test_above_the_rate_nothing_is_taken_and_the_same_post_is_taken_once_its_time_has_come(desk: Desk) -> None:
    assert [desk.post(closed(ticket)).status_code for ticket in (1, 2)] == [200, 200]
    refused = desk.post(closed(3))
    assert (refused.status_code, refused.headers["Retry-After"], refused.json()["status"]) == (429, "5", 429)
    assert len(desk.intake.taken) == 2
    desk.monotonic += 5.0
    answer = desk.post(closed(3))
    assert (answer.status_code, answer.json()["status"], answer.json()["events"]) == (200, "accepted", 1)


def test_a_flood_of_what_proves_nothing_takes_no_room_of_the_sources(desk: Desk) -> None:
    assert {desk.post(closed(ticket, secret="wrong")).status_code for ticket in range(50)} == {401}
    assert desk.post(closed(1)).status_code == 200


def test_one_hook_takes_no_room_of_another(desk: Desk) -> None:
    assert [desk.post(closed(ticket)).status_code for ticket in (1, 2, 3)] == [200, 200, 429]
    assert desk.post(basic("freshdesk", payload("freshdesk.json"))).status_code == 200


def test_the_document_tells_how_hooks_refuse() -> None:
    told = Desk().client.get("/openapi.json").json()["paths"]["/hooks/{name}"]["post"]["responses"]
    refused = {status: list(answer["content"]) for status, answer in told.items() if status != "200"}
    assert refused == {status: ["application/problem+json"] for status in ("401", "404", "413", "422", "429", "503")}
    assert "Retry-After" in told["429"]["headers"]
