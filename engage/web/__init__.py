"""The API, the pages behind the links in messages, and health. Made of a `Site`, which the composition root fills."""
