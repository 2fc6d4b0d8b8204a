"""Engage: campaigns as code, delivered once, at the right hour, with consent.

The flow, which is also the order of the folders (each stage takes only what the one before it made)::

    rules     YAML            -> Campaign       what to say, to whom, when
    planning  trigger x people -> Intent         who is due, and a run's next step
    policy    Intent + Facts  -> Approved | ...  may we, now, by which channel
    templates Approved        -> Rendered        in their language
    delivery  Rendered        -> Cleared         still?  (the transaction that commits `sending`)
    channels  Cleared         -> Receipt         or one of three errors
    history   Receipt         -> Touch           what came of it, for ever
    feedback  Response        -> Touch, Event    what came back of it, and what follows of that

``simulation`` plays all of it on a clock that jumps; ``store`` keeps it; ``cli`` and ``web`` are its doors.
"""

__version__ = "0.1.0"
