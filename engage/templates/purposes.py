"""What purposes are called, and what people agree to who agree to them, in each reader's language.

In the workspace's language both stand in engage.yaml; in others in `locales/<locale>.yaml`, as the phrases `purpose.<name>.title` and
`purpose.<name>.wording`. Where a language lacks one, the reader gets the workspace's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import final

from engage.model.consent import Wording
from engage.model.errors import Place, Problem, nearest
from engage.model.workspace import Purpose, Workspace
from engage.templates.locales import normal, parents
from engage.templates.phrases import Phrase, Phrasebook, read_phrases

RESERVED = "purpose."
"""What the keys of these phrases begin with."""

TITLE, WORDING = "title", "wording"


@final
class PurposeTexts:
    """The texts of one workspace's purposes. Safe to use from many threads."""

    def __init__(self, workspace: Workspace, book: Phrasebook | None = None) -> None:
        self._default = normal(workspace.settings.locale) or workspace.settings.locale
        self._purposes = workspace.settings.purposes
        self._book = read_phrases(workspace.files, self._default) if book is None else book

    def title(self, purpose: Purpose, locale: str | None) -> str:
        """What the reader calls it."""
        found = self._find(purpose, TITLE, locale)
        return purpose.title if found is None else found.forms["other"]

    def wording(self, purpose: Purpose, locale: str | None) -> Wording | None:
        """What the reader reads who is asked for a consent; None where the workspace has no words for it."""
        if purpose.wording is None:
            return None
        found = self._find(purpose, WORDING, locale)
        if found is None:
            return Wording(purpose=purpose.name, locale=self._default, text=purpose.wording)
        return Wording(purpose=purpose.name, locale=found.locale, text=found.forms["other"])

    def _find(self, purpose: Purpose, what: str, locale: str | None) -> Phrase | None:
        """The nearest phrase that is not further away than the workspace's own language."""
        for step in parents(locale) if locale else ():
            phrase = self._book.by_locale.get(step, {}).get(f"{RESERVED}{purpose.name}.{what}")
            if phrase is not None or step in parents(self._default):
                return phrase
        return None


def purpose_problems(workspace: Workspace, book: Phrasebook) -> Iterator[Problem]:
    """Reserved phrases that nobody would ever read: of no purpose, with values or forms, or beside what engage.yaml says."""
    purposes = workspace.settings.purposes
    for locale, phrases in book.by_locale.items():
        for key, phrase in phrases.items():
            if key.startswith(RESERVED) and (why := _why_vain(key, phrase, purposes, own=locale in parents(book.default))) is not None:
                yield Problem(place=phrase.place, what=why)


def untranslated(workspace: Workspace, book: Phrasebook) -> Iterator[Problem]:
    """What a warning is worth: languages in which a purpose that people choose has no title, or no wording where it has one."""
    for locale in book.by_locale:
        if locale in parents(book.default):
            continue
        said = {key for step in parents(locale) for key in book.by_locale.get(step, {})}
        asked = (f"{RESERVED}{key}" for purpose in workspace.settings.purposes.values() for key in _asked_of(purpose))
        missing = [key for key in asked if key not in said]
        if missing:
            what = f"its readers' pages name these in {book.default}, as it does not say {', '.join(missing)}"
            yield Problem(place=Place(file=book.files[locale]), what=what)


def _asked_of(purpose: Purpose) -> Iterator[str]:
    if not purpose.asks_nothing:
        yield f"{purpose.name}.{TITLE}"
        if purpose.wording is not None:
            yield f"{purpose.name}.{WORDING}"


def _why_vain(key: str, phrase: Phrase, purposes: Mapping[str, Purpose], *, own: bool) -> str | None:
    name, _, what = key.removeprefix(RESERVED).rpartition(".")
    if what not in (TITLE, WORDING) or name not in purposes:
        close = nearest(name, purposes) if what in (TITLE, WORDING) else None
        meant = f"; did you mean {RESERVED}{close}.{what}?" if close else ""
        return f"{key!r} has no effect: here stand {RESERVED}<name>.{TITLE} and {RESERVED}<name>.{WORDING} of purposes{meant}"
    if phrase.plural or phrase.placeholders:
        return f"{key!r} is said as it stands: it has no plural forms and no {{values}}"
    if own:
        return f"{key!r} has no effect: in the workspace's own language it stands in engage.yaml, as `{what}` of {name}"
    if what == WORDING and purposes[name].wording is None:
        return f"{key!r} has no effect: {name} has no `wording` in engage.yaml"
    return None
