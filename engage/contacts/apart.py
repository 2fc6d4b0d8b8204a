"""A long file is read by a process of its own, a batch ahead of the one that is being stored: understanding rows takes as long as storing.

A thread would not do, as both would wait for the one interpreter. The process is a copy of this one that does nothing but read (`sending`);
its batches come through one pipe, and through another it is told whether those that it laid out were taken.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import signal
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, NoReturn, final

from engage.contacts.batches import Batch, LaidBatch, Work
from engage.contacts.packing import Unpacker
from engage.contacts.ports import Newcomers
from engage.contacts.reading import Row
from engage.contacts.sending import HEAD, TAKEN, WHOLE, Sender, Sent
from engage.model.errors import InputError, NotThereError, Place, Problem

FROM = 20_000
"""Rows of a file from which on it is worth a process."""

WIDE = 1 << 20
"""Bytes of a pipe (Linux): much of the next batch fits in, so that the one after it is begun meanwhile."""


@contextmanager
def batches_of(work: Work, newcomers: Newcomers | None = None) -> Iterator[Iterator[Batch | LaidBatch]]:
    """The file's batches; read here where it is short, or nobody knows how long.

    Where there are `newcomers` those of another process may come laid out. Raises as `Work.batches` does, and NotThereError.
    """
    if (work.source.length or 0) < FROM:
        yield work.batches()
        return
    incoming, outgoing = os.pipe()
    heard, answers = os.pipe()
    reader = os.fork()
    if reader == 0:
        os.close(incoming)
        os.close(answers)
        _read(work, newcomers, outgoing, heard)
    os.close(outgoing)
    os.close(heard)
    with ExitStack() as stack:
        stack.callback(_end, reader)
        pipe = stack.enter_context(os.fdopen(incoming, "rb"))
        stack.callback(os.close, answers)
        _widen(pipe)
        yield _Received(pipe, answers).batches()


def _end(reader: int) -> None:
    os.kill(reader, signal.SIGKILL)
    os.waitpid(reader, 0)


def _read(work: Work, newcomers: Newcomers | None, outgoing: int, answers: int) -> NoReturn:
    """All that the other process does. Nothing of what it was copied with is closed or flushed there: that is for this one to do."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began it ends it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody reads when that one was killed
        with os.fdopen(outgoing, "wb") as pipe:
            Sender(work, newcomers, pipe=pipe, answers=answers).send()
    except BaseException:  # noqa: BLE001  # it is told, and the copy must not go on with the other's work
        traceback.print_exc()
    finally:
        os._exit(0)


def _widen(pipe: IO[bytes]) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, WIDE)
        except OSError:  # more than this user may have: it works without
            return


@final
class _Received:
    """What comes of the other process, and what it is answered."""

    def __init__(self, pipe: IO[bytes], answers: int) -> None:
        self._pipe = pipe
        self._answers = answers
        self._unpacker = Unpacker()
        self._waiting: deque[Batch | LaidBatch | None] = deque()
        self._asked = False

    def batches(self) -> Iterator[Batch | LaidBatch]:
        """All of the file's, in order; None comes at its end."""
        while (batch := self._waiting.popleft() if self._waiting else self._next()) is not None:
            self._asked = False
            yield batch
            if isinstance(batch, LaidBatch) and not self._asked:
                self._answer(TAKEN)

    def _whole(self) -> Batch:
        """The batch that was yielded last, as it was read. Those that were sent before it was asked for wait for their turn."""
        self._asked = True
        self._answer(WHOLE)
        while True:
            kind, content = self._message()
            if kind == Sent.AGAIN:
                return self._unpacker.unpack(content)
            self._waiting.append(self._batch(kind, content))

    def _next(self) -> Batch | LaidBatch | None:
        return self._batch(*self._message())

    def _batch(self, kind: int, content: bytes) -> Batch | LaidBatch | None:
        if kind == Sent.PROBLEMS:
            raise InputError(
                Problem(place=Place(file=file, line=line, column=column), what=what, suggestion=suggestion)
                for file, line, column, what, suggestion in marshal.loads(content)  # noqa: S302  # our own
            )
        if kind == Sent.BATCH:
            return self._unpacker.unpack(content)
        return self._laid(content) if kind == Sent.LAID else None

    def _laid(self, content: bytes) -> LaidBatch:
        rows, people, refused, notes = marshal.loads(content)  # noqa: S302  # our own
        said = [(Row(line=line, values=values, trouble=trouble), reason) for line, values, trouble, reason in refused]
        return LaidBatch(rows=rows, people=people, refused=said, notes=notes, whole=self._whole)

    def _message(self) -> tuple[int, bytes]:
        kind, size = HEAD.unpack(self._read(HEAD.size))
        return kind, self._read(size)

    def _read(self, size: int) -> bytes:
        found = self._pipe.read(size)
        if len(found) < size:
            raise NotThereError(_ENDED)
        return found

    def _answer(self, answer: bytes) -> None:
        try:
            os.write(self._answers, answer)
        except BrokenPipeError as error:
            raise NotThereError(_ENDED) from error


_ENDED = "the process that reads the file has ended by itself: import the file again, and it goes on where it was"
