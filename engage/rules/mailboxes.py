"""A mailbox of engage.yaml -> Mailbox."""

from __future__ import annotations

import re

from engage.model.errors import Problem
from engage.model.workspace import Mailbox
from engage.rules.schema.mailboxes import MailboxSection
from engage.rules.tree import Scalar

_URL = re.compile(
    r"imaps://[^\s/@:]+:[^\s/@]+@[A-Za-z0-9.\[\]:-]+/?|imap://[^\s/@:]+:[^\s/@]+@(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?/?"
)
"""A password goes over an unprotected line to this machine only."""

_FOLDER = re.compile(r"[ -~]{1,200}")


def read_mailbox(name: Scalar, written: MailboxSection, problems: list[Problem]) -> Mailbox:
    """The mailbox; what is wrong is added to `problems`."""
    if not _URL.fullmatch(written.url):
        what = "not where a mailbox can be; write it like imaps://user:password@imap.example.com (imap:// only to this machine itself)"
        problems.append(Problem(place=written.url.place, what=f"`url` is {what}; what stands between the signs is percent-encoded"))
    problems.extend(
        Problem(place=folder.place, what=f"`{folder.written}` is not the name of a folder: plain letters without quotes")
        for folder in (written.folder, written.done, written.other)
        if folder is not None and (not _FOLDER.fullmatch(folder) or '"' in folder or "\\" in folder)
    )
    defaults = Mailbox(name=str(name), url=str(written.url), place=name.place)
    return Mailbox(
        name=defaults.name, url=defaults.url, place=defaults.place, folder=str(written.folder or defaults.folder),
        done=str(written.done or defaults.done), other=str(written.other or defaults.other),
    )
