"""How large a fault run is: the full one of `make chaos`, and the short one of `make test`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Literal

from tests.chaos.scene import Plan

DATABASES: Sequence[Literal["sqlite", "postgresql"]] = ("sqlite", "postgresql")
LEASE = 30.0


def plans_of(options: Mapping[str, str]) -> Sequence[Plan]:
    """One plan for each database that is asked for, which share the messages and the kills."""
    wanted = [database for database in DATABASES if options.get("DATABASE") in (None, "", database)]
    assert wanted, "DATABASE is sqlite or postgresql"
    seed = int(options.get("SEED") or secrets.randbelow(100_000))
    plan = short if options.get("SHORT") else full
    within = float(options["WITHIN"]) if options.get("WITHIN") else None
    return [
        plan(
            database, seed=seed, messages=_share(options.get("MESSAGES"), len(wanted)), kills=_share(options.get("KILLS"), len(wanted)),
            within=within,
        )
        for database in wanted
    ]


def _share(number: str | None, of: int) -> int | None:
    return -(-int(number) // of) if number else None


def full(database: Literal["sqlite", "postgresql"], *, seed: int, messages: int | None, kills: int | None, within: float | None) -> Plan:
    """Half of 100,000 messages and 500 kills; workers are frozen past their lease."""
    return Plan(
        database=database, messages=messages or 50_000, kills=kills or 250, seed=seed, contacts=2_500, every=1.0, at_the_latest=10.0,
        freeze=LEASE + 12.0, within=within or 2 * 3600.0,
    )


def short(
    database: Literal["sqlite", "postgresql"], *, seed: int, messages: int | None = None, kills: int | None = None,
    within: float | None = None,
) -> Plan:
    """Half a minute of it."""
    return Plan(
        database=database, messages=messages or 1_200, kills=kills or 10, seed=seed, contacts=100, every=0.5, at_the_latest=1.5, freeze=3.0,
        workers=2, schedulers=1, within=within or 40.0,
    )
