"""What a webhook is told, in either format, one by one or in batches; and how it is signed while a secret changes."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from engage.channels.clock import machine_now
from engage.channels.signing import signed_headers, signer
from engage.delivery.payloads import Told, payloads
from engage.history.timeline import Line
from engage.model.history import Kind, Touch
from engage.model.outlets import Format, Outlet
from tests.builders import NOON

CRM = Outlet(name="crm", url="https://crm.example.com/", secret="whsec_c2Vj", source="https://engage.example.com")
CLOUD = replace(CRM, format=Format.CLOUDEVENTS)
BATCHES = replace(CLOUD, batch=2)
AT = int(NOON.timestamp()) * 1_000_000
WRITTEN = NOON.isoformat().replace("+00:00", "Z")


def touches(*ids: int, contact: int | None = 7) -> Sequence[Told]:
    return [
        Told(line=Line(id=id_, label=None, touch=Touch(at=NOON, contact_id=contact, kind=Kind.SENT, campaign="birthday")),
             contact={"external_id": "ana"})
        for id_ in ids
    ]


def test_a_touch_is_one_post_under_its_own_name() -> None:
    one, two = payloads(CRM, touches(1, 2))
    assert (one.key, one.last, two.key, two.last) == (f"touch_1_{AT}", 1, f"touch_2_{AT}", 2)
    assert json.loads(one.body)["type"] == "touch.sent"
    assert CRM.media_type == "application/json"


def test_as_a_cloud_event_it_has_every_attribute_that_the_specification_requires() -> None:
    (one,) = payloads(CLOUD, touches(1))
    event = json.loads(one.body)
    data = event.pop("data")
    assert event == {
        "specversion": "1.0", "id": one.key, "source": "https://engage.example.com", "type": "touch.sent", "subject": "7",
        "time": WRITTEN, "datacontenttype": "application/json",
    }
    assert data == json.loads(next(payloads(CRM, touches(1))).body)["data"]
    assert data["contact"] == {"id": 7, "external_id": "ana"}
    assert CLOUD.media_type == "application/cloudevents+json"


def test_what_is_about_nobody_has_no_subject() -> None:
    (one,) = payloads(CLOUD, touches(1, contact=None))
    assert "subject" not in json.loads(one.body)


def test_batches_hold_as_many_as_they_may_in_order_and_are_named_after_the_first_and_the_last() -> None:
    made = list(payloads(BATCHES, touches(1, 2, 5)))
    assert [[event["data"]["id"] for event in json.loads(each.body)] for each in made] == [[1, 2], [5]]
    assert [(each.key, each.last) for each in made] == [(f"touch_1_{AT}-2", 2), (f"touch_5_{AT}-5", 5)]
    assert [event["id"] for event in json.loads(made[0].body)] == [f"touch_1_{AT}", f"touch_2_{AT}"]
    assert BATCHES.media_type == "application/cloudevents-batch+json"


def test_while_a_secret_changes_whoever_knows_either_takes_it_and_nobody_else() -> None:
    new, old, other = (f"whsec_{b64encode(letter * 24).decode()}" for letter in (b"n", b"o", b"x"))
    now = machine_now()  # by which the library checks
    headers = signed_headers([signer(new), signer(old)], key="touch_1_1", body="{}", now=now)
    for secret in (new, old):
        Webhook(secret).verify("{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify("{}", headers)
    late = signed_headers([signer(new)], key="touch_1_1", body="{}", now=now - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify("{}", late)
