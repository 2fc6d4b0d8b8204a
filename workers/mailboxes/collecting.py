"""The mails that come back -> feedback: what LMTP, the pipe and the scheduler's look into the mailboxes share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import final

import structlog

from engage.feedback.mails import Mails, MailTaken
from engage.model.contact import ChannelKind
from engage.model.errors import NotThereError
from engage.model.time import Clock
from engage.model.workspace import Settings, Workspace
from workers.mailboxes.authorising import Tokens
from workers.mailboxes.imap import collect

log = structlog.get_logger(__name__)


def unsubscribe_addresses(settings: Settings) -> Collection[str]:
    """Where mail unsubscribes, by whatever provider: the addresses of List-Unsubscribe, with `{id}` where the signed name stands."""
    ways = [way for channel in settings.channels.values() if channel.kind is ChannelKind.EMAIL for way in channel.ways]
    written = [way.options.get("unsubscribe_mailto", "").lower() for way in ways]
    return {address for address in written if "{id}" in address}


@final
class Collecting:
    """Takes mails and tells the workers that something may follow of them."""

    def __init__(
        self, mails: Mails, *, workspace: Callable[[], Workspace], clock: Clock, tokens: Tokens, told: Callable[[], object]
    ) -> None:
        self._mails = mails
        self._workspace = workspace
        self._clock = clock
        self._tokens = tokens
        self._told = told

    def take(self, raw: bytes, recipients: Sequence[str] = ()) -> MailTaken:
        """Take one, committed when this returns."""
        taken = self._mails.take(raw, recipients=recipients, now=self._clock.now())
        if taken.fate is not None:
            self._told()
        return taken

    def look(self) -> None:
        """Fetch what lies in the mailboxes of the settings; one that cannot be reached is tried again at the next look."""
        for mailbox in self._workspace().settings.mailboxes.values():
            try:
                moved = collect(mailbox, lambda raw: self.take(raw).is_ours, self._tokens)
            except NotThereError as error:
                log.warning("mailbox.unreachable", mailbox=mailbox.name, why=str(error))
                continue
            if moved:
                log.info("mailbox.emptied", mailbox=mailbox.name, mails=moved)
