"""`mailboxes` of engage.yaml: where they are, and how what is wrong is told."""

from __future__ import annotations

import pytest

from engage.model.errors import InputError
from engage.model.workspace import Mailbox, OAuth2
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


BY_TOKEN = 'url: "imaps://returns%40a.example@imap.a.example"'
CLIENT = "token_url: https://login.a.example/token, client_id: engage"
ALLOWED = f"{CLIENT}, client_secret: hush, refresh_token: refresh-me"


def test_a_token_lets_in_by_a_refresh_token_or_by_the_client_itself() -> None:
    url = "https://login.a.example/token"
    by_refresh = load(f"{BY_TOKEN}, oauth2: {{{ALLOWED}}}")
    assert by_refresh.oauth2 == OAuth2(token_url=url, client_id="engage", client_secret="hush", refresh_token="refresh-me")
    assert not [secret for secret in ("hush", "refresh-me") if secret in repr(by_refresh)]
    by_client = load(f"{BY_TOKEN}, oauth2: {{{CLIENT}, client_secret: hush, scope: all}}").oauth2
    assert by_client == OAuth2(token_url=url, client_id="engage", client_secret="hush", scope="all")
    assert load(f"{BY_TOKEN}, oauth2: {{{CLIENT}, refresh_token: public}}").oauth2 is not None


@pytest.mark.parametrize(("written", "expected"), [
    (f'url: "{URL}", oauth2: {{{ALLOWED}}}', "`url` has a password, and there is `oauth2`"),
    (BY_TOKEN, "`url` has no password, and there is no `oauth2`"),
    (f"{BY_TOKEN}, oauth2: {{{CLIENT}, client_secret: hush}}", "`scope` is missing: where there is no `refresh_token`"),
    (f"{BY_TOKEN}, oauth2: {{{CLIENT}, scope: all}}", "`client_secret` is missing: where there is no `refresh_token`"),
    (f"{BY_TOKEN}, oauth2: {{client_id: engage, refresh_token: hush}}", "`token_url` is missing"),
    (f"{BY_TOKEN}, oauth2: {{token_url: https://login.a.example, refresh_token: hush}}", "`client_id` is missing"),
    (f"{BY_TOKEN}, oauth2: {{{ALLOWED}, tenant: a}}", "unknown key `tenant`"),
    (f'{BY_TOKEN}, oauth2: {{{CLIENT}, client_secret: "${{HUSH}}", scope: all}}', "the environment has no `HUSH`"),
    ('url: "imaps://a%0D%0Ab:hush@imap.a.example"', "`url` is not where a mailbox can be"),
    *((f"{BY_TOKEN}, oauth2: {{token_url: \"{url}\", client_id: a, refresh_token: hush}}", "is not where tokens can be had") for url in (
        "http://login.a.example/token", "https://10.0.0.1/token", "https://[::ffff:10.0.0.1]/", "https://a@login.a.example/", "ftp://login.a.example",
    )),
])  # fmt: skip
def test_what_is_wrong_with_a_token_is_told_without_secrets(written: str, expected: str) -> None:
    with pytest.raises(InputError) as told:
        load(written)
    assert expected in str(told.value.problems[0])
    assert not [secret for secret in ("hush", "refresh-me", "secret@") if secret in str(told.value.problems[0])]
