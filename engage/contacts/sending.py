"""What the process does that reads a long file: batches, read and understood -> messages for the one that stores them (`apart`).

A batch goes laid out, where its people may all be new. Whoever stores them answers each of those with a byte, TAKEN or WHOLE; for WHOLE
it gets the batch once more, as it was read. Those after it, or after one that could not be laid out, go as they were read for a while: then
it is tried again.
"""

from __future__ import annotations

import marshal
import os
from collections import deque
from enum import IntEnum
from struct import Struct
from typing import IO, final

from engage.contacts.batches import Batch, Work
from engage.contacts.packing import Packer
from engage.contacts.ports import Newcomers
from engage.model.errors import InputError

HEAD = Struct(">bq")
"""Before each message: its kind and its length."""

TAKEN, WHOLE = b"t", b"w"
AHEAD = 1
"""So many batches are sent before the first of them is answered; they are kept until then."""

LONGEST_PAUSE = 64
"""After so many batches at most it is tried again whether people are new."""


class Sent(IntEnum):
    """The kinds of messages."""

    END = 0
    BATCH = 1
    LAID = 2
    AGAIN = 3  # the batch of a LAID one that was not taken
    PROBLEMS = 4  # for which the reading ended


@final
class Sender:
    """Reads one file, and sends all of it."""

    def __init__(self, work: Work, newcomers: Newcomers | None, *, pipe: IO[bytes], answers: int) -> None:
        """Messages go into the `pipe`; `answers` come by the other descriptor."""
        self._work = work
        self._newcomers = newcomers
        self._pipe = pipe
        self._answers = answers
        self._packer = Packer()
        self._unanswered: deque[Batch] = deque()
        self._pause = self._left = 0

    def send(self) -> None:
        """Send all batches of the file, or what was wrong with it."""
        kind, content = Sent.END, b""
        try:
            for batch in self._work.batches():
                self._send(batch)
        except InputError as error:
            told = [(each.place.file, each.place.line, each.place.column, each.what, each.suggestion) for each in error.problems]
            kind, content = Sent.PROBLEMS, marshal.dumps(told)
        self._listen(0)
        self._write(kind, content)

    def _send(self, batch: Batch) -> None:
        laid = self._laid(batch)
        if laid is None:
            self._write(Sent.BATCH, self._packer.pack(batch))
            return
        self._write(Sent.LAID, laid)
        self._unanswered.append(batch)
        self._listen(AHEAD)

    def _laid(self, batch: Batch) -> bytes | None:
        """The batch laid out, where that is worth trying now and can be done."""
        if self._newcomers is None:
            return None
        if self._left:
            self._left -= 1
            return None
        people = self._newcomers.lay_out([one.person for one in batch.told if not one.troubles])
        if people is None:
            self._back_off()
            return None
        rows = [(place, "; ".join(one.troubles)) for place, one in enumerate(batch.told) if one.troubles]
        refused = [(row.line, row.values, row.trouble, reason) for row, reason in ((batch.row(place), reason) for place, reason in rows)]
        notes = [note for one in batch.told if one.notes and not one.troubles for note in one.notes]
        return marshal.dumps((len(batch.told), people, refused, notes))

    def _listen(self, most: int) -> None:
        """Wait for answers until no more than so many batches have none."""
        while len(self._unanswered) > most:
            batch = self._unanswered.popleft()
            if os.read(self._answers, 1) == WHOLE:
                self._back_off()
                self._write(Sent.AGAIN, self._packer.pack(batch))
            else:
                self._pause = 0

    def _back_off(self) -> None:
        """Lay nothing out for a while, longer each time in a row: what was laid out in vain cost as much as what was read."""
        self._pause = self._left = min(max(1, 2 * self._pause), LONGEST_PAUSE)

    def _write(self, kind: Sent, content: bytes) -> None:
        self._pipe.write(HEAD.pack(kind, len(content)))
        self._pipe.write(content)
        self._pipe.flush()
