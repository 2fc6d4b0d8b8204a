"""`Approved -> Rendered`: the message in the reader's language, for the channel that was chosen.

Files are compiled at their first use and kept: per message, channel and language. What is left for each reader is to put
together what the templates may read, and to run them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Protocol, final
from zoneinfo import ZoneInfo

from engage.model.contact import ChannelKind, Contact
from engage.model.delivery import Approved, Content, Links, LocaleSource, Rendered
from engage.model.steps import Binding
from engage.model.tokens import TokenPayload, sign
from engage.model.workspace import Files, Workspace
from engage.templates.catalogue import Choice, Parts, read_catalogue
from engage.templates.composing import ROOT, Composer
from engage.templates.email import LAYOUTS, compile_email
from engage.templates.formats import formats_of
from engage.templates.guessing import guessed
from engage.templates.locales import babel_locale, parents
from engage.templates.phrases import read_phrases
from engage.templates.programs import Compiler, Names, Program
from engage.templates.reading import Reading
from engage.templates.scope import Scope, Segments
from engage.templates.texts import compile_chat, compile_sms


class MessageTemplate(Protocol):
    """One message on one kind of channel in one language, compiled."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that it is made of."""
        ...

    def render(self, names: Names) -> Content:
        """For one reader. Raises RenderError."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as somebody would read it, without a decision that it may be sent: what previews show."""

    content: Content
    locale: str
    locale_source: LocaleSource


class Templates:
    """Renders the messages of one workspace. Safe to use from several threads. `secret` signs the links."""

    def __init__(self, workspace: Workspace, *, secret: bytes) -> None:
        self._settings = workspace.settings
        self._secret = secret
        self._files = with_starters(workspace.files)
        self._composer = Composer(self._files)
        self.catalogue = read_catalogue(workspace)
        self.phrases = read_phrases(workspace.files, self.catalogue.default)
        self.reading = Reading(workspace)
        self._compilers: dict[str, Compiler] = {}
        self._compiled: dict[tuple[ChannelKind, str, tuple[str, ...]], MessageTemplate] = {}

    def messages(self) -> tuple[str, ...]:
        """The names of all messages."""
        return tuple(self.catalogue.messages)

    def render(self, approved: Approved, *, now: datetime, lookup: Segments | None = None) -> Rendered:
        """Render for the contact and channel decided on. Staff (a fixed recipient) read the workspace's language. Raises RenderError."""
        intent = approved.intent
        links = self.links(intent.id, approved.contact.id, intent.purpose)
        draft = self.render_for(
            intent.message, channel_kind=approved.kind, channel_name=approved.channel, contact=approved.contact, trigger=intent.trigger,
            values=intent.values, now=now, purpose=intent.purpose, links=links, campaign=intent.campaign, lookup=lookup,
            to_staff=intent.to is not None,
        )  # fmt: skip
        return Rendered(approved=approved, content=draft.content, locale=draft.locale, locale_source=draft.locale_source, links=links)

    def render_for(
        self, message: str, *, channel_kind: ChannelKind, channel_name: str, contact: Contact, trigger: Mapping[str, object],
        values: Mapping[str, object], now: datetime, purpose: str, links: Links, campaign: str | None = None,
        lookup: Segments | None = None, to_staff: bool = False, locale: str | None = None,
    ) -> Draft:  # fmt: skip
        """Render without a decision, for previews and checks; `locale` stands for the contact's own. Raises RenderError."""
        channel = self._settings.channels.get(channel_name)
        staff = to_staff or (channel is not None and channel.to is not None)
        wanted = locale or (None if staff else contact.text("locale"))
        choice = self.catalogue.choose(message, channel_name, channel_kind, wanted)
        zone = self._zone(contact)
        data = self.reading.of(
            campaign=campaign, contact=contact, trigger=trigger, values=values, now=now, zone=zone, purpose=purpose, links=links,
            segments=lookup,
        )  # fmt: skip
        reader = wanted if wanted and choice.locale in parents(wanted) else choice.locale
        scope = Scope(formats=formats_of(babel_locale(reader)), zone=zone)
        content = self.template(channel_kind, choice).render(self._compiler(choice.locale).names(data, scope))
        return Draft(content=content, locale=choice.locale, locale_source=choice.source)

    def guessed(
        self, message: str, *, channel_kind: ChannelKind, channel_name: str, root: str, handed: Mapping[str, Binding],
    ) -> Mapping[str, object]:  # fmt: skip
        """What a record of unknown fields may hold, as the message and what is `handed` to it read it. Raises RenderError."""
        template = self.template(channel_kind, self.catalogue.choose(message, channel_name, channel_kind, None))
        return guessed([program.tree for program in template.programs], root, handed=handed)

    def links(self, delivery_id: int, contact_id: int, purpose: str) -> Links:
        """The signed links of one delivery; 0 stands for a preview's."""
        known = self._settings.purposes.get(purpose)
        base = ((known.public_url if known is not None else None) or self._settings.public_url).rstrip("/")
        payload = TokenPayload(delivery_id=delivery_id, contact_id=contact_id)
        return Links(
            unsubscribe=f"{base}/u/{sign(self._secret, 'u', payload)}",
            preferences=f"{base}/p/{sign(self._secret, 'p', payload)}",
            view=f"{base}/v/{sign(self._secret, 'v', payload)}",
        )

    def template(self, kind: ChannelKind, choice: Choice) -> MessageTemplate:
        """The compiled message. Raises TemplateFault."""
        key = (kind, choice.locale, tuple(choice.parts.values()))
        if key not in self._compiled:
            self._compiled[key] = self._compile(kind, choice.locale, choice.parts)
        return self._compiled[key]

    def _compile(self, kind: ChannelKind, locale: str, parts: Parts) -> MessageTemplate:
        compiler = self._compiler(locale)
        match kind:
            case ChannelKind.EMAIL:
                return compile_email(parts, self._files, compiler, self._composer)
            case ChannelKind.SMS:
                return compile_sms(parts, self._files, compiler, self._composer)
            case ChannelKind.CHAT:
                return compile_chat(parts, self._files, compiler, self._composer)

    def _compiler(self, locale: str) -> Compiler:
        if locale not in self._compilers:
            self._compilers[locale] = Compiler(locale, self.phrases, self._composer)
        return self._compilers[locale]

    def _zone(self, contact: Contact) -> ZoneInfo:
        return ZoneInfo(contact.zones.names[0] if contact.zones.names else self._settings.timezone)


def with_starters(workspace_files: Files) -> Files:
    """The workspace's files, with the layout that comes with Engage where the workspace has none for Markdown."""
    if any(ROOT + layout in workspace_files for layout in LAYOUTS):
        return workspace_files
    starter = files("engage.templates").joinpath("starters", *LAYOUTS[0].split("/")).read_bytes()
    return {**workspace_files, ROOT + LAYOUTS[0]: starter}
