"""Whether every language says what the workspace's own does: the same keys, the same values asked for, all plural forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engage.model.errors import Place, Problem
from engage.templates.locales import parents, plural_categories
from engage.templates.phrases import Phrase, Phrasebook
from engage.templates.purposes import RESERVED


def translation_problems(book: Phrasebook) -> Iterator[Problem]:
    """What `--allow-missing` lets pass: keys, placeholders and plural forms that a language lacks."""
    for phrases in book.by_locale.values():
        for phrase in phrases.values():
            yield from _forms(phrase)
    original = _own(book, book.default)
    for locale in book.by_locale:
        if locale in parents(book.default):
            continue
        own = _own(book, locale)
        for key, phrase in original.items():
            if key not in own:
                place = Place(file=book.files[locale])
                yield Problem(place=place, what=f"the phrase {key!r} is missing (in {book.default}: {phrase.place})")
            else:
                yield from _same(key, phrase, own[key])
        for key in own.keys() - original.keys():
            yield Problem(place=own[key].place, what=f"{book.default}, the workspace's language, has no phrase {key!r}")


def _own(book: Phrasebook, locale: str) -> Mapping[str, Phrase]:
    """The phrases of a language and its parents, but for the purposes' texts, which the workspace's language has in engage.yaml."""
    said = {key: phrase for step in reversed(parents(locale)) for key, phrase in book.by_locale.get(step, {}).items()}
    return {key: phrase for key, phrase in said.items() if not key.startswith(RESERVED)}


def _forms(phrase: Phrase) -> Iterator[Problem]:
    if not phrase.plural:
        return
    missing = [form for form in plural_categories(phrase.locale) if form not in phrase.forms]
    if missing:
        yield Problem(place=phrase.place, what=f"{phrase.locale} needs the plural form {', '.join(missing)} too")


def _same(key: str, original: Phrase, translation: Phrase) -> Iterator[Problem]:
    if original.plural and not translation.plural and plural_categories(translation.locale) != ("other",):
        yield Problem(place=translation.place, what=f"{key!r} has plural forms in {original.locale} ({original.place}) but none here")
    ignored = {"n"}  # a form such as "one order" or "no orders" may do without the number
    for name in sorted(original.placeholders - translation.placeholders - ignored):
        yield Problem(place=translation.place, what=f"{{{name}}} is missing in {key!r} (in {original.locale}: {original.place})")
    for name in sorted(translation.placeholders - original.placeholders - ignored):
        yield Problem(place=translation.place, what=f"{{{name}}} is not handed to {key!r} ({original.locale} has no such value)")
