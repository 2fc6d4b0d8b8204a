"""The document of the API holds, by schemathesis: whatever has its form is taken, whatever has not is refused, and nothing breaks.

All of its checks and phases, against a real SQLite database. `ENGAGE_API_EXAMPLES=1000` looks deeper, `ENGAGE_API_SEED` elsewhere.
Left out of the document, and so of this: `/metrics`, which is Prometheus' own format, and the pages behind the links of messages, whose
addresses nobody can guess (tests/unit/web/test_public.py).
"""

from __future__ import annotations

import os  # how deep to look is said to the test run, not to Engage
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.schemas import BaseSchema

from engage.model.access import Key
from tests.small import small_workspace
from tests.unit.web.site import KEY, Visitor

EXAMPLES = int(os.environ.get("ENGAGE_API_EXAMPLES", "5"))  # noqa: TID251  # as above
SEED = int(os.environ.get("ENGAGE_API_SEED", "1"))  # noqa: TID251  # as above
PHASES = ("examples", "coverage", "fuzzing", "stateful")
HEADERS = {"Authorization": f"Bearer {KEY}"}


class Patient:
    """Nobody asks too often."""

    def take(self, key: Key) -> tuple[int, float]:
        return 100, 0.0


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    return Visitor(workspace=small_workspace(), url=f"sqlite:///{tmp_path / 'engage.db'}", rates=Patient())


@pytest.mark.parametrize("phase", PHASES)
def test_what_the_document_says_holds(visitor: Visitor, phase: str) -> None:
    config = SchemathesisConfig.from_dict({
        "seed": SEED, "headers": HEADERS, "request-timeout": 300, "generation": {"max-examples": EXAMPLES, "database": "none"},
        "phases": {name: {"enabled": name == phase} for name in PHASES},
    })
    schema = schemathesis.openapi.from_asgi("/openapi.json", visitor.client.app, config=config, headers=HEADERS)
    scenarios = list(_told(schema))
    assert not any(scenarios), "\n\n".join(filter(None, scenarios))
    assert scenarios


def _told(schema: BaseSchema) -> Iterator[str]:
    """Of each scenario what went wrong in it; empty where nothing did."""
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                recorder = event.recorder
                failed = [(id_, each.failure_info) for id_, checks in recorder.checks.items() for each in checks if each.failure_info]
                yield "\n".join(
                    f"{event.label}: {info.failure}\n{recorder.cases[id_].value.as_curl_command()[:2_000]}\n"
                    f"{recorder.interactions[id_].response.content[:500]!r}"
                    for id_, info in failed
                )
            case events.NonFatalError():
                yield f"{event.label}: {event.value!r}"
            case events.FatalError():
                raise event.exception
