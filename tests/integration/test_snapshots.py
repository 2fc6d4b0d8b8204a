"""What stands in the folder becomes what every process runs on, and what does not pass never does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.pool import QueuePool
from structlog.testing import capture_logs

from engage.model.contact import Event
from engage.model.errors import InputError
from tests.integration.ticket_desk import CAMPAIGN, make_desk
from workers.office import OnDisk
from workers.wiring import Wired


@pytest.fixture
def office(tmp_path: Path) -> OnDisk:
    return OnDisk(make_desk(tmp_path / "desk", contacts=1, smtp_url="smtp://127.0.0.1:1"))


@pytest.fixture
def wired(office: OnDisk) -> Iterator[Wired]:
    with office.engaged() as opened:
        yield opened


def campaign_of(office: OnDisk) -> Path:
    return office.root / "campaigns" / "answered.yaml"


def problem_of(wired: Wired) -> object:
    campaigns = wired.operations.status(now=wired.clock.now())["campaigns"]
    assert isinstance(campaigns, list)
    return next(row["problem"] for row in campaigns if row["campaign"] == "answered")


def test_a_changed_file_is_accepted_at_the_next_look_and_taken_up_by_others(office: OnDisk, wired: Wired) -> None:
    with office.engaged() as other:
        campaign_of(office).write_text(CAMPAIGN.replace("We have", "We had"))
        assert wired.folder.look()
        assert other.workspace.campaigns["answered"].title == "We have answered you"
        assert other.accepted.reload()
        assert other.workspace.campaigns["answered"].title == "We had answered you"


def test_a_look_at_what_has_not_changed_accepts_nothing(wired: Wired) -> None:
    assert not wired.folder.look()
    assert not wired.accepted.reload()


def test_a_broken_file_leaves_the_last_good_one_and_is_told_until_it_is_mended(office: OnDisk, wired: Wired) -> None:
    before = wired.workspace.hash
    campaign_of(office).write_text(CAMPAIGN.replace("status: live", "status: alive"))
    assert not wired.folder.look()
    assert wired.workspace.hash == before
    assert str(problem_of(wired)).startswith("campaigns/answered.yaml:")
    campaign_of(office).write_text(CAMPAIGN)
    wired.folder.look()
    assert problem_of(wired) is None


def test_a_broken_template_is_not_taken_either(office: OnDisk, wired: Wired) -> None:
    (office.root / "templates" / "answered" / "email.md").write_text("---\nsubject: x\n---\n{{ contact.frist_name }}\n")
    assert not wired.folder.look()
    assert "first_name" in str(office.findings().problems[0])


def test_a_run_keeps_the_version_that_it_entered_with(office: OnDisk, wired: Wired) -> None:
    old = wired.workspace.campaigns["answered"].version
    campaign_of(office).write_text(CAMPAIGN.replace("We have", "We had"))
    wired.folder.look()
    kept = wired.accepted.version("answered", old)
    assert kept is not None
    assert kept.title == "We have answered you"
    assert wired.accepted.version("answered", "never") is None


def test_a_snapshot_that_this_process_cannot_read_leaves_it_on_the_one_before(office: OnDisk, tmp_path: Path, wired: Wired) -> None:
    """Another process has a variable in its environment that this one lacks."""
    elsewhere = OnDisk(office.root, {**office.environment, "ONLY_THERE": "Aurora"})
    settings = office.root / "engage.yaml"
    settings.write_text(settings.read_text().replace("name: Aurora Outfitters", 'name: "${ONLY_THERE}"'))
    with elsewhere.engaged() as other:
        assert other.workspace.settings.company.name == "Aurora"
    assert not wired.accepted.reload()
    assert wired.workspace.settings.company.name == "Aurora Outfitters"


def test_a_workspace_that_never_passed_is_refused_with_everything_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "engage.yaml").write_text("company: {name: x}\npublic_url: http://127.0.0.1\nporpoises: {}\n")
    with pytest.raises(InputError, match="porpoises"), OnDisk(tmp_path).engaged():
        pass


def test_a_workspace_that_never_passed_is_not_said_to_go_on_with_the_last_good_one(office: OnDisk) -> None:
    campaign_of(office).write_text(CAMPAIGN.replace("status: live", "status: alive"))
    shutil.rmtree(office.root / "var")
    with capture_logs() as logged, pytest.raises(InputError, match="alive"), office.engaged():
        pass
    assert [line["event"] for line in logged] == []


def test_lists_logs_and_databases_beside_the_workspace_are_no_part_of_it(office: OnDisk, wired: Wired) -> None:
    (office.root / "people.csv").write_text("external_id\nbo\n")
    (office.root / "run.log").write_text("busy")
    assert not wired.folder.look()
    assert set(office.files()) == {"engage.yaml", "campaigns/answered.yaml", "templates/answered/email.md"}


def test_a_version_accepted_elsewhere_since_the_last_look_is_run_with_its_own_settings(office: OnDisk, wired: Wired) -> None:
    with office.engaged() as behind:
        assert "room" not in behind.workspace.settings.channels
        settings = office.root / "engage.yaml"
        settings.write_text(settings.read_text() + '  room: {adapter: slack, token: "t", to: "#support"}\n')
        campaign_of(office).write_text(CAMPAIGN.replace("channels: [email]", "channels: [email, room]"))
        (office.root / "templates/answered/chat.md").write_text("Answered\n")
        assert wired.folder.look()
        newest = wired.workspace.campaigns["answered"]
        assert behind.accepted.version("answered", newest.version) == newest
        assert "room" in behind.workspace.settings.channels


def test_a_version_whose_environment_is_gone_is_still_readable(office: OnDisk, wired: Wired) -> None:
    before = wired.workspace.campaigns["answered"]
    settings = office.root / "engage.yaml"
    settings.write_text(settings.read_text().replace("${SMTP_URL}", "${MAIL_URL}"))
    campaign_of(office).write_text(CAMPAIGN.replace("We have", "We had"))
    variables = {name: value for name, value in office.environment.items() if name != "SMTP_URL"} | {"MAIL_URL": "smtp://127.0.0.1:2"}
    with OnDisk(office.root, variables).engaged() as later:
        assert later.workspace.campaigns["answered"].title == "We had answered you"
        kept = later.accepted.version("answered", before.version)
    assert kept is not None
    assert (kept.title, kept.steps) == (before.title, before.steps)


def test_a_process_that_has_not_heard_of_an_edit_yet_still_moves_the_runs_that_it_woke_into_it(office: OnDisk, wired: Wired) -> None:
    steps = CAMPAIGN.replace("send: answered", "steps: [{wait: 10d, id: rest}, {send: answered}]")
    campaign_of(office).write_text(steps)
    wired.folder.look()
    with office.engaged() as behind:
        now = behind.clock.now()
        behind.planner.happen(Event(id="e1", type="ticket.closed", at=now, data={"ticket_id": "T-1"}, contact_ref="c0"), now=now)
        behind.planner.advance(now=now)
        campaign_of(office).write_text(steps.replace("10d", "2d") + "on_edit: migrate\n")
        assert wired.folder.look()
        behind.planner.advance(now=behind.clock.now())
        (run,) = behind.inquiry.runs("answered", 1)
    assert (run.version, run.position) == (wired.workspace.campaigns["answered"].version, "0")
    assert run.due_at == now + timedelta(days=2)


def test_a_delivery_whose_version_cannot_be_read_any_more_goes_by_the_limits_of_the_newest(wired: Wired) -> None:
    newest = wired.workspace.campaigns["answered"]
    assert wired.accepted.version_or_newest("answered", "never") == newest
    assert wired.accepted.version_or_newest("answered", newest.version) == newest
    assert wired.accepted.version_or_newest("never", "never") is None


def test_what_is_wrong_with_a_file_is_forgotten_once_it_is_mended_whoever_told_of_it(office: OnDisk, wired: Wired) -> None:
    template = office.root / "templates/answered/email.md"
    before = template.read_text()
    template.write_text(before + "{{ contact.shoe_size }}\n")
    assert not wired.folder.look()
    (problem,) = [row["problem"] for row in office.status()["campaigns"] if row["problem"]]
    assert problem.startswith("templates/answered/email.md:")
    template.write_text(before)
    assert [row for row in office.status()["campaigns"] if row["problem"]] == []


def test_a_version_is_read_while_every_connection_is_in_somebody_s_transaction(wired: Wired) -> None:
    pool = wired.database.engine.pool
    assert isinstance(pool, QueuePool)
    with ExitStack() as transactions:
        for _ in range(pool.size() + pool._max_overflow):
            transactions.enter_context(wired.database.read())
        assert wired.accepted.version("answered", "of another time") is None
