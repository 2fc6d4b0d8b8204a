"""Commands as somebody types them: how one ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Ended:
    """How a command ended: exit status, what it printed, what it complained of."""

    status: int
    out: str
    err: str

    def json(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


Engage = Callable[..., Ended]
