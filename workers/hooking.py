"""The composition of the hooks: what other systems post goes into the planner, to feedback, to contacts."""

from __future__ import annotations

from typing import Protocol

from engage.channels.clock import machine_now
from engage.delivery.buckets import Buckets
from engage.delivery.identity import SignedIdentity
from engage.feedback import Feedback
from engage.feedback.texts import Texts
from engage.hooks import Hooks
from engage.model.time import Clock
from engage.store.database import Database
from engage.store.feedback.hooks import SqlHookMemory
from workers.access import HookRates
from workers.fetching import Fetcher
from workers.intake import Intake
from workers.loop import LoopThread
from workers.snapshots import Accepted


class Parts(Protocol):
    """What hooks are made of: the parts of one process over one workspace."""

    @property
    def database(self) -> Database: ...
    @property
    def accepted(self) -> Accepted: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def feedback(self) -> Feedback: ...
    @property
    def texts(self) -> Texts: ...
    @property
    def identity(self) -> SignedIdentity: ...
    @property
    def loop(self) -> LoopThread: ...


def open_hooks(parts: Parts, intake: Intake, buckets: Buckets) -> Hooks:
    """Hooks of the newest accepted workspace; signed times are compared with this machine's clock, wherever the business clock stands."""
    workspace = parts.accepted.workspace
    return Hooks(
        workspace=workspace, clock=parts.clock, machine_now=machine_now, intake=intake, responses=parts.feedback, texts=parts.texts,
        memory=SqlHookMemory(parts.database, workspace=workspace), network=Fetcher(lambda: parts.loop), rates=HookRates(buckets),
        delivery_in=parts.identity.delivery_in,
    )
