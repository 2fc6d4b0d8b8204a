"""Every table that is about people is known to those who export and erase them."""

from __future__ import annotations

from engage.store.people.exporting import EXPORTED
from engage.store.schema.api import metadata

PERSONAL = {
    "contacts", "contact_dates", "segment_members", "consents", "events", "runs", "deliveries", "calls", "touches", "touch_details",
    "kept_texts",
    "identities", "merges", "erasures", "barred", "questions", "hook_subjects", "requests",
}
"""Tables in which somebody's number stands, or that of something of theirs."""

NUMBERS = {"contact_id", "run_id", "delivery_id", "touch_id", "kept_id"}


def test_every_table_that_is_about_people_is_known_to_erasing_and_exporting() -> None:
    """A new table fails here until `engage.store.people` empties it (scrubbing) and tells what is the person's in it (exporting), and
    the life that `tests/contract/test_privacy.py` plays leaves something there."""
    about = {table.name for table in metadata.sorted_tables if NUMBERS & set(table.c.keys())} | {"contacts", "kept_texts"}
    assert about == PERSONAL
    assert {table.name for table in EXPORTED} <= PERSONAL
