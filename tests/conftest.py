"""Databases for tests: an empty, migrated one each, on SQLite and on a real PostgreSQL, cloned from a template made once a session.

And how the run as a whole goes: what is begun first, what is kept in memory, and a loop for those who need one.
"""

from __future__ import annotations

import gc
import itertools
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from fastapi.dependencies import models
from hypothesis import HealthCheck, settings

from engage.store.database import Database
from tests.servers.memory import in_memory
from tests.servers.postgres import postgres
from workers.loop import LoopThread

TEMPLATE = "engage_template"
USUAL_SECONDS = 120.0
"""The time limit of a test that asks for no other (pyproject.toml)."""
NUMBERS = itertools.count(1)
REMEMBERED = [each for each in vars(models).values() if isinstance(each, _lru_cache_wrapper)]
"""What FastAPI keeps of the functions that it has seen."""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests that start programs wait for them most of the time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that are given more time than others begin first, or one that takes a minute would be left over at the end."""
    items.sort(key=_seconds, reverse=True)


def pytest_collection_finish() -> None:
    """What has been imported and collected is there to the end: to look through it for garbage again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 5, 2)  # tests leave little in circles, though whole applications are among it


def _seconds(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    return max(float(limit.args[0]), USUAL_SECONDS) if limit and limit.args else USUAL_SECONDS


# Where Python may not keep what it compiled, as in many images, each process that a test starts compiles all of Engage: a second a time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # noqa: TID251  # the processes that tests start inherit it
if memory := in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)  # noqa: TID251  # where pytest makes the folders of the tests
settings.register_profile("engage", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("engage")  # the whole run is to take ten minutes; a machine that has others to serve is slow, and no fault of ours


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command run by a test sets up the logging of its process: the next test must not find it so."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def memory_as_it_was() -> Iterator[None]:
    """FastAPI remembers thousands of functions of applications that are gone, each with its whole application."""
    yield
    for remembered in REMEMBERED:
        remembered.cache_clear()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server; one for each process of the test run."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_master(postgres_server: str) -> Iterator[sa.Connection]:
    """A connection in which databases are made, as copies of a migrated one."""
    engine = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {TEMPLATE}")
        _migrate(_database_of(postgres_server, TEMPLATE))
        yield connection
    engine.dispose()


@pytest.fixture
def postgres_url(postgres_server: str, postgres_master: sa.Connection) -> Iterator[str]:
    """A migrated database of its own on PostgreSQL."""
    name = f"engage_{next(NUMBERS)}"
    postgres_master.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")  # its log would take as long again
    yield _database_of(postgres_server, name)
    postgres_master.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "engage.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of its own."""
    shutil.copy(sqlite_template, tmp_path / "engage.db")
    return f"sqlite:///{tmp_path / 'engage.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of its own, of each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, open."""
    opened = Database.open(database_url)
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    database = Database.open(url)
    database.migrate()
    database.close()


def _database_of(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)



@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    """The loop in which channels and fetchers live."""
    made = LoopThread()
    yield made
    made.close()
