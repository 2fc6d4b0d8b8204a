"""`engage simulate`, `engage explain`, `engage test`: the very code that sends, asked beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import Engaged, JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, moment, print_json, print_rows
from engage.cli.people import contact_named
from engage.model.errors import InputError
from engage.model.values import moment_text
from engage.rules.campaign_tests import CampaignTest
from engage.simulation.explaining import Answer, Case, Explanation, explain, outcome_sentence
from engage.simulation.rehearsing import Verdict, judge, junit

CONTACTS = "contacts.csv"
"""The people who come with a workspace, as those of the demo do."""

COLUMNS = ("at", "local", "contact", "kind", "campaign", "message", "channel", "locale", "reason")


def simulate(
    context: typer.Context,
    start: Annotated[str, typer.Option("--from", help="First moment, ISO 8601 (UTC where no offset is given).")],
    end: Annotated[str, typer.Option("--to", help="Up to this moment, which is not simulated any more.")],
    contact: Annotated[str | None, typer.Option(help="Show this contact's touches only.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Run this campaign only.")] = None,
    people: Annotated[
        Path | None,
        typer.Option(help="Over the people of this contacts file; default: the database's, or contacts.csv's while it is empty."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every touch that would be written between two moments. Nothing is sent, nothing is stored.

    Example: engage simulate --from 2026-02-27T00:00Z --to 2026-03-02T00:00Z --json
    """
    office = app_of(context).open(workspace)
    begin, until = moment(start, name="--from"), moment(end, name="--to")
    if begin is None or until is None or begin >= until:
        raise InputError.of("--from must be before --to", file="<command line>")
    with office.engaged() as engaged:
        _known_campaign(engaged, campaign)
        if people is None and engaged.people.is_empty() and (office.root / CONTACTS).is_file():
            people = office.root / CONTACTS
            typer.echo(f"nobody was imported yet: these are the people of {CONTACTS}", err=True)
    lines = office.simulate(start=begin, end=until, campaign=campaign, contact=contact, people=people)
    print_rows((line.row() for line in lines), as_json=as_json, columns=COLUMNS)


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
        _known_campaign(engaged, campaign)
        case = Case(
            workspace=engaged.workspace, campaign=engaged.workspace.campaigns[campaign], contact=contact_named(engaged, contact),
            at=moment(at, name="--at") or engaged.clock.now(), inquiry=engaged.inquiry, zones_of=engaged.zones_of,
        )
        explanation = explain(case)
    if as_json:
        print_json(_as_json(explanation))
    else:
        for line in _sentences(explanation):
            console().print(line)


def _known_campaign(engaged: Engaged, name: str | None) -> None:
    if name is not None and name not in engaged.workspace.campaigns:
        known = ", ".join(sorted(engaged.workspace.campaigns)) or "none"
        raise InputError.of(f"there is no campaign {name!r}; there are: {known}", file="<command line>")


def _as_json(explanation: Explanation) -> Mapping[str, object]:
    def answer(given: Answer) -> Mapping[str, object]:
        return {
            "step": given.step, "message": given.message, "at": moment_text(given.at), "answer": outcome_sentence(given.decision),
            "trail": [asdict(check) for check in given.decision.trail],
        }

    return {
        "campaign": explanation.campaign, "contact": explanation.contact, "at": moment_text(explanation.at), "live": explanation.live,
        "trigger": explanation.trigger, "in_audience": explanation.in_audience,
        "clauses": [asdict(clause) for clause in explanation.clauses],
        "runs": [{"key": run.key, "state": run.state.value, "position": run.position, "due_at": run.due_at} for run in explanation.runs],
        "now": [answer(given) for given in explanation.now],
        "next_chance": moment_text(explanation.chance) if explanation.chance else None,
        "then": [answer(given) for given in explanation.then],
    }


def _sentences(explanation: Explanation) -> Iterator[str]:
    live = "" if explanation.live else " (the campaign is not live)"
    yield f"{explanation.campaign} for {explanation.contact} at {moment_text(explanation.at)}{live}"
    yield f"trigger   {explanation.trigger}"
    yield f"audience  {'in' if explanation.in_audience else 'not in'}"
    for clause in explanation.clauses:
        values = ", ".join(f"{name} is {_as_written(value)}" for name, value in clause.values.items())
        yield f"  {'✓' if clause.holds else '✗'} {clause.text}" + (f"   ({values})" if values else "")
    for run in explanation.runs:
        again = f", looked at again {moment_text(run.due_at)}" if run.due_at else ""
        yield f"run       {run.key}: {run.state}, at step {run.position}{again}"
    yield from _answers("now", explanation.now)
    yield f"next      {moment_text(explanation.chance) if explanation.chance else 'no moment is known'}"
    yield from _answers("then", explanation.then)


def _as_written(value: object) -> str:
    """A value as the expression language writes it."""
    match value:
        case None | bool():
            return str(value).lower()
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case _:
            return repr(value)


def _answers(when: str, answers: Sequence[Answer]) -> Iterator[str]:
    for given in answers:
        yield f"{when:<9} step {given.step}, {given.message}: {outcome_sentence(given.decision)}"
        for check in given.decision.trail:
            by = f" [{check.channel}]" if check.channel else ""
            yield f"  {'✓' if check.passed else '✗'} {check.number} {check.name}{by}: {check.why}"


def run_tests(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Names of files in tests/, without .yaml; default all.")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write the results there as JUnit XML too.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the campaign tests of the workspace's tests/ folder.

    Example: engage test birthday
    """
    office = app_of(context).open(workspace)
    verdicts = []
    for rehearsed in _chosen(office.campaign_tests(), names or []):
        verdicts.append(judge(rehearsed, office.rehearse(rehearsed)))
        _print_verdict(verdicts[-1], as_json=as_json)
    if junit_file is not None:
        junit_file.write_text(junit(verdicts), encoding="utf-8")
    failed = sum(not verdict.passed for verdict in verdicts)
    if not as_json:
        console().print(f"{len(verdicts) - failed} passed, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _chosen(tests: Sequence[CampaignTest], names: Sequence[str]) -> Sequence[CampaignTest]:
    known = {test.name: test for test in tests}
    for name in names:
        if name not in known:
            raise InputError.of(f"there is no test {name!r}; there are: {', '.join(sorted(known)) or 'none'}", file="<command line>")
    return [known[name] for name in names] if names else tests


def _print_verdict(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json({"test": verdict.name, "passed": verdict.passed, "complaints": verdict.complaints})
        return
    console().print(f"{'PASS' if verdict.passed else 'FAIL'} {verdict.name}")
    for complaint in verdict.complaints:
        console().print(complaint)
