"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.schema.columns import Id, Ids, Instant, Json
from engage.store.schema.recording import TRIGGER, VIEW

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all of them."""
    _make_run_outcomes()
    _make_batches()
    _make_campaign_states()
    _make_former_names()
    _make_consents()
    _make_contacts()
    _make_deliveries()
    _make_questions()
    _make_events()
    _make_calls()
    _make_meta()
    _make_pauses()
    _make_postings()
    _make_runs()
    _make_segment_members()
    _make_segment_states()
    _make_snapshots()
    _make_suppressions()
    _make_touches()
    _make_campaign_versions()
    _make_contact_dates()
    _make_touch_details()
    _make_kept_texts()
    _make_traffic()
    _make_identities()
    _make_merges()
    _make_erasures()
    _make_hooks()
    _make_api()
    _make_recording()


def _make_recording() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(VIEW)
        op.execute(TRIGGER)


def _make_run_outcomes() -> None:
    op.create_table(
        "run_outcomes",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("handed_off_at", Instant(), nullable=True),
        sa.Column("run_ids", Ids, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_outcomes")),
        sqlite_autoincrement=True,
    )


def _make_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=False),
        sa.Column("careful", sa.Boolean(), nullable=False),
        sa.Column("rendered", sa.Boolean(), nullable=False),
        sa.Column("in_hand", Id, nullable=True),
        sa.Column("delivery_ids", Ids, nullable=False),
        sa.Column("releases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sqlite_autoincrement=True,
    )


def _make_campaign_states() -> None:
    op.create_table(
        "campaign_states",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("live_since", Instant(), nullable=True),
        sa.Column("planned_until", Instant(), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("reached_since", Instant(), nullable=True),
        sa.Column("watched_from", Id, nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("existing_at", Instant(), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_campaign_states")),
    )


def _make_former_names() -> None:
    op.create_table(
        "former_names",
        sa.Column("former", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("former", name=op.f("pk_former_names")),
    )


def _make_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=True),
        sa.Column("address_key", sa.String(length=64), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("ground", sa.String(), nullable=True),
        sa.Column("wording", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_consents_address_key", "consents", ["address_key"],
        sqlite_where=sa.text("address_key IS NOT NULL"),
        postgresql_where=sa.text("address_key IS NOT NULL"),
    )
    op.create_index("ix_consents_contact", "consents", ["contact_id", "purpose", "at"])
    op.create_index(
        "ix_consents_expiring", "consents", ["expires_at"],
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_table(
        "wordings",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_wordings")),
    )


def _make_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("chat_id", sa.String(), nullable=True),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("last_name", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("company", sa.String(), nullable=True),
        sa.Column("tags", Json, nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=True),
        sa.Column("preferred_channel", sa.String(), nullable=True),
        sa.Column("frequency", sa.String(), nullable=True),
        sa.Column("tracking", sa.Boolean(), nullable=True),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("email_key", sa.String(length=64), nullable=True),
        sa.Column("phone_key", sa.String(length=64), nullable=True),
        sa.Column("chat_key", sa.String(length=64), nullable=True),
        sa.Column("zone_key", sa.String(), nullable=False),
        sa.Column("zone_source", sa.String(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("quietly", sa.Boolean(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("external_id", name=op.f("uq_contacts_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_contacts_changed_at"), "contacts", ["changed_at"])
    op.create_index(
        "ix_contacts_chat_key", "contacts", ["chat_key"],
        sqlite_where=sa.text("chat_key IS NOT NULL"),
        postgresql_where=sa.text("chat_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_contacts_email_key"), "contacts", ["email_key"])
    op.create_index(op.f("ix_contacts_phone_key"), "contacts", ["phone_key"])
    op.create_index("ix_contacts_residence", "contacts", ["zone_key", "country"])
    op.create_index(op.f("ix_contacts_written_at"), "contacts", ["written_at"])


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("run_id", Id, nullable=True),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("intended_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("hold", sa.String(), nullable=True),
        sa.Column("payload", Json, nullable=False),
        sa.Column("tried", Json, nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("address_key", sa.String(length=64), nullable=True),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("send_key", sa.String(), nullable=True),
        sa.Column("sending_at", Instant(), nullable=True),
        sa.Column("handed_over", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("resends", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("crashed_at", Instant(), nullable=True),
        sa.Column("careful", sa.Boolean(), nullable=False),
        sa.Column("batch_id", Id, nullable=True),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("run_id", "step", "intended_at", "part", name=op.f("uq_deliveries_run_id_step_intended_at_part")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_deliveries_batch", "deliveries", ["batch_id"],
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_copy", "deliveries", ["send_key", "address_key"],
        sqlite_where=sa.text("send_key IS NOT NULL AND address_key IS NOT NULL"),
        postgresql_where=sa.text("send_key IS NOT NULL AND address_key IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_again", "deliveries", ["queue", "priority", "retry_at"],
        sqlite_where=sa.text("state = 'waiting' AND retry_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'waiting' AND retry_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_due", "deliveries", ["queue", "priority", "due_at", "id"],
        sqlite_where=sa.text("state = 'waiting' AND retry_at IS NULL"),
        postgresql_where=sa.text("state = 'waiting' AND retry_at IS NULL"),
    )
    op.create_index(
        "ix_deliveries_ended_ill", "deliveries", ["state", "id"],
        sqlite_where=sa.text("state IN ('failed', 'unknown')"),
        postgresql_where=sa.text("state IN ('failed', 'unknown')"),
    )
    op.create_index(
        "ix_deliveries_held", "deliveries", ["hold", "campaign"],
        sqlite_where=sa.text("hold IS NOT NULL"),
        postgresql_where=sa.text("hold IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_sending", "deliveries", ["contact_id"],
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_deliveries_waiting", "deliveries", ["contact_id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_deliveries_suspects", "deliveries", ["queue"],
        sqlite_where=sa.text("careful AND state = 'waiting'"),
        postgresql_where=sa.text("careful AND state = 'waiting'"),
    )


def _make_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("ask_at", Instant(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_questions")),
    )


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("contact_ref", sa.String(), nullable=True),
        sa.Column("ref_key", sa.String(length=64), nullable=True),
        sa.Column("data", Json, nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trace", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_contact", "events", ["contact_id", "type", "at"])
    op.create_index(
        "ix_events_kept", "events", ["received_at"],
        sqlite_where=sa.text("contact_id IS NULL AND contact_ref IS NOT NULL"),
        postgresql_where=sa.text("contact_id IS NULL AND contact_ref IS NOT NULL"),
    )
    op.create_index(
        "ix_events_pending", "events", ["at", "id"],
        sqlite_where=sa.text("pending AND (contact_id IS NOT NULL OR contact_ref IS NULL)"),
        postgresql_where=sa.text("pending AND (contact_id IS NOT NULL OR contact_ref IS NULL)"),
    )


def _make_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("run_id", "step", name=op.f("uq_calls_run_id_step")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_calls_due", "calls", ["due_at"],
        sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"),
    )


def _make_meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )


def _make_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_pauses")),
    )


def _make_postings() -> None:
    op.create_table(
        "postings",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("position", Id, nullable=False),
        sa.Column("until", Id, nullable=True),
        sa.Column("since", Instant(), nullable=True),
        sa.Column("before", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("hand", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("webhook", "lane", name=op.f("pk_postings")),
    )


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("intended_at", Instant(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("trigger", Json, nullable=False),
        sa.Column("variables", Json, nullable=False),
        sa.Column("handed_off_at", Instant(), nullable=True),
        sa.Column("waiting_for", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("trace", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("contact_id", "campaign", "key", name=op.f("uq_runs_contact_id_campaign_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_runs_due", "runs", ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _make_segment_members() -> None:
    op.create_table(
        "segment_members",
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("segment", "contact_id", name=op.f("pk_segment_members")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_segment_members_moved", "segment_members", ["segment", "moved_at"])


def _make_segment_states() -> None:
    op.create_table(
        "segment_states",
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("definition", sa.String(length=64), nullable=False),
        sa.Column("looked_at", Instant(), nullable=False),
        sa.Column("compared_at", Instant(), nullable=False),
        sa.Column("seen", Json, nullable=False),
        sa.PrimaryKeyConstraint("segment", name=op.f("pk_segment_states")),
    )


def _make_snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("files", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sqlite_autoincrement=True,
    )


def _make_suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_suppressions")),
    )


def _make_touches() -> None:
    op.create_table(
        "touches",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("run_id", Id, nullable=True),
        sa.Column("delivery_id", Id, nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("detail", Json, nullable=False),
        sa.Column("texts_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touches")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_touches_contact", "touches", ["contact_id", "at"])
    op.create_index(
        "ix_touches_handed_over", "touches", ["campaign", "id"],
        sqlite_where=sa.text("kind = 'sent'"), postgresql_where=sa.text("kind = 'sent'"),
    )
    op.create_index(
        "ix_touches_returned", "touches", ["id"],
        sqlite_where=sa.text("kind IN ('bounced', 'complained', 'failed')"),
        postgresql_where=sa.text("kind IN ('bounced', 'complained', 'failed')"),
    )
    op.create_index(
        "ix_touches_step", "touches", ["campaign", "version", "step", "kind"],
        sqlite_where=sa.text("kind IN ('sent', 'delivered', 'opened', 'clicked')"),
        postgresql_where=sa.text("kind IN ('sent', 'delivered', 'opened', 'clicked')"),
    )


def _make_campaign_versions() -> None:
    op.create_table(
        "campaign_versions",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("snapshot_id", Id, nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_campaign_versions_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("campaign", "version", name=op.f("pk_campaign_versions")),
    )


def _make_contact_dates() -> None:
    op.create_table(
        "contact_dates",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("zone_key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "name", name=op.f("pk_contact_dates")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_dates_recurs", "contact_dates", ["name", "month", "day", "zone_key", "contact_id", "year"])


def _make_touch_details() -> None:
    op.create_table(
        "touch_details",
        sa.Column("touch_id", Id, nullable=False),
        sa.Column("private", Json, nullable=False),
        sa.PrimaryKeyConstraint("touch_id", name=op.f("pk_touch_details")),
    )


def _make_kept_texts() -> None:
    op.create_table(
        "kept_texts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_texts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_kept_texts_at"), "kept_texts", ["at"])


def _make_traffic() -> None:
    op.create_table(
        "notices",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "owner", name=op.f("pk_notices")),
    )
    op.create_table(
        "buckets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("paid", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_buckets")),
    )
    op.create_table(
        "volumes",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "day", name=op.f("pk_volumes")),
    )


def _make_identities() -> None:
    op.create_table(
        "identities",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "name", "key", name=op.f("pk_identities")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_identities_key"), "identities", ["key"])


def _make_merges() -> None:
    op.create_table(
        "merges",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kept_id", Id, nullable=False),
        sa.Column("merged_id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("record", Json, nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_merges_kept_id"), "merges", ["kept_id"])
    op.create_index(op.f("ix_merges_merged_id"), "merges", ["merged_id"])
    op.create_index(
        "ix_merges_unsettled", "merges", ["id"], sqlite_where=sa.text("unsettled"), postgresql_where=sa.text("unsettled"),
    )


def _make_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("contact_id", Id, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_erasures")),
    )
    op.create_index(
        "ix_erasures_unsettled", "erasures", ["contact_id"], sqlite_where=sa.text("unsettled"), postgresql_where=sa.text("unsettled"),
    )
    op.create_table(
        "barred",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_barred")),
    )
    op.create_index(op.f("ix_barred_contact_id"), "barred", ["contact_id"])


def _make_hooks() -> None:
    op.create_table(
        "hook_requests",
        sa.Column("hook", sa.String(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hook", "mark", name=op.f("pk_hook_requests")),
    )
    op.create_index(op.f("ix_hook_requests_at"), "hook_requests", ["at"], unique=False)
    op.create_table(
        "hook_subjects",
        sa.Column("hook", sa.String(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("told", Json, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hook", "subject", name=op.f("pk_hook_subjects")),
    )
    op.create_index(op.f("ix_hook_subjects_at"), "hook_subjects", ["at"], unique=False)


def _make_api() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("ending", sa.String(length=4), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "requests",
        sa.Column("key_id", Id, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("answer", Json, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "name", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_at"), "requests", ["at"])
