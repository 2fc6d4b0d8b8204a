"""A mailbox of engage.yaml -> Mailbox."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.model.errors import Problem
from engage.model.web_addresses import may_be_asked
from engage.model.workspace import Mailbox, OAuth2
from engage.rules.schema.mailboxes import MailboxSection, OAuth2Section
from engage.rules.tree import Scalar

_USER = r"[^\s/@:]+(?P<password>:[^\s/@]+)?"
_URL = re.compile(
    rf"imaps://{_USER}@[A-Za-z0-9.\[\]:-]+/?|imap://{_USER.replace('password', 'open')}@(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?/?"
)
"""A password goes over an unprotected line to this machine only."""

_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
"""Signs that would end what they stand in, percent-encoded."""

_FOLDER = re.compile(r"[ -~]{1,200}")


def read_mailbox(name: Scalar, written: MailboxSection, problems: list[Problem]) -> Mailbox:
    """The mailbox; what is wrong is added to `problems`."""
    problems.extend(_wrong_with_entry(written))
    problems.extend(
        Problem(place=folder.place, what=f"`{folder.written}` is not the name of a folder: plain letters without quotes")
        for folder in (written.folder, written.done, written.other)
        if folder is not None and (not _FOLDER.fullmatch(folder) or '"' in folder or "\\" in folder)
    )
    defaults = Mailbox(name=str(name), url=str(written.url), place=name.place)
    return Mailbox(
        name=defaults.name, url=defaults.url, place=defaults.place, folder=str(written.folder or defaults.folder),
        done=str(written.done or defaults.done), other=str(written.other or defaults.other),
        oauth2=_oauth2(written.oauth2) if written.oauth2 is not None else None,
    )


def _wrong_with_entry(written: MailboxSection) -> Iterator[Problem]:
    """What is wrong with where it is, and with how it lets in."""
    found = _URL.fullmatch(written.url)
    if found is None or _CONTROL.search(written.url):
        what = "not where a mailbox can be; write it like imaps://user:password@imap.example.com (imap:// only to this machine itself)"
        yield Problem(place=written.url.place, what=f"`url` is {what}; what stands between the signs is percent-encoded")
    elif written.oauth2 is None and not (found["password"] or found["open"]):
        what = "`url` has no password, and there is no `oauth2`: write imaps://user:password@…, or say under `oauth2` how a token is had"
        yield Problem(place=written.url.place, what=what)
    elif written.oauth2 is not None and (found["password"] or found["open"]):
        what = "`url` has a password, and there is `oauth2`: one of them lets in; with `oauth2` the url is imaps://user@…"
        yield Problem(place=written.place_of("oauth2"), what=what)
    if written.oauth2 is not None and not may_be_asked(written.oauth2.token_url):
        token_url = written.oauth2.token_url
        what = "is not where tokens can be had; write it like https://login.example.com/token (http:// only to this machine itself)"
        yield Problem(place=token_url.place, what=f"`{token_url.written}` {what}")


def _oauth2(written: OAuth2Section) -> OAuth2:
    given = {key: value for key in written.keys() if (value := getattr(written, key)) is not None}  # noqa: SIM118 - a section's, not a map's
    return OAuth2(**{key: str(value) for key, value in given.items()})
