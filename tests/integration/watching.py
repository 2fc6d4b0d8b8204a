"""What can be seen of a workspace: a case changes one key of one file, and its observer tells what comes of either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, final

from engage.channels import load_channels
from engage.channels.endpoint import HttpEndpoint, outlet_endpoint
from engage.channels.mime import Letterhead, compose
from engage.contacts.ports import Person
from engage.delivery.posting import Poster
from engage.delivery.traffic import Traffic
from engage.feedback.guarding import Guard
from engage.feedback.texts import IncomingText, Texts
from engage.model.contact import ChannelKind, Event
from engage.model.delivery import Cleared
from engage.model.errors import EngageError, NotThereError, Rejected, Unconfirmed
from engage.model.history import Kind, Touch
from engage.model.workspace import Endpoint, Files, Workspace
from engage.policy.lawful import countries_named, shortfalls
from engage.rules.checking import Checked, check
from engage.rules.laws import laws
from engage.simulation.rehearsing import judge
from engage.simulation.timeline import Script
from engage.store.database import Database
from engage.store.delivery.calls import SqlCalls
from engage.store.feedback.guarding import SqlTallies
from engage.store.feedback.postings import SqlPostings
from engage.store.feedback.texting import SqlTexts
from engage.store.people.erasing import SqlPrivacy
from engage.store.people.keeping import SqlKeeping
from engage.store.rows.rows import add_touches
from engage.store.schema.tables import contacts
from engage.templates import check as check_templates
from engage.templates.purposes import PurposeTexts
from engage.web.pages import Pages, Reader
from tests.builders import a_rendered, an_approved, an_intent
from tests.engine import MONDAY, Works
from tests.servers.http import Answer, HttpServer, Request
from tests.servers.imap import ImapServer
from tests.servers.tokens import GIVEN, NO_TOKENS, Generous
from workers.loop import LoopThread
from workers.mailboxes.authorising import AccessTokens
from workers.mailboxes.imap import collect
from workers.office import OnDisk
from workers.simulations import rehearse

ANA: Mapping[str, Any] = {
    "external_id": "ana", "email": "ana@example.com", "phone": "+38640123456", "chat_id": "U012345", "timezone": "Europe/Ljubljana",
    "country": "SI", "locale": "en", "plan": "pro", "birth_date": date(1990, 2, 25), "customer_since": date(2020, 2, 26),
    "renews_at": datetime.fromisoformat("2026-02-27T10:00:00+00:00"),
}
BO: Mapping[str, Any] = {
    **ANA, "external_id": "bo", "email": "bo@example.com", "phone": "+38640123457", "chat_id": "U012346", "plan": "basic",
    "timezone": "America/New_York",
}


class Refused(Exception):
    """The workspace does not pass `engage check`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who is there and what happens: events are hours after the start, type, contact and fields. `unsure`: the first answers get lost."""

    people: tuple[Mapping[str, Any], ...] = (ANA,)
    events: tuple[tuple[float, str, str, Mapping[str, Any]], ...] = ((0, "ticket.closed", "ana", {"ticket_id": "T1", "score": 2}),)
    start: datetime = MONDAY
    days: int = 8
    unsure: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where an observer works: a folder, and a database made empty again for it; only one at a time uses it."""

    empty: bytes
    file: Path
    shared: Database
    root: Path

    def database(self) -> Database:
        """The database, empty, with the same secret for all, so that links and keys are the same; it keeps its compiled statements."""
        self.shared.close()
        for leftover in self.file.parent.glob(f"{self.file.name}-*"):
            leftover.unlink()
        self.file.write_bytes(self.empty)
        return self.shared


Observer = Callable[[Files, World, Stand], str]


def played(files: Files, world: World, stand: Stand) -> str:
    """Every touch but for its version, every message as its provider would get it, and what endpoints are asked."""
    return _in_turn(files, then=None, world=world, stand=stand)


def edited(files: Files, world: World, stand: Stand) -> str:
    """The same, where the campaign's message is another from the second hour on."""
    text = files["campaigns/c.yaml"]
    assert b"send: hello" in text
    return _in_turn(files, then={**files, "campaigns/c.yaml": text.replace(b"send: hello", b"send: bye")}, world=world, stand=stand)


def renamed(files: Files, world: World, stand: Stand) -> str:
    """The same, where the campaign was called `old` until the second hour."""
    lines = [line for line in files["campaigns/c.yaml"].splitlines() if not line.startswith(b"renamed_from:")]
    first = {name: content for name, content in files.items() if name != "campaigns/c.yaml"}
    return _in_turn({**first, "campaigns/old.yaml": b"\n".join(lines)}, then=files, world=world, stand=stand)


def _in_turn(files: Files, *, then: Files | None, world: World, stand: Stand) -> str:
    workspace = accepted(files)
    database = stand.database()
    works = Works(database, workspace, at=world.start)
    works.people.upsert([Person(attributes=attributes) for attributes in world.people], now=world.start)
    if world.unsure:
        for channel in works.channels.values():
            channel.fail(Unconfirmed("gone"), times=1)
    events = [_event(world, *each) for each in world.events]
    if then is not None:
        edit = world.start + timedelta(hours=2)
        works.play(edit, Script(events=[event for event in events if event.at < edit]))
        works.clock.move(edit)
        works.accept(accepted(then))
        events = [event for event in events if event.at >= edit]
    works.play(world.start + timedelta(days=world.days), Script(events=events))
    seen = [_shown({**asdict(touch), "version": None}) for touch in works.touches()]
    seen += [_message(cleared, workspace) for channel in works.channels.values() for cleared in channel.sent]
    seen += [f"{call.endpoint} {call.data}" for call in SqlCalls(database).claim(limit=100, lease=timedelta(hours=1))]
    works.close()
    database.close()
    return "\n".join(seen)


def posted(files: Files, world: World, stand: Stand) -> str:
    """Where a call goes, and how it is signed."""
    clock = datetime(2026, 2, 23, 12, tzinfo=UTC)
    with HttpServer() as server:
        server.answer(Answer(status=400))
        for endpoint in accepted(files).settings.endpoints.values():
            asyncio.run(_ask(replace(endpoint, url=endpoint.url.replace("https://gifts.example.com/", server.url)), clock))
    return "\n".join(f"{request.path} {request.headers['webhook-signature']}" for request in server.requests)


class Taking(HttpServer):
    """Takes whatever is posted."""

    def _usual(self, request: Request) -> Answer:
        return Answer(status=204)

    def _taken(self, request: Request) -> None:
        """Nothing is made of it."""


def told(files: Files, world: World, stand: Stand) -> str:
    """What a webhook is told of a few touches, and how it is signed."""
    workspace, database = accepted(files), stand.database()
    postings = SqlPostings(database, workspace=lambda: workspace)
    postings.begin(list(workspace.settings.webhooks))
    with database.begin() as connection:
        who = {"zone_key": "UTC", "zone_source": "contact", "known_at": world.start, "changed_at": world.start, "attributes": {}}
        connection.execute(contacts.insert().values(id=1, email="ana@example.com", locale="sl", **who))
        add_touches(connection, [
            Touch(at=world.start, contact_id=1, kind=kind, campaign=campaign)
            for kind in (Kind.SENT, Kind.BOUNCED) for campaign in ("c", None)
        ])
    loop = LoopThread()
    with Taking() as server:
        receivers = {
            name: outlet_endpoint(
                replace(outlet, url=outlet.url.replace("https://crm.example.com/", server.url)), now=lambda: world.start,
            )
            for name, outlet in workspace.settings.webhooks.items()
        }
        poster = Poster(postings, outlets=dict, receivers=lambda: receivers, loop=loop, seconds=lambda: 0.0)
        for outlet in workspace.settings.webhooks.values():
            poster.drain(outlet)
            loop.run(receivers[outlet.name].close())
    loop.close()
    database.close()
    seen = ("Content-Type", "webhook-signature")
    return "\n".join(f"{each.path} {[each.headers[name] for name in seen]} {each.body.decode()}" for each in server.requests)


def guarded(files: Files, world: World, stand: Stand) -> str:
    """Which campaigns are stopped after a hundred messages, of which seven bounced and three were complained of."""
    workspace, database = accepted(files), stand.database()
    came_back = {Kind.SENT: range(100), Kind.BOUNCED: range(7), Kind.COMPLAINED: range(7, 10)}
    with database.begin() as connection:
        add_touches(connection, [
            Touch(at=world.start, contact_id=1, kind=kind, campaign="c", delivery_id=each)
            for kind, ids in came_back.items() for each in ids
        ])
    stopped = Guard(SqlTallies(database), workspace=lambda: workspace).look(now=world.start)
    database.close()
    return "\n".join(each.reason for each in stopped)


def kept(files: Files, world: World, stand: Stand) -> str:
    """What is not to be kept any longer, and from when it is."""
    workspace, database = accepted(files), stand.database()
    privacy = SqlPrivacy(database, workspace=lambda: workspace)
    found = SqlKeeping(database, workspace=lambda: workspace, privacy=privacy).outdated(now=world.start)
    database.close()
    return "\n".join(f"{each.kind} before {each.before}" for each in found)


NUMBER = "+38640123456"


def answered(files: Files, world: World, stand: Stand) -> str:
    """What somebody is answered who texts HELP, STOP and START."""
    workspace, database = accepted(files), stand.database()
    texts = Texts(SqlTexts(database, workspace=lambda: workspace), workspace=lambda: workspace)
    said = [texts.take(IncomingText(sender=NUMBER, text=word, at=world.start), now=world.start) for word in ("help", "stop", "start")]
    database.close()
    return "\n".join(str(answer.reply) for answer in said)


def fetched(files: Files, world: World, stand: Stand) -> str:
    """What becomes of two mails in each folder of a mailbox, as a server sees it that knows one password."""
    seen = []
    for mailbox in accepted(files).settings.mailboxes.values():
        with ImapServer(password="b") as server:
            for folder in ("FolderOne", "FolderTwo"):
                server.put(folder, b"ours")
                server.put(folder, b"theirs")
            here = f"{mailbox.url.rpartition(':')[0].replace('//a', '//returns%40news.example')}:{server.port}"
            with suppress(NotThereError):
                collect(replace(mailbox, url=here), b"ours".__eq__, NO_TOKENS)
            seen.append(str(server.folders))
    return "\n".join(seen)


def authorised(files: Files, world: World, stand: Stand) -> str:
    """What a token server is asked for each mailbox, and whether the token that it gives lets in."""
    seen = []
    for mailbox in accepted(files).settings.mailboxes.values():
        network = Generous()
        with ImapServer(b"ours", tokens=[GIVEN]) as server:
            with suppress(NotThereError):
                collect(replace(mailbox, url=server.url_for_tokens), b"ours".__eq__, AccessTokens(network, seconds=lambda: 0.0))
            seen.append(f"{network.asked} {server.folders}")
    return "\n".join(seen)


async def _ask(endpoint: Endpoint, clock: datetime) -> None:
    asked = HttpEndpoint(endpoint, now=lambda: clock)
    with suppress(Rejected):
        await asked.ask({}, key="k")
    await asked.close()


def tested(files: Files, world: World, stand: Stand) -> str:
    """What `engage test` complains of."""
    checked = _checked(files)
    workspace = accepted(files)
    complaints: list[str] = []
    for test in checked.tests:
        people = [Person(attributes=contact.attributes) for contact in test.contacts]
        complaints += judge(test, rehearse(workspace, test, people)).complaints
    return "\n".join(complaints) or "passed"


def acted(files: Files, world: World, stand: Stand) -> str:
    """Every touch of the workspace's tests but for its version: for what takes answers that come back."""
    checked = _checked(files)
    workspace = accepted(files)
    seen: list[str] = []
    for test in checked.tests:
        people = [Person(attributes=contact.attributes) for contact in test.contacts]
        seen += [_shown({**asdict(line.touch), "version": None}) for line in rehearse(workspace, test, people).lines]
    return "\n".join(seen)


def opened(files: Files, world: World, stand: Stand) -> str:
    """Which files a command leaves in the folder."""
    with OnDisk(_written(files, stand.root), {}).engaged():
        pass
    return "\n".join(sorted(str(path.relative_to(stand.root)) for path in stand.root.rglob("*") if path.is_file()))


def diagnosed(files: Files, world: World, stand: Stand) -> str:
    """What `engage doctor` finds of the broker."""
    findings = OnDisk(_written(files, stand.root), {}).diagnose()
    return "\n".join(str(finding["found"]) for finding in findings if finding["what"] == "broker")


def paced(files: Files, world: World, stand: Stand) -> str:
    """By which way slices of a crowd's mail go on four days running, how many, and how soon."""
    settings, traffic = accepted(files).settings, Traffic(lambda: 0.0)
    crowd = [a_rendered(approved=an_approved(intent=an_intent(id=number))) for number in range(600)]
    channels = [channel for channel in settings.channels.values() if channel.name in ("own", "email")]
    days = (world.start + timedelta(days=day) for day in (0, 0, 0, 1, 2, 3))
    slices = (traffic.leave(crowd, channel, settings, now=day) for day in days for channel in channels)
    told = [(each.way.key, each.way.sender, len(each.messages), each.wait, len(each.back), len(each.rest)) for each in slices if each]
    return "\n".join(map(str, told))


def visited(files: Files, world: World, stand: Stand) -> str:
    """What somebody finds who follows a link: the page, and what they would agree to."""
    workspace = accepted(files)
    settings, texts = workspace.settings, PurposeTexts(workspace)
    purpose = settings.purposes["care"]
    company = purpose.company or settings.company
    names = {"purpose": purpose.title, "channel": ChannelKind.EMAIL.value}
    page = Pages().subscription(Reader(locale="en", company=company), names, subscribed=True, preferences="")
    return f"{page} {texts.wording(purpose, None)}"


def warned(files: Files, world: World, stand: Stand) -> str:
    """What falls short of laws."""
    workspace = accepted(files)
    return "\n".join(map(str, shortfalls(workspace.settings, rules=laws(), countries=countries_named(workspace))))


def accepted(files: Files) -> Workspace:
    """The workspace, where all that `engage check` asks is content. Raises Refused."""
    checked = _checked(files)
    workspace = checked.workspace
    problems = [*checked.problems, *(check_templates(workspace) if workspace is not None else ())]
    if problems or workspace is None:
        raise Refused("\n".join(map(str, problems)))
    try:
        load_channels(workspace.settings)
    except EngageError as error:
        raise Refused(str(error)) from error
    return workspace


def _checked(files: Files) -> Checked:
    return check(files, {})


def _written(files: Files, root: Path) -> Path:
    accepted(files)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def _event(world: World, hours: float, type_: str, contact: str, data: Mapping[str, Any]) -> Event:
    at = world.start + timedelta(hours=hours)
    return Event(id=f"{type_}-{hours}", type=type_, at=at, data=data, contact_ref=contact)


def _message(cleared: Cleared, workspace: Workspace) -> str:
    approved = cleared.rendered.approved
    if approved.kind is not ChannelKind.EMAIL:
        return f"{approved.channel} {approved.address} {cleared.rendered.content}"
    settings = workspace.settings
    head = Letterhead(sender=settings.channels[approved.channel].sender, purposes=settings.purposes)
    return compose(cleared, head, now=MONDAY).content.decode()


def _shown(fields: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items() if value not in (None, {}, ""))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One key. The file says `one`, then `other`; nothing else differs. `refused`: the other is one that `engage check` refuses."""

    file: str
    text: str
    one: str
    other: str
    more: Mapping[str, str] = field(default_factory=dict)
    world: World = field(default_factory=World)
    see: Observer = played
    refused: bool = False

    def files(self, base: Mapping[str, str], *, changed: bool) -> Files:
        """The workspace as it is, or with the change."""
        assert self.text.count(self.one) == 1, f"`{self.one}` stands {self.text.count(self.one)} times in {self.file}"
        text = self.text.replace(self.one, self.other) if changed else self.text
        return {name: content.encode() for name, content in {**base, **self.more, self.file: text}.items()}
