"""The mailboxes of `engage.yaml`: where what comes back is fetched from."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from engage.rules.schema.fields import Section, Text, complaint


class MailboxSection(Section):
    """A mailbox, fetched by IMAP, to which bounces and answers go."""

    called: ClassVar[str] = "a mailbox"

    url: Text = Field(description="imaps://user:password@host, or imap:// to this machine itself")
    folder: Text | None = Field(None, description="What is fetched from it", json_schema_extra={"default": "INBOX"})
    done: Text | None = Field(
        None, description="The folder to which a mail goes that was about a message of ours", json_schema_extra={"default": "Engage"},
    )
    other: Text | None = Field(
        None, description="The folder to which every other mail goes, for people to look at", json_schema_extra={"default": "Engage-Other"},
    )

    @model_validator(mode="after")
    def _moves(self) -> Self:
        for key in ("done", "other"):
            if self.says(key) and str(getattr(self, key)) == str(self.folder or "INBOX"):
                raise complaint(f"`{key}` must be another folder than `folder`", key=key)
        return self
