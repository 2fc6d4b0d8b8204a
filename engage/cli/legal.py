"""`engage laws`: what laws ask of messages, country by country, and where that is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from engage.cli.output import console, print_json
from engage.model.errors import InputError
from engage.model.law import LawRule
from engage.rules.laws import laws as all_rules


def laws(
    country: Annotated[str | None, typer.Option(help="Only what holds there: FR, US, CA …")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines instead.")] = False,
) -> None:
    """List what Engage knows of laws about messages, each with its source. It is no legal advice, and no list is whole.

    Example: engage laws --country FR
    """
    code = country.upper() if country else None
    found = [rule for rule in all_rules().values() if code is None or code in rule.countries]
    if not found:
        raise InputError.of(f"nothing is known here of laws of {country!r}, which is not to say that there are none", file="<command line>")
    for rule in found:
        if as_json:
            print_json(_row(rule))
        else:
            print_rule(rule)


def print_rule(rule: LawRule) -> None:
    """One rule, for people."""
    countries = ", ".join(sorted(rule.countries))
    held = "told only" if not rule.is_held else "held against what you track" if rule.tracking else "held against your purposes"
    console().print(f"{rule.id} ({countries}; {held})\n  {rule.what}.\n  {rule.law}, {rule.article}\n  {rule.url} (as of {rule.as_of})\n")


def _row(rule: LawRule) -> Mapping[str, object]:
    quiet = rule.quiet
    return {
        "id": rule.id, "countries": sorted(rule.countries), "what": rule.what, "law": rule.law, "article": rule.article, "url": rule.url,
        "as_of": rule.as_of, "kinds": sorted(rule.kinds), "asks": rule.asks and rule.asks.value,
        "tracking": rule.tracking,
        "quiet": quiet and {
            "from": f"{quiet.start:%H:%M}", "to": f"{quiet.end:%H:%M}", "days_off": sorted(quiet.days_off or ()),
            "holidays": bool(quiet.holidays),
        },
    }
