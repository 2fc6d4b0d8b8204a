"""`Receipt -> Touch`, read: the timeline of a contact, what was written since, and how often what happened."""
