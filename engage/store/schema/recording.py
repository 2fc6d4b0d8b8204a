"""On SQLite: the view into which a slice of sent messages is put, to be written to all tables that tell of it in one statement.

What PostgreSQL does in one statement is on SQLite what the trigger does, for the same things given. A migration that makes one of these
tables anew drops the view first, and its trigger with it. The last number of a table stays what it was until the whole statement is done.
"""

LOST, NOT_ALL = "the lease has ended", "not all in hand"
"""What the trigger says where it may write nothing."""

VIEW = """\
CREATE VIEW recording AS
SELECT NULL AS batch, NULL AS rows, NULL AS at, NULL AS channel, NULL AS provider, NULL AS letters, NULL AS bodies, NULL AS all_left
"""
"""`rows`: JSON, an object a message (id, locale, provider_id, detail; and the place of its text among `letters`, from 1). `letters`: JSON,
of each row of texts how many letters are in it, and where in `bodies`, all of them together, it begins (from 1), and how long it is."""

TRIGGER = f"""\
CREATE TRIGGER record INSTEAD OF INSERT ON recording BEGIN
    SELECT RAISE(ABORT, '{LOST}') WHERE NOT EXISTS (SELECT 1 FROM batches WHERE id = NEW.batch);
    UPDATE deliveries SET state = 'sent', batch_id = NULL, careful = 0, retry_at = NULL, hold = NULL
    WHERE id IN (SELECT json_extract(value, '$.id') FROM json_each(NEW.rows)) AND batch_id = NEW.batch AND state = 'sending';
    SELECT RAISE(ABORT, '{NOT_ALL}') WHERE changes() < json_array_length(NEW.rows);
    INSERT INTO kept_texts (id, at, letters, body)
    SELECT
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'kept_texts') + 1 + key, NEW.at, json_extract(value, '$[0]'),
        substr(NEW.bodies, json_extract(value, '$[1]'), json_extract(value, '$[2]'))
    FROM json_each(NEW.letters);
    INSERT INTO touches (
        at, contact_id, kind, campaign, version, run_id, delivery_id, step, message, purpose, channel, provider, locale, provider_id,
        detail, texts_id
    )
    SELECT
        NEW.at, contact_id, 'sent', nullif(campaign, ''), nullif(version, ''), run_id, deliveries.id, nullif(step, ''), message, purpose,
        NEW.channel, NEW.provider, json_extract(value, '$.locale'), json_extract(value, '$.provider_id'), json_extract(value, '$.detail'),
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'kept_texts') + json_extract(value, '$.texts')
    FROM json_each(NEW.rows) AS given JOIN deliveries ON deliveries.id = json_extract(given.value, '$.id') ORDER BY deliveries.id;
    INSERT INTO run_outcomes (at, outcome, handed_off_at, run_ids)
    SELECT NEW.at, 'sent', sending_at, json_group_array(run_id)
    FROM (
        SELECT sending_at, run_id FROM json_each(NEW.rows) AS given JOIN deliveries ON deliveries.id = json_extract(given.value, '$.id')
        WHERE run_id IS NOT NULL AND NOT apart ORDER BY run_id
    ) GROUP BY sending_at;
    DELETE FROM batches
    WHERE NEW.all_left AND id = NEW.batch AND NOT EXISTS (SELECT 1 FROM deliveries WHERE batch_id = NEW.batch);
END
"""  # noqa: S608  # our own words
