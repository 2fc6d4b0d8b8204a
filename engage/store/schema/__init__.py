"""The tables, alike on SQLite and PostgreSQL, and what their columns and partial indexes are made of."""
