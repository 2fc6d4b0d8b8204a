"""Every metric is in docs/monitoring.md, and nothing is there that no process shows."""

from __future__ import annotations

import re
from pathlib import Path

from engage.store.gauges import Gauges, Heap
from workers.gauges import DatabaseGauges, MachineGauges
from workers.metrics import Metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
HEAP = Heap(count=1, age=1.0)
READ = Gauges(
    deliveries={("bulk", "due"): 1}, ages={"bulk": 1.0}, held={"paused": 1}, unknown={"a": 1}, leases={"live": 1}, runs=HEAP, events=HEAP,
    calls=HEAP, planned_behind={"a": 1.0}, pauses={"all": 1}, refused_files=1, awaiting_approval=1,
)
SHOWN_WITH = {"counter": "_total", "info": "_info"}


def metrics() -> set[str]:
    """The names that Prometheus sees."""
    made = Metrics()
    made.registry.register(DatabaseGauges(lambda: READ))
    made.registry.register(MachineGauges(ROOT / "var"))
    families = [family for family in made.registry.collect() if family.name.startswith("engage_")]
    return {family.name + SHOWN_WITH.get(family.type, "") for family in families}


def documented() -> set[str]:
    return set(re.findall(r"`(engage_[a-z_]+)`", PAGE))


def test_every_metric_is_documented() -> None:
    assert metrics() - documented() == set()


def test_every_documented_metric_is_there() -> None:
    assert documented() - metrics() == set()
