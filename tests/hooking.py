"""Hooks over the engine that sends: what is posted goes where the web would put it, in the test's own thread."""

from __future__ import annotations

from dataclasses import dataclass

from engage.delivery.buckets import BottomlessBuckets
from engage.feedback import Feedback
from engage.feedback.texts import Texts
from engage.hooks import HookRequest, Hooks
from engage.hooks.taking import Outcome
from engage.model.contact import Event
from engage.store.feedback.hooks import SqlHookMemory
from engage.store.feedback.responses import SqlFeedback
from engage.store.feedback.texting import SqlTexts
from tests.engine import Works
from tests.fakes.network import FakeNetwork
from tests.unit.hooks.desk import PUBLIC_URL, Post
from workers.access import HookRates


@dataclass
class Straight:
    """Into the planner."""

    works: Works

    def take(self, event: Event) -> bool:
        return self.works.planner.happen(event, now=self.works.clock.now())

    def told(self) -> None:
        """Nobody waits."""


class Front:
    """Takes posts. Signed times are those of the engine's clock."""

    def __init__(self, works: Works) -> None:
        workspace = lambda: works.workspace  # noqa: E731  # asked anew each time: tests edit workspaces
        self._hooks = Hooks(
            workspace=workspace, clock=works.clock, machine_now=works.clock.now, intake=Straight(works), network=FakeNetwork(),
            rates=HookRates(BottomlessBuckets()),
            responses=Feedback(SqlFeedback(works.database, workspace=workspace), workspace=workspace),
            memory=SqlHookMemory(works.database, workspace=workspace),
            texts=Texts(SqlTexts(works.database, workspace=workspace), workspace=workspace), delivery_in=lambda text: None,
        )

    def post(self, post: Post) -> Outcome:
        """Take it, or raise why not."""
        hook = self._hooks.find(post.path.partition("?")[0].removeprefix("/hooks/"))
        assert hook is not None
        headers = {name.lower(): value for name, value in post.headers.items()}
        return self._hooks.take(hook, HookRequest(url=f"{PUBLIC_URL}{post.path}", headers=headers, body=post.body))
