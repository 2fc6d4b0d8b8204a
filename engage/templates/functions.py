"""What a template may call: `t`, `plural`, `range`, `in_segment`, the links. Nothing else can be called in the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, final

from jinja2.runtime import Context

from engage.templates.faults import Unprintable
from engage.templates.formats import as_number, formats_of
from engage.templates.limits import MAX_RANGE
from engage.templates.locales import PLURAL_CATEGORIES, babel_locale
from engage.templates.phrases import Phrasebook, fill
from engage.templates.scope import scope_of


@final
class Function:
    """Something that templates may call; `call` takes the context first."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., object]) -> None:
        self.call = call


def translator(phrases: Phrasebook, locale: str) -> Function:
    """`t(key, n=…, name=…)` in one language: the phrase with its values as the reader's language writes them."""

    def t(context: Context, key: str, n: object = None, **values: Any) -> str:
        scope = scope_of(context)
        texts = {name: _text(context, name, value) for name, value in values.items()}
        if n is not None:
            texts["n"] = scope.formats.number(as_number(n), None)
        return fill(phrases.find(str(key), locale), n, texts)

    return Function(t)


def pluralizer(locale: str) -> Function:
    """`plural(n, one=…, few=…, other=…)` in one language; `{n}` in the text chosen is the number."""
    formats = formats_of(babel_locale(locale))

    def plural(context: Context, n: object, **forms: str) -> str:
        unknown = sorted(set(forms) - set(PLURAL_CATEGORIES))
        if unknown or "other" not in forms:
            raise Unprintable(f"{unknown[0]!r} is no plural form" if unknown else "plural() needs the form `other`")
        text = forms.get(formats.plural_form(as_number(n)), forms["other"])
        return str(text).replace("{n}", scope_of(context).formats.number(as_number(n), None))

    return Function(plural)


def _range(context: Context, *bounds: int) -> range:
    if not all(isinstance(bound, int) for bound in bounds) or not 1 <= len(bounds) <= 3:
        raise Unprintable("range() takes whole numbers")
    turns = range(*bounds)
    if len(turns) > MAX_RANGE:
        raise Unprintable(f"range() is limited to {MAX_RANGE} turns")
    return turns


RANGE = Function(_range)


def membership(ask: Callable[[str], bool] | None) -> Function:
    """`in_segment(name)` for one contact."""

    def in_segment(context: Context, name: str) -> bool:
        if ask is None:
            raise Unprintable("in_segment() cannot be answered here: there is no database to ask")
        return ask(str(name))

    return Function(in_segment)


def _not_built(context: Context, *args: object, **kwargs: object) -> str:
    raise Unprintable("message.answer_url() is not built yet")


ANSWER_URL = Function(_not_built)


def _text(context: Context, name: str, value: object) -> str:
    if value is None:
        raise Unprintable(f"{name} is missing here; give it a default: {name}=… | default(…)")
    scope = scope_of(context)
    return scope.formats.number(value, None) if type(value) is int else scope.formats.text(value, scope.zone)


def texts(context: Context, items: Iterable[object]) -> list[str]:
    """The items as they would be printed, one by one."""
    scope = scope_of(context)
    return [scope.formats.text(item, scope.zone) for item in items]
