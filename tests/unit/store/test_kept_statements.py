"""Statements that the store makes once are compiled once: what has no key is compiled anew whenever it is run, for milliseconds."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
import sqlalchemy as sa

import engage.store


def kept() -> Iterator[tuple[str, sa.Executable]]:
    for module in pkgutil.walk_packages(engage.store.__path__, "engage.store."):
        if ".migrations" not in module.name:
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, sa.SelectBase | sa.UpdateBase):
                    yield f"{module.name.removeprefix('engage.store.')}.{name}", value


STATEMENTS = dict(kept())


def test_there_are_some() -> None:
    assert {"delivery.leases._CLAIM", "delivery.outcomes._WAITING"} <= STATEMENTS.keys()


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_statement_is_compiled_once(name: str) -> None:
    assert STATEMENTS[name]._generate_cache_key() is not None  # type: ignore[attr-defined]  # SQLAlchemy says it in no other way
