"""`engage explain`: why one contact would or would not get one campaign, for people and as JSON (docs/explaining.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, moment, print_json
from engage.cli.people import contact_named
from engage.cli.simulating import known_campaign
from engage.model.contact import Money
from engage.model.localtime import zone
from engage.model.values import moment_text
from engage.rules.expressions import Clause, Joined
from engage.simulation.explaining import Case, explain
from engage.simulation.explanation import Explanation, Finding, Journeying, NextSend
from engage.simulation.visitor import Visitor

SAID = {True: "✓", False: "✗", None: "·"}
JOINED = {
    Joined.ALL: "all of these", Joined.ANY: "any of these", Joined.NONE: "none of these", Joined.SEGMENT: "the segment asks",
}


def explain_(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")],
    contact: Annotated[str, typer.Argument(help="External id, email or phone.")],
    at: Annotated[str | None, typer.Option(help="As of this moment; default now.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a contact would or would not get a campaign: trigger, audience clause by clause, each check, the next chance.

    Example: engage explain birthday ana --at 2026-02-28T08:00Z
    """
    with app_of(context).open(workspace).engaged() as engaged:
        known_campaign(engaged.workspace, campaign)
        visitor = Visitor(
            workspace=engaged.workspace, campaign=engaged.workspace.campaigns[campaign], contact=contact_named(engaged, contact),
            at=moment(at, name="--at") or engaged.clock.now(), records=engaged.inquiry, zones_of=engaged.zones_of,
        )
        explanation = explain(Case(visitor=visitor, inquiry=engaged.inquiry))
    if as_json:
        print_json(as_plain(explanation))
    else:
        for line in sentences(explanation):
            console().print(line)


def as_plain(explanation: Explanation) -> Mapping[str, object]:
    """The explanation as JSON: every moment in UTC with `Z`, and where it is the contact's, by its own clock too."""
    sent, chance = explanation.next_send, explanation.chance
    return {
        "campaign": explanation.campaign, "title": explanation.title, "contact": explanation.contact,
        "at": moment_text(explanation.at), "local": _local(explanation.at, explanation), "zone": explanation.zone,
        "answer": explanation.answer,
        "next_chance": {"at": _moment(chance.at), "local": _local(chance.at, explanation), "why": chance.why},
        "state": [_finding(each) for each in explanation.state],
        "trigger": {
            "says": explanation.trigger, "findings": [_finding(each) for each in explanation.entering],
            "enters_at": _moment(explanation.enters_at), "enters_local": _local(explanation.enters_at, explanation),
        },
        "audience": {"holds": explanation.in_audience, "clauses": [_clause(each) for each in explanation.clauses]},
        "shares": [_finding(each) for each in explanation.shares],
        "runs": [_run(each) for each in explanation.runs],
        "ahead": [{"step": each.step, "what": each.what, "at": moment_text(each.at)} for each in explanation.ahead],
        "next_send": None if sent is None else _send(sent),
    }


def _finding(finding: Finding) -> Mapping[str, object]:
    return {
        "name": finding.name, "passed": finding.passed, "why": finding.why, "at": _moment(finding.at),
        "clauses": [_clause(each) for each in finding.clauses],
    }


def _clause(clause: Clause) -> Mapping[str, object]:
    return {
        "text": clause.text, "holds": clause.holds, "joined": clause.joined, "values": dict(clause.values),
        "parts": [_clause(part) for part in clause.parts],
    }


def _run(run: Journeying) -> Mapping[str, object]:
    return {
        "key": run.key, "state": run.state, "entered_at": moment_text(run.entered_at), "intended_at": moment_text(run.intended_at),
        "step": run.step, "waits": run.waits, "until": _moment(run.until), "trigger": dict(run.trigger), "variables": dict(run.variables),
    }


def _send(sent: NextSend) -> Mapping[str, object]:
    moments = {"due_at": sent.due_at, "asked_at": sent.asked_at, "expires_at": sent.expires_at, "goes_at": sent.goes_at}
    return {
        "step": sent.step, "message": sent.message, "channel": sent.channel, "outcome": sent.outcome, "answer": sent.answer,
        **{name: _moment(at) for name, at in moments.items()}, "checks": [asdict(check) for check in sent.checks],
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment_text(at)


def _local(at: datetime | None, explanation: Explanation) -> str | None:
    return None if at is None else at.astimezone(zone(explanation.zone)).isoformat(timespec="seconds")


def sentences(explanation: Explanation) -> Iterator[str]:
    """The explanation for people."""
    when = f"{explanation.at.astimezone(zone(explanation.zone)):%a %d %b %Y %H:%M} in {explanation.zone}"
    yield f"{explanation.campaign} for {explanation.contact}, {when} ({explanation.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"
    yield f"  {explanation.answer}"
    yield from _part("Campaign", explanation.title, explanation.state)
    yield from _part("Trigger", explanation.trigger, explanation.entering)
    yield from _part("Audience", _audience(explanation), ())
    yield from _clauses(explanation.clauses, "  ")
    if explanation.shares:
        yield from _part("Shares", "", explanation.shares)
    for run in explanation.runs:
        yield f"Run        {run.key}: {run.state.replace('_', ' ')}{_waits(run)}"
    if explanation.ahead:
        yield "Ahead      if nothing else happens"
        yield from (f"  {each.at.astimezone(zone(explanation.zone)):%a %d %b %Y %H:%M}  {each.what}" for each in explanation.ahead)
    if explanation.next_send is not None:
        yield from _next(explanation.next_send, explanation)
    yield f"Chance     {explanation.chance.why if explanation.chance.at is None else _told(explanation.chance.at, explanation)}"


def _audience(explanation: Explanation) -> str:
    if not explanation.clauses:
        return "everybody"
    return "in it" if explanation.in_audience else "not in it"


def _part(name: str, says: str, findings: Sequence[Finding]) -> Iterator[str]:
    yield f"{name:<11}{says}".rstrip()
    for finding in findings:
        yield f"  {SAID[finding.passed]} {finding.name}: {finding.why}"
        yield from _clauses(finding.clauses, "    ")


def _clauses(clauses: Sequence[Clause], indent: str) -> Iterator[str]:
    for clause in clauses:
        told = {name: value for name, value in clause.values.items() if name != clause.text or not isinstance(value, bool)}
        values = ", ".join(f"{name} is {_written(value)}" for name, value in told.items())
        joined = f": {JOINED[clause.joined]}" if clause.joined is not None else ""
        yield f"{indent}{SAID[clause.holds]} {clause.text}{joined}{f'   ({values})' if values else ''}"
        yield from _clauses(clause.parts, f"{indent}  ")


def _waits(run: Journeying) -> str:
    named = ", ".join(f"{name} is {_written(value)}" for name, value in run.variables.items())
    return (f", {run.waits}" if run.waits else "") + (f"   ({named})" if named else "")


def _next(sent: NextSend, explanation: Explanation) -> Iterator[str]:
    begun = explanation.enters_at is not None or any(run.is_under_way for run in explanation.runs)
    case = "" if begun else "if it entered now: "
    yield f"Message    {case}{sent.message} (step {sent.step}), due {_told(sent.due_at, explanation)}: {sent.answer}"
    for check in sent.checks:
        by = f" [{check.channel}]" if check.channel else ""
        yield f"  {SAID[check.passed]} {check.number} {check.name.replace('_', ' ')}{by}: {check.why}"


def _told(at: datetime, explanation: Explanation) -> str:
    local = at.astimezone(zone(explanation.zone))
    return f"{local:%a %d %b %Y %H:%M} in {explanation.zone} ({at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"


def _written(value: object) -> str:
    """A value as the expression language writes it."""
    match value:
        case None:
            return "missing"
        case bool():
            return str(value).lower()
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case Money():
            return f"{value.amount} {value.currency}"
        case Decimal():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(map(_written, value))}]"
        case _:
            return repr(value)
