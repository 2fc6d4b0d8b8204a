"""The shared phrases of `locales/<locale>.yaml`: dotted keys, CLDR plural forms, `{name}` for a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import final

from engage.model.errors import Place, Problem, nearest
from engage.model.workspace import Files
from engage.templates import documents
from engage.templates.faults import TemplateFault, Unprintable
from engage.templates.formats import as_number, formats_of
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


def fill(phrase: Phrase, number: object, values: Mapping[str, str]) -> str:
    """The phrase's text; `values` are texts already, with `n` among them where there is a number. Raises Unprintable."""
    form = "other"
    if phrase.plural:
        if number is None:
            raise Unprintable("this phrase has plural forms: hand it the number as n=…")
        form = formats_of(babel_locale(phrase.locale)).plural_form(as_number(number))
    text = phrase.forms.get(form) or phrase.forms["other"]

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise Unprintable(f"the phrase asks for {{{name}}}: hand it over as {name}=…")
        return values[name]

    return _PLACEHOLDER.sub(value, text)


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
