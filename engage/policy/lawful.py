"""What `engage check` warns of: purposes, quiet hours and tracking that fall short of what a country's law asks. Pure; no legal advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engage.model.contact import ChannelKind
from engage.model.errors import Place, Problem
from engage.model.expression import Comparison, Constant, Expression, Read, Several, walk
from engage.model.law import LawRule
from engage.model.quiet_hours import CountryHours, QuietHours
from engage.model.tracking import Allowed
from engage.model.workspace import Basis, Purpose, Settings, Workspace, every_expression
from engage.policy.calendar import public_holidays
from engage.policy.quiet_hours import Rules, quiet_rule, rules_of

SETTINGS_FILE = "engage.yaml"
_UTC = ZoneInfo("UTC")
_STEP = timedelta(minutes=30)
_WEEK = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday; hours are the same in any week
_STRICTER = {Basis.OPT_IN: (Basis.OPT_OUT, Basis.NONE), Basis.OPT_OUT: (), Basis.NONE: ()}


def countries_named(workspace: Workspace) -> frozenset[str]:
    """The countries that a workspace speaks of: by quiet hours, by tracking, by whom its texts may go to, by its audiences, by name."""
    settings = workspace.settings
    layers = (settings.quiet_hours, *(purpose.quiet_hours for purpose in settings.purposes.values()))
    hours = {code for layer in layers if isinstance(layer, QuietHours) for code in layer.by_country}
    texted = {code for channel in settings.channels.values() for code in channel.countries or ()}
    asked = {code for expression in every_expression(workspace) for code in _asked(expression)}
    return frozenset({*hours, *texted, *asked, *settings.tracking.by_country, *settings.laws.countries})


def shortfalls(
    settings: Settings, *, rules: Mapping[str, LawRule], countries: Iterable[str], tracked: bool = False,
) -> Iterator[Problem]:
    """One problem for each rule that the workspace falls short of in some of the countries, unless it was accepted.

    `tracked`: opens or clicks of some message are recorded, whether engage.yaml says so or the message.

    What people accepted of a rule that is not there, or which none of the countries has, is a problem too.
    """
    countries = frozenset(countries)
    place = settings.laws.place or Place(file=SETTINGS_FILE)
    for id_ in sorted(settings.laws.accepted.keys() - rules.keys()):
        yield Problem(place=place, what=f"`laws.accepted` names {id_}, and there is no such rule; `engage laws` lists them")
    for rule in rules.values():
        where = rule.countries & countries
        if not where or rule.id in settings.laws.accepted:
            continue
        if rule.tracking:
            on = [code for code in sorted(where) if tracked and settings.tracking.of_country(code) is Allowed.ON]
            if on:
                yield Problem(place=settings.tracking.place or place, what=_said_of_tracking(rule, on))
            continue
        short = [purpose for purpose in settings.purposes.values() if any(_falls_short(purpose, rule, settings, code) for code in where)]
        if short:
            yield Problem(place=short[0].place or place, what=_said(rule, short, sorted(where)))


def _said(rule: LawRule, short: Iterable[Purpose], where: Iterable[str]) -> str:
    names, lacking = ", ".join(purpose.name for purpose in short), "quiet hours" if rule.quiet else "consent"
    return f"the {lacking} of {names} may fall short in {', '.join(where)}: {_law(rule)}. {_acceptable(rule)}"


def _said_of_tracking(rule: LawRule, where: Sequence[str]) -> str:
    asked = ", ".join(f"{code}: ask" for code in where)
    return (
        f"opens and clicks are recorded of people in {', '.join(where)} who were not asked: {_law(rule)}. With "
        f"tracking: {{by_country: {{{asked}}}}} only of those who say yes. {_acceptable(rule)}"
    )


def _law(rule: LawRule) -> str:
    return f"{rule.what} ({rule.law}, {rule.article}, {rule.url}; as of {rule.as_of}, no legal advice)"


def _acceptable(rule: LawRule) -> str:
    return f"If that is as it should be, accept it with its reason: laws: {{accepted: {{{rule.id}: …}}}}"


def _falls_short(purpose: Purpose, rule: LawRule, settings: Settings, country: str) -> bool:
    """Whether the purpose, by a kind of channel that is set up and that the rule is about, does less than the rule asks."""
    used = {channel.kind for channel in settings.channels.values() if channel.to is None and _reaches(channel.countries, country)}
    kinds = [kind for kind in ChannelKind if kind in rule.kinds & used and not purpose.is_transactional(kind)]
    if rule.asks is not None:
        return any(purpose.consent[kind] in _STRICTER[rule.asks] for kind in kinds)
    if rule.quiet is None or not kinds:
        return False
    hours = rules_of((settings.quiet_hours, purpose.quiet_hours), country=country, transactional=False)
    return any(quiet_rule(moment, hours, (_UTC,)) is None for moment in _moments(rule.quiet, country))


def _reaches(allowed: frozenset[str] | None, country: str) -> bool:
    return allowed is None or country in allowed


def _moments(asked: CountryHours, country: str) -> Iterator[datetime]:
    """Moments that must be quiet: every half an hour of a week that the law says so, and noon of a public holiday."""
    law: Rules = rules_of((QuietHours(by_country={country: CountryHours(
        start=asked.start, end=asked.end, days_off=asked.days_off)}),), country=country, transactional=False)
    moments = (_WEEK + _STEP * number for number in range(7 * 48))
    yield from (moment for moment in moments if quiet_rule(moment, law, (_UTC,)) is not None)
    if asked.holidays:
        yield from (datetime.combine(day, time(12), UTC) for day in _workdays(country))


def _workdays(country: str) -> list[date]:
    """A public holiday on a day that is no Saturday and no Sunday."""
    return sorted(day for day in public_holidays(country, _WEEK.year) if day.weekday() < 5)[:1]


def _asked(expression: Expression) -> Iterator[str]:
    """The countries with which an expression compares the contact's."""
    for node in walk(expression.root):
        if isinstance(node, Comparison):
            sides = (node.left, node.right)
            if any(isinstance(side, Read) and side.path == ("contact", "country") for side in sides):
                for side in sides:
                    items = side.items if isinstance(side, Several) else (side,)
                    yield from (item.value for item in items if isinstance(item, Constant) and isinstance(item.value, str))
