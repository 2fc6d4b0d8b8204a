"""Rows as the nouns of the model, and back; many of them in one statement."""
