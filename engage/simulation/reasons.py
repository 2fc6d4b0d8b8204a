"""Why something expected did not come: what happened to that contact instead, and the check that stood in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from engage.model.history import Kind, Touch
from engage.model.values import moment_text
from engage.rules.campaign_tests import Expectation
from engage.simulation.lines import Line

MOST = 12
"""So many touches of a contact are shown."""

TOLD = frozenset({Kind.EVENT, Kind.CONSENT_GRANTED, Kind.CONSENT_WITHDRAWN})
"""What the test itself said."""


def reasons(expectation: Expectation, lines: Sequence[Line]) -> Iterator[str]:
    """What happened to the contact of an expectation, all of it, in order; `lines` are the contact's."""
    happened = [line.touch for line in lines if line.touch.kind not in TOLD and _is_about(expectation, line.touch)]
    if not happened:
        where = f" in {expectation.campaign}" if expectation.campaign is not None else ""
        yield f"  nothing at all happened to {expectation.contact}{where}: no trigger of a campaign that ran let it in"
        return
    yield f"  what happened to {expectation.contact}:"
    for touch in happened[:MOST]:
        yield f"    {_sentence(touch)}"
        yield from (f"      {line}" for line in _trail(touch))
    if len(happened) > MOST:
        yield f"    … and {len(happened) - MOST} touches more"


def written(keys: Mapping[str, object]) -> str:
    """As a row of a test would say it."""
    return "{" + ", ".join(f"{key}: {written_value(value)}" for key, value in keys.items()) + "}"


def written_value(value: object) -> str:
    """A moment as tests write it; anything else as text."""
    return moment_text(value) if isinstance(value, datetime) else str(value)


def _is_about(expectation: Expectation, touch: Touch) -> bool:
    return expectation.campaign in (None, touch.campaign)


def _sentence(touch: Touch) -> str:
    about = " ".join(part for part in (touch.campaign, touch.message) if part)
    by = f" by {touch.channel}" if touch.channel else ""
    reason = f": {touch.reason}" if touch.reason else ""
    until = f" until {touch.detail['until']}" if "until" in touch.detail else ""
    error = f" ({touch.detail['error']})" if "error" in touch.detail else ""
    return f"{moment_text(touch.at)}  {touch.kind}{reason}{until}{error}  {about}{by}".rstrip()


def _trail(touch: Touch) -> Iterator[str]:
    """Each check of the decision that was not to send, those that stood in the way marked."""
    trail = touch.detail.get("trail")
    for check in trail if isinstance(trail, list) else ():
        by = f" [{check['channel']}]" if "channel" in check else ""
        yield f"{'✓' if check['passed'] else '✗'} {check['check']} {check['name']}{by}: {check['why']}"
