"""What is rendered fast is, byte by byte, what stock Jinja with Babel in plain filters renders: all templates of the demo, any reader."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import dates, numbers
from babel.core import Locale, localedata
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bench.letters import NOW, approvals, workspace
from bench.plain import Plain, signed
from engage.model.contact import ChannelKind, Contact, Money
from engage.model.delivery import Approved, Links
from engage.model.steps import every_send
from engage.model.time import Zones, ZoneSource
from engage.model.workspace import Workspace
from engage.rules.checking import check
from engage.templates import Templates
from engage.templates.catalogue import Choice
from engage.templates.formats import UNSPACED, Formats
from engage.templates.programs import Program, Rendering
from engage.templates.scope import Scope
from tests.builders import an_intent

ROOT = Path(__file__).parents[2] / "config"
NAUGHTY = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "O'Brien & Söhne", "{{ 7 * 7 }}", "{% raw %}", "\u202ertl\u202c",
    "שלום", "مرحبا",
    "👩‍👩‍👧‍👦", "\ue000x\ue001", "&amp;", "<!channel>", "\\", '"', "a\nb", "\t", "x" * 300, "<" * 300, "%s", "{0}", "{name}",
    "ẞß", "ǅ", "  spaced ",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(NAUGHTY), st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
MONEY = st.builds(
    lambda amount, currency: Money(amount=amount, currency=currency),
    st.decimals(min_value=-10_000_000, max_value=10_000_000, places=2), st.sampled_from(["EUR", "UAH", "UZS", "PHP", "JPY", "KWD", "CHF"]),
)  # fmt: skip
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1))
TAGS = st.lists(st.one_of(st.sampled_from(["ski", "cycling"]), TEXTS), max_size=4).map(tuple)
ATTRIBUTES = st.fixed_dictionaries(
    {"tags": TAGS},  # `'ski' in contact.tags` is false of a missing list in the campaign language, and an error in plain Jinja
    optional={
        "external_id": TEXTS, "first_name": TEXTS, "last_name": TEXTS, "city": TEXTS,
        "country": st.sampled_from(["SI", "UA", "UZ", "us", "AE", "PH"]),
        "plan": st.one_of(st.sampled_from(["plus", "pro", "free"]), TEXTS), "customer_since": DAYS, "birth_date": DAYS,
        "lifetime_value": MONEY,
    },
)  # fmt: skip
TRIGGERS = st.fixed_dictionaries({
    "years": st.integers(0, 120), "date": DAYS, "ticket_id": TEXTS, "channel": TEXTS, "tags": st.lists(TEXTS, max_size=3).map(tuple),
    "event_at": st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants them naive
    "event_id": TEXTS, "event_type": st.just("ticket.closed"), "at": st.just(NOW),
})  # fmt: skip
ZONES = st.sampled_from(["Europe/Ljubljana", "Asia/Tashkent", "Pacific/Apia"])
VALUES = st.fixed_dictionaries({"score": st.integers(0, 10), "important": st.booleans()})


@cache
def demo() -> tuple[Workspace, Templates]:
    checked = check({str(path.relative_to(ROOT)): path.read_bytes() for path in ROOT.rglob("*") if path.is_file()}, {})
    assert checked.workspace is not None
    return checked.workspace, Templates(checked.workspace, secret=b"secret")


def versions() -> list[tuple[str, str, str]]:
    """Every message, name of channel or kind, and language of the demo."""
    messages = demo()[1].catalogue.messages
    return [(message, name, locale) for message, names in messages.items() for name, locales in names.items() for locale in locales]


@cache
def plain(locale: str, formats: str) -> Plain:
    company, templates = demo()
    return Plain(company, templates.phrases, locale, formats)


def campaign_of(message: str) -> tuple[str, str]:
    campaigns = demo()[0].campaigns.items()
    return next((name, send.purpose) for name, campaign in campaigns for send in every_send(campaign.steps) if send.message == message)


def both(program: Program, fast: Rendering, stock: Plain, data: dict[str, object]) -> tuple[str | None, str | None]:
    """What each prints; None where it refuses."""
    try:
        expected: str | None = stock.run(program, data)
    except Exception:  # noqa: BLE001  # whatever a stock environment makes of what is missing
        expected = None
    try:
        return program.run(fast), expected
    except Exception:  # noqa: BLE001  # compared with the other's
        return None, expected


@settings(max_examples=20, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # shrinking 200 templates takes minutes
@given(reader=st.sampled_from(["", "-GB", "-AE"]), attributes=ATTRIBUTES, trigger=TRIGGERS, values=VALUES, zone=ZONES)
def test_every_template_of_the_demo_prints_what_plain_jinja_prints(
    reader: str, attributes: dict[str, Any], trigger: dict[str, Any], values: dict[str, Any], zone: str
) -> None:
    _, templates = demo()
    for message, name, locale in versions():
        kind = ChannelKind(name)
        campaign, purpose = campaign_of(message)
        contact = Contact(id=9, attributes=attributes, zones=Zones(key=zone, names=(zone,), source=ZoneSource.CONTACT))
        intent = an_intent(message=message, campaign=campaign, purpose=purpose, trigger=trigger, values=values)
        approved = Approved(intent=intent, contact=contact, channel=name, kind=kind, address="a@example.com", trail=())
        links = templates.links(intent.id, contact.id, purpose)
        ready = templates.made_ready(message, name, kind, locale + reader)
        stock, data = plain(locale, str(ready.formats.locale).replace("_", "-")), plain(locale, locale).data(approved, links, NOW)
        for program in ready.template.programs:
            names = templates.reading.of(
                campaign=campaign, contact=contact, trigger=trigger, values=values, now=NOW, zone=data["zone"], purpose=purpose,  # type: ignore[arg-type]  # it is one
                links=links, sign=signed, segments=None,
            )  # fmt: skip
            fast = Rendering({**program.template.globals, **names}, Scope(formats=ready.formats, zone=data["zone"]))  # type: ignore[arg-type]  # it is one
            printed, expected = both(program, fast, stock, data)
            assert printed == expected, (message, name, locale)


def test_letters_with_loops_forms_and_amounts_print_what_plain_jinja_prints() -> None:
    company = workspace()
    templates = Templates(company, secret=b"secret")
    for approved in approvals(120):
        locale = str(approved.contact.attributes["locale"])
        choice: Choice = templates.catalogue.choose("offer", "email", ChannelKind.EMAIL, locale)
        stock, links = Plain(company, templates.phrases, locale), Links(unsubscribe="https://u", preferences="https://p", view="https://v")
        ready = templates.made_ready("offer", "email", ChannelKind.EMAIL, locale)
        data = stock.data(approved, links, NOW)
        names = templates.reading.of(
            campaign="offer", contact=approved.contact, trigger=approved.intent.trigger, values={}, now=NOW, zone=data["zone"],  # type: ignore[arg-type]  # it is one
            purpose="marketing", links=links, sign=signed, segments=None,
        )  # fmt: skip
        for program in templates.template(ChannelKind.EMAIL, choice).programs:
            fast = Rendering(dict(names), Scope(formats=ready.formats, zone=data["zone"]))  # type: ignore[arg-type]  # it is one
            assert program.run(fast) == stock.run(program, data)


LOCALES = sorted(tag for tag in localedata.locale_identifiers() if "_" not in tag)
NUMBERS = st.one_of(
    st.integers(-(10**18), 10**18), st.integers(-2000, 2000), st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.decimals(min_value=-(10**17), max_value=10**17, allow_nan=False), st.decimals(min_value=-1, max_value=1, allow_nan=False),
)  # fmt: skip


@settings(max_examples=400)
@given(tag=st.sampled_from(LOCALES), number=NUMBERS, digits=st.none() | st.integers(0, 10))
def test_numbers_are_written_as_babel_writes_them(tag: str, number: Any, digits: int | None) -> None:
    locale = Locale.parse(tag)
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    try:
        expected = numbers.format_decimal(number, pattern, locale=locale) if pattern else numbers.format_decimal(number, locale=locale)
    except ArithmeticError:
        return  # more digits than Python's decimals round
    assert formats(tag).number(number, digits) == expected


@settings(max_examples=400)
@given(tag=st.sampled_from(LOCALES), money=MONEY, factor=st.sampled_from([1, Decimal("0.001"), Decimal("0.00005"), 1000, 0]))
def test_amounts_are_written_as_babel_writes_them(tag: str, money: Money, factor: Any) -> None:
    amount = money.amount * factor
    expected = numbers.format_currency(amount, money.currency, locale=Locale.parse(tag))
    assert formats(tag).money(amount, money.currency) == UNSPACED.sub("\u00a0", expected)


@settings(max_examples=400)
@given(tag=st.sampled_from(LOCALES), day=st.dates(), style=st.sampled_from(["short", "medium", "long", "full"]))
def test_days_are_written_as_babel_writes_them(tag: str, day: date, style: str) -> None:
    assert formats(tag).date(day, style) == dates.format_date(day, style, Locale.parse(tag))


@settings(max_examples=600)
@given(tag=st.sampled_from(LOCALES), number=st.integers(0, 3_000_000) | st.integers(0, 4).map(lambda millions: millions * 1_000_000))
def test_a_number_takes_the_plural_form_of_cldr_in_every_language(tag: str, number: int) -> None:
    assert formats(tag).plural_form(number) == Locale.parse(tag).plural_form(number)


@cache
def formats(tag: str) -> Formats:
    return Formats(Locale.parse(tag))
