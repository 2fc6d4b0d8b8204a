"""Which files say which message, on which channel, in which language: `templates/<message>/<channel>[.<locale>].<ext>`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from engage.model.contact import ChannelKind
from engage.model.delivery import LocaleSource
from engage.model.errors import Place, Problem, RenderError, nearest
from engage.model.workspace import Settings, Workspace
from engage.templates.locales import is_known, normal, parents

_FILE = re.compile(r"^templates/(?P<message>[^_/][^/]*)/(?P<name>[^./]+)(?:\.(?P<locale>[^./]+))?\.(?P<form>mjml|html|md|txt|json\.j2)$")

FORMS: Mapping[ChannelKind, tuple[str, ...]] = {
    ChannelKind.EMAIL: ("mjml", "html", "md", "txt"),
    ChannelKind.SMS: ("txt",),
    ChannelKind.CHAT: ("md", "json.j2"),
}
"""What files a kind of channel is made of. An email has one body (the first three) and may have a text part."""

Parts = Mapping[str, str]
"""The files of one message on one channel in one language: form -> path."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The language chosen for a reader."""

    locale: str
    source: LocaleSource
    parts: Parts


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`messages`: message -> name of a channel or kind -> locale -> files. `strays`: files whose name is no channel's."""

    default: str
    messages: Mapping[str, Mapping[str, Mapping[str, Parts]]]
    strays: tuple[Problem, ...] = ()

    def languages(self, message: str, channel: str, kind: ChannelKind) -> Mapping[str, Parts]:
        """The message's languages on a channel: by files named after the channel, else after its kind. Raises RenderError."""
        by_name = self.messages.get(message)
        if by_name is None:
            close = nearest(message, self.messages)
            raise RenderError(f"there is no folder templates/{message}" + (f"; did you mean {close}?" if close else ""))
        languages = by_name.get(channel) or by_name.get(kind.value)
        if languages is None:
            raise RenderError(f"message {message} has no template for {channel}: templates/{message}/{kind}.*")
        return languages

    def choose(self, message: str, channel: str, kind: ChannelKind, locale: str | None) -> Choice:
        """The reader's language, its nearest parent in the same script, or the workspace's. Raises RenderError."""
        languages = self.languages(message, channel, kind)
        for step in parents(locale) if locale else ():
            if step in languages:
                own = step == normal(locale or "")
                return Choice(locale=step, source=LocaleSource.CONTACT if own else LocaleSource.PARENT, parts=languages[step])
        for step in parents(self.default):
            if step in languages:
                return Choice(locale=step, source=LocaleSource.DEFAULT, parts=languages[step])
        raise RenderError(f"message {message} has no template for {channel} in {self.default}, the workspace's language")


def read_catalogue(workspace: Workspace) -> Catalogue:
    """The catalogue of all messages; a file without a locale in its name is in the workspace's language."""
    settings = workspace.settings
    default = normal(settings.locale) or settings.locale
    messages: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    strays: list[Problem] = []
    for file in sorted(workspace.files):
        found = _FILE.match(file)
        if found is None:
            continue
        kind = kind_of(settings, found["name"])
        locale = default if found["locale"] is None else normal(found["locale"])
        wrong = _wrong(settings, found, kind, locale)
        if wrong is not None or kind is None or locale is None:
            strays.append(Problem(place=Place(file=file), what=wrong or "it belongs to no channel"))
            continue
        parts = messages.setdefault(found["message"], {}).setdefault(found["name"], {}).setdefault(locale, {})
        if found["form"] in parts:
            strays.append(Problem(place=Place(file=file), what=f"{parts[found['form']]} says the same in the same language"))
        parts[found["form"]] = file
    return Catalogue(default=default, messages=messages, strays=tuple(strays))


def kind_of(settings: Settings, name: str) -> ChannelKind | None:
    """The kind of the channel of that name, or the kind itself."""
    if name in settings.channels:
        return settings.channels[name].kind
    return next((kind for kind in ChannelKind if kind.value == name), None)


def _wrong(settings: Settings, found: re.Match[str], kind: ChannelKind | None, locale: str | None) -> str | None:
    if kind is None:
        known = [*settings.channels, *ChannelKind]
        close = nearest(found["name"], known)
        meant = f"; did you mean {close}?" if close else ""
        return f"there is no channel or kind of channel {found['name']!r}, and no front matter attaches this file{meant}"
    if locale is None or not is_known(locale):
        return f"{found['locale']!r} is no language that CLDR knows"
    if found["form"] not in FORMS[kind]:
        return f"{kind} is not made of .{found['form']} but of {', '.join('.' + form for form in FORMS[kind])}"
    return None
