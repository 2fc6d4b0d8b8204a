"""The commands of those who run Engage and look ahead, as somebody types them in a new workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.smtp import SmtpServer
from tests.typed import Engage
from workers.console import COMMANDS

WEEK = ("--from", "2026-02-27T00:00Z", "--to", "2026-03-07T00:00Z")


@pytest.fixture
def engage(engage: Engage, monkeypatch: pytest.MonkeyPatch, smtp: SmtpServer) -> Engage:
    """Types a command in a new workspace that has its three contacts and a mail server."""
    monkeypatch.setenv("SMTP_URL", smtp.url)
    settings = Path("engage.yaml").read_text()
    Path("engage.yaml").write_text(settings.replace("adapter: console, ", 'adapter: smtp, url: "${SMTP_URL}", '))
    assert engage("import", "contacts.csv").status == 0
    return engage


def test_status_shows_every_campaign_and_what_waits(engage: Engage) -> None:
    (status,) = engage("status", "--json").json()
    assert {row["campaign"]: row["status"] for row in status["campaigns"]} == {"birthday": "live", "ticket_follow_up": "live"}
    assert status["runs"] == {"active": 0}


def test_a_pause_is_shown_until_it_is_taken_back(engage: Engage) -> None:
    assert engage("pause", "birthday").status == 0
    assert [row["name"] for row in engage("status", "--json").json()[0]["paused"]] == ["birthday"]
    assert engage("resume", "birthday").status == 0
    assert engage("status", "--json").json()[0]["paused"] == []


def test_a_pause_of_a_campaign_that_is_gone_from_the_folder_can_be_taken_back(engage: Engage) -> None:
    assert engage("pause", "birthday").status == 0
    shutil.rmtree("tests")
    Path("campaigns/birthday.yaml").unlink()
    assert "there is no campaign 'birthday'" in engage("pause", "birthday").err
    assert engage("resume", "birthday").status == 0
    assert engage("status", "--json").json()[0]["paused"] == []
    assert engage("resume", "birthday").status == 1


def test_what_came_in_undeclared_is_printed_ready_to_be_declared(engage: Engage) -> None:
    told = ("--contact", "ana", "--data", '{"order_id": "O-1", "total": {"amount": "12.30", "currency": "EUR"}, "items": 3}')
    assert engage("event", "order.shipped", *told).status == 0
    assert "  order.shipped: {order_id: text, total: money, items: number}" in engage("events", "--observed").out
    (row,) = engage("events", "--json").json()
    assert (row["type"], row["count"], row["declared"]) == ("order.shipped", 1, None)
    assert engage("events", "--within", "soon").status == 1


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_everything_and_single_channels_can_be_paused_and_only_what_exists(engage: Engage, command: str) -> None:
    assert engage(command, "--all").status == 0
    assert engage(command, "--channel", "email").status == 0
    assert "there is no campaign 'birtday'" in engage(command, "birtday").err
    assert engage(command).status == 1


def test_an_approval_names_a_campaign_that_exists(engage: Engage) -> None:
    assert engage("approve", "birthday").status == 0
    assert engage("approve", "nothing").status == 1


def test_an_event_enters_a_run_and_is_taken_once(engage: Engage) -> None:
    words = ("event", "ticket.closed", "--contact", "mia", "--data", '{"ticket_id": "T-1", "channel": "email"}', "--id", "e1", "--json")
    assert [engage(*words).json()[0]["new"] for _ in range(2)] == [True, False]
    assert engage("status", "--json").json()[0]["runs"] == {"active": 1}


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        (("ticket.closd",), "declares no event `ticket.closd`, so that no campaign heeds it; did you mean ticket.closed?"),
        (("ticket.closed", "--data", '{"ticketid": "T-1"}'), "declares no field `ticketid` of ticket.closed; did you mean ticket_id?"),
    ],
)
def test_an_event_that_no_campaign_can_see_is_taken_with_a_warning(engage: Engage, words: tuple[str, ...], warned: str) -> None:
    ended = engage("event", *words, "--contact", "mia")
    assert (ended.status, "accepted" in ended.out) == (0, True)
    assert warned in ended.err


def test_simulate_shows_what_would_be_sent_and_stores_nothing(engage: Engage) -> None:
    rows = engage("simulate", *WEEK, "--json").json()
    wishes = [row for row in rows if (row["contact"], row["kind"]) == ("mia", "sent")]
    assert [str(row["local"])[:16] for row in wishes] == ["2026-02-28T09:00"]
    assert [row for row in engage("contact", "history", "mia", "--json").json() if row["kind"] == "sent"] == []


def test_simulate_takes_the_people_of_a_file_and_those_of_the_workspace_while_nobody_was_imported(engage: Engage) -> None:
    shutil.rmtree("var")
    simulated = engage("simulate", *WEEK, "--json")
    assert "contacts.csv" in simulated.err
    assert {row["contact"] for row in simulated.json() if row["kind"] == "sent"} >= {"mia"}
    Path("one.csv").write_text("external_id,email,birth_date,status,timezone\nzoe,zoe@example.com,1990-03-01,active,Europe/Paris\n")
    rows = engage("simulate", *WEEK, "--people", "one.csv", "--json").json()
    assert {row["contact"] for row in rows} == {"zoe"}
    assert engage("simulate", *WEEK, "--people", "one.csv", "--contact", "mia").status == 1
    assert not list(Path().glob("*.refused.csv"))


def test_simulate_refuses_to_go_backwards(engage: Engage) -> None:
    assert engage("simulate", "--from", "2026-03-02T00:00Z", "--to", "2026-03-01T00:00Z").status == 1
    assert engage("simulate", "--from", "tomorrow", "--to", "2026-03-01T00:00Z").status == 1


def test_explain_says_why_and_when(engage: Engage) -> None:
    (answer,) = engage("explain", "birthday", "mia", "--at", "2026-02-27T12:00Z", "--json").json()
    assert answer["audience"]["holds"] is True
    assert str(answer["next_chance"]["at"]).startswith("2026-02-28T0")
    assert {check["number"] for check in answer["next_send"]["checks"]} == set(range(1, 9))
    assert "birthday for mia" in engage("explain", "birthday", "mia").out


def test_explain_knows_only_what_is_there(engage: Engage) -> None:
    assert engage("explain", "birtday", "mia").status == 1
    assert "no contact is known as 'nobody'" in engage("explain", "birthday", "nobody").err


def test_preview_shows_the_message_in_the_language_asked_for(engage: Engage) -> None:
    (shown,) = engage("preview", "birthday", "--locale", "de", "--json").json()
    assert (shown["channel"], shown["locale"]) == ("email", "de")
    assert shown["subject"]
    assert "Subject: " in engage("preview", "birthday", "--contact", "mia").out


def test_preview_in_a_language_that_does_not_exist_is_refused_rather_than_shown_in_the_default(engage: Engage) -> None:
    ended = engage("preview", "birthday", "--locale", "xx-notreal")
    assert (ended.status, ended.err) == (1, "<command line>: --locale: there is no language 'xx-notreal'\n")
    (shown,) = engage("preview", "birthday", "--locale", "de_AT", "--json").json()
    assert shown["locale"] == "de"


def test_preview_of_every_message_finds_values_for_what_its_campaign_hands_over(engage: Engage) -> None:
    for message in ("birthday", "csat", "csat_reminder"):
        assert engage("preview", message).status == 0


def test_preview_knows_only_messages_and_channels_that_are_there(engage: Engage) -> None:
    assert "there is no message 'birtday'" in engage("preview", "birtday").err
    assert "there is no channel 'pigeon'" in engage("preview", "birthday", "--channel", "pigeon").err


def test_send_hands_a_message_to_ones_own_inbox_and_writes_no_touch(engage: Engage, smtp: SmtpServer) -> None:
    sent = engage("send", "birthday", "--to", "me@example.com", "--locale", "de")
    assert sent.status == 0, sent.err
    assert [message.recipients for message in smtp.messages] == [("me@example.com",)]
    assert "sent" not in {row["kind"] for row in engage("contact", "history", "mia", "--json").json()}


def test_send_says_what_the_provider_said(engage: Engage, smtp: SmtpServer) -> None:
    smtp.answer("rcpt", "550 5.1.1 no such user")
    refused = engage("send", "birthday", "--to", "me@example.com")
    assert (refused.status, "Rejected" in refused.err) == (3, True)


def test_doctor_looks_at_everything_and_says_what_to_do(engage: Engage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGAGE_API_KEY", "k")
    found = {str(row["what"]): row for row in engage("doctor", "--json").json()}
    assert {"python", "zone data", "workspace", "database", "broker", "API keys", "channel email"} <= set(found)
    assert found["channel email"]["ok"] is True
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")
    ill = engage("doctor", "--json")
    assert (ill.status, {row["what"] for row in ill.json() if not row["ok"]}) == (3, {"channel email"})


def test_the_exit_statuses_tell_input_usage_and_what_is_missing_apart(engage: Engage, tmp_path: Path) -> None:
    Path("campaigns/birthday.yaml").write_text("title: x\n")
    assert engage("check").status == 1
    assert engage("check", "--no-such-option").status == 2
    assert engage("check", "--workspace", str(tmp_path / "nowhere")).status == 3


def test_every_command_has_help_with_an_example(engage: Engage) -> None:
    for command in COMMANDS:
        assert "Example:" in engage(command, "--help").out, command


WEBHOOKS = """
webhooks:
  crm: {url: "https://crm.example.com/", secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0}
"""


def test_a_webhook_is_replayed_and_resumed_by_its_name(engage: Engage) -> None:
    Path("engage.yaml").write_text(Path("engage.yaml").read_text() + WEBHOOKS)
    assert "is a scheduler running?" in engage("replay", "crm", "--from", "2026-11-01").err
    told = engage("resume", "--webhook", "crm")
    assert (told.status, told.out) == (0, "crm had not failed\n")
    assert "there is no webhook 'crn'" in engage("replay", "crn", "--from", "2026-11-01").err
    assert engage("replay", "crm", "--from", "2026-11-02", "--to", "2026-11-01").status == 1
    assert "--webhook goes alone" in engage("resume", "--webhook", "crm", "--all").err
    assert "--webhook goes alone" in engage("resume", "--skip").err
    assert engage("status", "--json").json()[0]["webhooks"] == []
