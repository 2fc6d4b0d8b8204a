"""The shared phrases of `locales/<locale>.yaml`: dotted keys, CLDR plural forms, `{name}` for a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from engage.model.errors import Place, Problem, nearest
from engage.model.workspace import Files
from engage.templates import documents
from engage.templates.faults import TemplateFault, Unprintable
from engage.templates.formats import as_number, formats_of
from engage.templates.limits import SMALL, Budget
from engage.templates.locales import PLURAL_CATEGORIES, babel_locale, is_known, normal, parents, plural_categories

_FILE = re.compile(r"^locales/([^/]+)\.yaml$")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One phrase in one language: `forms` by plural category; a phrase without a number has `other` alone and is not `plural`."""

    forms: Mapping[str, str]
    plural: bool
    place: Place
    locale: str

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of the values that any of its forms asks for."""
        return frozenset(name for form in self.forms.values() for name in _PLACEHOLDER.findall(form))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Phrasebook:
    """All languages' phrases. `problems` has what could not be read."""

    default: str
    by_locale: Mapping[str, Mapping[str, Phrase]]
    files: Mapping[str, str]
    problems: tuple[Problem, ...] = field(default=())
    _ready: dict[tuple[str, str], Wording] = field(default_factory=dict, init=False, repr=False, compare=False)

    def wording(self, key: str, locale: str) -> Wording:
        """The phrase that `find` finds, made ready. Raises Unprintable."""
        known = self._ready.get((key, locale))
        if known is None:
            known = self._ready[key, locale] = Wording(self.find(key, locale))
        return known

    def find(self, key: str, locale: str) -> Phrase:
        """The phrase in the nearest of the locale's languages, else in the default. Raises Unprintable."""
        for step in (*parents(locale), *parents(self.default)):
            phrase = self.by_locale.get(step, {}).get(key)
            if phrase is not None:
                return phrase
        close = nearest(key, self.keys())
        raise Unprintable(f"no phrase {key!r} in locales/" + (f"; did you mean {close}?" if close else ""))

    def keys(self) -> frozenset[str]:
        """Every key of any language."""
        return frozenset(key for phrases in self.by_locale.values() for key in phrases)


@final
class Wording:
    """A phrase made ready to be said often: each form cut at its placeholders."""

    __slots__ = ("_cut", "_formats", "phrase")

    def __init__(self, phrase: Phrase, *, only: str | None = None) -> None:
        """`only` this placeholder counts, where it is given."""
        self.phrase = phrase
        self._formats = formats_of(babel_locale(phrase.locale))
        places = _PLACEHOLDER if only is None else re.compile(rf"\{{({only})\}}")
        self._cut = {form: places.split(text) for form, text in phrase.forms.items() if text or form == "other"}

    def parts(self) -> list[str]:
        """Of a phrase without a number: its text and the names of its placeholders in turn."""
        return self._cut["other"].copy()

    def text(self, number: object, values: Mapping[str, str], budget: Budget | None = None) -> str:
        """What it says; `values` are texts already, with `n` among them where there is a number. Raises Unprintable."""
        form = "other"
        if self.phrase.plural:
            if number is None:
                raise Unprintable("this phrase has plural forms: hand it the number as n=…")
            form = self._formats.plural_form(as_number(number))
        return self._filled(self._cut.get(form) or self._cut["other"], values, budget)

    def around(self, number: int | float | Decimal, written: str) -> str:
        """What it says of a number alone, which is `written` so."""
        form = self._formats.plural_form(number) if self.phrase.plural else "other"
        parts = self._cut.get(form) or self._cut["other"]
        if len(parts) == 3 and parts[1] == "n":
            return parts[0] + written + parts[2]
        return self._filled(parts, {"n": written}, None)

    def _filled(self, cut: list[str], values: Mapping[str, str], budget: Budget | None) -> str:
        parts = cut.copy()
        for at in range(1, len(parts), 2):
            name = parts[at]
            if name not in values:
                raise Unprintable(f"the phrase asks for {{{name}}}: hand it over as {name}=…")
            parts[at] = values[name]
        if budget is not None and (size := sum(map(len, parts))) > SMALL:
            budget.make(size)
        return "".join(parts)


def read_phrases(files: Files, default: str) -> Phrasebook:
    """Every language's phrases; what is wrong is remembered rather than raised, so that all of it is told at once."""
    by_locale: dict[str, Mapping[str, Phrase]] = {}
    names: dict[str, str] = {}
    problems: list[Problem] = []
    for file in sorted(files):
        found = _FILE.match(file)
        if found is None:
            continue
        locale = normal(found.group(1))
        if locale is None or not is_known(locale):
            problems.append(Problem(place=Place(file=file), what=f"{found.group(1)!r} is no language that CLDR knows"))
            continue
        try:
            tree = documents.read(files[file].decode("utf-8-sig"), file)
            by_locale[locale] = dict(_phrases(tree, locale, ""))
            names[locale] = file
        except UnicodeDecodeError:
            problems.append(Problem(place=Place(file=file), what="the file is not UTF-8"))
        except TemplateFault as fault:
            problems.append(fault.problem)
    return Phrasebook(default=default, by_locale=by_locale, files=names, problems=tuple(problems))


def _phrases(tree: documents.Mapping, locale: str, prefix: str) -> Iterator[tuple[str, Phrase]]:
    for name, value in tree.entries.items():
        key, place = prefix + name, tree.keys[name]
        match value:
            case documents.Scalar():
                yield key, Phrase(forms={"other": value.text}, plural=False, place=place, locale=locale)
            case documents.Mapping() if "other" in value.entries:
                yield key, Phrase(forms=_forms(value, locale), plural=True, place=place, locale=locale)
            case documents.Mapping():
                yield from _phrases(value, locale, key + ".")
            case _:
                raise TemplateFault(value.place, "a phrase is a text, or a text for each plural form")


def _forms(tree: documents.Mapping, locale: str) -> Mapping[str, str]:
    forms: dict[str, str] = {}
    for name, value in tree.entries.items():
        if name not in PLURAL_CATEGORIES:
            raise TemplateFault(tree.keys[name], f"{name!r} is no plural form ({', '.join(PLURAL_CATEGORIES)})")
        if name not in plural_categories(locale):
            raise TemplateFault(tree.keys[name], f"{locale} has no plural form {name!r}; it has {', '.join(plural_categories(locale))}")
        if not isinstance(value, documents.Scalar):
            raise TemplateFault(value.place, "a plural form is a text")
        forms[name] = value.text
    return forms
