"""Contacts: their identities, consents, merges, erasure, export, and batches of them as they are imported."""
