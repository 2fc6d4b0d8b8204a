"""What a template may call: `t`, `plural`, `range`, `in_segment`, the links. Nothing else can be called in the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, final

from jinja2 import Undefined

from engage.templates.faults import Unprintable
from engage.templates.formats import as_number, formats_of
from engage.templates.limits import MAX_RANGE
from engage.templates.locales import PLURAL_CATEGORIES, babel_locale
from engage.templates.phrases import Phrasebook, Wording
from engage.templates.scope import Reader


@final
class Function:
    """Something that templates may call; `call` takes the context first."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., object]) -> None:
        self.call = call


def translator(phrases: Phrasebook, locale: str) -> Function:
    """`t(key, n=…, name=…)` in one language: the phrase with its values as the reader's language writes them."""

    def t(context: Reader, key: str, n: object = None, **values: Any) -> str:
        return spoken(context, phrases.wording(str(key), locale), n, values)

    return Function(t)


def spoken(context: Reader, wording: Wording, n: object, values: Mapping[str, object]) -> str:
    """The phrase with its values. Raises Unprintable."""
    scope = context.scope
    texts = {name: valued(context, name, value) for name, value in values.items()}
    if n is not None:
        texts["n"] = scope.formats.number(as_number(n), None)
    return wording.text(n, texts, scope.budget)


def counted(context: Reader, wording: Wording, n: object) -> str:
    """The phrase with no other value than its number. Raises Unprintable."""
    if n is None:
        return wording.text(None, {})
    number = as_number(n)
    return wording.around(number, context.scope.formats.number(number, None))


def pluralizer(locale: str) -> Function:
    """`plural(n, one=…, few=…, other=…)` in one language; `{n}` in the text chosen is the number."""
    formats = formats_of(babel_locale(locale))

    def plural(context: Reader, n: object, **forms: str) -> str:
        unknown = sorted(set(forms) - set(PLURAL_CATEGORIES))
        if unknown or "other" not in forms:
            raise Unprintable(f"{unknown[0]!r} is no plural form" if unknown else "plural() needs the form `other`")
        text = str(forms.get(formats.plural_form(as_number(n)), forms["other"]))
        number = context.scope.formats.number(as_number(n), None)
        context.scope.budget.make(len(text) + text.count("{n}") * len(number))
        return text.replace("{n}", number)

    return Function(plural)


def _range(context: Reader, *bounds: int) -> range:
    if not all(isinstance(bound, int) for bound in bounds) or not 1 <= len(bounds) <= 3:
        raise Unprintable("range() takes whole numbers")
    turns = range(*bounds)
    if len(turns) > MAX_RANGE:
        raise Unprintable(f"range() is limited to {MAX_RANGE} turns")
    return turns


RANGE = Function(_range)


def membership(ask: Callable[[str], bool] | None) -> Function:
    """`in_segment(name)` for one contact; each segment is asked for once."""
    answers: dict[str, bool] = {}

    def in_segment(context: Reader, name: str) -> bool:
        if ask is None:
            raise Unprintable("in_segment() cannot be answered here: there is no database to ask")
        key = str(name)
        if key not in answers:
            answers[key] = ask(key)
        return answers[key]

    return Function(in_segment)


def valued(context: Reader, name: str, value: object) -> str:
    """The value of a phrase's placeholder as the reader's language writes it. Raises Unprintable."""
    if type(value) is str:
        return value
    if value is None:
        raise Unprintable(f"{name} is missing here; give it a default: {name}=… | default(…)")
    if isinstance(value, Undefined):
        return str(value)  # raises
    scope = context.scope
    return scope.formats.number(value, None) if type(value) is int else scope.formats.text(value, scope.zone)


def texts(context: Reader, items: Iterable[object]) -> list[str]:
    """The items as they would be printed, one by one."""
    scope = context.scope
    return [scope.formats.text(item, scope.zone) for item in items]
