"""What a fault run came to, for people as a table and for machines as one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from engage.delivery.points import Point
from tests.chaos.kills import ANYWHERE, Kills
from tests.chaos.run import Result

TOLD = 5
BEFORE = 5.0
"""Seconds before a kill in which something else may be what it had to wait for."""

COLUMNS = ("database", "messages", "kills", "lost", "extra", "unknown", "freed_p99_s", "resume_p50_s", "resume_p99_s", "broken", "seconds")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies; 0 of nothing."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def figures(result: Result) -> dict[str, object]:
    """The row of the table."""
    verdict, waits = result.verdict, result.kills.waits
    return {
        "database": result.plan.database, "messages": verdict.messages, "kills": len(result.kills.hits), "lost": verdict.lost,
        "extra": verdict.extra, "unknown": verdict.unknown, "freed_p99_s": round(percentile(result.kills.holds, 0.99), 1),
        "resume_p50_s": round(percentile(waits, 0.5), 1),
        "resume_p99_s": round(percentile(waits, 0.99), 1), "broken": len(verdict.broken), "seconds": round(result.seconds),
    }


def table(results: Sequence[Result]) -> str:
    """All runs, their kills by named point, what else was done to them, and each invariant that did not hold."""
    lines = [_row(COLUMNS)]
    lines += [_row([str(figures(result)[name]) for name in COLUMNS]) for result in results]
    for result in results:
        lines += ["", f"{result.plan.database}, seed {result.plan.seed}: kills that hit work, by the point at which they came"]
        lines += list(_histogram(result.kills))
        done = ", ".join(f"{name} {times}" for name, times in sorted(result.disturbances.items()))
        cleared, withdrawn = result.verdict.latest_after_clearing, max(0.0, result.verdict.latest_after_withdrawal)
        lines.append(f"  besides: {done}")
        lines.append(f"  a hand-off came at the latest {cleared:.1f} s after its clearing, {withdrawn:.1f} s after a withdrawal")
        lines += list(_slowest(result))
        lines += [f"  BROKEN: {said}" for said in result.verdict.broken]
    return "\n".join(lines)


def _histogram(kills: Kills) -> Sequence[str]:
    by_point, sending = kills.by_point, kills.sending_by_point
    return [
        f"  {point:<12} {by_point[point]:>5} kills {sending[point]:>7} rows then in sending"
        for point in (*Point, ANYWHERE) if point in by_point
    ]


def _slowest(result: Result) -> Iterator[str]:
    """What the slowest of those that went on had to wait for, and what else came between."""
    for kill in result.kills.slowest[:TOLD]:
        freed, resumed = (kill.freed or kill.at) - kill.at, (kill.resumed or kill.at) - kill.at
        meanwhile = [f"{name} {at - kill.at:+.1f}" for at, name in result.diary if kill.at - BEFORE <= at <= kill.at + resumed]
        others = sum(kill.at < other.at <= kill.at + resumed for other in result.kills.hits)
        yield (
            f"  {resumed:5.1f} s after {kill.point} ({len(kill.rows)} rows, {kill.sending} in sending): free after {freed:.1f} s; "
            f"meanwhile {others} kills, {', '.join(meanwhile) or 'and nothing else'}"
        )


def _row(cells: Iterable[str]) -> str:
    return "".join(f"{cell:>14}" for cell in cells)


def last_line(results: Sequence[Result]) -> str:
    """All runs together as one JSON object."""
    rows = [figures(result) for result in results]
    waits = sorted(wait for result in results for wait in result.kills.waits)
    added = {name: sum(int(str(row[name])) for row in rows) for name in ("messages", "kills", "lost", "extra", "unknown", "broken")}
    return json.dumps({**added, "resume_p99_s": round(percentile(waits, 0.99), 1), "runs": rows})
