"""Statements that are kept ready: what comes of them is what comes of them through SQLAlchemy, only sooner."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from weakref import ref

import pytest
import sqlalchemy as sa

from engage.store.engines import sqlite_engine
from engage.store.memory import MemoryConnection
from engage.store.schema.columns import Instant, Json
from engage.store.sql.ready import LONGEST

THEN = datetime(2026, 2, 28, 8, tzinfo=UTC)
PEOPLE = sa.Table(
    "people", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String, unique=True),
    sa.Column("at", Instant), sa.Column("tags", Json), sa.Column("awake", sa.Boolean, default=True),
    sa.Column("code", sa.String, default=lambda: "made anew"),
)
KNOWN = PEOPLE.c["id", "name", "at", "tags", "awake"]
IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
PAIRS: sa.BindParameter[Any] = sa.bindparam("pairs", expanding=True)

ASKED: Mapping[str, tuple[Any, Sequence[Mapping[str, Any]]]] = {
    "everything": (sa.select(PEOPLE).order_by(PEOPLE.c.id), [{}]),
    "a moment": (sa.select(PEOPLE.c.name).where(PEOPLE.c.at > sa.bindparam("now")), [{"now": THEN}, {"now": THEN.replace(year=2020)}]),
    "what is always the same": (sa.select(PEOPLE.c.name).where(PEOPLE.c.at >= THEN, PEOPLE.c.name.in_(["ana", "bor"])), [{}]),
    "what stands in it twice": (
        sa.select(PEOPLE.c.id).where(sa.or_(PEOPLE.c.id == sa.bindparam("it"), PEOPLE.c.id == sa.bindparam("it") + 1)),
        [{"it": 1}, {"it": 2}],
    ),
    "a list": (
        sa.select(PEOPLE.c.id).where(PEOPLE.c.id.in_(IDS), PEOPLE.c.awake), [{"ids": ids} for ids in ([], [1], [1, 3], (2,), [1, 2, 3])],
    ),
    "a list, twice": (sa.select(PEOPLE.c.id).where(PEOPLE.c.id.in_(IDS) | (PEOPLE.c.id - 1).in_(IDS)), [{"ids": [1]}, {"ids": [1, 2]}]),
    "a long list": (sa.select(PEOPLE.c.id).where(PEOPLE.c.id.in_(IDS)), [{"ids": [*range(LONGEST + 5)]}]),
    "pairs": (
        sa.select(PEOPLE.c.id).where(sa.tuple_(PEOPLE.c.name, PEOPLE.c.at).in_(PAIRS)),
        [{"pairs": [("ana", THEN)]}, {"pairs": [("ana", THEN), ("cyr", THEN.replace(year=2027))]}, {"pairs": []}],
    ),
    "words alike": (sa.select(PEOPLE.c.name, sa.func.count().label("key"), sa.func.max(PEOPLE.c.at)).group_by(PEOPLE.c.name), [{}]),
    "words that need care": (
        sa.select(PEOPLE.c.id, sa.literal("it's; a ?").label("said")).where(PEOPLE.c.name != "o'?", PEOPLE.c.id > sa.bindparam("it")),
        [{"it": 1}],
    ),
    "a column twice": (sa.select(PEOPLE.c.at, PEOPLE.c.tags, PEOPLE.c.at.label("again"), PEOPLE.c.tags), [{}]),
    "two that are one": (sa.union_all(sa.select(PEOPLE.c.at, PEOPLE.c.tags), sa.select(PEOPLE.c.at, PEOPLE.c.tags)), [{}]),
}


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = sqlite_engine(sa.make_url("sqlite://"))
    with engine.begin() as connection:
        PEOPLE.metadata.create_all(connection)
        people = [
            {"id": 1, "name": "ana", "at": THEN, "tags": ["a", {"b": None}]}, {"id": 2, "name": "bor", "at": None, "tags": None},
            {"id": 3, "name": "cyr", "at": THEN.replace(year=2027), "tags": [], "awake": False},
        ]
        for person in people:
            connection.execute(PEOPLE.insert().values(person))
    yield engine
    engine.dispose()


@pytest.fixture
def memory(engine: sa.Engine) -> Iterator[MemoryConnection]:
    with MemoryConnection(engine) as connection:
        yield connection


@pytest.fixture
def by_sqlalchemy(engine: sa.Engine) -> Iterator[list[str]]:
    """What SQLAlchemy was asked to run."""
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        asked.append(arguments[2])

    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", ASKED)
def test_a_query_answers_the_same_however_often_it_comes(name: str, engine: sa.Engine, memory: MemoryConnection) -> None:
    statement, questions = ASKED[name]
    with engine.connect() as plain:
        expected = [plain.execute(statement, given).mappings().all() for given in questions]
    for _ in range(3):
        assert [memory.execute(statement, given).mappings().all() for given in questions] == expected
    assert any(expected)


def test_a_query_that_comes_again_is_not_asked_of_sqlalchemy(memory: MemoryConnection, by_sqlalchemy: list[str]) -> None:
    asked = sa.select(PEOPLE.c.name).where(PEOPLE.c.id.in_(IDS))
    answers = [memory.scalars(asked, {"ids": ids}).all() for ids in ([1], [1], [1, 2], [2, 3])]
    assert answers == [["ana"], ["ana"], ["ana", "bor"], ["bor", "cyr"]]
    assert len(by_sqlalchemy) == 1


def test_a_statement_is_kept_only_as_long_as_somebody_has_it(memory: MemoryConnection) -> None:
    asked = sa.select(PEOPLE.c.name).where(PEOPLE.c.id == 1)
    for _ in range(3):
        assert memory.scalar(asked) == "ana"
    gone = ref(asked)
    del asked
    memory.engine.clear_compiled_cache()  # SQLAlchemy has it, too
    gc.collect()
    assert gone() is None


def _writing(memory: MemoryConnection, times: int) -> list[tuple[int, list[Any]]]:
    adding = sa.insert(PEOPLE)
    changing = sa.update(PEOPLE).where(PEOPLE.c.id.in_(IDS)).values(name=PEOPLE.c.name + sa.bindparam("end"), at=sa.bindparam("moment"))
    returning = sa.insert(PEOPLE).returning(PEOPLE.c.id, PEOPLE.c.at)
    removing = sa.delete(PEOPLE).where(PEOPLE.c.id == sa.bindparam("it"))
    came: list[tuple[int, list[Any]]] = []

    def note(statement: Any, given: Any) -> None:
        done = memory.execute(statement, given)
        came.append((done.rowcount, done.all() if statement is returning else []))

    for number in range(times):
        rows = [{"id": 10 * number + each, "name": f"{number} {each}", "tags": [each], "at": THEN, "code": "x"} for each in (14, 15)]
        note(adding, rows)
        note(returning, {"id": 10 * number + 16, "name": f"{number} 16", "at": THEN, "code": "x"})
        note(changing, {"ids": [10 * number + 14, 10 * number + 16, 999], "end": "!", "moment": THEN})
        note(removing, {"it": 10 * number + 15})
    return came


def test_writing_tells_how_many_rows_and_returns_what_it_should(memory: MemoryConnection) -> None:
    came = _writing(memory, 3)
    for number in range(3):
        added, returned, changed, removed = came[4 * number : 4 * number + 4]
        assert (added[0], changed[0], removed[0]) == (2, 2, 1)
        assert returned[1] == [(10 * number + 16, THEN)]
    last = memory.execute(sa.select(KNOWN).where(PEOPLE.c.id > 30).order_by(PEOPLE.c.id)).all()
    assert last == [(34, "2 14!", THEN, [14], True), (36, "2 16!", THEN, None, True)]


def test_defaults_that_are_worked_out_are_left_to_sqlalchemy(memory: MemoryConnection, by_sqlalchemy: list[str]) -> None:
    adding = sa.insert(PEOPLE)
    for number in range(4, 7):
        memory.execute(adding, {"id": number, "name": f"{number}"})
    assert len(by_sqlalchemy) == 3
    assert memory.scalars(sa.select(PEOPLE.c.code).where(PEOPLE.c.id > 3)).all() == ["made anew"] * 3


@pytest.mark.parametrize("given", [{"id": 1, "name": "again", "code": "x"}, [{"id": 1, "name": "again", "code": "x"}]])
def test_what_the_database_refuses_is_raised_as_ever(given: Any, memory: MemoryConnection) -> None:
    adding = sa.insert(PEOPLE)
    for _ in range(3):
        with pytest.raises(sa.exc.IntegrityError, match=r"people\.id") as raised:
            memory.execute(adding, given)
        assert "again" not in str(raised.value)


@pytest.mark.parametrize("given", [None, {}, [], {"no": 1}])
def test_a_parameter_that_is_missing_is_an_error(given: Any, memory: MemoryConnection) -> None:
    asked = sa.select(PEOPLE.c.name).where(PEOPLE.c.id == sa.bindparam("it"))
    memory.scalar(asked, {"it": 1})
    memory.scalar(asked, {"it": 1})
    with pytest.raises(sa.exc.SQLAlchemyError, match="parameter 'it'"):
        memory.execute(asked, given)


def test_a_transaction_takes_back_what_ready_statements_wrote(memory: MemoryConnection) -> None:
    renaming = sa.update(PEOPLE).values(name=sa.bindparam("start") + PEOPLE.c.name)
    for start in ("one ", "two ", "three "):
        with memory.begin() as transaction:
            memory.execute(renaming, {"start": start})
            transaction.rollback()
    assert memory.scalars(sa.select(PEOPLE.c.name).order_by(PEOPLE.c.id)).all() == ["ana", "bor", "cyr"]


def test_a_column_in_an_unknown_place_is_refused_rather_than_misread(memory: MemoryConnection) -> None:
    asked = sa.select(sa.text("1"), PEOPLE.c.at)
    memory.execute(asked)
    with pytest.raises(TypeError, match="written as text"):
        memory.execute(asked).all()
