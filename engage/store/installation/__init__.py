"""The installation as a whole: figures, pauses and approvals by its people, keys, backup."""
