"""What SQL is written with here, alike on both databases: lists as one parameter, rows as a table, statements kept ready."""
