"""The same messages by plain Jinja and Babel, as anybody would write it: what the fast renderer must equal, byte by byte.

Nothing of the sandbox is here: a stock environment with `StrictUndefined`, filters that ask Babel each time, data in plain dicts.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates, lists, numbers, units
from babel.core import Locale
from jinja2 import Environment, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from engage.model.contact import Contact, Money
from engage.model.delivery import Approved, Links
from engage.model.workspace import Workspace
from engage.templates.escaping import ESCAPES, Form
from engage.templates.formats import UNSPACED, as_number
from engage.templates.marking import OPERATIONS
from engage.templates.phrases import Phrasebook
from engage.templates.programs import Program


def signed(kind: str, said: str) -> str:
    """A link that carries a text, signed by nobody."""
    return f"https://e.example/{kind}/{urlsafe_b64encode(said.encode()).decode()}"


def _confirm_url(purpose: str) -> str:
    return signed("s", json.dumps({"p": purpose}, separators=(",", ":")))


def _answer_url(event: str, **values: object) -> str:
    return signed("a", json.dumps({"e": event, **({"d": values} if values else {})}, separators=(",", ":")))


class Plain:
    """One stock environment for each form; every template is compiled once."""

    def __init__(self, workspace: Workspace, phrases: Phrasebook, locale: str, formats: str | None = None) -> None:
        self._workspace = workspace
        self._phrases = phrases
        self._locale = locale
        self._formats = Locale.parse(formats or locale, sep="-")
        self._environments = {form: self._environment(form) for form in Form}
        self._templates: dict[tuple[Form, str], Template] = {}

    def run(self, program: Program, data: Mapping[str, object]) -> str:
        """What the part prints."""
        return self.template(program).render(data)

    def template(self, program: Program) -> Template:
        """The part, compiled by a stock environment."""
        key = (program.form, program.source)
        if key not in self._templates:
            self._templates[key] = self._environments[program.form].from_string(program.source)
        return self._templates[key]

    def data(self, approved: Approved, links: Links, now: datetime) -> dict[str, object]:
        """What the templates read, as dicts."""
        settings = self._workspace.settings
        contact, intent = approved.contact, approved.intent
        zone = ZoneInfo(contact.zones.names[0])
        purpose = settings.purposes.get(intent.purpose)
        company = (purpose.company if purpose else None) or settings.company
        return {
            **intent.values, "contact": self._contact(contact), "trigger": intent.trigger, "now": now,
            "today": now.astimezone(zone).date(), "company": {"name": company.name, "address": company.address or None},
            "data": self._workspace.data, "zone": zone,
            "message": {
                "unsubscribe_url": links.unsubscribe, "preferences_url": links.preferences, "view_in_browser_url": links.view,
                "answer_url": _answer_url, "confirm_url": _confirm_url,
            },
        }

    def _contact(self, contact: Contact) -> dict[str, object]:
        names = (
            "external_id", "first_name", "last_name", "email", "phone", "chat_id", "locale", "timezone", "country", "city", "company",
            "tags", "status", "created_at", "preferred_channel", "frequency", "tracking", *self._workspace.settings.attributes,
        )
        return {**dict.fromkeys(names), **contact.attributes}

    def _environment(self, form: Form) -> Environment:
        marked = form not in (Form.TEXT, Form.HTML)
        finalize = self._finalize(form if marked else Form.TEXT)
        environment = Environment(undefined=StrictUndefined, autoescape=form is not Form.TEXT, finalize=finalize)  # noqa: S701  # texts are none
        by_context = {"date": self._date, "time": self._time, "datetime": self._datetime}
        environment.filters.update({name: pass_context(_of_present(function)) for name, function in by_context.items()})
        plainly = {
            "number": self._number, "percent": self._percent, "money": self._money, "list": self._list, "duration": self._duration,
            "country_name": self._country_name,
        }
        environment.filters.update({name: _skipping_none(function) for name, function in plainly.items()})
        for name in OPERATIONS:
            environment.filters[name] = str  # a letter of which nothing is recorded
        environment.filters["default"] = environment.filters["d"] = _default
        for name in ("upper", "lower", "title", "capitalize"):
            environment.filters[name] = _skipping_none(environment.filters[name])
        environment.globals.update({"t": self._t, "plural": self._plural})
        return environment

    def _finalize(self, form: Form) -> Any:
        escape = ESCAPES[form]

        @pass_context
        def finalize(context: Context, value: object) -> object:
            if isinstance(value, Markup):
                return value
            if value is None:
                raise ValueError("none is printed")
            text = self._text(value, context["zone"])
            return text if form is Form.TEXT else Markup(escape(text))  # noqa: S704  # escaped for the form it goes into

        return finalize

    def _text(self, value: object, zone: ZoneInfo) -> str:
        match value:
            case str():
                return str(value)
            case datetime():
                return dates.format_datetime(value, "medium", tzinfo=zone, locale=self._formats)
            case date():
                return dates.format_date(value, "long", self._formats)
            case Money():
                return self._money(value)
            case int():
                return str(value)
            case list() | tuple():
                return self._list(value)
            case _:
                return str(numbers.format_decimal(value, locale=self._formats, group_separator=False))

    def _date(self, context: Context, value: Any, style: str = "long") -> str:
        local = value.astimezone(context["zone"]).date() if isinstance(value, datetime) else value
        return dates.format_date(local, style, self._formats)

    def _time(self, context: Context, value: Any, style: str = "short") -> str:
        return dates.format_time(value, style, tzinfo=context["zone"], locale=self._formats)

    def _datetime(self, context: Context, value: Any, style: str = "medium") -> str:
        joined = str(self._formats.datetime_formats[style]).replace("'", "")
        local = value.astimezone(context["zone"])
        return joined.replace("{0}", self._time(context, local)).replace("{1}", self._date(context, local, style))

    def _number(self, value: Any) -> str:
        return numbers.format_decimal(value, locale=self._formats)

    def _percent(self, value: Any) -> str:
        return numbers.format_percent(value, locale=self._formats)

    def _money(self, value: Any, currency: str | None = None) -> str:
        amount, unit = (value.amount, value.currency) if isinstance(value, Money) else (as_number(value), currency)
        return UNSPACED.sub("\u00a0", numbers.format_currency(amount, unit, locale=self._formats))

    def _list(self, value: Any, style: Any = "standard") -> str:
        return lists.format_list([str(item) for item in value], style=style, locale=self._formats)

    def _duration(self, value: Any, unit: str) -> str:
        text = units.format_unit(value, f"duration-{unit}", "long", locale=self._formats)
        return text if "duration-" not in text else units.format_unit(value, f"duration-{unit}", "short", locale=self._formats)

    def _country_name(self, value: str) -> str:
        return str(self._formats.territories[value.upper()])

    def _t(self, key: str, n: Any = None, **values: object) -> str:
        phrase = self._phrases.find(key, self._locale)
        form = Locale.parse(phrase.locale, sep="-").plural_form(n) if phrase.plural else "other"
        text = phrase.forms.get(form) or phrase.forms["other"]
        filled = {name: self._number(value) if type(value) is int else str(value) for name, value in values.items()}
        if n is not None:
            filled["n"] = self._number(n)
        for name, value in filled.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _plural(self, n: Any, **forms: str) -> str:
        form = Locale.parse(self._locale, sep="-").plural_form(n)
        return (forms.get(form) or forms["other"]).replace("{n}", self._number(n))


def _of_present(function: Any) -> Any:
    def filter_(context: Context, value: Any, *args: Any) -> Any:
        return None if value is None else function(context, value, *args)

    return filter_


def _skipping_none(function: Any) -> Any:
    def filter_(value: Any, *args: Any) -> Any:
        return None if value is None else function(value, *args)

    return filter_


def _default(value: Any, default: Any = "", boolean: bool = False) -> Any:
    return default if value is None or isinstance(value, StrictUndefined) or (boolean and not value) else value
