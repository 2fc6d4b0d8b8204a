"""`engage check` warns of quiet hours that are never over and of mail without an address, and is content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.small import FILES, SETTINGS, small_files
from workers.console import main

HOURS = "quiet_hours: {from: 21:00, to: 08:00}"


def checked(root: Path, settings: str, *words: str, **changed: str | None) -> int:
    for name, content in small_files(**{"engage.yaml": settings, **changed}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        main(["check", "--workspace", str(root), *words])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_hours_that_are_never_over_somewhere_are_a_warning_at_each_send(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str]
) -> None:
    status = checked(tmp_path, SETTINGS.replace(HOURS, "quiet_hours: {from: 17:00, to: 09:00}"), *words)

    printed = capsys.readouterr()
    warnings = printed.err.splitlines()
    assert status == 0
    assert "warning" not in printed.out
    assert len(warnings) == 4, printed.err
    assert warnings[0].startswith("campaigns/birthday.yaml:5:1: warning: in RU quiet hours are never over in all time zones at once")


def test_common_hours_are_no_cause_for_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, SETTINGS) == 0
    assert capsys.readouterr().err == ""


def test_what_is_wrong_is_told_beside_what_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = SETTINGS.replace(HOURS, "quiet_hours: {from: 17:00, to: 09:00}")

    assert checked(tmp_path, settings.replace("adapter: console, kind: sms", "adapter: fax, kind: sms")) == 1
    printed = capsys.readouterr().err
    assert "warning: in RU" in printed
    assert "fax" in printed


def test_promotional_mail_without_the_postal_address_is_a_warning_at_its_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = "---\nsubject: News\n---\n<html><body>The news. {{ message.unsubscribe_url }}</body></html>\n"

    assert checked(tmp_path, SETTINGS, **{"templates/news/email.md": None, "templates/news/email.html": page}) == 0
    [warning] = capsys.readouterr().err.splitlines()
    assert warning.startswith("templates/news/email.html:0:0: warning: a mail for marketing is promotional: the law asks for the postal")


def test_a_comparison_that_can_never_hold_is_a_warning_at_its_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = FILES["campaigns/newsletter.yaml"].replace("contact.plan == 'pro'", "contact.plan == 3")

    assert checked(tmp_path, SETTINGS, **{"campaigns/newsletter.yaml": campaign}) == 0
    [warning] = capsys.readouterr().err.splitlines()
    assert warning.startswith("campaigns/newsletter.yaml:5:27: warning: a text is never equal to the number `3`")
