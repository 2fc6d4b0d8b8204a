"""A reader of the demo who answers: the question's mail -> its link, the page behind it, and the page's button."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Sequence
from html import unescape
from urllib.parse import urlencode

from workers.catchers import Caught

LINK = re.compile(r'href="(https?://[^"]+/a/[^"]+)"')
CHOSEN = re.compile(r'name="score" value="(\d+)" required checked')
PATIENCE = 10.0
"""Seconds."""


def link_to(messages: Sequence[Caught], address: str, score: int) -> str | None:
    """Behind which the last mail to the address that asks has this score (they stand in order, from 1); None where none does."""
    for message in reversed(messages):
        links = LINK.findall(message.html or "") if message.recipient == address else []
        if score <= len(links):
            return unescape(links[score - 1])
    return None


def press(link: str) -> None:
    """Open the page and press its button: the score that it shows is posted. Raises ValueError for a page that shows none."""
    with urllib.request.urlopen(link, timeout=PATIENCE) as answer:  # noqa: S310  # our own server
        chosen = CHOSEN.search(answer.read().decode())
    if chosen is None:
        raise ValueError("the page shows no score that is chosen")
    form = urlencode({"score": chosen[1]}).encode()
    with urllib.request.urlopen(link, data=form, timeout=PATIENCE) as answer:  # noqa: S310  # our own server
        answer.read()
