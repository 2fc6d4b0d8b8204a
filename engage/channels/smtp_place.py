"""Where a lane stands at the line: who comes next, and whether its envelope went ahead already."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import final

from engage.channels.smtp_envelope import envelope
from engage.channels.smtp_line import Line, Turn
from engage.model.errors import Rejected


@final
class Place:
    """`has_begun`: the server has the envelope of whoever comes next here, and awaits the content."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ahead: Turn | None = None
        self.has_begun = False

    @property
    def is_in_vain(self) -> bool:
        """Whether the server awaits the content of a mail that does not come."""
        return self.has_begun and self._ahead is None

    def look_at_the_clock(self) -> None:
        """Where the time of the mail is over whose envelope went ahead, it goes no further."""
        if self._ahead is not None and self._ahead[0].came_late(self._ahead[1]):
            self._ahead = None

    def next(self) -> Turn | None:
        """Whose turn it is."""
        ahead, self._ahead = self._ahead, None
        return ahead or self._line.next()

    def begin(self, offered: AbstractSet[str]) -> bytes:
        """The envelope of the mail that is next in line, which then has begun; nothing where there is none."""
        self._ahead = self._line.next()
        if self._ahead is None:
            return b""
        try:
            commands = envelope(self._ahead[1], offered)
        except Rejected:  # it will hear of it when its turn comes
            return b""
        self.has_begun = True
        return b"".join(commands)
