"""`Approved -> Rendered`: the message in the reader's language, for the channel that was chosen.

Files are compiled at their first use and kept: per message, channel, language and its readers' formats. What is left for each reader
is to put together what the templates do read, and to run them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.resources import files
from typing import Protocol, final
from zoneinfo import ZoneInfo

from babel.core import Locale

from engage.model.contact import ChannelKind, Contact
from engage.model.content import Content
from engage.model.delivery import Approved, Given, Links, LocaleSource, Rendered
from engage.model.steps import Binding
from engage.model.tokens import TokenPayload, sign, sign_each, sign_with
from engage.model.tracking import CLICK, LONGEST_TARGET, OPEN, Tracking
from engage.model.workspace import Files, Workspace
from engage.templates.catalogue import Choice, Parts, read_catalogue
from engage.templates.composing import ROOT, Composer
from engage.templates.email import LAYOUTS, compile_email
from engage.templates.formats import Formats, formats_of
from engage.templates.guessing import guessed
from engage.templates.locales import babel_locale, parents
from engage.templates.marking import Marks, Pairs
from engage.templates.phrases import read_phrases
from engage.templates.programs import Compiler, Program, Rendering, read_by
from engage.templates.reading import ALWAYS, CARRYING, Reading
from engage.templates.scope import Scope, Segments
from engage.templates.texts import compile_chat, compile_sms

_MOST_READY = 4096


class MessageTemplate(Protocol):
    """One message on one kind of channel in one language, compiled."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that it is made of."""
        ...

    @property
    def tracking(self) -> Tracking:
        """What is recorded of it."""
        ...

    def render(self, rendering: Rendering) -> Content:
        """For one reader. Raises RenderError."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A message made ready for all readers of one language: `functions` are those of the sandbox that it names itself.

    `signs`: it may ask for links that carry something. `tracking` None: nothing is done to its links.
    """

    choice: Choice
    template: MessageTemplate
    formats: Formats
    reads: frozenset[str]
    functions: Mapping[str, object]
    signs: bool
    tracking: Tracking | None


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
        self._compilers: dict[tuple[str, str], Compiler] = {}
        self._compiled: dict[tuple[ChannelKind, str, str, tuple[str, ...]], MessageTemplate] = {}
        self._ready: dict[tuple[str, str, ChannelKind, str | None], Ready] = {}
        purposes = self._settings.purposes.items()
        self._utm: dict[tuple[Pairs, str, str], Pairs] = {}
        self._bases = {name: (purpose.public_url or self._settings.public_url).rstrip("/") for name, purpose in purposes}
        self._own = tuple(dict.fromkeys((self._settings.public_url.rstrip("/"), *self._bases.values())))

    def messages(self) -> tuple[str, ...]:
        """The names of all messages."""
        return tuple(self.catalogue.messages)

    def render(self, approved: Approved, *, given: Given | None = None, now: datetime, lookup: Segments | None = None) -> Rendered:
        """Render for the contact and channel decided on. Staff (a fixed recipient) read the workspace's language. Raises RenderError.

        `given`: what the intent's trigger and values are as their types; as they stand by default.
        """
        intent, contact = approved.intent, approved.contact
        given = given or Given(intent.trigger, intent.values)
        links = self.links(intent.id, contact.id, intent.purpose)
        wanted = self._wanted(contact, approved.channel, to_staff=intent.to is not None)
        ready = self.made_ready(intent.message, approved.channel, approved.kind, wanted)
        zone = self._zone(contact)
        names = self.reading.of(
            campaign=intent.campaign, contact=contact, trigger=given.trigger, values=given.values, now=now, zone=zone,
            purpose=intent.purpose, links=links, segments=lookup, reads=ready.reads,
            sign=partial(self._signed, intent.purpose, intent.id, contact.id) if ready.signs else None,
        )  # fmt: skip
        choice = ready.choice
        marks = self._marks(ready.tracking, approved) if ready.tracking is not None else None
        return Rendered(
            approved=approved, content=_content(ready, names, zone, marks), locale=choice.locale, locale_source=choice.source, links=links
        )

    def render_for(
        self, message: str, *, channel_kind: ChannelKind, channel_name: str, contact: Contact, trigger: Mapping[str, object],
        values: Mapping[str, object], now: datetime, purpose: str, links: Links, campaign: str | None = None,
        lookup: Segments | None = None, to_staff: bool = False, locale: str | None = None,
    ) -> Draft:  # fmt: skip
        """Render without a decision, for previews and checks; `locale` stands for the contact's own. Raises RenderError."""
        wanted = locale or self._wanted(contact, channel_name, to_staff=to_staff)
        ready = self.made_ready(message, channel_name, channel_kind, wanted)
        zone = self._zone(contact)
        names = self.reading.of(
            campaign=campaign, contact=contact, trigger=trigger, values=values, now=now, zone=zone, purpose=purpose, links=links,
            sign=partial(self._signed, purpose, 0, contact.id), segments=lookup, reads=ready.reads,
        )  # fmt: skip
        marks = self._unsigned(ready.tracking, campaign or "", message) if ready.tracking is not None else None
        return Draft(content=_content(ready, names, zone, marks), locale=ready.choice.locale, locale_source=ready.choice.source)

    def guessed(
        self, message: str, *, channel_kind: ChannelKind, channel_name: str, root: str, handed: Mapping[str, Binding],
    ) -> Mapping[str, object]:  # fmt: skip
        """What a record of unknown fields may hold, as the message and what is `handed` to it read it. Raises RenderError."""
        template = self.template(channel_kind, self.catalogue.choose(message, channel_name, channel_kind, None))
        return guessed([program.tree for program in template.programs], root, handed=handed)

    def links(self, delivery_id: int, contact_id: int, purpose: str) -> Links:
        """The signed links of one delivery; 0 stands for a preview's."""
        base = self._base(purpose)
        unsubscribe, preferences, view = sign_each(self._secret, "upv", delivery_id=delivery_id, contact_id=contact_id)
        return Links(unsubscribe=f"{base}/u/{unsubscribe}", preferences=f"{base}/p/{preferences}", view=f"{base}/v/{view}")

    def _signed(self, purpose: str, delivery_id: int, contact_id: int, kind: str, said: str) -> str:
        """A link of one delivery that carries a text."""
        token = sign_with(self._secret, kind, TokenPayload(delivery_id=delivery_id, contact_id=contact_id), said)
        return f"{self._base(purpose)}/{kind}/{token}"

    def _marks(self, tracking: Tracking, approved: Approved) -> Marks:
        """What becomes of the links of one delivery; those of staff, and of who does not want it, tell us nothing."""
        intent, contact = approved.intent, approved.contact
        channel = self._settings.channels.get(approved.channel)
        to_staff = intent.to is not None or (channel is not None and channel.to is not None)
        if to_staff or not self._settings.tracking.may(contact):
            return self._unsigned(tracking, intent.campaign, intent.message)
        base, payload = self._base(intent.purpose), TokenPayload(delivery_id=intent.id, contact_id=contact.id)

        def signed(url: str) -> str:
            return f"{base}/{CLICK}/{sign_with(self._secret, CLICK, payload, url, longest=LONGEST_TARGET)}"

        return Marks(
            utm=self._pairs(tracking.utm, intent.campaign, intent.message), own=self._own, sign=signed if tracking.clicks else None,
            picture=f"{base}/{OPEN}/{sign(self._secret, OPEN, payload)}.gif" if tracking.opens else None, phone=contact.text("phone"),
        )

    def _unsigned(self, tracking: Tracking, campaign: str, message: str) -> Marks:
        """That of messages which tell us nothing: previews, and test sends."""
        return Marks(utm=self._pairs(tracking.utm, campaign, message), own=self._own)

    def _pairs(self, utm: Pairs, campaign: str, message: str) -> Pairs:
        key = (utm, campaign, message)
        if key not in self._utm:
            told = ((name, value.replace("{campaign}", campaign).replace("{message}", message)) for name, value in utm)
            self._utm[key] = tuple((name, value) for name, value in told if value)
        return self._utm[key]

    def _base(self, purpose: str) -> str:
        return self._bases.get(purpose) or self._settings.public_url.rstrip("/")

    def template(self, kind: ChannelKind, choice: Choice, reader: str | None = None) -> MessageTemplate:
        """The compiled message, for readers of that locale (the message's own where none is given). Raises TemplateFault."""
        formats = babel_locale(reader or choice.locale)
        key = (kind, choice.locale, str(formats), tuple(choice.parts.values()))
        if key not in self._compiled:
            self._compiled[key] = self._compile(kind, self._compiler(choice.locale, formats), choice.parts)
        return self._compiled[key]

    def made_ready(self, message: str, channel: str, kind: ChannelKind, wanted: str | None) -> Ready:
        """The message for readers who ask for that language; kept, so that nothing is chosen or compiled twice. Raises RenderError."""
        key = (message, channel, kind, wanted)
        known = self._ready.get(key)
        if known is not None:
            return known
        choice = self.catalogue.choose(message, channel, kind, wanted)
        reader = wanted if wanted and choice.locale in parents(wanted) else choice.locale
        template = self.template(kind, choice, reader)
        read = read_by(template.programs)
        functions = template.programs[0].template.globals
        ready = Ready(
            choice=choice, template=template, formats=formats_of(babel_locale(reader)), reads=ALWAYS if read is None else read,
            functions={name: function for name, function in functions.items() if read is not None and name in read},
            signs=read is None or any(name in program.source for program in template.programs for name in CARRYING),
            tracking=template.tracking if template.tracking.is_any else None,
        )
        if len(self._ready) >= _MOST_READY:
            self._ready.clear()  # locales are the contacts' own words, of which there may be any number
        self._ready[key] = ready
        return ready

    def _compile(self, kind: ChannelKind, compiler: Compiler, parts: Parts) -> MessageTemplate:
        match kind:
            case ChannelKind.EMAIL:
                return compile_email(parts, self._files, compiler, self._composer, tracking=self._settings.tracking.default)
            case ChannelKind.SMS:
                return compile_sms(parts, self._files, compiler, self._composer)
            case ChannelKind.CHAT:
                return compile_chat(parts, self._files, compiler, self._composer)

    def _compiler(self, locale: str, formats: Locale) -> Compiler:
        key = (locale, str(formats))
        if key not in self._compilers:
            self._compilers[key] = Compiler(locale, formats_of(formats), self.phrases, self._composer, self.reading.fields)
        return self._compilers[key]

    def _wanted(self, contact: Contact, channel_name: str, *, to_staff: bool) -> str | None:
        """The language asked for: the contact's own, none of staff."""
        channel = self._settings.channels.get(channel_name)
        return None if to_staff or (channel is not None and channel.to is not None) else contact.text("locale")

    def _zone(self, contact: Contact) -> ZoneInfo:
        return ZoneInfo(contact.zones.names[0] if contact.zones.names else self._settings.timezone)


def _content(ready: Ready, names: dict[str, object], zone: ZoneInfo, marks: Marks | None) -> Content:
    if ready.functions:
        names = {**ready.functions, **names}
    return ready.template.render(Rendering(names, Scope(formats=ready.formats, zone=zone, marks=marks)))


def with_starters(workspace_files: Files) -> Files:
    """The workspace's files, with the layout that comes with Engage where the workspace has none for Markdown."""
    if any(ROOT + layout in workspace_files for layout in LAYOUTS):
        return workspace_files
    starter = files("engage.templates").joinpath("starters", *LAYOUTS[0].split("/")).read_bytes()
    return {**workspace_files, ROOT + LAYOUTS[0]: starter}
