"""The database: the only truth. Tables and SQL, alike for SQLite and PostgreSQL, behind the ports of those who need them.

Each folder knows those above it alone, and is named after the package whose ports it implements, where there is one::

    schema                        the tables; their migrations stand beside it
    sql, rows                     what SQL is written with; rows as the nouns of the model
    database, engines, memory,    how the database is reached, brought to this version,
    migrating, session, notes     and what the parts of a transaction share
    campaigns, expressions        accepted workspaces and what changes about them; conditions on contacts
    delivery, people              deliveries on their way; who people are and what they allow
    planning                      who enters when, and how runs go on
    feedback, history             what comes back; what was done and why
    installation                  figures, keys and copies of the whole
"""
