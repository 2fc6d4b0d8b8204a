"""A mailbox by IMAP (RFC 3501, 6851): every mail of a folder is taken, then moved to where it is out of the way.

A password lets in, or an access token (SASL XOAUTH2, as Google and Microsoft describe it); one that is refused is fetched anew, once.

What is taken is committed before it is moved, and a mail may be taken twice: whoever dies in between, or looks at the same time, does no
harm. Nothing is deleted, and one mail that cannot be taken stops no other.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import final
from urllib.parse import unquote, urlsplit

import structlog

from engage.feedback.mime import LONGEST
from engage.model.errors import NotThereError
from engage.model.places import places_of
from engage.model.workspace import Mailbox, OAuth2
from workers.mailboxes.authorising import AccessToken, Tokens
from workers.mailboxes.xoauth2 import TokenRefused, authenticate

TIMEOUT = 30.0
"""Seconds for each answer of the server."""

MOST = 500
"""Mails of one look; the next one takes up where this one ended."""

Take = Callable[[bytes], bool]
"""Takes one mail, committed when it returns; whether it was about a message of ours."""

Enter = Callable[[imaplib.IMAP4, str, str], None]
"""Enters as this user, with the password of the url."""

_UNREACHABLE = (OSError, imaplib.IMAP4.error, EOFError)

log = structlog.get_logger(__name__)


def collect(mailbox: Mailbox, take: Take, tokens: Tokens) -> int:
    """Take what lies in the mailbox; how many were moved. Raises NotThereError where it cannot be looked into."""
    moved = 0
    try:
        with _opened(mailbox, tokens) as server:
            folder = _Folder(server, mailbox)
            for uid in folder.uids()[:MOST]:
                moved += _take_one(folder, uid, take)
    except (*_UNREACHABLE, NotThereError) as error:
        raise NotThereError(f"the mailbox {mailbox.name} cannot be looked into: {_plain(error)}") from error
    return moved


def look(mailbox: Mailbox, tokens: Tokens) -> int:
    """How many mails wait there. Nothing is taken. Raises NotThereError."""
    try:
        with _opened(mailbox, tokens) as server:
            return len(_Folder(server, mailbox, make=False).uids())
    except (*_UNREACHABLE, NotThereError) as error:
        raise NotThereError(f"the mailbox {mailbox.name} cannot be looked into: {_plain(error)}") from error


def _take_one(folder: _Folder, uid: bytes, take: Take) -> int:
    raw = folder.read(uid)
    if raw is None:  # somebody else moved it meanwhile
        return 0
    try:
        ours = take(raw)
    except Exception as error:  # noqa: BLE001  # one mail, or a database that is away for a moment, must not keep the others from being taken
        log.error("mail.failed", mailbox=folder.name, error=type(error).__name__, at=places_of(error))
        return 0
    folder.move(uid, ours=ours)
    return 1


@contextmanager
def _opened(mailbox: Mailbox, tokens: Tokens) -> Iterator[imaplib.IMAP4]:
    server = _entered_by_token(mailbox, mailbox.oauth2, tokens) if mailbox.oauth2 is not None else _entered(mailbox, _log_in)
    try:
        yield server
    finally:
        _leave(server)


def _entered_by_token(mailbox: Mailbox, oauth2: OAuth2, tokens: Tokens) -> imaplib.IMAP4:
    """Let in by the kept token or, where that is refused, by a new one. Raises NotThereError besides what the library raises."""
    token = tokens.token(oauth2)
    try:
        return _entered(mailbox, _shows(token))
    except TokenRefused as error:
        tokens.forget(oauth2)
        if not token.kept:
            raise
        log.info("mailbox.token_refused", mailbox=mailbox.name, why=_plain(error))
    try:
        return _entered(mailbox, _shows(tokens.token(oauth2)))
    except TokenRefused:
        tokens.forget(oauth2)
        raise


def _entered(mailbox: Mailbox, enter: Enter) -> imaplib.IMAP4:
    parts = urlsplit(mailbox.url)
    host = parts.hostname or ""
    if parts.scheme == "imaps":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
    else:
        server = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)
    try:
        enter(server, unquote(parts.username or ""), unquote(parts.password or ""))
        _learn_capabilities(server)
    except BaseException:
        _leave(server)
        raise
    return server


def _log_in(server: imaplib.IMAP4, user: str, password: str) -> None:
    server.login(user, password)


def _shows(token: AccessToken) -> Enter:
    return lambda server, user, _: authenticate(server, user, token.text)


def _learn_capabilities(server: imaplib.IMAP4) -> None:
    """Ask again what it can do: to whom they have let in, Gmail and others say more (RFC 3501, section 6.1.1)."""
    said = _ok(server.capability())[-1]
    if isinstance(said, bytes):
        server.capabilities = tuple(said.decode("ascii", "replace").upper().split())


def _leave(server: imaplib.IMAP4) -> None:
    with suppress(*_UNREACHABLE):
        server.logout()


@final
class _Folder:
    """The folder of a mailbox, selected."""

    def __init__(self, server: imaplib.IMAP4, mailbox: Mailbox, *, make: bool = True) -> None:
        self._server = server
        self._mailbox = mailbox
        if make:
            for name in (mailbox.done, mailbox.other):
                server.create(_quoted(name))  # the server says no where it is there already
        _ok(server.select(_quoted(mailbox.folder), readonly=not make))

    @property
    def name(self) -> str:
        """What settings call it."""
        return self._mailbox.name

    def uids(self) -> list[bytes]:
        """Every mail that lies in it, the oldest first."""
        found = _ok(self._server.uid("SEARCH", "UNDELETED"))
        return found[0].split() if found and isinstance(found[0], bytes) else []

    def read(self, uid: bytes) -> bytes | None:
        """The beginning of a mail, as long as anybody looks at it; None where it is gone."""
        found = _ok(self._server.uid("FETCH", uid.decode("ascii"), f"(BODY.PEEK[]<0.{LONGEST}>)"))
        return next((part[1] for part in found if isinstance(part, tuple) and isinstance(part[1], bytes)), None)

    def move(self, uid: bytes, *, ours: bool) -> None:
        """Put it out of the way. Where the server cannot move, it is copied and marked as deleted, which leaves it out of the next look."""
        to, which = _quoted(self._mailbox.done if ours else self._mailbox.other), uid.decode("ascii")
        if "MOVE" in self._server.capabilities:
            _ok(self._server.uid("MOVE", which, to))
            return
        _ok(self._server.uid("COPY", which, to))
        _ok(self._server.uid("STORE", which, "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self._server.capabilities:
            _ok(self._server.uid("EXPUNGE", which))


def _ok(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    """What the server gave. Raises imaplib.IMAP4.error where it said no."""
    status, given = answer
    if status != "OK":
        raise imaplib.IMAP4.error(str(given[:1]))
    return given


def _quoted(name: str) -> str:
    return f'"{name}"'


def _plain(error: BaseException) -> str:
    """What went wrong, without what a server may quote of us."""
    return re.sub(r"\S+@\S+", "…", str(error).strip("[]b'\""))[:300] or type(error).__name__
