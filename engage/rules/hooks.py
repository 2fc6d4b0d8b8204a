"""`hooks:` of engage.yaml -> what may post: secrets that are some, and mappings whose expressions are read."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import final

from engage.model.contact import BUILT_IN_ATTRIBUTES
from engage.model.errors import Problem, nearest
from engage.model.expression import Expression
from engage.model.hooks import GENERIC, HOOK_RATE, Hook, Mapped, Signing
from engage.model.responses import MESSAGE_EVENTS, OWN_EVENTS
from engage.model.workspace import Settings
from engage.rules import scalars
from engage.rules.expressions import Names
from engage.rules.known import binding, expression
from engage.rules.schema.hooks import (
    GenericSection,
    HookSection,
    HooksSection,
    MappedSection,
    SalesforceSection,
    SecretSection,
    SendGridSection,
    SesSection,
    SigningSection,
    StandardWebhooksSection,
)
from engage.rules.tree import Scalar

SHORTEST_KEY = 24
"""Bytes; the specification of Standard Webhooks."""

UPDATED, REPLIED = "contact.updated", f"{OWN_EVENTS}replied"
OF_MESSAGES = ("delivery", "provider_id", "reason", "url")
OF_REPLIES = ("text", "kind")
"""The fields of what came back of a message, and of what somebody wrote."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_TOPIC = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+(?:\.fifo)?")
_ORGANIZATION = re.compile(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,80}")


def read_hooks(written: HooksSection | None, settings: Settings, problems: list[Problem]) -> Mapping[str, Hook]:
    """The hooks by their names; what is wrong with them is added to `problems`. `settings`: all that stands beside them."""
    return {} if written is None else {
        name: _Reading(name, source, section, settings, problems).hook() for name, source, section in _sections(written, problems)
    }


def _sections(written: HooksSection, problems: list[Problem]) -> Iterator[tuple[str, str, HookSection]]:
    for key, info in HooksSection.model_fields.items():
        section, name = getattr(written, key), info.alias or key
        if section is not None:
            yield name, name, section
    for name, section in (written.model_extra or {}).items():
        if not _NAME.fullmatch(name):
            what = f"`{name}` stands in a URL: a hook's name is of a to z, 0 to 9, - and _"
            problems.append(Problem(place=written.place_of(name), what=what))
        yield name, GENERIC, section


@final
class _Reading:
    """One hook as it is written."""

    def __init__(self, name: str, source: str, section: HookSection, settings: Settings, problems: list[Problem]) -> None:
        self._name = name
        self._source = source
        self._section = section
        self._settings = settings
        self._problems = problems

    def hook(self) -> Hook:
        section = self._section
        own = getattr(section, "external_id", None)
        if own is not None and "{id}" not in own:
            self._refuse(own, f"`{own.written}` must hold `{{id}}`, which stands for the source's number of a person")
        return Hook(
            name=self._name, source=self._source, secrets=tuple(self._secrets()), place=section.place,
            header=self._header(section.header) if isinstance(section, GenericSection) and section.header else None,
            signing=self._signing(section.signature) if isinstance(section, GenericSection) and section.signature else None,
            external_id=str(own or "{id}"), organization=self._organization(), topics=frozenset(self._topics()),
            rate=section.rate or HOOK_RATE,
            events=tuple(map(self._mapped, section.events)) if isinstance(section, GenericSection | StandardWebhooksSection) else (),
        )

    def _refuse(self, at: Scalar, what: str, suggestion: str | None = None) -> None:
        self._problems.append(Problem(place=at.place, what=what, suggestion=suggestion))

    def _secrets(self) -> Iterator[str]:
        match self._section:
            case SendGridSection() as section:
                yield from self._checked((section.public_key, section.old_public_key), _is_key, "this is no key as SendGrid shows it")
            case StandardWebhooksSection() as section:
                yield from self._checked((section.secret, section.old_secret), _is_webhook_key, "write it as whsec_…, base64 of 24 bytes")
            case SecretSection() as section:
                yield from (str(each) for each in (section.secret, section.old_secret) if each is not None)

    def _checked(self, written: Iterable[Scalar | None], is_one: Callable[[str], bool], what: str) -> Iterator[str]:
        for each in written:
            if each is None:
                continue
            if not each.broken and not is_one(each):
                self._refuse(each, what)
            yield str(each)

    def _organization(self) -> str | None:
        written = self._section.organization if isinstance(self._section, SalesforceSection) else None
        if written is None:
            return None
        if not _ORGANIZATION.fullmatch(written) and not written.broken:
            self._refuse(written, f"`{written.written}` is no Organization ID: it begins with 00D and has 15 or 18 characters")
        return str(written)

    def _topics(self) -> Iterator[str]:
        for topic in self._section.topics if isinstance(self._section, SesSection) else ():
            if not _TOPIC.fullmatch(topic) and not topic.broken:
                self._refuse(topic, f"`{topic.written}` is no topic of SNS, as arn:aws:sns:eu-west-1:123456789012:mail")
            yield str(topic)

    def _header(self, written: Scalar) -> str:
        if not _HEADER.fullmatch(written):
            self._refuse(written, f"`{written.written}` is no name of a header")
        return str(written)

    def _signing(self, written: SigningSection) -> Signing:
        signed = str(written.signed or "{body}")
        timed = "{timestamp}" in signed
        if "{body}" not in signed and written.signed is not None:
            self._refuse(written.signed, "the body must be signed: `{body}`")
        if timed and written.timestamp_header is None and written.signed is not None:
            self._refuse(written.signed, "`{timestamp}` needs a `timestamp_header`")
        if written.timestamp_header is not None and not timed:
            self._refuse(written.timestamp_header, "a time that is not signed proves nothing: `{timestamp}` must stand in `signed`")
        return Signing(
            header=self._header(written.header), digest=written.digest, encoding=written.encoding, prefix=str(written.prefix or ""),
            signed=signed, timestamp_header=self._header(written.timestamp_header) if written.timestamp_header else None,
        )

    def _mapped(self, written: MappedSection) -> Mapped:
        names = Names(attributes={}, trigger={}, variables={"body": None, "headers": None})
        within = Names(attributes={}, trigger={}, variables={"body": None, "headers": None, **({"item": None} if written.each else {})})
        type_ = binding(written.type, within, self._problems)
        if isinstance(type_, str):
            self._check_type(written, type_)
        return Mapped(
            type=type_, each=expression(written.each, names, self._problems), where=expression(written.where, within, self._problems),
            id=expression(written.id, within, self._problems), at=expression(written.at, within, self._problems),
            contact=expression(written.contact, within, self._problems),
            fields=self._expressions(written.fields, within), attributes=self._expressions(written.attributes, within),
        )

    def _expressions(self, written: Mapping[Scalar, Scalar], names: Names) -> Mapping[str, Expression]:
        read = {str(name): expression(source, names, self._problems) for name, source in written.items()}
        return {name: each for name, each in read.items() if each is not None}

    def _check_type(self, written: MappedSection, type_: str) -> None:
        """An event is declared, as those of campaigns are; of a change of a contact what is told are attributes."""
        if type_ == UPDATED:
            self._check_attributes(written)
            return
        if written.attributes:
            self._problems.append(Problem(place=written.place_of("attributes"), what=f"`attributes` has no effect but of {UPDATED}"))
        if type_ in MESSAGE_EVENTS:
            self._check_message(written, type_)
            return
        try:
            scalars.event_type(type_)
        except ValueError as error:
            self._refuse(written.type, f"`{written.type.written}` {error}")
            return
        if type_ not in self._settings.events:
            what = f"the event `{type_}` is not declared under `events`"
            self._refuse(written.type, what, nearest(type_, self._settings.events))
        for name in written.fields:
            if type_ in self._settings.events and name not in self._settings.events[type_]:
                self._refuse(name, f"the event `{type_}` has no field `{name}`", nearest(name, self._settings.events[type_]))

    def _check_message(self, written: MappedSection, type_: str) -> None:
        """What came back of a message says which one that is; an answer says who wrote it, and what."""
        replied = type_ == REPLIED
        known = OF_REPLIES if replied else OF_MESSAGES
        for name in written.fields:
            if name not in known:
                self._refuse(name, f"of `{type_}` there is no `{name}`, but {', '.join(known)}", nearest(name, known))
        said = {str(name) for name in written.fields}
        whole = written.contact is not None and (written.id is not None and "text" in said if replied else "provider_id" in said)
        if not whole and (replied or "delivery" not in said):
            what = "`contact`, `id` and `text`" if replied else "`delivery`, or `contact` and `provider_id`"
            self._refuse(written.type, f"`{type_}` needs {what}")

    def _check_attributes(self, written: MappedSection) -> None:
        known = {**BUILT_IN_ATTRIBUTES, **self._settings.attributes}
        for name in written.attributes:
            if name not in known:
                self._refuse(name, f"undeclared attribute `{name}`", nearest(name, known))
        if not written.attributes:
            self._refuse(written.type, f"{UPDATED} tells nothing without `attributes`")
        for key in ("fields", "contact"):
            if written.says(key):
                what = f"`{key}` has no effect of {UPDATED}: `attributes` tell who"
                self._problems.append(Problem(place=written.place_of(key), what=what))


def _is_key(written: str) -> bool:
    """Whether it may be a public key in DER and base64: a sequence, to begin with."""
    return _decoded("".join(written.split())).startswith(b"0")


def _is_webhook_key(written: str) -> bool:
    return len(_decoded(written.removeprefix("whsec_"))) >= SHORTEST_KEY


def _decoded(written: str) -> bytes:
    try:
        return b64decode(written + "=" * (-len(written) % 4), validate=True)
    except ValueError:
        return b""
