"""What comes back of messages, wired: from the provider, by mail and by text. What it shares with the rest: identity and metrics."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from time import monotonic
from urllib.parse import urlsplit

from engage.delivery.identity import SignedIdentity
from engage.feedback import Feedback
from engage.feedback.lookout import Lookout
from engage.feedback.mails import Mails
from engage.feedback.texts import Texts
from engage.store.database import AWAY, Database
from engage.store.feedback.responses import SqlFeedback
from engage.store.feedback.texting import SqlTexts
from engage.store.notes import write_once
from workers.clocks import BusinessClock
from workers.fetching import Fetcher
from workers.loop import LoopThread
from workers.mailboxes.authorising import AccessTokens
from workers.mailboxes.collecting import Collecting, unsubscribe_addresses
from workers.monitoring.metrics import Metrics
from workers.stores import Stores

MESSAGE_ID_DOMAIN = "message_id_domain"


class Returning(Stores):
    """The parts of one process that take what comes back."""

    clock: BusinessClock

    @cached_property
    def loop(self) -> LoopThread:
        """Where the channels live, and what else speaks HTTP."""
        return LoopThread()

    @cached_property
    def tokens(self) -> AccessTokens:
        """What lets into mailboxes that take no password."""
        return AccessTokens(Fetcher(lambda: self.loop), seconds=monotonic)

    @cached_property
    def metrics(self) -> Metrics:
        """What this process counts."""
        return Metrics()

    @cached_property
    def identity(self) -> SignedIdentity:
        """What deliveries are called by others."""
        domain = _message_id_domain(self.database, self.accepted.workspace().settings.public_url)
        return SignedIdentity(secret=self.database.secret(), domain=domain)

    @cached_property
    def feedback(self) -> Feedback:
        """What comes back of messages."""
        store = SqlFeedback(self.database, workspace=self.accepted.workspace)
        return Feedback(store, workspace=self.accepted.workspace, counted=self.metrics.response, bounced=self.metrics.bounce)

    @cached_property
    def mails(self) -> Mails:
        """What mails that came back say of messages."""
        return Mails(
            self.feedback, delivery_of=self.identity.delivery_of, secret=self.database.secret(),
            unsubscribe_at=lambda: unsubscribe_addresses(self.accepted.workspace().settings),
        )

    def lookout(self, told: Callable[[], object]) -> Lookout:
        """Where links that are followed are noted; `told` hears of each of which something may follow."""
        return Lookout(
            self.feedback, self.letters, workspace=self.accepted.workspace, clock=self.clock, seconds=monotonic, away=AWAY,
            counted=self.metrics.sight, told=told,
        )

    def collecting(self, told: Callable[[], object]) -> Collecting:
        """Where mails come in; `told` hears of each of which something may follow."""
        return Collecting(self.mails, workspace=self.accepted.workspace, clock=self.clock, tokens=self.tokens, told=told)

    @cached_property
    def texts(self) -> Texts:
        """What people text."""
        store = SqlTexts(self.database, workspace=self.accepted.workspace)
        return Texts(store, workspace=self.accepted.workspace, counted=self.metrics.response)


def _message_id_domain(database: Database, public_url: str) -> str:
    """The domain of Message-IDs: that of the first `public_url`, kept from then on, so that no retry has another one."""
    with database.begin() as connection:
        return write_once(connection, MESSAGE_ID_DOMAIN, urlsplit(public_url).hostname or "localhost")
