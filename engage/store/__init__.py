"""The database: the only truth. Tables and SQL, alike for SQLite and PostgreSQL, behind the ports of those who need them.

::

    tables, migrations, database, engines, clock      what there is, and how it is reached
    entries, slots, audiences, runs, happenings       the port of planning
    deliveries, queues, leases, facts, outcomes,
    sweeping, releases, pausing                       the port of delivery
    lowering, operators, typed_json, asking, lookups  expressions as SQL, and their questions
    people, ledger, history, letters, inquiries       people and what happened to them
    workspaces, operating, business_clock, copy       accepted snapshots, operation, simulation
"""
