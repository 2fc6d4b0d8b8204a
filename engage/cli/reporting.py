"""`engage report`: figures of campaigns and of contacts, with what each is a share of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, moment, print_facts, print_json, print_rows
from engage.history.report import BY_MACHINES, COUNTED, CampaignReport, Messages, PeopleReport, campaign_json, people_json
from engage.history.shares import Interval, Lift, Share
from engage.model.errors import InputError, nearest
from engage.model.history import Kind

OVERVIEW = ("campaign", "entered", "held_out", *(kind.value for kind in COUNTED), "converted", "lift")
BACK = tuple(kind for kind in COUNTED if kind is not Kind.SENT)


def report(
    context: typer.Context,
    campaign: Annotated[str | None, typer.Argument(help="One campaign, in detail; default: all, and the contacts.")] = None,
    since: Annotated[str | None, typer.Option(help="Only what happened from this moment on.")] = None,
    until: Annotated[str | None, typer.Option(help="Only what happened before this moment.")] = None,
    workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Show what became of a campaign's messages and people, against its control group; or of all campaigns, and the contacts.

    Rates of what came back are of the messages sent; conversions of the people who entered. What machines opened stands apart.

    Example: engage report newsletter --since 2026-03-01
    """
    start, end = moment(since, name="--since"), moment(until, name="--until")
    with app_of(context).open(workspace).engaged() as engaged:
        if campaign is not None:
            known = engaged.workspace.campaigns
            found = engaged.reports.campaign(campaign, since=start, until=end)
            if campaign not in known and not (found.entered or found.lift.held_out.of or found.total.counts):
                raise InputError.of(f"there is no campaign {campaign!r}", file="<command line>", suggestion=nearest(campaign, known))
            reports, people = [found], None
        else:
            reports, people = list(engaged.reports.campaigns(since=start, until=end)), engaged.reports.people(now=engaged.clock.now())
    if as_json:
        for each in reports:
            print_json(campaign_json(each, since=start, until=end))
        if people is not None:
            print_json(people_json(people))
    elif people is None:
        _print_campaign(reports[0])
    else:
        print_rows(map(_row, reports), as_json=False, columns=OVERVIEW)
        _print_people(people)


def _row(each: CampaignReport) -> Mapping[str, object]:
    return {
        "campaign": each.campaign, "entered": each.entered, "held_out": each.lift.held_out.of, "sent": each.total.counts.get(Kind.SENT, 0),
        **{kind.value: _share(each.total.share(kind)) for kind in BACK}, "converted": _share(each.lift.treated), "lift": _lift(each.lift),
    }


def _print_campaign(each: CampaignReport) -> None:
    print_facts({
        "entered": each.entered, "held out": each.lift.held_out.of, **dict(_counts(each.total)),
        "converted": _share(each.lift.treated), "of those held out": _share(each.lift.held_out),
        "lift": _lift(each.lift) or "no control group",
    })
    for dimension, parts in each.parts.items():
        if parts:
            console().print(f"\nby {dimension}")
            rows = ({str(dimension): name, **dict(_counts(part))} for name, part in parts.items())
            print_rows(rows, as_json=False, columns=(str(dimension), *(kind.value for kind in COUNTED)))
    for kind, reasons in each.reasons.items():
        told = ", ".join(f"{reason or 'no reason'} {count}" for reason, count in reasons.items())
        console().print(f"{kind}: {told}")


def _counts(part: Messages) -> Iterator[tuple[str, object]]:
    yield "sent", part.counts.get(Kind.SENT, 0)
    for kind in BACK:
        machine = part.machines.get(kind, 0) if kind in BY_MACHINES else 0
        yield kind.value, _share(part.share(kind)) + (f", and {machine} by machines" if machine else "")


def _print_people(people: PeopleReport) -> None:
    console().print("")
    print_facts({
        "contacts": people.contacts, "active": _share(Share(count=people.active, of=people.contacts)),
        "stale": _share(Share(count=people.stale, of=people.contacts)),
        "reachable": ", ".join(f"{kind} {count}" for kind, count in people.reachable.items()),
        **{
            f"may be written to for {purpose}": ", ".join(f"{kind} {count}" for kind, count in kinds.items())
            for purpose, kinds in people.consented.items()
        },
        "satisfaction": _mean(people.mean_score, sum(people.scores.values())),
        "net promoters": _mean(people.promoter_score, sum(people.recommendations.values())),
    })
    if people.cohorts:
        rows = (
            {
                "first written to": each.month, "contacts": each.contacts,
                "active": _share(Share(count=each.active, of=each.contacts)), "lost": _share(Share(count=each.churned, of=each.contacts)),
            }
            for each in people.cohorts
        )
        print_rows(rows, as_json=False, columns=("first written to", "contacts", "active", "lost"))


def _share(share: Share) -> str:
    return str(share.count) if share.rate is None else f"{share.count} ({share.rate:.1%} of {share.of})"


def _lift(lift: Lift) -> str:
    if lift.difference is None or lift.interval is None:
        return ""
    return f"{_points(lift.difference)} points ({_between(lift.interval)}, 95 %)"


def _between(interval: Interval) -> str:
    return f"{_points(interval[0])} to {_points(interval[1])}"


def _points(rate: float) -> str:
    return f"{100 * rate:+.1f}"


def _mean(value: float | None, answers: int) -> str:
    return "no answers" if value is None else f"{value:.2f} of {answers} answers"
