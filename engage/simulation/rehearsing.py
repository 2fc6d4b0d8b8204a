"""Campaign tests: what a test file expects, held against the touches that the simulation wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from engage.model.history import Kind
from engage.rules.answers import Answer, GivenAnswer
from engage.rules.campaign_tests import CampaignTest, Expectation
from engage.simulation.coverage import Walked
from engage.simulation.lines import Line
from engage.simulation.reasons import reasons, written, written_value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of a test's script. `left` are answers to what was never sent; `walked` is what its runs went through."""

    lines: tuple[Line, ...]
    left: tuple[Answer, ...] = ()
    walked: Walked = field(default_factory=Walked)


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


def judge(test: CampaignTest, rehearsal: Rehearsal) -> Verdict:
    """Hold a test's expectations against what happened; a touch serves one expectation only."""
    left = list(rehearsal.lines)
    complaints = []
    for expectation in test.expect:
        found = next((line for line in left if _matches(expectation, line)), None)
        if found is None:
            complaints.append(_missing(expectation, left, rehearsal.lines))
        else:
            left.remove(found)
    complaints += [f"{answer.place}: this answer never came: {_why_not(answer)}" for answer in rehearsal.left]
    if test.expect_nothing_else_sent:
        complaints += _unexpected(test, left)
    return Verdict(name=test.name, complaints=tuple(complaints))


def _why_not(answer: Answer) -> str:
    whom = f" {'to' if isinstance(answer, GivenAnswer) else 'about'} {answer.contact}" if answer.contact is not None else ""
    if isinstance(answer, GivenAnswer):
        by = f" by {answer.channel}" if answer.channel is not None else ""
        return f"{answer.message} was not sent{whom}{by}"
    return f"{answer.endpoint} was not called{whom}"


def _comparable(line: Line) -> Mapping[str, object]:
    return {**line.row(), "at": line.touch.at}


def _matches(expectation: Expectation, line: Line) -> bool:
    row = _comparable(line)
    return all(_equal(row.get(key), wanted) for key, wanted in expectation.asked())


def _equal(got: object, wanted: object) -> bool:
    return got == wanted if isinstance(wanted, datetime) else str(got) == str(wanted)


def _missing(expectation: Expectation, left: Sequence[Line], lines: Sequence[Line]) -> str:
    asked = dict(expectation.asked())
    said = [f"{expectation.place}: no such touch: {written(asked)}"]
    said += _nearest(asked, [line for line in left if expectation.contact in (None, line.label)])
    if expectation.contact is not None:
        said += reasons(expectation, [line for line in lines if line.label == expectation.contact])
    return "\n".join(said)


def _nearest(asked: Mapping[str, object], lines: Iterable[Line]) -> Iterator[str]:
    """The differences to the touch that fits in most keys, where one fits in any but whose it is."""
    scores = [(sum(_equal(row.get(key), wanted) for key, wanted in asked.items()), row) for row in map(_comparable, lines)]
    score, nearest = max(scores, key=lambda each: each[0], default=(0, {}))
    if score > ("contact" in asked):
        yield "  the nearest one that happened differs in:"
        yield from _differences(asked, nearest)


def _differences(keys: Mapping[str, object], row: Mapping[str, object]) -> Iterator[str]:
    for key, wanted in keys.items():
        if not _equal(row.get(key), wanted):
            yield f"    - {key}: {written_value(wanted)}"
            yield f"    + {key}: {written_value(row.get(key))}"


def _unexpected(test: CampaignTest, left: Sequence[Line]) -> Iterator[str]:
    shown = ("contact", "at", "campaign", "message", "channel", "locale", "subject")
    for row in map(_comparable, left):
        if row["kind"] == Kind.SENT.value:
            yield f"{test.place}: sent, and not expected: {written({key: row[key] for key in shown if row[key] is not None})}"
