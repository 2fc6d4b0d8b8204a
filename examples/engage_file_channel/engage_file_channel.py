"""A channel for Engage that appends each message to a file, one JSON object a line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, final

from engage.model.contact import ChannelKind
from engage.model.content import EmailContent
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import InputError, Place, Problem, Unavailable
from engage.model.workspace import Channel, Settings


@final
class FileChannel:
    """The adapter `file`. Several processes may write to one file: each message is one write of one line."""

    KIND: ClassVar[ChannelKind | None] = None
    IDEMPOTENT: ClassVar[bool] = False
    OPTIONS: ClassVar[Mapping[str, str]] = {"path": "The file to append to; it is made if it is not there."}

    def __init__(self, channel: Channel, settings: Settings) -> None:
        del settings  # it needs none
        place = channel.place or Place(file="engage.yaml")
        unknown = [name for name in channel.options if name not in self.OPTIONS]
        problems = [Problem(place=place, what=f"the adapter file has no option {name!r}") for name in unknown]
        path = channel.options.get("path")
        if not path:
            problems.append(Problem(place=place, what=f"the channel {channel.name} needs the option 'path'"))
        if problems:
            raise InputError(problems)
        self._path = Path(path or "")

    async def send(self, cleared: Cleared) -> Receipt:
        """Append the message. Raises Unavailable where the file cannot be written."""
        line = json.dumps(_fields(cleared), ensure_ascii=False) + "\n"
        try:
            await asyncio.to_thread(self._append, line.encode())
        except OSError as error:
            raise Unavailable("the file cannot be written", code=type(error).__name__, whole_provider=True) from error
        return Receipt(provider_id=cleared.idempotency_key)

    async def check(self) -> tuple[str, ...]:
        """Whether the folder is there. What is wrong, a sentence each."""
        return () if self._path.parent.is_dir() else (f"the folder {self._path.parent} is not there",)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _append(self, line: bytes) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(line)


def _fields(cleared: Cleared) -> dict[str, object]:
    approved, content = cleared.rendered.approved, cleared.rendered.content
    return {
        "key": cleared.idempotency_key,
        "to": approved.address,
        "locale": cleared.rendered.locale,
        "subject": content.subject if isinstance(content, EmailContent) else None,
        "text": content.text,
    }
