"""Hooks with real parts: the ticket follow-up from Zendesk's post to Slack's answer; a mail provider's report of a mail that went out."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from engage.model.history import Kind
from engage.rules.workspace import load
from engage.settings import load_settings, read_folder
from engage.store.database import Database
from tests.engine import MONDAY, Works
from tests.hooking import Front
from tests.integration.ticket_desk import SETTINGS, make_desk
from tests.servers.processes import Process, ground
from tests.servers.smtp import SmtpServer
from tests.unit.hooks.desk import Post, public_key, sendgrid, slack, zendesk
from tests.waiting import until

CONFIG = Path(__file__).parents[2] / "config"
DEMO_SECRET = "aurora-demo-only-not-a-secret"
HOOKS = f"hooks:\n  zendesk: {{secret: a-secret-of-the-tests}}\n  sendgrid: {{public_key: {public_key()}}}\n"


@pytest.fixture
def aurora(database: Database) -> Iterator[Works]:
    files = read_folder(CONFIG)
    works = Works(database, load(files, load_settings(files, {})))
    works.know("ana", locale="sl", chat_id="U012345", first_name="Ana", status="active")
    yield works
    works.close()


def ticket(type_: str, **more: str) -> bytes:
    """What the trigger of docs/hooks.md posts."""
    return json.dumps({
        "type": type_, "ticket_id": "5158", "channel": "Web form", "tags": "tents", "requester_external_id": "",
        "requester_email": "ANA@example.com", **more,
    }).encode()


def answered(score: int, at: datetime) -> bytes:
    """Slack's word of a button."""
    action = {"action_id": f"csat.answered:{score}", "action_ts": f"{at.timestamp():.6f}",
              "value": json.dumps({"ticket_id": "5158", "score": score})}
    payload = {"type": "block_actions", "user": {"id": "U012345"}, "container": {"message_ts": "1.2"}, "actions": [action]}
    return b"payload=" + quote(json.dumps(payload)).encode()


def told(works: Works, body: bytes) -> None:
    Front(works).post(zendesk(body, at=works.clock.now(), secret=DEMO_SECRET))


def test_zendesk_closes_a_ticket_and_a_day_later_the_question_goes_out_and_a_bad_answer_is_heard_of(aurora: Works) -> None:
    evening = MONDAY.replace(hour=21)  # ten at night in Ljubljana: a day later is night again
    aurora.clock.move(evening)
    told(aurora, ticket("ticket.closed", updated_at=evening.isoformat()))
    told(aurora, ticket("ticket.closed", updated_at=evening.isoformat()))
    aurora.play(evening + timedelta(hours=36))
    (sent,) = aurora.touches(Kind.SENT)
    assert (sent.message, sent.channel, sent.locale) == ("csat", "email", "sl")
    assert sent.at == datetime(2026, 2, 25, 7, 0, tzinfo=UTC)  # eight in the morning
    aurora.clock.move(evening + timedelta(hours=37))
    Front(aurora).post(slack(answered(2, aurora.clock.now()), at=aurora.clock.now(), secret=DEMO_SECRET, form=True))
    aurora.play(evening + timedelta(hours=38))
    sent_to = [(touch.message, touch.channel) for touch in aurora.touches(Kind.SENT)]
    assert sent_to == [("csat", "email"), ("unhappy_customer", "support_room")]


def test_a_ticket_that_zendesk_tells_to_be_open_again_is_asked_nothing(aurora: Works) -> None:
    told(aurora, ticket("ticket.closed", updated_at=MONDAY.isoformat()))
    aurora.play(MONDAY + timedelta(hours=5))
    told(aurora, ticket("ticket.reopened", updated_at=(MONDAY + timedelta(hours=5)).isoformat()))
    aurora.play(MONDAY + timedelta(days=5))
    assert aurora.touches(Kind.SENT) == []
    assert [touch.reason for touch in aurora.touches(Kind.EXITED)] == ["ticket.reopened"]


def posted(process: Process, post: Post) -> int:
    request = urllib.request.Request(process.address + post.path, data=post.body, headers=dict(post.headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.timeout(300)
def test_a_running_system_takes_a_ticket_sends_the_mail_and_hears_what_became_of_it(tmp_path: Path, smtp: SmtpServer) -> None:
    root = make_desk(tmp_path / "desk", contacts=2, smtp_url=smtp.url)
    served = SETTINGS.replace('url: "${SMTP_URL}", ', 'url: "${SMTP_URL}", service: sendgrid, ')
    (root / "engage.yaml").write_text(served + HOOKS)
    now = datetime.now(UTC)
    solved = {"type": "ticket.closed", "ticket_id": "T-7", "requester_email": "c1@example.com", "updated_at": now.isoformat()}
    with ground(root) as desk:
        process = desk.start("run", "--port", "0").started()
        assert posted(process, zendesk(json.dumps(solved).encode(), at=now, secret="another-secret")) == 401
        assert posted(process, zendesk(json.dumps(solved).encode(), at=now)) == 200
        until(lambda: smtp.messages)
        mark = re.search(r'"engage_delivery": "([^"]+)"', smtp.messages[0].parsed["X-SMTPAPI"])
        assert mark is not None
        event = {"event": "bounce", "type": "bounce", "status": "5.1.1", "email": "c1@example.com", "timestamp": int(now.timestamp()),
                 "engage_delivery": mark[1]}
        assert posted(process, sendgrid(json.dumps([event]).encode(), at=now)) == 200
        assert "bounced" in desk.command("contact", "history", "c1").stdout
        assert "hard_bounce" in desk.command("suppress", "list").stdout
        found = next(line for line in desk.command("doctor").stdout.splitlines() if "hook sendgrid" in line)
        assert "heard of at" in found
        assert "a-secret-of-the-tests" not in process.log.read_text()
        assert "c1@example.com" not in process.log.read_text()
