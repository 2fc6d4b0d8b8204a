"""The mailboxes of `engage.yaml`: where what comes back is fetched from."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from engage.rules.schema.fields import Section, Text, complaint

_SCOPE = "https://outlook.office365.com/.default"


class OAuth2Section(Section):
    """How a mailbox lets in that takes no passwords: by an access token, fetched from a token server and kept while it is good."""

    called: ClassVar[str] = "oauth2"

    token_url: Text = Field(description="Where tokens are had: https://, or http:// to this machine itself")
    client_id: Text = Field(description="What the server of the tokens calls this installation")
    client_secret: Text | None = Field(None, description="What it proves itself by; needed where there is no `refresh_token`")
    refresh_token: Text | None = Field(
        None, description="What the mailbox's owner allowed it with; without it, the client asks in its own name (client credentials)",
    )
    scope: Text | None = Field(None, description="What the token is for; needed where there is no `refresh_token`")

    @model_validator(mode="after")
    def _proves_itself(self) -> Self:
        if self.refresh_token is None:
            for key, what in (("client_secret", "the client proves itself by it"), ("scope", f"it says what for, like {_SCOPE}")):
                if getattr(self, key) is None:
                    raise complaint(f"`{key}` is missing: where there is no `refresh_token`, {what}")
        return self


class MailboxSection(Section):
    """A mailbox, fetched by IMAP, to which bounces and answers go."""

    called: ClassVar[str] = "a mailbox"

    url: Text = Field(description="imaps://user:password@host (with `oauth2`: imaps://user@host), or imap:// to this machine itself")
    oauth2: OAuth2Section | None = Field(None, description="How it lets in without a password: Google Workspace, Microsoft 365")
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
