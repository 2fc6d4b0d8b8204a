"""What a source is: how it proves itself, and what its words mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import final

from engage.hooks.found import Answer, Found
from engage.hooks.proof import Proven
from engage.hooks.request import HookRequest
from engage.model.hooks import Hook

Certificates = Callable[[str], bytes]
"""The certificate (PEM) that stands at a URL, which was checked to be the source's own. Raises Unreachable."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`prove` raises NotProven; `now` is the machine clock's. `read` is asked only of what was proven, and raises InputError.

    `means` says for people how it proves itself. `reply` is how a source is answered that sends on to a person what stands there.
    """

    means: str
    prove: Callable[[Hook, HookRequest, datetime, Certificates], Proven]
    read: Callable[[Hook, HookRequest, datetime], Found]
    reply: Callable[[str], Answer] | None = None
