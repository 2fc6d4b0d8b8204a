"""What the conductor works with: the workspace's templates and channels, a loop for them, names for deliveries."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar, final

from engage.delivery.ports import Channel, Renderer
from engage.model.workspace import Workspace

T = TypeVar("T")


class Loop(Protocol):
    """Where coroutines run: one event loop for the process, so that connections are shared."""

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run it on the loop's thread and wait for its result."""
        ...


class Identity(Protocol):
    """What a delivery is called by others; fixed when the row is made, as it follows from the row's id alone."""

    def names(self, delivery_id: int) -> tuple[str, str]:
        """Its Message-ID (RFC 5322), with the angle brackets, and its Idempotency-Key."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What goes with one accepted workspace: replaced as a whole when a new one is accepted."""

    workspace: Workspace
    renderer: Renderer
    channels: Mapping[str, Channel]
