"""The processes as operators start them: they work together, stop cleanly, and lose nothing when one is killed."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from tests.integration.ticket_desk import CAMPAIGN, closed, kinds, make_desk
from tests.servers.processes import Ground, Process, ground
from tests.servers.rabbitmq import rabbitmq
from tests.servers.smtp import SILENCE, SmtpServer
from tests.waiting import until
from workers.embedded import find_server, url_of
from workers.office import OnDisk

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine"),
]
PEOPLE = 12
BEFORE = datetime(2026, 2, 23, 8, 30, tzinfo=UTC)
"""A Monday, half past nine in Ljubljana."""

WEEKLY = """
title: Good morning
purpose: service
status: live
trigger: {schedule: "0 10 * * mon"}
send: monday
channels: [email]
"""


@pytest.fixture
def desk(tmp_path: Path, smtp: SmtpServer) -> Iterator[Ground]:
    root = make_desk(tmp_path / "desk", contacts=PEOPLE, smtp_url=smtp.url)
    with ground(root) as made:
        yield made


def recipients(smtp: SmtpServer) -> Counter[str]:
    return Counter(recipient for message in smtp.messages for recipient in message.recipients)


def everybody() -> set[str]:
    return {f"c{number}@example.com" for number in range(PEOPLE)}


def post_all(process: Process) -> None:
    process.post("/v1/events", [closed(number) for number in range(PEOPLE)])


def valkey_pid(root: Path) -> int:
    return int(redis.Redis.from_url(url_of(root / "var" / "valkey")).info("server")["process_id"])


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_one_process_takes_an_event_in_sends_the_mail_and_stops_without_a_trace(desk: Ground, smtp: SmtpServer) -> None:
    process = desk.launch("run", "--port", "0").started()
    process.post("/v1/events", closed(0))
    until(lambda: smtp.messages)
    assert smtp.messages[0].parsed["Subject"] == "Ticket T-0"
    broker = valkey_pid(desk.root)
    assert process.stop() == 0
    assert not alive(broker)
    assert kinds(desk.root, "sent") == [1]
    assert "c0@example.com" not in process.log.read_text()


def test_the_procfiles_processes_work_together_over_one_embedded_broker(desk: Ground, smtp: SmtpServer) -> None:
    web, scheduler, worker = desk.launch("web", "--port", "0"), desk.launch("scheduler"), desk.launch("worker")
    for process in (web, scheduler, worker):
        process.started()
    post_all(web)
    until(lambda: set(recipients(smtp)) == everybody())
    assert [process.stop() for process in (worker, scheduler, web)] == [0, 0, 0]
    assert recipients(smtp) == Counter(everybody())


def test_processes_work_together_over_rabbitmq(tmp_path: Path, smtp: SmtpServer) -> None:
    for server in rabbitmq(tmp_path / "rabbit"):
        root = make_desk(tmp_path / "desk", contacts=PEOPLE, smtp_url=smtp.url, broker=server.url)
        with ground(root) as desk:
            web, worker = desk.start("web", "--port", "0").started(), desk.start("worker").started()
            post_all(web)
            until(lambda: set(recipients(smtp)) == everybody())
            assert [worker.stop(), web.stop()] == [0, 0]
        assert recipients(smtp) == Counter(everybody())


def test_an_event_that_was_accepted_while_nobody_worked_is_not_lost(desk: Ground, smtp: SmtpServer) -> None:
    web = desk.start("web", "--port", "0").started()
    post_all(web)
    web.kill()
    desk.start("worker").started()
    until(lambda: set(recipients(smtp)) == everybody())


def test_a_worker_killed_while_it_hands_over_loses_nothing(desk: Ground, smtp: SmtpServer) -> None:
    smtp.answer("dot", SILENCE, times=3)
    web, worker = desk.start("web", "--port", "0").started(), desk.start("worker").started()
    post_all(web)
    until(lambda: len(smtp.messages) >= 3)
    worker.kill()
    desk.start("worker").started()
    desk.start("scheduler").started()
    until(lambda: set(recipients(smtp)) == everybody() and len(kinds(desk.root, "sent")) == PEOPLE, seconds=120)
    assert max(recipients(smtp).values()) <= 2
    assert sorted(kinds(desk.root, "sent")) == list(range(1, PEOPLE + 1))


def test_valkey_killed_at_work_is_brought_back_and_loses_nothing(desk: Ground, smtp: SmtpServer) -> None:
    process = desk.start("run", "--port", "0").started()
    before = valkey_pid(desk.root)
    os.kill(before, 9)
    post_all(process)
    until(lambda: set(recipients(smtp)) == everybody(), seconds=60)
    until(lambda: valkey_answers(desk.root, but=before))
    assert recipients(smtp) == Counter(everybody())


def valkey_answers(root: Path, *, but: int) -> bool:
    try:
        return valkey_pid(root) != but
    except redis.RedisError:
        return False


def test_with_the_broker_away_sending_goes_on_slower(tmp_path: Path, smtp: SmtpServer) -> None:
    root = make_desk(tmp_path / "desk", contacts=PEOPLE, smtp_url=smtp.url, broker="redis://127.0.0.1:1/0")
    with ground(root) as desk:
        web, worker = desk.start("web", "--port", "0").started(), desk.start("worker").started()
        post_all(web)
        until(lambda: set(recipients(smtp)) == everybody(), seconds=30)
        assert [worker.stop(), web.stop()] == [0, 0]


def test_a_worker_that_is_told_to_stop_records_what_it_hands_over_and_gives_the_rest_back(desk: Ground, smtp: SmtpServer) -> None:
    web, worker = desk.start("web", "--port", "0").started(), desk.start("worker").started()
    post_all(web)
    until(lambda: smtp.messages)
    assert worker.stop() == 0
    handed = len(smtp.messages)
    assert len(kinds(desk.root, "sent")) == handed
    desk.start("worker").started()
    until(lambda: set(recipients(smtp)) == everybody())
    assert recipients(smtp) == Counter(everybody())


def test_a_scheduler_killed_before_its_hour_is_made_up_for_by_two_others_and_nobody_is_written_to_twice(
    desk: Ground, smtp: SmtpServer
) -> None:
    (desk.root / "campaigns" / "monday.yaml").write_text(WEEKLY)
    (desk.root / "templates" / "monday").mkdir()
    (desk.root / "templates" / "monday" / "email.md").write_text("---\nsubject: Monday\n---\nGood morning.\n")
    with OnDisk(desk.root).engaged() as wired:
        wired.stored_clock.set(BEFORE)
        wired.planner.tick(now=BEFORE)
    desk.start("worker").started()
    desk.start("scheduler").started().kill()
    with OnDisk(desk.root).engaged() as wired:
        wired.stored_clock.set(BEFORE + timedelta(hours=2))
    for _ in range(2):
        desk.start("scheduler").started()
    until(lambda: set(recipients(smtp)) == everybody())
    assert recipients(smtp) == Counter(everybody())


def test_a_broken_file_is_not_taken_is_told_and_the_last_good_one_goes_on(desk: Ground, smtp: SmtpServer) -> None:
    process = desk.start("run", "--port", "0").started()
    campaign = desk.root / "campaigns" / "answered.yaml"
    campaign.write_text(CAMPAIGN.replace("purpose:", "porpoise:"))
    until(lambda: process.logged("workspace.not_accepted"))
    process.post("/v1/events", closed(0))
    until(lambda: smtp.messages)
    shown = desk.command("status", "--json")
    assert re.search(r"answered\.yaml:\d+:\d+:", shown.stdout), shown
    campaign.write_text(CAMPAIGN.replace("ticket.closed, key", "ticket.closed, where: event.ticket_id != 'T-1', key"))
    until(lambda: len(process.logged("workspace.accepted")) >= 1)
    process.post("/v1/events", [closed(1), closed(2)])
    until(lambda: recipients(smtp)["c2@example.com"])
    assert "answered.yaml:" not in desk.command("status", "--json").stdout
    assert recipients(smtp)["c1@example.com"] == 0


def test_a_port_that_is_taken_is_said_so(desk: Ground) -> None:
    first = desk.start("web", "--port", "0").started()
    port = first.address.rpartition(":")[2]
    second = desk.command("web", "--port", port)
    assert second.returncode == 3
    assert f"port {port}" in second.stderr
