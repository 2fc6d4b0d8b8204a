"""`tests/<name>.yaml` -> CampaignTest: contacts, what happens to them on a simulated clock, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import final

from engage.model.contact import BUILT_IN_ATTRIBUTES, IDENTITIES, ChannelKind, Event, Value
from engage.model.errors import InputError, Place, Problem, nearest
from engage.model.history import Kind
from engage.model.responses import OWN_EVENTS
from engage.model.workspace import Files, Settings
from engage.rules.answers import Answer, read_answers
from engage.rules.known import refuse_unknown, templates_of
from engage.rules.schema.tests import CampaignTestFile, ConsentSection, EventSection, ExpectSection
from engage.rules.tree import Items, Map, Scalar
from engage.rules.validation import read_as
from engage.rules.values import value_of
from engage.rules.workspace import CAMPAIGNS, named_files

FOLDER = "tests/"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GivenContact:
    """A contact of the test. `attributes` are each of their declared type, and not normalised: an import does that."""

    place: Place
    attributes: Mapping[str, Value]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GivenConsent:
    """A line of the ledger. `contact` is the external id, email or phone of one of the test's contacts."""

    place: Place
    at: datetime
    contact: str
    purpose: str
    channel: ChannelKind | None
    granted: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A touch that must be written; what is None is not asked. `at` is in UTC."""

    place: Place
    contact: str | None = None
    at: datetime | None = None
    kind: Kind | None = None
    campaign: str | None = None
    step: str | None = None
    message: str | None = None
    channel: str | None = None
    provider: str | None = None
    reason: str | None = None
    locale: str | None = None
    subject: str | None = None

    def asked(self) -> Iterator[tuple[str, object]]:
        """What is asked, as pairs of key and value."""
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self) if each.name != "place")
        return (pair for pair in pairs if pair[1] is not None)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTest:
    """One test: `campaign` alone, or where None every campaign that is not paused, on a clock of `[clock_from, clock_to)`, in UTC.

    `events` have the contact's reference, and no contact id yet; they are in the order of their moments.
    """

    name: str
    place: Place
    campaign: str | None
    contacts: tuple[GivenContact, ...]
    clock_from: datetime
    clock_to: datetime
    events: tuple[Event, ...]
    consents: tuple[GivenConsent, ...]
    answers: tuple[Answer, ...] = ()
    expect: tuple[Expectation, ...]
    expect_nothing_else_sent: bool


def load_tests(files: Files, settings: Settings) -> tuple[CampaignTest, ...]:
    """The workspace's campaign tests, in the order of their names. Raises InputError with everything that is wrong with them."""
    problems: list[Problem] = []
    tests = read_tests(files, settings, problems)
    if problems:
        raise InputError(problems)
    return tests


def read_tests(files: Files, settings: Settings, problems: list[Problem]) -> tuple[CampaignTest, ...]:
    """The tests as far as they can be read; what is wrong is added to `problems`."""
    names = named_files(files, FOLDER, ".yaml", problems)
    campaigns = named_files(files, CAMPAIGNS, ".yaml", [])
    reader = _Reader(settings=settings, files=files, campaigns=campaigns, problems=problems)
    tests = [reader.read(name, file) for name, file in names.items()]
    return tuple(test for test in tests if test is not None)


@dataclass(slots=True, kw_only=True)
class _Reader:
    settings: Settings
    files: Files
    campaigns: Mapping[str, str]
    problems: list[Problem]

    def read(self, name: str, file: str) -> CampaignTest | None:
        """The test, or None where the file is not of the right form."""
        written = read_as(CampaignTestFile, file, self.files[file], self.problems)
        if written is None:
            return None
        contacts = tuple(self._contact(each, written) for each in written.contacts)
        self._check(written.campaign, "campaign", self.campaigns)
        self._check_references(written, contacts)
        events = [self._event(name, number, section) for number, section in enumerate(written.events, 1)]
        for number, section in enumerate(written.events):
            if section.at >= written.clock.end:
                self._refuse(section.place_of("at"), f"the clock ends before this event (event {number + 1}) happens")
        return CampaignTest(
            name=name,
            place=written.place,
            campaign=None if written.campaign is None else str(written.campaign),
            contacts=contacts,
            clock_from=written.clock.start,
            clock_to=written.clock.end,
            events=tuple(sorted(events, key=lambda event: event.at)),
            consents=tuple(self._consent(section) for section in written.consents),
            answers=read_answers(written.answers, files=self.files, settings=self.settings, problems=self.problems),
            expect=tuple(self._expectation(section, written) for section in written.expect),
            expect_nothing_else_sent=written.expect_nothing_else_sent,
        )

    def _contact(self, written: object, test: CampaignTestFile) -> GivenContact:
        if not isinstance(written, Map):
            self._refuse(written.place if isinstance(written, Scalar | Items) else test.place, "a contact is a map of its attributes")
            return GivenContact(place=test.place, attributes={})
        kinds = {**BUILT_IN_ATTRIBUTES, **self.settings.attributes}
        attributes: dict[str, Value] = {}
        for key in written.written():
            if key not in kinds:
                what = f"the attribute `{key}` is not declared"
                self.problems.append(Problem(place=key.place, what=what, suggestion=nearest(key, kinds)))
            else:
                attributes[str(key)] = value_of(written[key], kinds[key], self.problems)
        if not any(name in attributes for name in IDENTITIES):
            self._refuse(written.place, f"a contact has at least one of {', '.join(IDENTITIES)}")
        return GivenContact(place=written.place, attributes=attributes)

    def _event(self, test: str, number: int, section: EventSection) -> Event:
        self._check(section.type, "event", self.settings.events)
        if section.type.startswith(OWN_EVENTS):
            self._refuse(section.type.place, f"`{section.type}` comes back of a message: script it under `answers`")
        declared = self.settings.events.get(section.type, {})
        data: dict[str, Value] = {}
        if section.says("data") and not isinstance(section.data, Map):
            self._refuse(section.place_of("data"), "`data` is a map of the event's fields")
        for key in section.data.written() if isinstance(section.data, Map) else ():
            if section.type in self.settings.events and key not in declared:
                what = f"the event `{section.type}` has no field `{key}`"
                self.problems.append(Problem(place=key.place, what=what, suggestion=nearest(key, declared)))
            elif key in declared:
                data[str(key)] = value_of(section.data[key], declared[key], self.problems)
        return Event(
            id=str(section.id or f"{test}-{number}"), type=str(section.type), at=section.at, data=data,
            contact_ref=None if section.contact is None else str(section.contact),
        )

    def _consent(self, section: ConsentSection) -> GivenConsent:
        self._check(section.purpose, "purpose", self.settings.purposes)
        return GivenConsent(
            place=section.place, at=section.at, contact=str(section.contact), purpose=str(section.purpose), channel=section.channel,
            granted=section.granted,
        )

    def _expectation(self, section: ExpectSection, test: CampaignTestFile) -> Expectation:
        self._check(section.campaign, "campaign", self.campaigns)
        self._check(section.message, "message", templates_of(self.files))
        self._check(section.channel, "channel", self.settings.channels)
        if section.at is not None and not test.clock.start <= section.at < test.clock.end:
            self._refuse(section.place_of("at"), "this is outside the test's clock: it can never match")
        texts = {
            key: None if (value := getattr(section, key)) is None else str(value)
            for key in ("contact", "campaign", "step", "message", "channel", "provider", "reason", "locale", "subject")
        }
        return Expectation(place=section.place, at=section.at, kind=section.kind, **texts)

    def _check_references(self, written: CampaignTestFile, contacts: Sequence[GivenContact]) -> None:
        """Whoever is named must be one of the test's contacts."""
        known: dict[str, object] = {str(value): None for each in contacts for name in IDENTITIES if (value := each.attributes.get(name))}
        for sections in (written.events, written.consents, written.answers, written.expect):
            for section in sections:
                self._check(section.contact, "contact", known, "is none of this test's contacts")

    def _check(self, name: Scalar | None, called: str, known: Mapping[str, object], why: str = "does not exist") -> None:
        if name is not None and name not in known:
            refuse_unknown(called, name, known, self.problems, why)

    def _refuse(self, place: Place, what: str) -> None:
        self.problems.append(Problem(place=place, what=what))
