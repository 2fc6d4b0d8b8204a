"""`mailboxes` of engage.yaml: where they are, and how what is wrong is told."""

from __future__ import annotations

import pytest

from engage.model.errors import InputError
from engage.model.workspace import Mailbox
from engage.settings import load_settings
from tests.small import SETTINGS

URL = "imaps://returns%40a.example:secret@imap.a.example"


def load(written: str) -> Mailbox:
    return load_settings({"engage.yaml": f"{SETTINGS}mailboxes: {{returns: {{{written}}}}}\n".encode()}, {}).mailboxes["returns"]


def test_what_is_not_said_has_its_default_and_the_url_is_never_shown() -> None:
    mailbox = load(f'url: "{URL}"')
    assert (mailbox.url, mailbox.folder, mailbox.done, mailbox.other) == (URL, "INBOX", "Engage", "Engage-Other")
    assert "secret" not in repr(mailbox)


@pytest.mark.parametrize(("written", "expected"), [
    ('url: "imap://a:b@imap.a.example"', "`url` is not where a mailbox can be"),
    ('url: "https://a:b@imap.a.example"', "`url` is not where"),
    ('url: "imaps://imap.a.example"', "`url` is not where"), (f'url: "{URL}", done: INBOX', "`done` must be another folder than `folder`"),
    (f'url: "{URL}", other: \'a"b\'', "is not the name of a folder"),
    (f'url: "{URL}", every: 1m', "unknown key `every`"), ("folder: INBOX", "`url` is missing"),
])  # fmt: skip
def test_what_is_wrong_is_told_without_the_password(written: str, expected: str) -> None:
    with pytest.raises(InputError) as told:
        load(written)
    assert expected in str(told.value.problems[0])
    assert "secret" not in str(told.value.problems[0])
