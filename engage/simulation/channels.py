"""A provider that takes everything and sends nothing: what a simulation speaks to."""

from __future__ import annotations

from typing import ClassVar, final

from engage.model.delivery import Cleared, Receipt


@final
class SilentChannel:
    """Says yes to each message, as a provider on a good day would."""

    IDEMPOTENT: ClassVar[bool] = False

    async def send(self, cleared: Cleared) -> Receipt:
        """Take the message."""
        return Receipt()

    async def close(self) -> None:
        """Nothing is open."""
