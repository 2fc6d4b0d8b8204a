"""A generic hook: any system that posts JSON, proven as engage.yaml says, and read by its own mapping."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

import pytest

from engage.model.errors import InputError
from engage.model.hooks import Hook
from engage.rules.settings import load_settings
from tests.builders import NOON
from tests.unit.hooks.desk import Desk, Post, bearer

SETTINGS = """
company: {name: Aurora, address: "Trubarjeva 1"}
public_url: https://engage.example.com
events:
  order.placed: {order_id: text, total: money, items: list}
  ticket.closed: {ticket_id: text}
attributes: {plan: text}
purposes: {care: {consent: opt_out}}
channels: {email: {adapter: console, kind: email}}
hooks:
"""

SHOP = """
  shop:
    secret: the-secret-of-the-shop
    old_secret: the-older-secret-of-the-shop
    signature: {header: X-Shop-Signature, prefix: "sha256=", signed: "{timestamp}.{body}", timestamp_header: X-Shop-Time}
    events:
      - type: order.placed
        where: headers.x_shop_topic == 'orders/paid'
        each: body.orders
        id: item.id
        at: item.paid_at
        contact: item.customer.email
        fields: {order_id: item.id, items: item.skus, total: item.total}
      - type: contact.updated
        where: headers.x_shop_topic == 'customers/update'
        at: body.updated_at
        attributes: {external_id: body.id, email: body.email, plan: body.plan | lower}
      - type: "{{ body.kind }}"
        where: body.kind is not none
        contact: body.who
"""


def hooks(text: str) -> dict[str, Hook]:
    return dict(load_settings({"engage.yaml": (SETTINGS + text).encode()}, {}).hooks)


def refusals(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        hooks(text)
    return [problem.what for problem in caught.value.problems]


def shop(body: Any, topic: str, *, secret: str = "the-secret-of-the-shop", stamp: float | None = None) -> Post:
    raw, time = json.dumps(body).encode(), str(int(NOON.timestamp() if stamp is None else stamp))
    signature = hmac.digest(secret.encode(), f"{time}.".encode() + raw, "sha256").hex()
    return Post("/hooks/shop", raw, {"X-Shop-Signature": f"sha256={signature}", "X-Shop-Time": time, "X-Shop-Topic": topic})


ORDERS = {"orders": [
    {"id": 1001, "paid_at": "2026-02-25T11:00:00Z", "customer": {"email": "ana@example.com"}, "skus": ["A", "B"],
     "total": {"amount": "59.90", "currency": "EUR"}},
    {"id": 1002, "paid_at": 1772016000, "customer": {"email": "bo@example.com"}, "skus": []},
]}


@pytest.fixture
def desk() -> Desk:
    return Desk(**hooks(SHOP))


def test_each_item_is_an_event_with_the_fields_that_the_mapping_names(desk: Desk) -> None:
    assert desk.post(shop(ORDERS, "orders/paid")).json()["events"] == 2
    first, second = desk.intake.taken.values()
    assert (first.id, first.type, first.contact_ref, first.data["order_id"]) == ("shop:1001", "order.placed", "ana@example.com", "1001")
    assert str(first.data["total"]) == "Money(amount=Decimal('59.90'), currency='EUR')"
    assert (second.at.isoformat(), second.data["order_id"]) == ("2026-02-25T10:40:00+00:00", "1002")


def test_an_order_told_twice_by_two_requests_counts_once(desk: Desk) -> None:
    desk.post(shop(ORDERS, "orders/paid"))
    desk.post(shop({"orders": ORDERS["orders"][:1]}, "orders/paid"))
    assert len(desk.intake.taken) == 2


def test_a_contact_is_changed_as_the_mapping_says(desk: Desk) -> None:
    told = {"id": "c-9", "email": "Bo@Example.com", "plan": "PRO", "updated_at": "2026-02-25T11:00:00Z"}
    answer = desk.post(shop(told, "customers/update"))
    found = desk.people.find("c-9")
    assert (answer.status_code, found is not None and found.attributes["plan"]) == (200, "pro")


def test_the_type_may_be_computed(desk: Desk) -> None:
    desk.post(shop({"kind": "ticket.closed", "who": "ana"}, ""))
    assert [(event.type, event.contact_ref) for event in desk.intake.taken.values()] == [("ticket.closed", "ana")]


def test_an_event_whose_contact_is_missing_is_refused_and_nothing_of_it_is_taken(desk: Desk) -> None:
    answer = desk.post(shop({"orders": [{"id": 1}]}, "orders/paid"))
    assert (answer.status_code, "whom is order.placed about" in answer.json()["detail"]) == (422, True)
    assert desk.intake.taken == {}


def test_an_item_without_its_contact_keeps_none_of_the_others_from_being_taken(desk: Desk) -> None:
    answer = desk.post(shop({"orders": [{"id": 1}, *ORDERS["orders"]]}, "orders/paid")).json()
    assert (answer["events"], len(desk.intake.taken)) == (2, 2)
    assert "whom is order.placed about" in answer["refused"][0]


def test_what_no_entry_is_about_is_ignored(desk: Desk) -> None:
    assert desk.post(shop({"orders": []}, "carts/update")).json()["ignored"] == ["nothing that an entry of `events` is about"]


@pytest.mark.parametrize(("changes", "status"), [
    ({}, 200), ({"secret": "the-older-secret-of-the-shop"}, 200), ({"secret": "another-secret"}, 401),
    ({"stamp": NOON.timestamp() - 301}, 401), ({"stamp": NOON.timestamp() + 299}, 200),
])  # fmt: skip
def test_it_proves_itself_by_the_signature_that_engage_yaml_describes(changes: dict[str, Any], status: int, desk: Desk) -> None:
    assert desk.post(shop(ORDERS, "orders/paid", **changes)).status_code == status


ENTRY = "events: [{type: ticket.closed, contact: body.who, fields: {ticket_id: body.id}}]"


@pytest.mark.parametrize("digest", ["sha256", "sha512", "sha1"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_signatures_of_every_make(digest: str, encoding: str) -> None:
    signature = f"{{header: X-Sig, digest: {digest}, encoding: {encoding}}}"
    desk = Desk(**hooks(f"  desk:\n    secret: a-secret-of-the-desk\n    signature: {signature}\n    {ENTRY}\n"))
    body = json.dumps({"who": "ana", "id": 5}).encode()
    made = hmac.digest(b"a-secret-of-the-desk", body, digest)
    given = made.hex() if encoding == "hex" else b64encode(made).decode()
    assert desk.post(Post("/hooks/desk", body, {"X-Sig": given})).status_code == 200
    assert desk.post(Post("/hooks/desk", body + b" ", {"X-Sig": given})).status_code == 401


@pytest.mark.parametrize(("settings", "path", "headers", "status"), [
    ("header: X-Key", "/hooks/desk", {"X-Key": "a-secret-of-the-desk"}, 200),
    ("header: X-Key", "/hooks/desk?secret=a-secret-of-the-desk", {}, 401),
    ("", "/hooks/desk?secret=a-secret-of-the-desk", {}, 200), ("", "/hooks/desk?secret=", {}, 401), ("", "/hooks/desk", {}, 401),
    ("", "/hooks/desk", {"Authorization": "Basic " + b64encode(b"me:a-secret-of-the-desk").decode()}, 200),
    ("", "/hooks/desk", {"Authorization": "Bearer a-secret-of-the-desk"}, 200), ("", "/hooks/desk", {"Authorization": "Basic !"}, 401),
])  # fmt: skip
def test_a_secret_that_goes_along(settings: str, path: str, headers: dict[str, str], status: int) -> None:
    desk = Desk(**hooks(f"  desk:\n    secret: a-secret-of-the-desk\n    {settings}\n    {ENTRY}\n"))
    assert desk.post(Post(path, b'{"who": "ana", "id": 5}', headers)).status_code == status


@pytest.mark.parametrize(("written", "said"), [
    ("  zendesk: {secret: ''}", "nothing is written here; a text is expected"), ("  {}", "an empty map says nothing"),
    ("  zendesk: {secret: long-enough-secret, external_id: zd}", "`zd` must hold `{id}`, which stands for the source's number of a person"),
    ("  salesforce: {secret: long-enough-secret, organization: 123}",
     "`123` is no Organization ID: it begins with 00D and has 15 or 18 characters"),
    ("  ses: {topics: [mail]}", "`mail` is no topic of SNS, as arn:aws:sns:eu-west-1:123456789012:mail"),
    ("  ses: {topics: []}", "this list is empty"),
    ("  sendgrid: {public_key: nonsense}", "this is no key as SendGrid shows it"),
    ("  standard-webhooks: {secret: whsec_short}", "write it as whsec_…, base64 of 24 bytes"),
    ("  Shop: {secret: long-enough-secret, events: [{type: ticket.closed}]}",
     "`Shop` stands in a URL: a hook's name is of a to z, 0 to 9, - and _"),
    ("  shop: {secret: long-enough-secret}", "`events` is missing"),
    ("  shop: {secret: long-enough-secret, events: [{type: ticket.lost}]}", "the event `ticket.lost` is not declared under `events`"),
    ("  shop: {secret: long-enough-secret, events: [{type: message.sent}]}", "the event `message.sent` is not declared under `events`"),
    ("  shop: {secret: long-enough-secret, events: [{type: message.delivered, fields: {provider_id: body.id}}]}",
     "`message.delivered` needs `delivery`, or `contact` and `provider_id`"),
    ("  shop: {secret: long-enough-secret, events: [{type: message.replied, contact: body.who, fields: {text: body.text}}]}",
     "`message.replied` needs `contact`, `id` and `text`"),
    ("  shop: {secret: long-enough-secret, events: [{type: message.delivered, fields: {delivery: body.id, txt: body.a}}]}",
     "of `message.delivered` there is no `txt`, but delivery, provider_id, reason, url"),
    ("  shop: {secret: long-enough-secret, events: [{type: ticket.closed, fields: {ticket: body.id}}]}",
     "the event `ticket.closed` has no field `ticket`"),
    ("  shop: {secret: long-enough-secret, events: [{type: contact.updated}]}", "contact.updated tells nothing without `attributes`"),
    ("  shop: {secret: long-enough-secret, events: [{type: contact.updated, attributes: {plam: body.p}}]}", "undeclared attribute `plam`"),
    ("  shop: {secret: long-enough-secret, events: [{type: ticket.closed, contact: item.x}]}", "unknown name `item`"),
    ("  shop: {secret: long-enough-secret, events: [{type: ticket.closed, attributes: {plan: body.p}}]}",
     "`attributes` has no effect but of contact.updated"),
    ("  shop: {secret: long-enough-secret, header: X, signature: {header: Y}, events: [{type: ticket.closed}]}",
     "`header` has no effect where the request is signed"),
    ("  shop: {secret: long-enough-secret, signature: {header: Y, signed: '{timestamp}'}, events: [{type: ticket.closed}]}",
     "the body must be signed: `{body}`"),
    ("  shop: {secret: long-enough-secret, signature: {header: Y, timestamp_header: Z}, events: [{type: ticket.closed}]}",
     "a time that is not signed proves nothing: `{timestamp}` must stand in `signed`"),
    ("  zendesk: {secret: long-enough-secret, organization: x}", "unknown key `organization`"),
])  # fmt: skip
def test_what_could_not_work_is_refused(written: str, said: str) -> None:
    assert said in refusals(written)


GATEWAY = """
  gateway:
    secret: the-secret-of-the-gateway
    events:
      - {type: "message.{{ body.what }}", where: body.status is not none, fields: {delivery: body.key, reason: body.status}}
      - {type: message.replied, where: body.text is not none, contact: body.sender, id: body.id, fields: {text: body.text}}
"""


def test_a_gateway_of_ones_own_tells_what_became_of_a_text_and_what_people_write(desk: Desk) -> None:
    desk = Desk(**hooks(GATEWAY))
    told = {"key": desk.mark, "what": "bounced", "status": "hard"}
    desk.post(bearer("gateway", json.dumps(told).encode(), secret="the-secret-of-the-gateway"))
    assert desk.came_back() == [("bounced", "hard")]
    stop = {"sender": "+38640123456", "id": "s-1", "text": "STOP"}
    answer = desk.post(bearer("gateway", json.dumps(stop).encode(), secret="the-secret-of-the-gateway"))
    assert (answer.status_code, answer.json()["replies"]) == (200, 1)
    assert ("unsubscribed", "stop") in desk.came_back()


def test_a_secret_never_shows() -> None:
    assert "long-enough" not in repr(hooks("  zendesk: {secret: long-enough-secret}"))
