"""Email by SMTP (RFC 5321): `Cleared` becomes a mail and goes to the server of `url` by a kept connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Literal, cast, final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from engage.channels.adapter import Answered, InHand, unnoted
from engage.channels.clock import Now, machine_now
from engage.channels.dkim import Signer, read_key
from engage.channels.mailbox import one_address, one_mailbox
from engage.channels.mime import PLACE, Letterhead, Mail, compose
from engage.channels.options import Options
from engage.channels.services import NONE, SERVICES, Service, service_at
from engage.channels.smtp_line import Errand
from engage.channels.smtp_opening import Server, connect, is_loopback
from engage.channels.smtp_pool import SmtpPool
from engage.channels.smtp_wire import goodbye
from engage.channels.wording import without_addresses
from engage.model.contact import ChannelKind
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import SendError, nearest
from engage.model.workspace import Channel, Settings

LONGEST_NAME = f"d{2**63 - 1}.{'0' * 20}"
"""The longest that stands for {id}: a local part has 64 octets (RFC 5321)."""

LOOK_EVERY = 0.5
"""Seconds after which those in line are asked whether they are in time still."""

_PORTS = {"smtp": 587, "smtps": 465}
_STARTTLS = ("required", "opportunistic", "never")
_HOST = re.compile(r"[A-Za-z0-9:](?:[A-Za-z0-9._:%-]{0,252})")
_HELO = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[A-Za-z0-9.:]+\]")
_DNS_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*")
_QUEUED_AS = re.compile(r"(?:queued as|queued mail for delivery|id=|\bOk(?= [0-9a-f]{16}-))\s*<?([A-Za-z0-9._-]+)", re.IGNORECASE)


@final
class SmtpChannel:
    """The adapter `smtp`."""

    KIND: ClassVar[ChannelKind | None] = ChannelKind.EMAIL
    IDEMPOTENT: ClassVar[bool] = False
    OPTIONS: ClassVar[Mapping[str, str]] = {
        "url": "smtp://user:password@host:port (port 587 by default), or smtps:// for TLS from the start (465); "
               "`?starttls=required|opportunistic|never` (opportunistic on this machine itself, else required).",
        "connections": "How many connections a process keeps at most; 8 by default.",
        "timeout": "How long to wait for the server at each step; 60s by default.",
        "final_timeout": "How long to wait for the reply to the whole content; 10m by default (RFC 5321).",
        "return_path": "Where bounces go: `bounces+{id}@example.com`, {id} being the delivery's signed name; the sender by default.",
        "reply_to": "Where answers go unless the template says so, {id} allowed; the sender by default.",
        "unsubscribe_mailto": "The address in List-Unsubscribe for those who unsubscribe by mail, {id} allowed; the sender by default.",
        "dkim_key": "Signs every mail (RFC 6376): the file of a private key in PEM, or its text; RSA or Ed25519. Needs `dkim_selector`.",
        "dkim_selector": "Under which name the public half stands in the DNS: `<selector>._domainkey.<domain>`.",
        "dkim_domain": "For which domain it signs; the sender's by default.",
        "service": "Whose server it is: ses, sendgrid, mailgun, postmark, brevo or none; by default as its name says. "
                   "It gets the header by which the service's reports are known to be of our mails.",
        "helo": "The name by which this machine greets the server; its own by default.",
        "ca_file": "A PEM file with the certificates of a private authority.",
    }

    def __init__(self, channel: Channel, settings: Settings, *, now: Now = machine_now) -> None:
        options = Options(channel, self.OPTIONS)
        self._server = _server(options)
        self._letterhead = _letterhead(options, channel, settings, host=self._server.host)
        self._urgent = frozenset(name for name, purpose in settings.purposes.items() if purpose.queue == "transactional")
        size = options.whole_number("connections", default=8)
        options.done()
        self._pool = SmtpPool(self._server, size=size)
        self._now = now

    @property
    def handed_over(self) -> Callable[[], None]:
        """Called each time a content and its dot were written and not answered yet."""
        return self._pool.handed_over

    @handed_over.setter
    def handed_over(self, called: Callable[[], None]) -> None:
        self._pool.handed_over = called

    async def send(self, cleared: Cleared) -> Receipt:
        """Hand the mail over. Raises Rejected, Unavailable or Unconfirmed."""
        mail = self._compose(cleared)
        return _receipt(mail, await self._pool.deliver(mail))

    async def send_many(
        self, messages: Sequence[Cleared], answered: Answered, *, in_time: Callable[[], bool], in_hand: InHand = unnoted,
    ) -> None:
        """Hand them over by all connections that are allowed, each laid out when its turn has come; returns when all are answered."""
        all_answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        left = len(messages)

        def told(cleared: Cleared, mail: Mail | None, answer: str | SendError) -> None:
            nonlocal left
            answered(cleared, _receipt(mail, answer) if isinstance(answer, str) else answer)
            left -= 1
            if not left and not all_answered.done():  # nobody waits for what goes on although it was cancelled
                all_answered.set_result(None)

        def laid_out(cleared: Cleared) -> Mail:
            in_hand(cleared.intent.id)
            mail = self._compose(cleared)
            in_hand(0)
            return mail

        self._pool.begin(
            Errand(
                compose=partial(laid_out, cleared), told=partial(told, cleared), in_time=in_time,
                urgent=cleared.intent.purpose in self._urgent,
            )
            for cleared in messages
        )
        while messages and not all_answered.done():
            await asyncio.wait([all_answered], timeout=LOOK_EVERY)
            self._pool.look_at_the_clock()

    def _compose(self, cleared: Cleared) -> Mail:
        return compose(cleared, self._letterhead, now=self._now())

    async def check(self) -> tuple[str, ...]:
        """Connect, secure and log in. What is wrong, a sentence each."""
        try:
            connection = await connect(self._server)
        except SendError as error:
            return (error.detail,)
        await goodbye(connection.wire)
        return ()

    async def close(self) -> None:
        """Say goodbye on all kept connections."""
        await self._pool.close()


def _receipt(mail: Mail | None, reply: str) -> Receipt:
    lowered = reply.lower()
    queued = _QUEUED_AS.search(reply) if "queued" in lowered or "id=" in lowered else None
    addresses = (mail.recipient, mail.sender) if mail is not None else ()
    return Receipt(provider_id=queued[1] if queued else None, detail={"reply": without_addresses(reply, *addresses)})


def _server(options: Options) -> Server:
    timeout, final_timeout = options.seconds("timeout", default=60), options.seconds("final_timeout", default=600)
    url = options.required("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    host, helo = parts.hostname or "", options.text("helo")
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or parts.path not in ("", "/") or parts.fragment:
        if url:
            options.refuse("'url' must be smtp://host:port or smtps://host:port")
        return Server(host="", port=0, tls=False, starttls="never")
    if helo is not None and not _HELO.fullmatch(helo):
        options.refuse("'helo' must be a domain or an address in brackets")
    return Server(
        host=host, port=port or _PORTS[parts.scheme], tls=parts.scheme == "smtps", starttls=_starttls(parts, options),
        username=unquote(parts.username) if parts.username else None, password=unquote(parts.password) if parts.password else None,
        helo=helo or ("localhost" if is_loopback(host) else None),  # else its full name, which may ask the DNS
        ca_file=options.text("ca_file"), timeout=timeout, final_timeout=final_timeout,
    )


def _starttls(parts: SplitResult, options: Options) -> Literal["required", "opportunistic", "never"]:
    """What the URL says of STARTTLS. A password goes over an unprotected line to this machine only."""
    query, local = dict(parse_qsl(parts.query, keep_blank_values=True)), is_loopback(parts.hostname or "")
    for name in query:
        if name != "starttls":
            options.refuse(f"'url' knows no {name!r}", suggestion="starttls")
    written = query.get("starttls", "opportunistic" if local else "required")
    if written not in _STARTTLS:
        options.refuse(f"'starttls' must be one of {', '.join(_STARTTLS)}", suggestion=nearest(written, _STARTTLS))
    if parts.scheme == "smtps" and "starttls" in query:
        options.refuse("'starttls' has no effect on smtps://, which is TLS from the start")
    if parts.scheme == "smtp" and parts.username and written != "required" and not local:
        options.refuse("a password may go over the network by smtps:// or starttls=required only")
    return cast('Literal["required", "opportunistic", "never"]', written)


def _letterhead(options: Options, channel: Channel, settings: Settings, *, host: str) -> Letterhead:
    if channel.sender is None and (not settings.purposes or any(purpose.sender is None for purpose in settings.purposes.values())):
        options.refuse(f"the channel {channel.name} needs `from`: who the mail is from")
    for where, sender in [("from", channel.sender), *((f"purposes.{name}.from", one.sender) for name, one in settings.purposes.items())]:
        if sender is not None and not _valid(one_mailbox, sender):
            options.refuse(f"`{where}` must be `Name <address>` or an address")
    for name in ("return_path", "unsubscribe_mailto", "reply_to"):
        value = options.text(name)
        if value is not None and not _valid(one_mailbox if name == "reply_to" else one_address, value.replace(PLACE, LONGEST_NAME)):
            options.refuse(f"{name!r} must be one email address")
    return Letterhead(
        sender=channel.sender, purposes=settings.purposes, return_path=options.text("return_path"), reply_to=options.text("reply_to"),
        unsubscribe_mailto=options.text("unsubscribe_mailto"), signer=_signer(options), service=_service(options, host),
    )


def _service(options: Options, host: str) -> Service | None:
    named = options.text("service")
    if named is None:
        return service_at(host)
    known = (*SERVICES, NONE)
    if named not in known:
        options.refuse(f"'service' must be one of {', '.join(known)}", suggestion=nearest(named, known))
    return SERVICES.get(named)


def _signer(options: Options) -> Signer | None:
    written, selector, domain = (options.text(name) for name in ("dkim_key", "dkim_selector", "dkim_domain"))
    if written is None:
        for name, value in (("dkim_selector", selector), ("dkim_domain", domain)):
            if value is not None:
                options.refuse(f"{name!r} has no effect without 'dkim_key'")
        return None
    for name, value in (("dkim_selector", selector or ""), ("dkim_domain", domain or "example.com")):
        if not _DNS_NAME.fullmatch(value):
            options.refuse(f"{name!r} must be a name of the DNS")
    try:
        return Signer(selector=selector or "", domain=domain, key=read_key(written))
    except ValueError as error:
        options.refuse(f"'dkim_key' {error}")
        return None


def _valid(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
