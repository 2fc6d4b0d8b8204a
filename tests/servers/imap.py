"""A mailbox server on loopback that knows as much of IMAP (RFC 3501, 4315, 6851) as fetching and moving mail asks for."""

from __future__ import annotations

import re
import socketserver
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Sequence
from threading import Thread
from typing import Any, final

GMAIL = b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}').decode()
"""What Gmail says of a token that it does not take."""

HANGS_UP = ""
"""In place of an end: the line is closed."""

_FETCH = re.compile(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)")
_TO = re.compile(r'UID (MOVE|COPY) (\d+) "([^"]+)"')


@final
class ImapServer:
    """Folders of mails by their uids. `gone_after` breaks the line after so many moves.

    Its extensions are told to whom it has let in, as Gmail does it. `tokens` are the access tokens that it takes; `refuses` is what it says
    of any other: the base64 of its challenge, and the end of the command.
    """

    def __init__(
        self, *mails: bytes, extensions: Sequence[str] = ("MOVE", "UIDPLUS"), password: str = "secret", tokens: Collection[str] = (),
    ) -> None:
        self.folders: dict[str, dict[int, bytes]] = {"INBOX": {}}
        self.deleted: set[int] = set()
        self.extensions = extensions
        self.password = password
        self.tokens = set(tokens)
        self.refuses = GMAIL, "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"
        self.shown: list[str] = []
        self.gone_after: int | None = None
        self.moves = 0
        self.selected = "INBOX"
        self._next = 1
        for mail in mails:
            self.put("INBOX", mail)

    def put(self, folder: str, mail: bytes) -> None:
        """Let a mail come in."""
        self.folders.setdefault(folder, {})[self._next] = mail
        self._next += 1

    def __enter__(self) -> ImapServer:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                server._serve(self)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._tcp.daemon_threads = True
        Thread(target=self._tcp.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._tcp.shutdown()
        self._tcp.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._tcp.server_address[1])

    @property
    def url(self) -> str:
        """Where it is, with the one password that it takes."""
        return f"imap://returns%40news.example:{self.password}@127.0.0.1:{self.port}"

    @property
    def url_for_tokens(self) -> str:
        """Where it is, for whom a token lets in."""
        return self.url.replace(f":{self.password}@", "@")

    def _serve(self, line: Any) -> None:
        line.wfile.write(b"* OK ready\r\n")
        inside = False
        while raw := line.rfile.readline():
            tag, _, command = raw.decode().strip().partition(" ")
            if self.gone_after is not None and self.moves >= self.gone_after:
                return
            word = command.split()[0].upper()
            said, given = self._authenticate(line) if word == "AUTHENTICATE" else self._answer(command, inside=inside)
            if said == HANGS_UP:
                return
            inside = inside or (said == "OK" and word in ("AUTHENTICATE", "LOGIN"))
            line.wfile.write(b"".join(given) + f"{tag} {said} done\r\n".encode())

    def _authenticate(self, line: Any) -> tuple[str, list[bytes]]:
        """SASL XOAUTH2, without an initial response (RFC 4959)."""
        line.wfile.write(b"+ \r\n")
        shown = b64decode(line.rfile.readline()).decode()
        self.shown.append(shown)
        if shown in {f"user=returns@news.example\x01auth=Bearer {token}\x01\x01" for token in self.tokens}:
            return "OK", []
        challenge, end = self.refuses
        line.wfile.write(f"+ {challenge}\r\n".encode())
        return (end if line.rfile.readline() == b"\r\n" else "BAD no empty answer came"), []

    def _answer(self, command: str, *, inside: bool) -> tuple[str, list[bytes]]:
        word = command.split()[0].upper()
        if word == "CAPABILITY":
            told = self.extensions if inside else ["AUTH=XOAUTH2"] if self.tokens else []
            return "OK", [f"* CAPABILITY IMAP4rev1 {' '.join(told)}\r\n".encode()]
        if word == "LOGIN":
            right = command.split()[1:] in ([who, f'"{self.password}"'] for who in ("returns@news.example", '"returns@news.example"'))
            return ("OK" if right else "NO [AUTHENTICATIONFAILED] returns@news.example may not"), []
        if word == "CREATE":
            name = command.split('"')[1]
            there = name in self.folders
            self.folders.setdefault(name, {})
            return ("NO [ALREADYEXISTS] there" if there else "OK"), []
        if word in ("SELECT", "EXAMINE"):
            self.selected = command.split('"')[1]
            known = self.selected in self.folders
            return ("OK" if known else "NO no such folder"), [b"* 1 EXISTS\r\n"] if known else []
        if word == "UID":
            return "OK", list(self._uid(command))
        return "OK", [b"* BYE\r\n"] if word == "LOGOUT" else []

    def _uid(self, command: str) -> Iterator[bytes]:
        inbox = self.folders[self.selected]
        if "SEARCH" in command:
            yield f"* SEARCH {' '.join(str(uid) for uid in inbox if uid not in self.deleted)}\r\n".encode()
        elif fetched := _FETCH.match(command):
            mail = inbox.get(int(fetched[1]))
            if mail is not None:
                cut = mail[: int(fetched[2])]
                yield f"* 1 FETCH (UID {fetched[1]} BODY[]<0> {{{len(cut)}}}\r\n".encode() + cut + b")\r\n"
        elif put := _TO.match(command):
            self.moves += 1
            uid = int(put[2])
            if uid in inbox:
                self.folders[put[3]][self._next] = inbox[uid]
                self._next += 1
                if put[1] == "MOVE":
                    del inbox[uid]
        elif "STORE" in command:
            self.deleted.add(int(command.split()[2]))
        elif "EXPUNGE" in command:
            inbox.pop(int(command.split()[2]), None)
