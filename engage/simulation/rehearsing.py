"""Campaign tests: what a test file expects, held against the touches that the simulation wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final
from xml.etree import ElementTree

from engage.model.history import Kind
from engage.model.values import moment_text
from engage.rules.campaign_tests import CampaignTest, Expectation
from engage.simulation.lines import Line


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a test passed, and what it complains of: each complaint begins with its place in the file."""

    name: str
    complaints: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Nothing to complain of."""
        return not self.complaints


def judge(test: CampaignTest, lines: Iterable[Line]) -> Verdict:
    """Hold a test's expectations against what happened; a touch serves one expectation only."""
    rows = [_comparable(line) for line in lines]
    left = list(rows)
    complaints = []
    for expectation in test.expect:
        found = next((row for row in left if _matches(dict(expectation.asked()), row)), None)
        if found is None:
            complaints.append(_missing(expectation, left))
        else:
            left.remove(found)
    if test.expect_nothing_else_sent:
        complaints.extend(_unexpected(test, left))
    return Verdict(name=test.name, complaints=tuple(complaints))


def junit(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as JUnit XML, as continuous integration reads it."""
    failed = sum(not verdict.passed for verdict in verdicts)
    suite = ElementTree.Element("testsuite", name="engage", tests=str(len(verdicts)), failures=str(failed))
    for verdict in verdicts:
        case = ElementTree.SubElement(suite, "testcase", name=verdict.name, classname="engage.campaigns")
        if not verdict.passed:
            ElementTree.SubElement(case, "failure", message=verdict.complaints[0].splitlines()[0]).text = "\n".join(verdict.complaints)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _comparable(line: Line) -> Mapping[str, object]:
    return {**line.row(), "at": line.touch.at}


def _matches(keys: Mapping[str, object], row: Mapping[str, object]) -> bool:
    return all(_equal(row.get(key), wanted) for key, wanted in keys.items())


def _equal(got: object, wanted: object) -> bool:
    return got == wanted if isinstance(wanted, datetime) else str(got) == str(wanted)


def _missing(expectation: Expectation, left: Sequence[Mapping[str, object]]) -> str:
    asked = dict(expectation.asked())
    lines = [f"{expectation.place}: no such touch: {_written(asked)}"]
    same_person = [row for row in left if expectation.contact in (None, row["contact"])]
    nearest = max(same_person, key=lambda row: sum(_equal(row.get(key), wanted) for key, wanted in asked.items()), default=None)
    if nearest is None:
        return "\n".join([*lines, "  nothing at all happened to this contact"])
    lines.append("  the nearest one that happened differs in:")
    lines.extend(_differences(asked, nearest))
    return "\n".join(lines)


def _differences(keys: Mapping[str, object], row: Mapping[str, object]) -> Iterator[str]:
    for key, wanted in keys.items():
        if not _equal(row.get(key), wanted):
            yield f"    - {key}: {_text(wanted)}"
            yield f"    + {key}: {_text(row.get(key))}"


def _unexpected(test: CampaignTest, left: Sequence[Mapping[str, object]]) -> Iterator[str]:
    shown = ("contact", "at", "campaign", "message", "channel", "locale", "subject")
    for row in left:
        if row["kind"] == Kind.SENT.value:
            yield f"{test.place}: sent, and not expected: {_written({key: row[key] for key in shown if row[key] is not None})}"


def _written(keys: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{key}: {_text(value)}" for key, value in keys.items()) + "}"


def _text(value: object) -> str:
    return moment_text(value) if isinstance(value, datetime) else str(value)
