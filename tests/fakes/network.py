"""The port `engage.hooks.ports.Network`, of pages that a test puts up."""

from __future__ import annotations

from dataclasses import dataclass, field

from engage.hooks.ports import Unreachable


@dataclass
class FakeNetwork:
    """What stands where; what was asked for."""

    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise Unreachable("there is nothing")
        return self.pages[url]
