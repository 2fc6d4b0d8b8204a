"""What stands in a workspace's database, each kind of thing by the store that reads and writes it. Made when it is first asked for."""

from __future__ import annotations

from functools import cached_property

from engage.channels import knows_keys
from engage.delivery.ports import Journal, NoJournal
from engage.store.database import Database
from engage.store.delivery.calls import SqlCalls
from engage.store.delivery.deliveries import SqlDeliveries
from engage.store.delivery.questions import SqlQuestions
from engage.store.delivery.reviewing import SqlIllEnded
from engage.store.delivery.standing import provider_states
from engage.store.feedback.letters import SqlLetters
from engage.store.feedback.postings import SqlPostings
from engage.store.history.inquiries import SqlInquiry
from engage.store.history.reports import SqlReports
from engage.store.history.touches import SqlHistory
from engage.store.installation.keys import SqlKeys
from engage.store.installation.operating import SqlOperations
from engage.store.people.auditing import SqlAudit
from engage.store.people.contacts import SqlPeople
from engage.store.people.erasing import SqlPrivacy
from engage.store.people.keeping import SqlKeeping
from engage.store.people.ledger import SqlLedger, SqlSuppressions
from engage.store.people.merging import SqlMerging
from engage.store.planning.messages import SqlMessages
from engage.store.planning.sightings import SqlSightings
from workers.snapshots import Accepted


class Stores:
    """The stores of one process over one database, by the newest accepted workspace."""

    def __init__(self, database: Database, accepted: Accepted) -> None:
        self.database = database
        self.accepted = accepted

    @cached_property
    def people(self) -> SqlPeople:
        """The contacts."""
        return SqlPeople(self.database, workspace=self.accepted.workspace)

    @cached_property
    def ledger(self) -> SqlLedger:
        """The consents."""
        return SqlLedger(self.database)

    @cached_property
    def suppressions(self) -> SqlSuppressions:
        """The suppression list."""
        return SqlSuppressions(self.database)

    @cached_property
    def merging(self) -> SqlMerging:
        """Contacts that are one person."""
        return SqlMerging(self.database, workspace=self.accepted.workspace)

    @cached_property
    def privacy(self) -> SqlPrivacy:
        """What a person may ask for."""
        return SqlPrivacy(self.database, workspace=self.accepted.workspace)

    @cached_property
    def audit(self) -> SqlAudit:
        """What is wrong with the contacts."""
        return SqlAudit(self.database, workspace=self.accepted.workspace)

    @cached_property
    def keeping(self) -> SqlKeeping:
        """What is not to be kept any longer."""
        return SqlKeeping(self.database, workspace=self.accepted.workspace, privacy=self.privacy)

    @cached_property
    def history(self) -> SqlHistory:
        """The touches."""
        return SqlHistory(self.database)

    @property
    def notebook(self) -> SqlHistory:
        """Notes by people."""
        return self.history

    @cached_property
    def sightings(self) -> SqlSightings:
        """What has come in."""
        return SqlSightings(self.database)

    @cached_property
    def operations(self) -> SqlOperations:
        """Pauses, approvals, figures."""
        return SqlOperations(self.database)

    @cached_property
    def keys(self) -> SqlKeys:
        """The keys of the API."""
        return SqlKeys(self.database)

    @cached_property
    def reports(self) -> SqlReports:
        """The figures."""
        return SqlReports(self.database, workspace=self.accepted.workspace)

    @cached_property
    def messages(self) -> SqlMessages:
        """Single messages that programs asked for."""
        return SqlMessages(self.database)

    @cached_property
    def ill_ended(self) -> SqlIllEnded:
        """Deliveries about which people decide anew."""
        return SqlIllEnded(self.database)

    @cached_property
    def questions(self) -> SqlQuestions:
        """Unknown deliveries about which providers can be asked."""
        return SqlQuestions(self.database, workspace=self.accepted.workspace)

    @cached_property
    def inquiry(self) -> SqlInquiry:
        """What `explain` reads."""
        return SqlInquiry(
            self.database, workspace=self.accepted.workspace, versions=self.accepted.version,
            providers=lambda now: provider_states(self.database, self.accepted.workspace().settings, now=now),
        )

    @cached_property
    def journal(self) -> Journal:
        """Where this machine notes what providers take."""
        return NoJournal()

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        """The delivery rows."""
        return SqlDeliveries(
            self.database, workspace=self.accepted.workspace, versions=self.accepted.version_or_newest, journal=self.journal,
            repeatable=self._repeatable,
        )

    def _repeatable(self, channel: str | None, provider: str | None) -> bool:
        """Whether a hand-off by that provider may be repeated, as its settings are now: one that is there no more is not asked again."""
        known = self.accepted.workspace().settings.channels.get(channel or "")
        way = known.by(provider) if known is not None and provider is not None else known
        return way is not None and (provider is not None or not way.providers) and knows_keys(way)

    @cached_property
    def letters(self) -> SqlLetters:
        """What was handed over, for the links in it."""
        return SqlLetters(self.database, workspace=self.accepted.workspace)

    @cached_property
    def calls(self) -> SqlCalls:
        """The outbox of calls."""
        return SqlCalls(self.database)


    @cached_property
    def postings(self) -> SqlPostings:
        """How far webhooks have been told what happened."""
        return SqlPostings(self.database, workspace=self.accepted.workspace)
