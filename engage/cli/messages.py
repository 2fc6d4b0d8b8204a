"""`engage preview` and `engage send`: what a message looks like, and how it arrives in one's own inbox."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, counted, print_json
from engage.contacts import places
from engage.delivery.settling import content_detail
from engage.model.content import SmsContent
from engage.model.errors import InputError

MessageArgument = Annotated[str, typer.Argument(help="The message: a folder of templates/.")]
ContactOption = Annotated[str | None, typer.Option(help="Render it for this contact; default: a made-up one.")]
LocaleOption = Annotated[str | None, typer.Option(help="In this language, whatever the contact's.")]
ChannelOption = Annotated[str | None, typer.Option(help="For this channel; default: the first for which the message has a template.")]


def preview(
    context: typer.Context,
    message: MessageArgument,
    contact: ContactOption = None,
    locale: LocaleOption = None,
    channel: ChannelOption = None,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML of a mail rather than its text.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a message as it would be rendered.

    Example: engage preview birthday --locale sl --channel email
    """
    shown = app_of(context).open(workspace).preview(message, contact=contact, locale=_language(locale), channel=channel)
    parts = {"message": message, "channel": shown.channel, "locale": shown.locale, **content_detail(shown.content)}
    if as_json:
        print_json(parts)
        return
    console().print(f"{message} by {shown.channel} in {shown.locale}")
    if parts.get("subject"):
        console().print(f"Subject: {parts['subject']}")
    console().print()
    console().print(str(parts.get("html") if html and parts.get("html") else parts.get("text")))
    if isinstance(shown.content, SmsContent):
        console().print(f"({counted(shown.content.segments, 'segment')})")


def send(
    context: typer.Context,
    message: MessageArgument,
    to: Annotated[str, typer.Option(help="An address of your own: a mail address, a phone number, a chat id.")],
    contact: ContactOption = None,
    locale: LocaleOption = None,
    channel: ChannelOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Send a message to an address of your own, to see it arrive. No campaign, no contact's history.

    Example: engage send birthday --to me@example.com --locale sl
    """
    office = app_of(context).open(workspace)
    console().print(office.send_test(message, to=to, contact=contact, locale=_language(locale), channel=channel))


def _language(locale: str | None) -> str | None:
    """The language asked for, as contacts have it. Raises InputError where there is none such: the default would only look like it."""
    try:
        return places.locale(locale) if locale else None
    except places.Unusable as unusable:
        raise InputError.of(f"--locale: {unusable}", file="<command line>") from unusable
