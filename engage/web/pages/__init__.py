"""The public pages, in the reader's language: what a page is about -> HTML. Complete in themselves: no script, no other file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import final

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from engage.contacts.consent import ConsentState
from engage.model.contact import ChannelKind
from engage.model.letter import Letter
from engage.model.workspace import Company, Purpose
from engage.templates.locales import is_right_to_left, parents

__all__ = ["Pages"]

FALLBACK = "en"
COLOR = "#1f5fbf"
"""Of the buttons, where the company names none."""

MIDDLE = 0.179
"""The luminance on which black and white are read equally well."""

Phrases = Mapping[str, Mapping[str, str]]


@final
class Pages:
    """Renders the pages. Safe to use from many threads."""

    def __init__(self) -> None:
        self.phrases: Phrases = yaml.safe_load(files(__name__).joinpath("phrases.yaml").read_text("utf-8"))
        loader = PackageLoader("engage.web", "pages")
        self._environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

    def language(self, locale: str | None) -> str:
        """The language of the page: the locale's or its nearest parent's, never another script; English where we have none."""
        return next((tag for tag in parents(locale or FALLBACK) if tag in self.phrases), FALLBACK)

    def subscription(self, *, locale: str | None, company: Company, purpose: str, kind: ChannelKind, subscribed: bool) -> str:
        """Asks whether to unsubscribe, or says that it is done."""
        names = {"purpose": purpose, "channel": kind.value}
        return self._render("subscription.html", locale, "unsubscribe_title", company, names, subscribed=subscribed)

    def preferences(self, *, locale: str | None, company: Company, choices: Sequence[tuple[Purpose, ConsentState]], changed: bool) -> str:
        """What may be sent and how, with a button for each."""
        return self._render("preferences.html", locale, "preferences_title", company, {}, choices=choices, changed=changed)

    def message(self, letter: Letter, *, company: Company) -> str:
        """The message as it was sent; where its text is not kept any more, a page that says so."""
        html, text, subject = (letter.private.get(key) for key in ("html", "text", "subject"))
        if isinstance(html, str) and html:
            return html
        title = None if text else "gone_title"
        heading = subject if isinstance(subject, str) and subject else company.name
        return self._render("message.html", letter.locale, title, company, {}, text=text, heading=heading)

    def _render(
        self, page: str, locale: str | None, title: str | None, company: Company, names: Mapping[str, str], *, heading: str = "",
        **values: object,
    ) -> str:
        language = self.language(locale)
        t = self._speaker(language, {"company": company.name, **names})
        color = company.color or COLOR
        return self._environment.get_template(page).render(
            lang=language, direction="rtl" if is_right_to_left(language) else "ltr", company=company.name, color=color, ink=ink_on(color),
            title=t(title) if title else heading, t=t, **values,
        )

    def _speaker(self, language: str, names: Mapping[str, str]) -> Callable[[str], str]:
        """The phrases of the language, with the names filled in; a kind of channel is named in the language too."""
        spoken = {name: self.phrases[language].get(value, value) for name, value in names.items()}
        return lambda key: self.phrases[language][key].format_map(spoken)


def ink_on(color: str) -> str:
    """Black or white, whichever is read better on that colour (WCAG 2.2: relative luminance)."""
    red, green, blue = (_linear(int(color[at:at + 2], 16) / 255) for at in (1, 3, 5))
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > MIDDLE else "#ffffff"


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
