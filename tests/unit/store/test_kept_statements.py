"""Statements that the store makes once are compiled once: what has no key is compiled anew whenever it is run, for milliseconds."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
import sqlalchemy as sa

import engage.store


def kept() -> Iterator[tuple[str, sa.Executable]]:
    for module in pkgutil.iter_modules(engage.store.__path__):
        for name, value in vars(import_module(f"engage.store.{module.name}")).items():
            if isinstance(value, sa.SelectBase | sa.UpdateBase):
                yield f"{module.name}.{name}", value


STATEMENTS = dict(kept())


def test_there_are_some() -> None:
    assert {"leases._CLAIM", "outcomes._WAITING"} <= STATEMENTS.keys()


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_statement_is_compiled_once(name: str) -> None:
    assert STATEMENTS[name]._generate_cache_key() is not None  # type: ignore[attr-defined]  # SQLAlchemy says it in no other way
