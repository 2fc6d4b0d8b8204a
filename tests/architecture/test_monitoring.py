"""Every metric, alarm and event of the log is in docs/monitoring.md, and nothing is there that no process shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric

from engage.model.delivery import ProviderState
from engage.store.installation.gauges import Gauges, Heap
from workers.monitoring.gauges import DatabaseGauges, MachineGauges, ProviderGauges, WebhookGauges
from workers.monitoring.metrics import Metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
HEAP = Heap(count=1, age=1.0)
READ = Gauges(
    deliveries={("bulk", "due"): 1}, ages={"bulk": 1.0}, held={"paused": 1}, unknown={"a": 1}, leases={"live": 1}, runs=HEAP, events=HEAP,
    calls=HEAP, planned_behind={"a": 1.0}, pauses={"all": 1}, refused_files=1, awaiting_approval=1,
)
SHOWN_WITH = {"counter": "_total", "info": "_info"}


RULES = ROOT / "examples/prometheus/alerts.yaml"
ALERTS: Mapping[str, Mapping[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
}
OF_PROMETHEUS = {"up", "job", "instance", "le"}
SELECTOR = re.compile(r"([a-z_]+)\{([^}]*)\}")


def families() -> Iterator[Metric]:
    """All that processes show of ours."""
    made = Metrics()
    made.registry.register(DatabaseGauges(lambda: READ))
    made.registry.register(MachineGauges(ROOT / "var"))
    made.registry.register(ProviderGauges(lambda: {"email": ProviderState(wait=1.0, reason="breaker")}))
    made.registry.register(WebhookGauges(lambda: [{"webhook": "crm", "behind": 1.0, "state": "well"}]))
    return (family for family in made.registry.collect() if family.name.startswith("engage_"))


def metrics() -> set[str]:
    """The names that Prometheus sees."""
    return {family.name + SHOWN_WITH.get(family.type, "") for family in families()}


def series() -> set[str]:
    """The same, with those of a histogram."""
    parts = {family.name + part for family in families() if family.type == "histogram" for part in ("_bucket", "_sum", "_count")}
    return metrics() | parts


def documented() -> set[str]:
    return {
        name for row in re.findall(r"^\| (`engage_.*?) \|", PAGE, re.MULTILINE) for name in re.findall(r"`(engage_[a-z_]+)`", row)
    }


def labels_of(name: str) -> set[str]:
    """As the page has them."""
    row = next(line for line in PAGE.splitlines() if line.startswith("| ") and f"`{name}`" in line.split(" | ")[0])
    return set(re.findall(r"`([a-z_]+)`", row.split(" | ")[1]))


def test_every_metric_is_documented() -> None:
    assert metrics() - documented() == set()


def test_every_documented_metric_is_there() -> None:
    assert documented() - metrics() == set()


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alarm_asks_for_what_there_is_and_is_documented(alert: str) -> None:
    asked = str(ALERTS[alert]["expr"])
    assert set(re.findall(r"\b(engage_[a-z_]+|up)\b", asked)) - series() - OF_PROMETHEUS == set()
    for name, matchers in SELECTOR.findall(asked):
        known = OF_PROMETHEUS if name == "up" else labels_of(re.sub(r"_bucket$", "", name))
        assert set(re.findall(r"([a-z_]+)=", matchers)) - known == set(), name
    assert ALERTS[alert]["labels"]["severity"] in ("page", "ticket")
    assert f"| `{alert}` |" in PAGE


def test_every_documented_alarm_is_in_the_rules_and_a_query_stands_there_as_it_is_asked() -> None:
    rows = re.findall(r"^\| `(Engage\w+)` \| (.*?) \| ", PAGE, re.MULTILINE)
    assert {name for name, _ in rows} == set(ALERTS)
    asked = {name: query[1:-1] for name, query in rows if query.startswith("`") and query.endswith("`")}
    assert {name: ALERTS[name]["expr"] for name in asked} == asked


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Prometheus")
def test_prometheus_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", str(RULES)], check=True)


LOGGED = re.compile(r"""\blog\.(?:debug|info|warning|error|exception)\(\s*["']([^"']+)["']""")


def logged() -> set[str]:
    """The names of events that the code logs."""
    sources = [path for folder in ("engage", "workers") for path in (ROOT / folder).rglob("*.py")]
    return {name for path in sources for name in LOGGED.findall(path.read_text(encoding="utf-8"))}


def test_every_event_of_the_log_is_documented_and_named_after_what_it_is_about() -> None:
    rows = PAGE.partition("## Logs")[2]
    assert logged() == {name for row in re.findall(r"^\| (`.*?`) \| ", rows, re.MULTILINE) for name in re.findall(r"`([a-z_.]+)`", row)}
    assert [name for name in logged() if not re.fullmatch(r"[a-z]+\.[a-z_]+", name)] == []
