"""When to try again: a retry is data, a number of seconds in the delivery's row. Pure."""

from __future__ import annotations

from engage.model.contact import ChannelKind

FIRST, LONGEST, GREYLISTED = 30.0, 3600.0, 300.0
MAIL_ATTEMPTS = 78
"""30 s, doubled up to an hour, comes to 72 h (the time for which a mail server should be tried, RFC 5321 section 4.5.4.1: days)."""

WEBHOOK_SCHEDULE = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds between the attempts of the Standard Webhooks specification."""


def retry_in(kind: ChannelKind, *, attempts: int, delivery_id: int, code: str | None, retry_after: float | None) -> float | None:
    """Seconds until the next attempt after `attempts` failed ones (this one counted); None: give up.

    Never sooner than the provider asked. Jittered by up to a tenth, always the same for one delivery and attempt.
    """
    pause = _mail_pause(attempts, code) if kind is ChannelKind.EMAIL else _webhook_pause(attempts)
    if pause is None:
        return None
    return max(pause * (1 + _jitter(delivery_id, attempts)), retry_after or 0.0)


CALL_ATTEMPTS = 7
"""With the pauses of the schedule between them: 17 and a half hours. What a campaign asks for is of little use the day after."""


def retry_call_in(call_id: int, *, attempts: int, retry_after: float | None) -> float | None:
    """The same of a call to an endpoint, by the schedule of Standard Webhooks."""
    if attempts >= CALL_ATTEMPTS:
        return None
    return max(WEBHOOK_SCHEDULE[attempts - 1] * (1 + _jitter(call_id, attempts)), retry_after or 0.0)


def spread(seconds: float, *, delivery_id: int) -> float:
    """A wait that many have in common, a little longer for each: they do not all come back at once."""
    return seconds + min(seconds, FIRST) * 5 * _jitter(delivery_id, 0)


def _mail_pause(attempts: int, code: str | None) -> float | None:
    if attempts > MAIL_ATTEMPTS:
        return None
    if attempts == 1 and code in {"450", "451"}:
        return GREYLISTED
    return float(min(FIRST * 2 ** (attempts - 1), LONGEST))


def _webhook_pause(attempts: int) -> float | None:
    return WEBHOOK_SCHEDULE[attempts - 1] if attempts <= len(WEBHOOK_SCHEDULE) else None


def _jitter(delivery_id: int, attempts: int) -> float:
    return ((delivery_id * 2654435761 + attempts * 40503) % 1000) / 10000
