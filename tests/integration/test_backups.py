"""Backups of a database at work, and a life after them: nothing that the backup knew as sent goes a second time."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from engage.delivery.conductor import Point
from engage.model.errors import InputError, NotThereError
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.installation.backing_up import SKIPPED
from tests.engine import MONDAY, Works
from tests.servers.postgres import binaries
from tests.small import small_workspace
from tests.typed import Engage
from workers.backups import backup, restore

NOW = "title: Now\npurpose: care\nstatus: live\ntrigger: {event: ticket.closed}\nsend: csat\nchannels: [email]\n"
DAILY = "title: Daily\npurpose: service\nstatus: live\ntrigger: {schedule: '0 9 * * *'}\nsend: csat\nchannels: [email]\n"
FILES: Mapping[str, str | None] = {
    "campaigns/now.yaml": NOW, "campaigns/daily.yaml": DAILY, "campaigns/birthday.yaml": None,
    "campaigns/follow_up.yaml": None, "campaigns/newsletter.yaml": None,
    "templates/csat/email.md": "---\nsubject: How did we do?\n---\nHello. {{ message.unsubscribe_url }}\n",
}
FIRST, THEN = ("ana", "bor", "cene"), ("dana", "eva")


@contextmanager
def company(url: str) -> Iterator[Works]:
    database = Database.open(url)
    works = Works(database, small_workspace(**FILES), at=MONDAY)
    try:
        yield works
    finally:
        works.close()
        database.close()


@pytest.fixture
def path() -> Mapping[str, str]:
    """Where PostgreSQL's tools of the server's own version are."""
    return {"PATH": str(binaries())}


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path) -> Iterator[str]:
    """A place for a database that is not there yet, beside the one that is."""
    url = sa.make_url(database_url)
    if url.get_backend_name() == "sqlite":
        yield f"sqlite:///{tmp_path / 'restored.db'}"
        return
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE restored")
    yield url.set(database="restored").render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE restored WITH (FORCE)")


def close(works: Works, *labels: str) -> None:
    for label in labels:
        works.happen("ticket.closed", label, ticket_id=label)


def test_after_a_restore_nothing_is_sent_twice_and_what_may_have_gone_is_listed(
    database_url: str, elsewhere: str, tmp_path: Path, path: Mapping[str, str],
) -> None:
    file = tmp_path / "backup"
    with company(database_url) as works:
        works.know(*FIRST, *THEN)
        close(works, *FIRST)
        works.settle()
        close(works, *THEN)
        works.planner.advance(now=works.clock.now())
        working = Thread(target=lambda: backup(database_url, file, path))  # with a batch in hand
        works.at[Point.RENDERED] = lambda: None if working.ident else working.start()
        works.at[Point.CLEARED] = working.join
        works.settle()
        assert sorted(works.sent()) == sorted(f"{label}@example.com" for label in (*FIRST, *THEN))
        lost_at = works.clock.now() + timedelta(days=1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert restore(elsewhere, file, path, lost_at=lost_at) == len(THEN)
    with company(elsewhere) as works:
        works.clock.move(lost_at + timedelta(hours=1))
        works.deliveries.sweep(now=works.clock.now())
        works.settle()
        assert works.sent() == []  # paused, and of the day that is lost nobody knows
        works.operations.resume("all", "", now=works.clock.now())
        works.settle()
        assert works.sent() == []
        assert sorted(touch.contact_id or 0 for touch in works.touches(Kind.UNKNOWN)) == [4, 5]
        assert len(works.touches(Kind.SENT)) == len(FIRST)
        works.know("fani")
        close(works, "fani")
        works.settle()
        assert works.sent() == ["fani@example.com"]
        (last,) = [touch for touch in works.touches(Kind.SENT) if touch.at == works.clock.now()]
        assert min(last.delivery_id or 0, last.run_id or 0, last.contact_id or 0) > SKIPPED
        works.play(lost_at + timedelta(days=1))
        assert works.sent().count("ana@example.com") == 1  # the next day's, not the lost day's


def test_a_backup_is_written_whole_or_not_at_all_and_never_over_another(database_url: str, tmp_path: Path, path: Mapping[str, str]) -> None:
    (tmp_path / "there").write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        backup(database_url, tmp_path / "there", path)
    with pytest.raises(InputError, match="there is no folder"):
        backup(database_url, tmp_path / "nowhere" / "file", path)
    backup(database_url, tmp_path / "whole", path)
    with pytest.raises(InputError, match=r"has tables already|is there already"):
        restore(database_url, tmp_path / "whole", path, lost_at=None)
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.endswith(".part")) == []
    assert (tmp_path / "there").read_text() == "mine"


def test_what_is_no_backup_is_not_brought_back(elsewhere: str, tmp_path: Path, path: Mapping[str, str]) -> None:
    (tmp_path / "other").write_text("something else")
    with pytest.raises((InputError, NotThereError), match=r"is no backup|pg_restore failed"):
        restore(elsewhere, tmp_path / "other", path, lost_at=None)
    with pytest.raises(InputError, match="there is no file"):
        restore(elsewhere, tmp_path / "none", path, lost_at=None)


def test_what_cannot_be_made_safe_leaves_nothing_behind(
    database_url: str, elsewhere: str, tmp_path: Path, path: Mapping[str, str],
) -> None:
    file = tmp_path / "backup"
    with company(database_url) as works:
        works.know(*FIRST)
    backup(database_url, file, path)
    with pytest.raises(InputError, match="lost in the future"):
        restore(elsewhere, file, path, lost_at=datetime.now(UTC) + timedelta(days=1))
    assert restore(elsewhere, file, path, lost_at=None) == 0  # which an unpaused database that was left there would refuse


def test_without_the_tools_of_postgresql_it_says_what_to_install(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(NotThereError, match="pg_dump is not there: install PostgreSQL's client programs"):
        backup(postgres_url, tmp_path / "file", {"PATH": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_the_commands_migrate_back_up_and_restore_and_the_doctor_is_content(engage: Engage, tmp_path: Path) -> None:
    assert engage("migrate", "--check").status == 1
    assert "migrated from an empty database to version" in engage("migrate").out
    (told,) = engage("migrate", "--check", "--json").json()
    assert (told["needed"], told["from"]) == (False, told["to"])
    assert engage("import", "contacts.csv").status == 0
    file = tmp_path / "kept.db"
    assert engage("backup", str(file)).status == 0
    assert (engage("backup", str(file)).status, engage("restore", str(file)).status) == (1, 1)
    for path in Path("var").glob("engage.db*"):
        path.unlink()
    (back,) = engage("restore", str(file), "--lost-at", datetime.now(UTC).isoformat(), "--json").json()
    assert (back["may_have_gone"], back["paused"]) == (0, True)
    (status,) = engage("status", "--json").json()
    assert [row["scope"] for row in status["paused"]] == ["all"]  # type: ignore[union-attr]  # JSON
    assert "restored from a backup of" in engage("status").out
    found = {str(row["what"]): row["ok"] for row in engage("doctor", "--json").json()}
    assert found["database"] is True
    assert engage("contact", "show", "mia").status == 0
