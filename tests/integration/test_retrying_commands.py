"""`engage status --unknown` and `engage retry`, as an operator types them after a provider fell silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.smtp import DROP, SmtpServer
from tests.typed import Ended, Engage
from workers.office import OnDisk

THANKS = """\
title: Thank you
purpose: feedback
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
quiet_hours: ignore
send: csat
channels: [email]
"""


@pytest.fixture
def engage(engage: Engage, monkeypatch: pytest.MonkeyPatch, smtp: SmtpServer) -> Engage:
    """Types a command in a workspace where two people were to be thanked, and nobody knows whether they were."""
    monkeypatch.setenv("SMTP_URL", smtp.url)
    settings = Path("engage.yaml").read_text()
    Path("engage.yaml").write_text(settings.replace("adapter: console, ", 'adapter: smtp, url: "${SMTP_URL}", '))
    Path("campaigns/ticket_follow_up.yaml").write_text(THANKS)
    Path("tests/ticket_follow_up.yaml").unlink()
    assert engage("import", "contacts.csv").status == 0
    smtp.answer("dot", DROP, times=2)
    for contact in ("mia", "ken"):
        told = ("--contact", contact, "--data", f'{{"ticket_id": "{contact}", "channel": "email"}}')
        assert engage("event", "ticket.closed", *told).status == 0
    work()
    return engage


def work() -> None:
    """What `engage worker` would do now."""
    wired = OnDisk(Path.cwd()).wire()
    try:
        wired.planner.advance(now=wired.clock.now())
        wired.conductor.drain("bulk")
    finally:
        wired.close()


def unknown(engage: Engage) -> list[dict[str, object]]:
    return engage("status", "--unknown", "--json").json()


def ids(rows: list[dict[str, object]]) -> list[str]:
    return [str(row["id"]) for row in rows]


def refused(ended: Ended, why: str) -> bool:
    return ended.status == 1 and why in ended.err


def test_unknown_deliveries_are_listed_without_an_address_and_with_what_to_do(engage: Engage) -> None:
    first, second = unknown(engage)
    assert (first["campaign"], first["message"], first["channel"], first["provider"]) == ("ticket_follow_up", "csat", "email", "smtp")
    assert {first["contact"], second["contact"]} == {"mia", "ken"}
    assert str(first["message_id"]).startswith(f"<d{first['id']}.")
    assert f"`engage retry {first['id']}`" in str(first["do"])
    shown = engage("status", "--unknown").out
    assert "mia" in shown
    assert "@example.com" not in shown


def test_retry_shows_what_it_would_do_and_does_nothing_without_a_yes(engage: Engage, smtp: SmtpServer) -> None:
    looked = engage("retry", "--unknown")
    assert (looked.status, "ticket_follow_up" in looked.out) == (0, True)
    assert "2 messages would be sent again; add --yes to do it" in looked.err
    assert {(row["done"], row["verdict"]) for row in engage("retry", "--unknown", "--json").json()} == {(False, "again")}
    work()
    assert (len(unknown(engage)), len(smtp.messages)) == (2, 2)


def test_retry_sends_the_chosen_one_again_and_the_history_says_who_wanted_it(engage: Engage, smtp: SmtpServer) -> None:
    (row,) = engage("retry", "--unknown", "--contact", "mia", "--yes", "--json").json()
    assert (row["contact"], row["was"], row["done"], row["left_as"]) == ("mia", "unknown", True, None)
    assert refused(engage("retry", str(row["id"]), "--yes"), f"{row['id']}: no such delivery failed or is unknown")
    work()
    assert [message.parsed["To"].count("mia") for message in smtp.messages].count(1) == 2
    assert [row["contact"] for row in unknown(engage)] == ["ken"]
    told = engage("contact", "history", "mia", "--json").json()
    assert [str(touch["detail"]["by"]).count("@") for touch in told if touch.get("reason") == "retry"] == [1]  # type: ignore[index]  # JSON


def test_an_unknown_one_is_written_as_people_know_it_to_be(engage: Engage, smtp: SmtpServer) -> None:
    first, second = ids(unknown(engage))
    assert engage("retry", first, "--as", "sent", "--yes").out.endswith("1 message written as sent\n")
    assert engage("retry", second, "--as", "failed", "--yes").status == 0
    assert unknown(engage) == []
    (row,) = engage("retry", "--failed", "--json").json()
    assert (str(row["id"]), row["reason"]) == (second, "decided")
    assert len(smtp.messages) == 2


def test_what_cannot_be_meant_is_refused(engage: Engage) -> None:
    assert refused(engage("retry", "--yes"), "say which deliveries: --failed, --unknown, or their ids")
    assert refused(engage("retry", "--unknown", "--campaign", "ticket_folow_up"), "did you mean ticket_follow_up?")
    assert refused(engage("retry", "--unknown", "--as", "waiting"), "is known to be sent or failed")
    assert refused(engage("retry", "--unknown", "--expires", "soon"), "--expires")
    assert refused(engage("retry", "--unknown", "--contact", "nobody"), "no contact is known as 'nobody'")
