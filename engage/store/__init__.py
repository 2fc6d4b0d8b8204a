"""The database: the only truth. Tables and SQL, alike for SQLite and PostgreSQL, behind the ports of those who need them.

::

    tables, traffic_tables, people_tables,              what there is
    ledger_tables, columns, conditions
    migrations
    database, engines, clock, inserts, notes,           how it is reached, and what the others share
    migrating, upgrading, functions, session, rows, raw, lists, bulk, json_tables, zones
    entries, entrances, slots, meant, openings,         the port of planning: entering
    planned, shares, segments, audiences, enrolling
    runs, progress, happenings, pending                 the port of planning: runs and events
    deliveries, queues, leases, facts, recall,          the port of delivery
    handing_off, outcomes, sweeping, releases, pausing, campaigns, payloads
    buckets, notices, volumes, standing                 the ports of traffic, and how each provider stands
    reviewing, questions                                deliveries that failed or are unknown: what people and providers say of them
    calls                                               the outbox of calls
    feedback, texting, blocking, guarding               the ports of feedback
    lowering, operators, typed_json, asking, lookups    expressions as SQL, and their questions
    people, people_batch, people_rows, ledger,          people and what happened to them
    history, letters, inquiries, identities
    merging, unmerging, merge_ledger, merge_runs,       two contacts who are one
    merge_records, belongings
    erasing, scrubbing, exporting, keeping, diary       what a person may ask for, and what is kept how long
    workspaces, renaming, operating, under_way,         accepted snapshots, operation
    sightings, gauges, backing_up
    business_clock, due, copy, memory, ready            simulation
"""
