"""People: where they live, who is meant, what they allow, and how a file of them comes in.

`file -> reading -> columns -> telling (one row, normalised) -> importing -> ports.People`; `zones`, `identity` and `consent` are pure.
"""
