"""Where tests keep their files: in memory, where the machine has some to spare. Databases wait for a disk that others write to as well."""

from __future__ import annotations

import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 * 2**30
"""Free bytes: the files of a whole run are a tenth of it, and containers that are not meant to use it are given 64 MB."""


def in_memory() -> str | None:
    """A folder for what need not outlive the tests; None leaves it to the system."""
    return str(MEMORY) if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH else None
