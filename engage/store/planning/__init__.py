"""Who enters when: audiences as INSERT … SELECT, runs as they go on, events as they come in."""
