"""What mail providers tell becomes touches of the message that it is about, each once, with what follows of it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from engage.store.schema.ledger import suppressions
from tests.unit.hooks.desk import CERTIFICATE, CONFIRM, TOPIC, Desk, basic, bearer, mailgun, payload, sendgrid, slack, sns, twilio

postmark, brevo = partial(basic, "postmark"), partial(bearer, "brevo")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def blocked(desk: Desk) -> list[str]:
    with desk.database.read() as connection:
        return list(connection.scalars(sa.select(suppressions.c.reason)))


def test_ses_tells_of_a_bounce(desk: Desk) -> None:
    desk.post(sns(payload("ses_bounce.json", desk.mark)))
    assert desk.came_back() == [("bounced", "5.1.1")]
    assert blocked(desk) == ["hard_bounce"]


def test_ses_signs_by_sha_1_too_where_nobody_chose_better(desk: Desk) -> None:
    assert desk.post(sns(payload("ses_bounce.json", desk.mark), version="1")).status_code == 200
    assert desk.came_back() == [("bounced", "5.1.1")]


@pytest.mark.parametrize(("kind", "about", "came"), [
    ("Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": []}, ("bounced", "full")),
    ("Bounce", {"bounceType": "Permanent", "bounceSubType": "Suppressed", "bouncedRecipients": []}, ("bounced", "hard")),
    ("Bounce", {"bounceType": "Permanent", "bouncedRecipients": [{"status": "5.7.1"}]}, ("bounced", "5.7.1")),
    ("Bounce", {"bounceType": "Undetermined", "bouncedRecipients": [{"diagnosticCode": "smtp; 451 4.4.1 later"}]}, ("bounced", "soft")),
    ("Complaint", {"complaintFeedbackType": "abuse"}, ("complained", None)), ("Delivery", {"smtpResponse": "250 ok"}, ("delivered", None)),
    ("Open", {"userAgent": "Mozilla"}, ("opened", None)), ("Click", {"link": "https://aurora.example"}, ("clicked", None)),
    ("Reject", {"reason": "Bad content"}, ("bounced", "blocked")),
])  # fmt: skip
@pytest.mark.parametrize("form", ["eventType", "notificationType"])
def test_what_ses_tells_in_either_form(kind: str, about: dict[str, Any], came: tuple[str, str | None], form: str, desk: Desk) -> None:
    told = json.loads(payload("ses_bounce.json", desk.mark))
    told |= {kind.lower(): {"timestamp": "2026-02-25T11:58:20.000Z", **about}}
    told[form] = told.pop("eventType") and kind
    desk.post(sns(json.dumps(told).encode()))
    assert desk.came_back()[:1] == [came]


def test_a_delay_is_no_bounce(desk: Desk) -> None:
    answer = desk.post(sns(json.dumps({"eventType": "DeliveryDelay", "mail": {}}).encode()))
    assert answer.json()["ignored"] == ["deliverydelay"]
    assert desk.came_back() == []


def test_a_topic_of_somebody_elses_proves_nothing(desk: Desk) -> None:
    assert desk.post(sns(b"{}", TopicArn=TOPIC.replace("mail", "other"))).status_code == 401
    assert desk.network.asked == []


@pytest.mark.parametrize("url", [
    "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem", "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
    "https://evil.example/SimpleNotificationService-1.pem", "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
    "https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-1.pem", "https://169.254.169.254/SimpleNotificationService-1.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem\n", "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
    "https://SNS.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x", "file:///etc/passwd", "",
])  # fmt: skip
def test_certificates_are_fetched_from_sns_alone(url: str, desk: Desk) -> None:
    assert desk.post(sns(b"{}", SigningCertURL=url)).status_code == 401
    assert desk.network.asked == []


def test_a_subscription_to_our_topic_is_confirmed(desk: Desk) -> None:
    desk.network.pages[CONFIRM] = b"<ConfirmSubscriptionResponse/>"
    wish = sns(b"You have chosen to subscribe", Type="SubscriptionConfirmation", Token="2336412f37", SubscribeURL=CONFIRM)
    assert desk.post(wish).status_code == 200
    assert desk.network.asked == [CERTIFICATE, CONFIRM]
    desk.post(wish)
    assert desk.network.asked == [CERTIFICATE, CONFIRM]


@pytest.mark.parametrize("url", ["https://evil.example/?Action=ConfirmSubscription", "http://sns.eu-west-1.amazonaws.com/?x", "https://127.0.0.1/?x"])
def test_a_subscription_is_confirmed_at_sns_alone(url: str, desk: Desk) -> None:
    answer = desk.post(sns(b"x", Type="SubscriptionConfirmation", Token="t", SubscribeURL=url))
    assert answer.status_code == 422
    assert desk.network.asked == [CERTIFICATE]


def test_what_cannot_be_fetched_just_now_is_asked_for_again(desk: Desk) -> None:
    desk.network.pages.clear()
    answer = desk.post(sns(payload("ses_bounce.json", desk.mark)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_sendgrid_tells_a_list_and_its_machines_count_for_nothing(desk: Desk) -> None:
    answer = desk.post(sendgrid(payload("sendgrid.json", desk.mark)))
    assert [kind for kind, _ in desk.came_back()] == ["delivered", "opened", "clicked"]
    assert (answer.json()["touches"], answer.json()["ignored"]) == (3, ["processed"])


@pytest.mark.parametrize(("event", "came"), [
    ({"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 no such user"}, ("bounced", "5.1.1")),
    ({"event": "bounce", "type": "bounce", "status": "5.0.0", "reason": "550 unrouteable"}, ("bounced", "hard")),
    ({"event": "bounce", "type": "blocked", "status": "4.2.2", "reason": "452 4.2.2 over quota"}, ("bounced", "4.2.2")),
    ({"event": "bounce", "type": "blocked", "reason": "550 spam"}, ("bounced", "blocked")),
    ({"event": "dropped", "reason": "Bounced Address"}, ("bounced", "hard")),
    ({"event": "dropped", "reason": "Spam Content"}, ("bounced", "blocked")),
    ({"event": "dropped", "reason": "Unsubscribed Address"}, ("unsubscribed", None)),
    ({"event": "spamreport"}, ("complained", None)), ({"event": "group_unsubscribe", "asm_group_id": 1}, ("unsubscribed", None)),
])  # fmt: skip
def test_what_sendgrid_tells(event: dict[str, Any], came: tuple[str, str | None], desk: Desk) -> None:
    body = [{"email": "ana@example.com", "timestamp": 1772020700, "smtp-id": f"<{desk.mark}@aurora.example>", **event}]
    desk.post(sendgrid(json.dumps(body).encode()))
    assert desk.came_back()[0] == came


def test_mailgun_tells_of_a_failure_for_good(desk: Desk) -> None:
    desk.post(mailgun(payload("mailgun_failed.json", desk.mark)))
    assert desk.came_back() == [("bounced", "5.1.1")]


@pytest.mark.parametrize(("event", "came"), [
    ({"event": "failed", "severity": "temporary", "reason": "generic"}, []), ({"event": "complained"}, [("complained", None)]),
    ({"event": "failed", "severity": "permanent", "reason": "old"}, [("bounced", "soft")]),
    ({"event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe"}, [("unsubscribed", None)]),
    ({"event": "delivered"}, [("delivered", None)]), ({"event": "unsubscribed"}, [("unsubscribed", None)]),
    ({"event": "opened", "client-info": {"bot": "apple"}}, [("opened", None)]), ({"event": "accepted"}, []),
])  # fmt: skip
def test_what_mailgun_tells(event: dict[str, Any], came: list[tuple[str, str | None]], desk: Desk) -> None:
    told = json.loads(payload("mailgun_failed.json", desk.mark))
    for name in ("severity", "reason", "delivery-status"):
        told["event-data"].pop(name)
    told["event-data"] |= event
    desk.post(mailgun(json.dumps(told).encode()))
    assert desk.came_back()[:1] == came


def test_postmark_tells_of_a_bounce_that_will_last(desk: Desk) -> None:
    desk.post(postmark(payload("postmark_bounce.json", desk.mark)))
    assert desk.came_back() == [("bounced", "5.1.1")]


@pytest.mark.parametrize(("record", "came"), [
    ({"RecordType": "Delivery", "DeliveredAt": "2026-02-25T11:58:20Z", "Recipient": "ana@example.com"}, [("delivered", None)]),
    ({"RecordType": "SpamComplaint", "BouncedAt": "2026-02-25T11:58:20Z", "Email": "ana@example.com"}, [("complained", None)]),
    ({"RecordType": "Open", "FirstOpen": True, "ReceivedAt": "2026-02-25T11:58:20Z"}, [("opened", None)]),
    ({"RecordType": "Click", "OriginalLink": "https://a.example", "ReceivedAt": "2026-02-25T11:58:20Z"}, [("clicked", None)]),
    ({"RecordType": "Bounce", "Type": "Transient", "Email": "ana@example.com"}, []),
    ({"RecordType": "Bounce", "Type": "SoftBounce", "Email": "ana@example.com"}, [("bounced", "soft")]),
    ({"RecordType": "Bounce", "Type": "AutoResponder", "Email": "ana@example.com"}, []),
    ({"RecordType": "SubscriptionChange", "SuppressSending": True, "Origin": "Recipient", "SuppressionReason": "ManualSuppression"},
     [("unsubscribed", None)]),
    ({"RecordType": "SubscriptionChange", "SuppressSending": True, "Origin": "Recipient", "SuppressionReason": "HardBounce"}, []),
])  # fmt: skip
def test_what_postmark_tells(record: dict[str, Any], came: list[tuple[str, str | None]], desk: Desk) -> None:
    desk.post(postmark(json.dumps({"Metadata": {"engage_delivery": desk.mark}, "MessageID": "883953f4", **record}).encode()))
    assert desk.came_back()[:1] == came


def test_brevo_tells_of_a_complaint_which_ends_all_writing(desk: Desk) -> None:
    desk.post(brevo(payload("brevo_spam.json", desk.mark)))
    assert desk.came_back()[0] == ("complained", None)
    assert blocked(desk) == ["complaint"]
    assert ("care", "email", False) in desk.lines()


@pytest.mark.parametrize(("event", "came"), [
    ("delivered", [("delivered", None)]), ("hard_bounce", [("bounced", "hard")]), ("soft_bounce", [("bounced", "soft")]),
    ("blocked", [("bounced", "blocked")]), ("deferred", []), ("request", []), ("unique_proxy_open", [("opened", None)]),
    ("click", [("clicked", None)]), ("unsubscribed", [("unsubscribed", None)]), ("invalid_email", [("bounced", "hard")]),
])  # fmt: skip
def test_what_brevo_tells(event: str, came: list[tuple[str, str | None]], desk: Desk) -> None:
    told = {**json.loads(payload("brevo_spam.json", desk.mark)), "event": event}
    desk.post(brevo(json.dumps(told).encode()))
    assert desk.came_back()[:1] == came


def test_a_message_of_another_installation_is_none_of_ours(desk: Desk) -> None:
    other = desk.mark[:-4] + "0000"
    answer = desk.post(sendgrid(payload("sendgrid.json", other)))
    assert (answer.status_code, answer.json()["touches"], desk.came_back()) == (200, 0, [])


def test_doubles_and_any_order_end_in_the_same_history(desk: Desk) -> None:
    events = json.loads(payload("sendgrid.json", desk.mark))
    other = Desk()
    elsewhere = json.loads(payload("sendgrid.json", other.mark))
    for event in events:
        desk.post(sendgrid(json.dumps([event]).encode()))
    for event in (*reversed(elsewhere), *elsewhere):
        other.post(sendgrid(json.dumps([event, event]).encode()))
    assert sorted(desk.came_back(), key=str) == sorted(other.came_back(), key=str)


def test_twilio_tells_of_a_text_that_did_not_arrive(desk: Desk) -> None:
    answer = desk.post(twilio(payload("twilio_status.txt"), query=f"?delivery={desk.mark}"))
    assert (answer.headers["content-type"], "<Response/>" in answer.text) == ("text/xml; charset=utf-8", True)
    assert desk.came_back() == [("bounced", "hard")]


def test_a_stop_by_twilio_blocks_the_number_and_help_is_answered_in_twilios_own_words(desk: Desk) -> None:
    def text(body: str, sid: str) -> str:
        form = f"MessageSid={sid}&AccountSid=AC1&From=%2B38640123456&To=%2B15017250604&Body={body}&NumMedia=0"
        return desk.post(twilio(form.encode())).text

    assert "<Message>Aurora Outfitters: https://engage.example.com Reply STOP to get no more messages.</Message>" in text("HELP", "SM1")
    assert text("Stop", "SM2").endswith("<Response/>")
    assert blocked(desk) == ["stop"]
    assert text("START", "SM3").endswith("<Response/>")
    assert blocked(desk) == []


def test_who_told_twilio_itself_to_stop_is_blocked_here_too(desk: Desk) -> None:
    desk.post(twilio(payload("twilio_status.txt").replace(b"30005", b"21610")))
    assert blocked(desk) == ["stop"]


def test_words_that_are_set_up_at_twilio_count_as_twilio_says(desk: Desk) -> None:
    desk.post(twilio(b"MessageSid=SM9&From=%2B38640123456&To=%2B15017250604&Body=NOMORE&OptOutType=STOP"))
    assert blocked(desk) == ["stop"]


def test_what_somebody_writes_to_the_app_in_slack_is_a_reply(desk: Desk) -> None:
    desk.people.change(desk.ana, {"chat_id": "U012345"}, now=desk.clock.now())
    desk.post(slack(payload("slack_message.json")))
    assert desk.came_back() == [("replied", None)]
