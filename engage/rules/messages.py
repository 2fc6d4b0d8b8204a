"""Whether what a send names is there: its channels, its message, and a template of that message for each of the channels."""

from __future__ import annotations

from collections.abc import Sequence

from engage.model.contact import PREFERRED
from engage.model.errors import Place, Problem
from engage.model.steps import Send
from engage.model.workspace import Channel
from engage.rules.known import TEMPLATES, Known, refuse_unknown
from engage.rules.tree import Scalar


def known_channels(known: Known, written: Sequence[Scalar], problems: list[Problem]) -> tuple[str, ...]:
    """The list of channels; what is none, or stands there twice, is told."""
    seen: set[str] = set()
    for name in written:
        if name != PREFERRED and name not in known.settings.channels:
            refuse_unknown("channel", name, {**known.settings.channels, PREFERRED: None}, problems, "is not declared in engage.yaml")
        if name in seen:
            problems.append(Problem(place=name.place, what=f"the channel `{name}` stands in this list twice"))
        seen.add(str(name))
    return tuple(str(name) for name in written)


def check_message(known: Known, message: Scalar, written: Sequence[Scalar] | None, step: Send, problems: list[Problem]) -> None:
    """The message has a folder, and in it a template for every channel of the send."""
    if message not in known.messages:
        refuse_unknown("message", message, known.messages, problems, f"has no folder in {TEMPLATES}")
        return
    places = {str(name): name.place for name in written or ()}
    for name in dict.fromkeys(step.channels):
        channel = known.settings.channels.get(name)
        if channel is not None and not {channel.name, str(channel.kind)} & known.messages[message]:
            problems.append(_no_template(message, channel, places.get(name, message.place)))


def _no_template(message: Scalar, channel: Channel, place: Place) -> Problem:
    names = f"{channel.kind}.*" if channel.name == channel.kind else f"{channel.name}.* or {channel.kind}.*"
    what = f"the message `{message}` has no template for the channel `{channel.name}` ({TEMPLATES}{message}/{names})"
    return Problem(place=place, what=what)
