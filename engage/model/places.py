"""Where an error came from, for the log: files and lines, and never its words or a value, which may hold an address."""

from __future__ import annotations

from traceback import walk_tb
from types import FrameType

OURS = frozenset({"engage", "workers"})
MOST = 5


def places_of(error: BaseException) -> list[str]:
    """`folder/file.py:line name`: our own last frames, and behind them the innermost of all where that is somebody else's.

    Of an error that never was in our code, its last frames.
    """
    frames = list(walk_tb(error.__traceback__))
    own = [each for each in frames if _is_ours(each[0])]
    told = [*own[-MOST:], *(each for each in frames[-1:] if each not in own)] if own else frames[-MOST:]
    return [f"{_file(frame)}:{line} {frame.f_code.co_name}" for frame, line in told]


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in OURS


def _file(frame: FrameType) -> str:
    return "/".join(frame.f_code.co_filename.split("/")[-2:])
