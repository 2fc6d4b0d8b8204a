"""The port `engage.web.ports.Drafts`: single messages rendered before they are taken on, by the newest accepted workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import final

from engage.model.contact import Contact
from engage.model.workspace import Channel, Purpose, Workspace
from engage.rules.expressions import Lookup
from engage.templates import Templates
from engage.templates.trying import troubles_of


@final
class Drafts:
    """Templates are kept as long as the workspace is the same. Safe to use from many threads."""

    def __init__(self, workspace: Callable[[], Workspace], *, secret: bytes, lookup: Callable[[int, datetime], Lookup]) -> None:
        self._workspace = workspace
        self._secret = secret
        self._lookup = lookup
        self._made: tuple[str, Templates] | None = None

    def messages(self) -> Sequence[str]:
        """The names of all messages of the workspace."""
        return self._templates().messages()

    def troubles(
        self, message: str, channels: Sequence[Channel], *, contact: Contact, purpose: Purpose, values: Mapping[str, object], now: datetime,
    ) -> Sequence[str]:
        """What keeps it from being sent to the contact by these channels, a sentence each."""
        return list(troubles_of(
            self._templates(), message, channels=channels, contact=contact, purpose=purpose, values=values, now=now,
            lookup=self._lookup(contact.id, now),
        ))

    def _templates(self) -> Templates:
        workspace = self._workspace()
        if self._made is None or self._made[0] != workspace.hash:
            self._made = workspace.hash, Templates(workspace, secret=self._secret)
        return self._made[1]
