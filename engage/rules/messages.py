"""Whether the message that a send names is there, with a template for each of its channels."""

from __future__ import annotations

from collections.abc import Mapping

from engage.model.errors import Place, Problem
from engage.model.steps import Send
from engage.model.workspace import Channel
from engage.rules.known import TEMPLATES, Known, refuse_unknown
from engage.rules.tree import Scalar


def check_message(known: Known, message: Scalar, step: Send, places: Mapping[str, Place], problems: list[Problem]) -> None:
    """The message has a folder, and in it a template for every channel of the send; `places` says where those of its own stand."""
    if message not in known.messages:
        refuse_unknown("message", message, known.messages, problems, f"has no folder in {TEMPLATES}")
        return
    for name in dict.fromkeys(step.channels):
        channel = known.settings.channels.get(name)
        if channel is not None and not {channel.name, str(channel.kind)} & known.messages[message]:
            problems.append(_no_template(message, channel, places.get(name, message.place)))


def _no_template(message: Scalar, channel: Channel, place: Place) -> Problem:
    names = f"{channel.kind}.*" if channel.name == channel.kind else f"{channel.name}.* or {channel.kind}.*"
    what = f"the message `{message}` has no template for the channel `{channel.name}` ({TEMPLATES}{message}/{names})"
    return Problem(place=place, what=what)
