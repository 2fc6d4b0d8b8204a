"""The figures of campaigns: counts of messages and people -> rates with their denominators, and the lift over the control group.

Messages are counted, not touches: one opened five times is opened once. What machines opened or clicked (scanners, prefetch) stands
apart and counts nowhere else. Rates of what came back are of the messages sent; those of conversions of the people who entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

from engage.history.shares import Lift, Share
from engage.model.history import Kind
from engage.model.values import moment_text


class Dimension(StrEnum):
    """By what messages are told apart. A `variant` is an arm of a split, `3.arm1`; a `day` is one of the workspace's zone."""

    MESSAGE = "message"
    CHANNEL = "channel"
    LOCALE = "locale"
    VARIANT = "variant"
    DAY = "day"


COUNTED = (
    Kind.SENT, Kind.DELIVERED, Kind.BOUNCED, Kind.OPENED, Kind.CLICKED, Kind.REPLIED, Kind.UNSUBSCRIBED, Kind.COMPLAINED,
)
"""What is counted of messages, in the order in which it is shown."""

BY_MACHINES = (Kind.OPENED, Kind.CLICKED)
REASONED = (Kind.SUPPRESSED, Kind.DEFERRED, Kind.EXPIRED, Kind.CANCELLED, Kind.FAILED, Kind.UNKNOWN, Kind.NOT_ENTERED)
"""What is counted by reason."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """How many messages had each of COUNTED, and how many a machine opened or clicked."""

    counts: Mapping[Kind, int] = field(default_factory=dict)
    machines: Mapping[Kind, int] = field(default_factory=dict)

    def share(self, kind: Kind) -> Share:
        """Of the messages sent."""
        return Share(count=self.counts.get(kind, 0), of=self.counts.get(Kind.SENT, 0))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignReport:
    """One campaign in a span of time: who entered in it, and what became of the messages that they were sent.

    `lift` is of those who entered then, whenever they converted. `reasons` count messages (people, of those not entered).
    """

    campaign: str
    entered: int
    lift: Lift
    total: Messages
    parts: Mapping[Dimension, Mapping[str, Messages]] = field(default_factory=dict)
    reasons: Mapping[Kind, Mapping[str, int]] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Those who were first written to in a month; of them those we lost (unsubscribed, complained, erased), and those active lately."""

    month: str
    contacts: int
    churned: int
    active: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleReport:
    """All contacts at a moment.

    `active` did something of their own within 90 days (an event, an open or a click, an answer, a conversion, a grant); `stale` have been
    known for a year and did nothing in it. `consented` is by purpose and kind of channel: whom the purpose may write to.
    `scores` and `recommendations` count the answers of `csat.answered` and `nps.answered` by their score.
    """

    contacts: int
    active: int
    stale: int
    reachable: Mapping[str, int]
    consented: Mapping[str, Mapping[str, int]]
    cohorts: Sequence[Cohort] = ()
    scores: Mapping[float, int] = field(default_factory=dict)
    recommendations: Mapping[float, int] = field(default_factory=dict)

    @property
    def mean_score(self) -> float | None:
        """Of all answers; None without any."""
        answers = sum(self.scores.values())
        return sum(score * count for score, count in self.scores.items()) / answers if answers else None

    @property
    def promoter_score(self) -> float | None:
        """Net promoters: the share of 9 and 10 less that of 0 to 6, in points from -100 to 100; None without any answer."""
        answers = sum(self.recommendations.values())
        if not answers:
            return None
        fans = sum(count for score, count in self.recommendations.items() if score >= 9)
        critics = sum(count for score, count in self.recommendations.items() if score <= 6)
        return 100 * (fans - critics) / answers


class Reports(Protocol):
    """Figures of everything. Nothing here writes."""

    def campaign(self, name: str, *, since: datetime | None = None, until: datetime | None = None) -> CampaignReport:
        """The campaign's, by every Dimension; `since` is included, `until` is not."""
        ...

    def campaigns(self, *, since: datetime | None = None, until: datetime | None = None) -> Sequence[CampaignReport]:
        """Of every campaign that anybody entered or that sent anything, in their order, without parts and reasons."""
        ...

    def people(self, *, now: datetime) -> PeopleReport:
        """Of all contacts."""
        ...


def campaign_json(report: CampaignReport, *, since: datetime | None, until: datetime | None) -> dict[str, object]:
    """The report as JSON; each rate with what it is a share of."""
    lift = report.lift
    return {
        "campaign": report.campaign, "since": since and moment_text(since), "until": until and moment_text(until),
        "entered": report.entered, "held_out": lift.held_out.of,
        **_messages_json(report.total),
        "converted": {"treated": _share_json(lift.treated), "held_out": _share_json(lift.held_out)},
        "lift": {"difference": lift.difference, "interval": lift.interval, "relative": lift.relative, "method": "Newcombe, 95 %"},
        "by": {dimension.value: {name: _messages_json(part) for name, part in parts.items()} for dimension, parts in report.parts.items()},
        "reasons": {kind.value: dict(reasons) for kind, reasons in report.reasons.items()},
    }


def people_json(report: PeopleReport) -> dict[str, object]:
    """The same of contacts."""
    return {
        "contacts": report.contacts, "active": report.active, "stale": report.stale, "reachable": dict(report.reachable),
        "consented": {purpose: dict(kinds) for purpose, kinds in report.consented.items()},
        "cohorts": [
            {
                "month": each.month, "contacts": each.contacts, "active": _share_json(Share(count=each.active, of=each.contacts)),
                "churned": _share_json(Share(count=each.churned, of=each.contacts)),
            }
            for each in report.cohorts
        ],
        "csat": {"answers": sum(report.scores.values()), "mean": report.mean_score},
        "nps": {"answers": sum(report.recommendations.values()), "score": report.promoter_score},
    }


def _messages_json(part: Messages) -> dict[str, object]:
    """Counts, and the rates of what came back."""
    return {
        Kind.SENT.value: part.counts.get(Kind.SENT, 0),
        **{kind.value: _share_json(part.share(kind)) for kind in COUNTED if kind is not Kind.SENT},
        "machines": {kind.value: part.machines.get(kind, 0) for kind in BY_MACHINES},
    }


def _share_json(share: Share) -> dict[str, object]:
    return {"count": share.count, "of": share.of, "rate": share.rate}
