"""The tables, alike on SQLite and PostgreSQL. The SQL database is the truth: every due time, lease and state stands here."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.columns import NAMES, Id, Ids, Instant, Json, known_then, partial_index
from engage.store.schema.conditions import AGAIN, CALL_WAITING, CAME_BACK, ENDED_ILL, FRESH, HANDED_OVER, PENDING, SUSPECT, TALLIED

metadata = sa.MetaData(naming_convention=NAMES)

meta = sa.Table(
    "meta", metadata,
    sa.Column("name", sa.String, primary_key=True),  # secret (signs links, keys hashes), business_clock (demo, tests), releases
    sa.Column("value", sa.String, nullable=False),
)

snapshots = sa.Table(
    "snapshots", metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("accepted_at", Instant, nullable=False),
    sa.Column("files", Json, nullable=False),  # path -> base64 of the content
    sqlite_autoincrement=True,
)

campaign_versions = sa.Table(
    "campaign_versions", metadata,
    sa.Column("campaign", sa.String, primary_key=True),
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("snapshot_id", Id, sa.ForeignKey("snapshots.id"), nullable=False),  # the first snapshot that had it
    sa.Column("accepted_at", Instant, nullable=False),
)

campaign_states = sa.Table(
    "campaign_states", metadata,
    sa.Column("campaign", sa.String, primary_key=True),
    sa.Column("live_since", Instant),
    sa.Column("planned_until", Instant),  # entries are planned up to here
    sa.Column("needs_approval", sa.Boolean, nullable=False, default=False),
    sa.Column("approved_at", Instant),
    sa.Column("reached", sa.Integer, nullable=False, default=0),  # how many entered in the day from `reached_since` on: for the guard
    sa.Column("reached_since", Instant),
    sa.Column("watched_from", Id),  # the last touch before people resumed it: the guard counts later ones
    sa.Column("problem", sa.String),  # why the newest file was not taken
    sa.Column("status", sa.String),  # draft | live | paused, as in the newest snapshot; NULL: not in it
    sa.Column("ends_at", Instant),  # the first moment after its `valid`
    sa.Column("existing_at", Instant),  # when those entered who were in the trigger's segment already
    sa.Column("version", sa.String(64)),  # of the newest snapshot that had it
)

former_names = sa.Table(
    "former_names", metadata,  # `renamed_from`: what happened under the former name is the campaign's own past
    sa.Column("former", sa.String, primary_key=True),
    sa.Column("campaign", sa.String, nullable=False),
)

pauses = sa.Table(
    "pauses", metadata,
    sa.Column("scope", sa.String, primary_key=True),  # all | campaign | channel
    sa.Column("name", sa.String, primary_key=True),  # "" for all
    sa.Column("at", Instant, nullable=False),
    sa.Column("reason", sa.String),
)

contacts = sa.Table(
    "contacts", metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("external_id", sa.String, unique=True),
    sa.Column("email", sa.String),
    sa.Column("phone", sa.String),
    sa.Column("chat_id", sa.String),
    sa.Column("first_name", sa.String),
    sa.Column("last_name", sa.String),
    sa.Column("locale", sa.String),
    sa.Column("timezone", sa.String),
    sa.Column("country", sa.String),
    sa.Column("city", sa.String),
    sa.Column("company", sa.String),
    sa.Column("tags", Json),  # list of text
    sa.Column("status", sa.String),
    sa.Column("created_at", Instant),
    sa.Column("preferred_channel", sa.String),
    sa.Column("frequency", sa.String),  # daily | weekly | monthly: how often they want anything at most
    sa.Column("tracking", sa.Boolean),  # their own yes or no to having opens and clicks recorded
    sa.Column("attributes", Json, nullable=False),  # the declared ones, as engage.model.values writes them
    sa.Column("email_key", sa.String(64), index=True),  # keyed hashes of the normalised addresses
    sa.Column("phone_key", sa.String(64), index=True),
    sa.Column("chat_key", sa.String(64)),
    sa.Column("zone_key", sa.String, nullable=False),  # Zones.key
    sa.Column("zone_source", sa.String, nullable=False),
    sa.Column("known_at", Instant, nullable=False),  # when the row came to be
    sa.Column("changed_at", Instant, nullable=False, index=True),  # last change of a date or a place; silent ones leave it
    sa.Column("written_at", Instant, nullable=False, index=True, default=known_then),  # last change of anything, for segments
    sa.Column("quietly", sa.Boolean, nullable=False, default=False),  # that change was by a silent import: it moves nobody
    sa.Column("erased_at", Instant),
    sa.Index("ix_contacts_residence", "zone_key", "country"),
    partial_index("ix_contacts_chat_key", "chat_key", where="chat_key IS NOT NULL"),  # few have one, and each entry costs an import
    sqlite_autoincrement=True,
)

contact_dates = sa.Table(
    "contact_dates", metadata,
    sa.Column("contact_id", Id, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("month", sa.Integer, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Column("zone_key", sa.String, nullable=False),  # repeated here, so that "birthdays at nine, everywhere" reads only these rows
    sa.Index("ix_contact_dates_recurs", "name", "month", "day", "zone_key", "contact_id", "year"),
    sqlite_with_rowid=False,
)

segment_states = sa.Table(
    "segment_states", metadata,  # of the segments that live campaigns watch
    sa.Column("segment", sa.String, primary_key=True),
    sa.Column("definition", sa.String(64), nullable=False),  # hash of all that it says; another one makes the next look a baseline
    sa.Column("looked_at", Instant, nullable=False),  # the moment of the grid up to which changes are known
    sa.Column("compared_at", Instant, nullable=False),  # of the last look that compared everybody, as something had changed
    sa.Column("seen", Json, nullable=False),  # the marks of all that it depends on, as they were then
)

segment_members = sa.Table(
    "segment_members", metadata,  # those in a watched segment, and those who left it
    sa.Column("segment", sa.String, primary_key=True),
    sa.Column("contact_id", Id, primary_key=True),
    sa.Column("inside", sa.Boolean, nullable=False),
    sa.Column("moved_at", Instant),  # NULL: in it as long as we look
    sa.Index("ix_segment_members_moved", "segment", "moved_at"),
    sqlite_with_rowid=False,
)

events = sa.Table(
    "events", metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("contact_id", Id),
    sa.Column("contact_ref", sa.String),  # who is meant, while not yet known
    sa.Column("ref_key", sa.String(64)),  # keyed hash of `contact_ref`, where it is an email or a phone number
    sa.Column("data", Json, nullable=False),
    sa.Column("pending", sa.Boolean, nullable=False, default=False),  # what it asks for is not drawn yet
    sa.Column("attempts", sa.Integer, nullable=False, default=0),  # how often it could not be drawn
    sa.Column("trace", sa.String),  # the W3C traceparent under which it came in, where that is recorded
    sa.Index("ix_events_contact", "contact_id", "type", "at"),
    partial_index("ix_events_kept", "received_at", where="contact_id IS NULL AND contact_ref IS NOT NULL"),
    partial_index("ix_events_pending", "at", "id", where=PENDING),
)

runs = sa.Table(
    "runs", metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("campaign", sa.String, nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("contact_id", Id, nullable=False),
    sa.Column("key", sa.String, nullable=False),  # a returned run's key gets "#" and its id behind it
    sa.Column("state", sa.String, nullable=False),
    sa.Column("entered_at", Instant, nullable=False),
    sa.Column("intended_at", Instant, nullable=False),
    sa.Column("position", sa.String, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("trigger", Json, nullable=False),
    sa.Column("variables", Json, nullable=False),
    sa.Column("handed_off_at", Instant),
    sa.Column("waiting_for", sa.String),
    sa.Column("outcome", sa.String),  # the state in which the delivery that it waited for ended
    sa.Column("part", sa.Integer, nullable=False, default=0),  # how many channels of a fallback were tried before
    sa.Column("trace", sa.String),  # of the event by which it began
    sa.UniqueConstraint("contact_id", "campaign", "key"),  # in this order it finds a contact's runs too
    partial_index("ix_runs_due", "due_at", where="due_at IS NOT NULL"),
    sqlite_autoincrement=True,
)

batches = sa.Table(
    "batches", metadata,  # a lease over many deliveries; the row goes when all are settled
    sa.Column("id", Id, primary_key=True, autoincrement=True),  # never used twice: it is the fencing token
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("lease_until", Instant, nullable=False),  # by the database's clock
    sa.Column("careful", sa.Boolean, nullable=False),  # its rows were in a batch that crashed
    sa.Column("rendered", sa.Boolean, nullable=False, default=False),  # all of it is; from then on it is handed over
    sa.Column("in_hand", Id),  # with careful batches: the delivery being rendered or handed over
    sa.Column("delivery_ids", Ids, nullable=False),  # whose turn nobody else may take while they wait and stand here
    sa.Column("releases", sa.Integer, nullable=False),  # how often people had let held deliveries go when it was taken
    sqlite_autoincrement=True,
)

deliveries = sa.Table(
    "deliveries", metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("run_id", Id),
    sa.Column("campaign", sa.String, nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("step", sa.String, nullable=False),
    sa.Column("message", sa.String, nullable=False),
    sa.Column("purpose", sa.String, nullable=False),
    sa.Column("contact_id", Id, nullable=False),
    sa.Column("queue", sa.String, nullable=False),  # transactional | bulk
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("intended_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),  # business clock
    sa.Column("retry_at", Instant),  # machine clock: back-off after an error
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("hold", sa.String),  # paused | approval | zone: waits for people; due_at is then its expiry
    sa.Column("payload", Json, nullable=False),  # channels, to, with, quiet hours, on_unknown: what the row was made with
    sa.Column("tried", Json, nullable=False),
    sa.Column("channel", sa.String),  # chosen at clearing
    sa.Column("provider", sa.String),  # likewise; of a row that waits the one that may have it, and no other may be given it
    sa.Column("address_key", sa.String(64)),  # of the address it goes to: finds duplicates
    sa.Column("part", sa.Integer, nullable=False, default=0),  # which of the several that one step makes
    sa.Column("send_key", sa.String),  # occurrence, where one copy an address goes out (schedules)
    sa.Column("sending_at", Instant),  # business clock, at clearing
    sa.Column("handed_over", sa.Boolean, nullable=False, default=False),  # it is, or was, in `sending`
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("resends", sa.Integer, nullable=False, default=0),
    sa.Column("crashes", sa.Integer, nullable=False, default=0),
    sa.Column("crashed_at", Instant),  # machine clock
    sa.Column("careful", sa.Boolean, nullable=False, default=False),  # its batch crashed: it is tried again in a careful one
    sa.Column("batch_id", Id),  # of one in `sending`: by which lease it is handed over
    sa.Column("apart", sa.Boolean, nullable=False, default=False),  # people sent it again after its run had gone on without it
    sa.UniqueConstraint("run_id", "step", "intended_at", "part"),
    partial_index("ix_deliveries_due", "queue", "priority", "due_at", "id", where=FRESH),
    partial_index("ix_deliveries_again", "queue", "priority", "retry_at", where=AGAIN),
    partial_index("ix_deliveries_suspects", "queue", where=SUSPECT),
    partial_index("ix_deliveries_batch", "batch_id", where="batch_id IS NOT NULL"),
    partial_index("ix_deliveries_waiting", "contact_id", where="state = 'waiting'"),
    partial_index("ix_deliveries_sending", "contact_id", where="state = 'sending'"),
    partial_index("ix_deliveries_held", "hold", "campaign", where="hold IS NOT NULL"),
    partial_index("ix_deliveries_ended_ill", "state", "id", where=ENDED_ILL),
    partial_index("ix_deliveries_copy", "send_key", "address_key", where="send_key IS NOT NULL AND address_key IS NOT NULL"),
    sqlite_autoincrement=True,
)

calls = sa.Table(
    "calls", metadata,  # of endpoints, by the step `call`; the run waits for the answer
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("run_id", Id, nullable=False),
    sa.Column("step", sa.String, nullable=False),
    sa.Column("endpoint", sa.String, nullable=False),
    sa.Column("data", Json, nullable=False),  # emptied once it is answered or has failed
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),  # machine clock; of a call in hand the end of its lease
    sa.Column("attempts", sa.Integer, nullable=False, default=0),  # of a call in hand the fencing token
    sa.Column("state", sa.String, nullable=False),  # waiting | answered | failed | cancelled
    sa.UniqueConstraint("run_id", "step"),
    partial_index("ix_calls_due", "due_at", where=CALL_WAITING),
    sqlite_autoincrement=True,
)

postings = sa.Table(
    "postings", metadata,  # how far each webhook has been told what happened: a cursor over `touches`
    sa.Column("webhook", sa.String, primary_key=True),
    sa.Column("lane", sa.String, primary_key=True),  # "" for what happens; of a replay the moment at which it was asked for
    sa.Column("position", Id, nullable=False),  # every touch up to this one was taken, or is none that it wants
    sa.Column("until", Id),  # the last touch of a replay
    sa.Column("since", Instant),  # of a replay: only touches from then on, and before `before`
    sa.Column("before", Instant),
    sa.Column("due_at", Instant, nullable=False),  # machine clock; of one in hand the end of its lease
    sa.Column("hand", sa.Integer, nullable=False, default=0),  # the fencing token
    sa.Column("attempts", sa.Integer, nullable=False, default=0),  # how often the touch behind `position` was not taken
    sa.Column("failing_since", Instant),
    sa.Column("disabled_at", Instant),
    sa.Column("reason", sa.String),  # why the last attempt failed: a status code, or the error's name
)

touches = sa.Table(
    "touches", metadata,  # append-only, nothing personal
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("contact_id", Id),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("campaign", sa.String),
    sa.Column("version", sa.String(64)),
    sa.Column("run_id", Id),
    sa.Column("delivery_id", Id),
    sa.Column("step", sa.String),
    sa.Column("message", sa.String),
    sa.Column("purpose", sa.String),
    sa.Column("channel", sa.String),
    sa.Column("provider", sa.String),
    sa.Column("reason", sa.String),
    sa.Column("locale", sa.String),
    sa.Column("provider_id", sa.String),
    sa.Column("detail", Json, nullable=False),
    sa.Column("texts_id", Id),  # of `kept_texts`: where its text is, among others
    sa.Index("ix_touches_contact", "contact_id", "at"),
    partial_index("ix_touches_handed_over", "campaign", "id", where=HANDED_OVER),
    partial_index("ix_touches_returned", "id", where=CAME_BACK),
    partial_index("ix_touches_step", "campaign", "version", "step", "kind", where=TALLIED),
    sqlite_autoincrement=True,
)

touch_details = sa.Table(
    "touch_details", metadata,  # what is personal in a touch; may be erased or expire while the touch stays
    sa.Column("touch_id", Id, primary_key=True),  # of `touches`, which nothing is ever taken out of without its details
    sa.Column("private", Json, nullable=False),
)
