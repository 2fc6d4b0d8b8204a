"""A long file is read by a process of its own, a batch ahead of the one that is being stored: understanding rows takes as long as storing.

`python -m engage.contacts.apart` is that process: its `Work` comes by standard input, and batches go to standard output, each behind its
length; an empty one is the end. A thread would not do: both would wait for the one interpreter.
"""

from __future__ import annotations

import fcntl
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct
from typing import IO

from engage.contacts.batches import Batch, Work
from engage.contacts.packing import Packer, Unpacker
from engage.model.errors import InputError, NotThereError

FROM = 20_000
"""Rows of a file from which on it is worth a process, which takes a good third of a second to begin."""

AHEAD = 1 << 20
"""Bytes of a pipe (Linux): the next batch fits in, so that the one after it is begun meanwhile."""

_SIZE = Struct(">q")
_WRONG = -1  # in the place of a size: what follows is the InputError with which it ended
_COMMAND = (sys.executable, "-m", "engage.contacts.apart")


@contextmanager
def batches_of(work: Work) -> Iterator[Iterator[Batch]]:
    """The file's batches; read here where it is short, or nobody knows how long. Raises as `Work.batches` does, and NotThereError."""
    if (work.source.length or 0) < FROM:
        yield work.batches()
        return
    with subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:  # noqa: S603  # ourselves
        if reader.stdin is None or reader.stdout is None:
            raise AssertionError("both are pipes")
        try:
            pickle.dump(work, reader.stdin, pickle.HIGHEST_PROTOCOL)
            reader.stdin.close()
            _widen(reader.stdout)
            yield _received(reader.stdout)
        finally:
            reader.kill()


def _widen(pipe: IO[bytes]) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, AHEAD)
        except OSError:  # more than this user may have: it works without
            return


def _received(pipe: IO[bytes]) -> Iterator[Batch]:
    unpacker = Unpacker()
    while True:
        size = _whole(pipe, _SIZE.size)
        number = _SIZE.unpack(size)[0]
        if number == 0:
            return
        if number == _WRONG:
            raise InputError(pickle.loads(pipe.read()))  # noqa: S301  # our own
        yield unpacker.unpack(_whole(pipe, number))


def _whole(pipe: IO[bytes], size: int) -> bytes:
    found = pipe.read(size)
    if len(found) < size:
        raise NotThereError("the process that reads the file has ended by itself: import the file again, and it goes on where it was")
    return found


def main(work: IO[bytes], out: IO[bytes]) -> None:
    """Read what comes by the one, and write its batches to the other."""
    packer = Packer()
    asked: Work = pickle.load(work)  # noqa: S301  # our own
    try:
        for batch in asked.batches():
            packed = packer.pack(batch)
            out.write(_SIZE.pack(len(packed)))
            out.write(packed)
            out.flush()
    except InputError as error:
        out.write(_SIZE.pack(_WRONG) + pickle.dumps(error.problems))
    else:
        out.write(_SIZE.pack(0))
    out.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began us ends us
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # and nobody reads when it was killed
    main(sys.stdin.buffer, sys.stdout.buffer)
