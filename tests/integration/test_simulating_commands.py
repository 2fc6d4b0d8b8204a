"""`engage simulate` and `engage test`, as somebody types them: in a new workspace, and over the demo company's campaigns."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.typed import Ended, Engage

ROOT = Path(__file__).parents[2]
STRETCH = ("--from", "2026-02-27T00:00Z", "--to", "2026-03-02T00:00Z")


def rows(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.out.splitlines()]


@pytest.mark.timeout(120)
def test_every_step_and_branch_of_the_demos_campaigns_is_gone_through_by_a_test(engage: Engage) -> None:
    tested = engage("test", "--json", "--workspace", str(ROOT / "config"))
    assert tested.status == 0, tested.out
    covered = {row["campaign"]: (row["percent"], row["missed"]) for row in rows(tested) if "campaign" in row}
    assert covered == {path.stem: (100, []) for path in (ROOT / "config/campaigns").glob("*.yaml")}


def test_a_campaign_that_no_test_enters_and_a_branch_that_none_goes_into_are_told(engage: Engage) -> None:
    Path("tests/birthday.yaml").unlink()
    follow_up = Path("tests/ticket_follow_up.yaml")
    follow_up.write_text(follow_up.read_text().partition("events:")[0] + "events: []\nexpect: []\n")
    told = engage("test")
    assert told.status == 0
    assert "campaigns/birthday.yaml: no test came to this campaign" in told.out
    assert "campaigns/ticket_follow_up.yaml: no test came to this campaign" in told.out


def test_of_the_tests_that_are_named_only_their_campaigns_are_measured(engage: Engage) -> None:
    measured = [row["campaign"] for row in rows(engage("test", "birthday", "--json")) if "campaign" in row]
    assert measured == ["birthday"]


def test_a_failing_test_ends_with_1_and_stands_in_the_junit_file(engage: Engage) -> None:
    test = Path("tests/birthday.yaml")
    test.write_text(test.read_text().replace("kind: sent", "kind: expired"))
    failed = engage("test", "--junit", "report.xml")
    assert failed.status == 1
    assert "    - kind: expired" in failed.out
    suite = ElementTree.fromstring(Path("report.xml").read_text())
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")


def test_a_simulation_is_a_calendar_for_people_and_rows_for_programs(engage: Engage) -> None:
    calendar, told = engage("simulate", *STRETCH), rows(engage("simulate", *STRETCH, "--json"))
    sent = [row for row in told if row["kind"] == "sent"]
    assert sent, told
    assert "Saturday, 28 February 2026" in calendar.out
    assert all(f"“{row['subject']}”" in calendar.out for row in sent)
    assert f"{len(sent)} sent" in calendar.out
    assert rows(engage("simulate", *STRETCH, "--json")) == told


def test_scripted_answers_come_to_what_a_simulation_sends(engage: Engage) -> None:
    Path("answers.yaml").write_text("answers:\n  - {message: birthday, kind: opened, after: 2h}\n")
    told = rows(engage("simulate", *STRETCH, "--answers", "answers.yaml", "--json"))
    sent, opened = ([row for row in told if row["kind"] == kind] for kind in ("sent", "opened"))
    assert [row["contact"] for row in opened] == [row["contact"] for row in sent if row["channel"] == "email"]
    assert opened


def test_a_file_of_answers_that_is_wrong_or_not_there_is_told(engage: Engage) -> None:
    Path("answers.yaml").write_text("answers: [{message: birthdy, kind: opened}]\n")
    wrong = engage("simulate", *STRETCH, "--answers", "answers.yaml")
    assert (wrong.status, "answers.yaml:1:21: the message `birthdy` does not exist" in wrong.err) == (1, True)
    assert engage("simulate", *STRETCH, "--answers", "missing.yaml").status == 3


def test_a_simulation_keeps_to_the_curve_of_a_provider_that_is_warmed_up(engage: Engage) -> None:
    settings = Path("engage.yaml")
    text = settings.read_text()
    email = next(line for line in text.splitlines() if line.strip().startswith("email: {"))
    settings.write_text(text.replace(email, email.replace("}", ", warm_up: {from: 2026-03-05, first_day: 1, growth: 2}}")))
    told = [row for row in rows(engage("simulate", *STRETCH, "--json")) if row["channel"] == "email"]
    assert told
    assert not [row for row in told if row["kind"] == "sent"]
    assert {row["kind"] for row in told} <= {"expired", "deferred"}
    assert {row["reason"] for row in told} <= {"expired", "warm_up"}
