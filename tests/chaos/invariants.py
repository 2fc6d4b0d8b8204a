"""The invariant checker: evidence -> what is wrong with it. Pure.

What the provider took is `sent` or `unknown`, and what is `sent` it took; copies are within bounds; nothing went out in quiet hours or
after a withdrawal; each accepted message is in exactly one final state, and that state is in the history.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from tests.chaos.evidence import Evidence, Mark, Row

FINAL = frozenset({"sent", "failed", "suppressed", "expired", "cancelled", "unknown"})
MAY_BE_THERE = frozenset({"sent", "unknown"})
SOON = 1.0
"""Seconds in which what was cleared is handed over, on a machine that does nothing else; more of it is told, not judged."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`broken` has a line for each invariant that does not hold; the rest are figures."""

    broken: list[str] = field(default_factory=list)
    messages: int = 0
    lost: int = 0
    extra: int = 0
    unknown: int = 0
    latest_after_withdrawal: float = 0.0
    latest_after_clearing: float = 0.0


def judge(evidence: Evidence, *, quiet: tuple[time, time]) -> Verdict:
    """All invariants over the whole evidence."""
    verdict = Verdict(messages=len(evidence.rows), unknown=sum(row.state == "unknown" for row in evidence.rows.values()))
    for said in (
        *_accepted(evidence, verdict), *_taken(evidence, verdict), *_copies(evidence, verdict), *_history(evidence),
        *_quiet(evidence, quiet), *_withdrawn(evidence, verdict), *_limits(evidence), *_settled(evidence),
    ):
        verdict.broken.append(said)
    return verdict


def _accepted(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    """Each accepted message is a row, once; and no other is."""
    there = Counter((row.campaign, row.contact, row.run_key) for row in evidence.rows.values())
    missing = sorted(evidence.expected - set(there))
    verdict.lost += len(missing)
    yield from _told("accepted and no row of it", missing)
    yield from _told("more rows than one of", [key for key, rows in there.items() if rows > 1])
    yield from _told("a row that nobody asked for", sorted(set(there) - evidence.expected - evidence.possible))


def _taken(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    taken = {each.delivery_id for each in evidence.taken}
    yield from _told("taken, under a key that is not the delivery's", sorted(
        each.key for each in evidence.taken if each.key not in evidence.keys.get(each.delivery_id, frozenset())
    ))
    yield from _told("taken, and its row says otherwise", [
        f"{row.id} {row.state}" for row in evidence.rows.values() if row.id in taken and row.state not in MAY_BE_THERE
    ])
    sent_for_nothing = [row.id for row in evidence.rows.values() if row.state == "sent" and row.id not in taken]
    verdict.lost += len(sent_for_nothing)
    yield from _told("sent, and nobody took it", sent_for_nothing)


def _copies(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    """An SMS that comes again under its key is no copy. Of a mail each resend after an unknown outcome may be one."""
    copies = Counter(each.delivery_id for each in evidence.taken if each.channel == "smtp")
    verdict.extra = sum(count - 1 for count in copies.values())
    rows = evidence.rows
    yield from _told("more copies than resends allow", [
        f"{number} ({count} of it, {rows[number].resends} resends, {rows[number].on_unknown})"
        for number, count in copies.items()
        if number in rows and count - 1 > (rows[number].resends if rows[number].on_unknown == "resend" else 0)
    ])
    yield from _told("resent more than once", [row.id for row in rows.values() if row.resends > 1 and row.channel == "email"])


def _history(evidence: Evidence) -> Iterator[str]:
    by_row: dict[int, list[Mark]] = defaultdict(list)
    for mark in evidence.marks:
        by_row[mark.delivery_id].append(mark)
    for row in evidence.rows.values():
        yield from _history_of(row, [mark.kind for mark in by_row[row.id]])


def _history_of(row: Row, kinds: Sequence[str]) -> Iterator[str]:
    """The last touch says the final state, once; each `unknown` before it is a resend (an SMS that is tried again is put off)."""
    finals = [kind for kind in kinds if kind in FINAL]
    again = 0 if row.channel == "sms" else row.resends
    if row.state in FINAL and finals != ["unknown"] * again + [row.state]:
        yield f"the history of {row.id} says {finals}, its row {row.state} after {row.resends} resends"


def _quiet(evidence: Evidence, quiet: tuple[time, time]) -> Iterator[str]:
    yield from _told("cleared in quiet hours", [
        f"{row.id} at {row.sending_at} in {row.zone}"
        for row in evidence.rows.values()
        if row.sending_at is not None and row.campaign != "answered" and _is_quiet(row.sending_at, row.zone, quiet)
    ])
    yield from _told("taken in quiet hours", [
        f"{each.delivery_id} at {each.at}"
        for each in evidence.taken
        if (row := evidence.rows.get(each.delivery_id)) is not None and row.campaign != "answered"
        and _is_quiet(datetime.fromtimestamp(each.at - _patience(evidence, each.at), UTC), row.zone, quiet)
    ])


def _is_quiet(at: datetime, zone: str, quiet: tuple[time, time]) -> bool:
    begin, end = quiet
    local = at.astimezone(ZoneInfo(zone)).time()
    return begin <= local < end if begin < end else local >= begin or local < end


def _patience(evidence: Evidence, at: float) -> float:
    """How much later than its clearing a message may be taken: longer where a worker was frozen between the two."""
    return 5.0 + sum(end - begin for begin, end in evidence.frozen if begin <= at and end >= at - 60)


def _withdrawn(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    withdrawn = _first_withdrawals(evidence)
    yield from _told("an unsubscription that was answered and is not in the ledger", sorted(set(withdrawn) - evidence.withdrawn_in_ledger))
    for row in evidence.rows.values():
        answered = withdrawn.get((row.contact, row.campaign))
        if answered is not None and row.sending_at is not None and row.sending_at.timestamp() > answered:
            yield f"{row.id} was cleared {row.sending_at.timestamp() - answered:.2f} s after its withdrawal"
    for each in evidence.taken:
        row = evidence.rows.get(each.delivery_id)
        answered = withdrawn.get((row.contact, row.campaign)) if row is not None else None
        if answered is not None:
            verdict.latest_after_withdrawal = max(verdict.latest_after_withdrawal, each.at - answered)
        if row is not None and row.sending_at is not None and row.resends == 0:
            verdict.latest_after_clearing = max(verdict.latest_after_clearing, each.at - row.sending_at.timestamp())


def _first_withdrawals(evidence: Evidence) -> dict[tuple[str, str], float]:
    """When each (contact, purpose) was first told that it is done; what is transactional cannot be unsubscribed from."""
    first: dict[tuple[str, str], float] = {}
    for each in sorted(evidence.withdrawals, key=lambda withdrawal: withdrawal.answered):
        purpose = evidence.rows[each.delivery_id].campaign
        if purpose != "answered":
            first.setdefault((each.contact, purpose), each.answered)
    return first


def _limits(evidence: Evidence) -> Iterator[str]:
    """`capped` is one in 24 hours; the run does not last so long."""
    taken = {each.delivery_id for each in evidence.taken}
    capped = Counter(row.contact for row in evidence.rows.values() if row.campaign == "capped" and row.id in taken)
    yield from _told("more than the limit", [f"{contact}: {count}" for contact, count in capped.items() if count > 1])


def _settled(evidence: Evidence) -> Iterator[str]:
    yield from _told("not final at the end", [f"{row.id} {row.state}" for row in evidence.rows.values() if row.state not in FINAL])
    if evidence.leases:
        yield f"{evidence.leases} leases are left"
    if evidence.pending_events:
        yield f"{evidence.pending_events} events were never drawn"


def _told(what: str, cases: Sequence[object]) -> Iterator[str]:
    if cases:
        yield f"{what}: {len(cases)}, as {', '.join(map(str, cases[:5]))}"
