"""A long file is read by a process of its own, a batch ahead of the one that is being stored: understanding rows takes as long as storing.

A thread would not do, as both would wait for the one interpreter. The process is a copy of this one that does nothing but read; its
batches come through a pipe, each behind its length; an empty one is the end.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct
from typing import IO, NoReturn

from engage.contacts.batches import Batch, Work
from engage.contacts.packing import Packer, Unpacker
from engage.model.errors import InputError, NotThereError, Place, Problem

FROM = 20_000
"""Rows of a file from which on it is worth a process."""

AHEAD = 1 << 20
"""Bytes of a pipe (Linux): the next batch fits in, so that the one after it is begun meanwhile."""

_SIZE = Struct(">q")
_WRONG = -1  # in the place of a size: what follows are the problems for which it ended


@contextmanager
def batches_of(work: Work) -> Iterator[Iterator[Batch]]:
    """The file's batches; read here where it is short, or nobody knows how long. Raises as `Work.batches` does, and NotThereError."""
    if (work.source.length or 0) < FROM:
        yield work.batches()
        return
    incoming, outgoing = os.pipe()
    reader = os.fork()
    if reader == 0:
        os.close(incoming)
        _read(work, outgoing)
    os.close(outgoing)
    try:
        with os.fdopen(incoming, "rb") as pipe:
            _widen(pipe)
            yield _received(pipe)
    finally:
        os.kill(reader, signal.SIGKILL)
        os.waitpid(reader, 0)


def _read(work: Work, outgoing: int) -> NoReturn:
    """All that the other process does. Nothing of what it was copied with is closed or flushed there: that is for this one to do."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began it ends it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody reads when that one was killed
        with os.fdopen(outgoing, "wb") as pipe:
            send(work, pipe)
    except BaseException:  # noqa: BLE001  # it is told, and the copy must not go on with the other's work
        traceback.print_exc()
    finally:
        os._exit(0)


def send(work: Work, pipe: IO[bytes]) -> None:
    """Write all batches of the file, or what was wrong with it."""
    packer = Packer()
    try:
        for batch in work.batches():
            packed = packer.pack(batch)
            pipe.write(_SIZE.pack(len(packed)))
            pipe.write(packed)
            pipe.flush()
    except InputError as error:
        told = [(each.place.file, each.place.line, each.place.column, each.what, each.suggestion) for each in error.problems]
        pipe.write(_SIZE.pack(_WRONG) + marshal.dumps(told))
    else:
        pipe.write(_SIZE.pack(0))


def _widen(pipe: IO[bytes]) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, AHEAD)
        except OSError:  # more than this user may have: it works without
            return


def _received(pipe: IO[bytes]) -> Iterator[Batch]:
    unpacker = Unpacker()
    while True:
        number = _SIZE.unpack(_whole(pipe, _SIZE.size))[0]
        if number == 0:
            return
        if number == _WRONG:
            raise InputError(
                Problem(place=Place(file=file, line=line, column=column), what=what, suggestion=suggestion)
                for file, line, column, what, suggestion in marshal.loads(pipe.read())  # noqa: S302  # our own
            )
        yield unpacker.unpack(_whole(pipe, number))


def _whole(pipe: IO[bytes], size: int) -> bytes:
    found = pipe.read(size)
    if len(found) < size:
        raise NotThereError("the process that reads the file has ended by itself: import the file again, and it goes on where it was")
    return found
