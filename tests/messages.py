"""Renders templates given as texts: a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import Any

from engage.model.contact import ChannelKind
from engage.model.content import ChatContent, EmailContent, SmsContent
from engage.model.delivery import Rendered
from engage.model.workspace import Workspace
from engage.templates import Templates, check
from tests.builders import NOON, a_campaign, a_contact, a_workspace, an_approved, an_intent

FOOTER = '<a href="{{ message.unsubscribe_url }}">Unsubscribe</a>'


def a_written_workspace(files: dict[str, str], *campaigns: Any, **changes: Any) -> Workspace:
    """A workspace of these files (paths below the root), with the birthday campaign where no other is given."""
    written = {path: dedent(text).lstrip("\n").encode() for path, text in files.items()}
    return a_workspace(*(campaigns or (a_campaign(),)), files=written, **changes)


def rendered(files: dict[str, str], *, kind: ChannelKind = ChannelKind.EMAIL, channel: str | None = None, **changes: Any) -> Rendered:
    """The birthday message for Ana; `contact`, `trigger`, `values`, `lookup`, `workspace` may be given."""
    intent = an_intent(trigger=changes.pop("trigger", {"years": 3}), values=changes.pop("values", {}), to=changes.pop("to", None))
    contact = changes.pop("contact", a_contact())
    lookup = changes.pop("lookup", None)
    workspace = a_written_workspace(files, **changes)
    approved = replace(an_approved(intent=intent, contact=contact), kind=kind, channel=channel or kind.value)
    return Templates(workspace, secret=b"secret").render(approved, now=NOON, lookup=lookup)


def an_email(
    body: str, *, form: str = "html", subject: str = "Hello", locale: str = "", more: dict[str, str] | None = None, **changes: Any
) -> EmailContent:
    """The mail that this body makes."""
    name = f"templates/birthday/email{'.' + locale if locale else ''}.{form}"
    content = rendered({name: f"---\nsubject: '{subject}'\n---\n{dedent(body)}", **(more or {})}, **changes).content
    assert isinstance(content, EmailContent)
    return content


def a_text(body: str, *, locale: str = "", more: dict[str, str] | None = None, **changes: Any) -> str:
    """The SMS that this template makes."""
    name = f"templates/birthday/sms{'.' + locale if locale else ''}.txt"
    content = rendered({name: body, **(more or {})}, kind=ChannelKind.SMS, **changes).content
    assert isinstance(content, SmsContent)
    return content.text


def a_chat(body: str, *, form: str = "md", more: dict[str, str] | None = None, **changes: Any) -> ChatContent:
    """The chat message that this template makes."""
    content = rendered({f"templates/birthday/chat.{form}": body, **(more or {})}, kind=ChannelKind.CHAT, **changes).content
    assert isinstance(content, ChatContent)
    return content


def found(files: dict[str, str], *campaigns: Any, allow_missing: bool = False, **changes: Any) -> list[str]:
    """What `check` finds, as printed."""
    workspace = a_written_workspace(files, *campaigns, **changes)
    return [str(problem) for problem in check(workspace, allow_missing=allow_missing)]
