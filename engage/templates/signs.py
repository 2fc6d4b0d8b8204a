"""Campaigns that wait for a click by a text message -> problems, where the text's links are not counted: it would never come."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import final

from engage.model.campaign import Campaign
from engage.model.contact import ChannelKind
from engage.model.errors import Place, Problem
from engage.model.steps import Arm, Send, Split, every_send, every_step
from engage.model.workspace import Channel, Workspace
from engage.templates.catalogue import Catalogue

TRACK = "say `track: {clicks: true}` between lines of --- at its top"


def unseen_clicks(workspace: Workspace, catalogue: Catalogue, uncounted: Collection[str]) -> Iterator[Problem]:
    """Of each campaign that waits for `clicked` by such texts; `uncounted` are the files of which no click is recorded."""
    texts = _Texts(workspace, catalogue, uncounted)
    for campaign in workspace.campaigns.values():
        for step in every_step(campaign.steps):
            match step:
                case Send(fallback=fallback) if fallback is not None and fallback.unless == "clicked":
                    yield from texts.passed_over(campaign, step)
                case Split(winner=winner) if winner is not None and winner.sign == "clicked":
                    yield from (problem for arm in step.arms for problem in texts.never_wins(arm))
                case _:
                    pass


@final
class _Texts:
    def __init__(self, workspace: Workspace, catalogue: Catalogue, uncounted: Collection[str]) -> None:
        self._channels = workspace.settings.channels
        self._catalogue = catalogue
        self._uncounted = uncounted

    def passed_over(self, campaign: Campaign, send: Send) -> Iterator[Problem]:
        """Each file that would always be taken for one that nobody followed."""
        files = {file for name in send.channels[:-1] for file in self._files(send, self._channels.get(name)) if file in self._uncounted}
        for file in sorted(files):
            what = f"campaign {campaign.name} waits for a click in this text (`unless: clicked`), and its links are not counted: {TRACK}"
            yield Problem(place=Place(file=file, line=1, column=1), what=what)

    def never_wins(self, arm: Arm) -> Iterator[Problem]:
        """An arm that sends texts alone, of which not one counts its links."""
        sends = [send for send in every_send(arm.steps) if send.to is None]
        if any(self._is_mail(name) for send in sends for name in send.channels):
            return
        files = [(send, file) for send in sends for name in send.channels for file in self._files(send, self._channels.get(name))]
        if files and all(file in self._uncounted for _, file in files):
            send, file = files[0]
            what = f"this arm can never win: it is judged by clicks, and the links of {file} are not counted: {TRACK}"
            yield Problem(place=send.place, what=what)

    def _is_mail(self, name: str) -> bool:
        channel = self._channels.get(name)
        return channel is not None and channel.kind is ChannelKind.EMAIL and channel.to is None

    def _files(self, send: Send, channel: Channel | None) -> Sequence[str]:
        """What the message says by the channel, in all languages, where that is a text."""
        if channel is None or channel.kind is not ChannelKind.SMS or channel.to is not None:
            return ()
        by_name = self._catalogue.messages.get(send.message, {})
        languages = by_name.get(channel.name) or by_name.get(channel.kind.value) or {}
        return [file for parts in languages.values() for file in parts.values()]
