"""The public pages, in the reader's language: what a page is about -> HTML. Complete in themselves: no script, no other file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import final

import yaml
from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined

from engage.model.letter import Letter
from engage.model.tracking import without_picture
from engage.model.workspace import Company
from engage.templates.locales import babel_locale, is_right_to_left, parents
from engage.web.pages.colors import COLOR, ink_on
from engage.web.pages.questions import Asked, Choices
from engage.web.pages.viewing import as_page

__all__ = ["Asked", "Choices", "Pages", "Reader"]

FALLBACK = "en"
ISOLATE = "\u2068{}\u2069"
"""Names stand in sentences of another direction (Unicode's UAX 9): first strong isolate, pop directional isolate."""

_TURNS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What would turn the sentence around a name."""

Phrases = Mapping[str, Mapping[str, str]]
Names = Mapping[str, str]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a page is: the language, and the company that writes."""

    locale: str | None
    company: Company


@final
class Pages:
    """Renders the pages. Safe to use from many threads."""

    def __init__(self) -> None:
        self.phrases: Phrases = yaml.load(files(__name__).joinpath("phrases.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
        loader = PackageLoader("engage.web", "pages")
        self._environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

    def language(self, locale: str | None) -> str:
        """The language of the page: the locale's or its nearest parent's, never another script; English where we have none."""
        return next((tag for tag in parents(locale or FALLBACK) if tag in self.phrases), FALLBACK)

    def spoken(self, accepted: str) -> str:
        """The first language of an Accept-Language header that we have, whatever its weights."""
        tags = (part.partition(";")[0].strip() for part in accepted.split(",")[:20])
        return next((tag for tag in tags if tag and set(parents(tag)) & set(self.phrases)), FALLBACK)

    def subscription(self, reader: Reader, names: Names, *, subscribed: bool, preferences: str) -> str:
        """Asks whether to unsubscribe, or says that it is done. `names` has `purpose` and `channel`."""
        return self._render("subscription.html", reader, "unsubscribe_title", names, subscribed=subscribed, preferences=preferences)

    def preferences(self, reader: Reader, choices: Choices, *, changed: bool) -> str:
        """What may be sent, how, and how often; a break; nothing any more."""
        return self._render("preferences.html", reader, "preferences_title", choices=choices, changed=changed)

    def confirmation(self, reader: Reader, names: Names, *, wording: str, done: bool) -> str:
        """Asks for a consent in the words that will be kept with it, or says that it was given."""
        return self._render("confirmation.html", reader, "confirm_title", names, wording=wording, done=done)

    def question(self, reader: Reader, asked: Asked) -> str:
        """A question with the answer of the link chosen; or thanks, and room for words."""
        return self._render("question.html", reader, asked.question, asked=asked)

    def note(self, reader: Reader, said: str, *, preferences: str) -> str:
        """That a link is used or too old, as `said` names it."""
        return self._render("note.html", reader, f"{said}_title", said=said, preferences=preferences)

    def lost(self, reader: Reader) -> str:
        """That a link leads nowhere."""
        return self._render("note.html", reader, "lost_title", said="lost", preferences=None)

    def message(self, letter: Letter, reader: Reader) -> str:
        """The message as it was sent; where its text is not kept any more, a page that says so."""
        html, text, subject = (letter.private.get(key) for key in ("html", "text", "subject"))
        heading = subject if isinstance(subject, str) and subject else reader.company.name
        if isinstance(html, str) and html:
            return as_page(without_picture(html), title=_TURNS.sub("", heading))
        return self._render("message.html", reader, None if text else "gone_title", text=text, heading=heading)

    def says(self, reader: Reader, key: str, names: Names) -> str:
        """One phrase with its names, as the page shows it."""
        return self._speaker(self.language(reader.locale), reader, names)(key)

    def _render(
        self, page: str, reader: Reader, title: str | None, names: Names | None = None, *, heading: str = "", **values: object,
    ) -> str:
        language = self.language(reader.locale)
        t = self._speaker(language, reader, names or {})
        color = reader.company.color or COLOR
        return self._environment.get_template(page).render(
            lang=language, direction="rtl" if is_right_to_left(language) else "ltr", company=reader.company.name, color=color,
            ink=ink_on(color), title=t(title) if title else heading, t=t, day=lambda day: _day(day, language), **values,
        )

    def _speaker(self, language: str, reader: Reader, names: Names) -> Callable[..., str]:
        """The phrases of the language, with the names filled in; a kind of channel is named in the language too."""
        known = {"company": reader.company.name, **names}
        spoken = {name: self.phrases[language].get(value) or ISOLATE.format(_TURNS.sub("", value)) for name, value in known.items()}
        return lambda key, **more: self.phrases[language][key].format_map({**spoken, **more})


def _day(day: date, language: str) -> str:
    return format_date(day, format="long", locale=babel_locale(language))
