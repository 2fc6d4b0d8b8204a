"""A reader of the demo who answers: the question's mail -> its link, the page behind it, and the page's button; and who follows links."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Sequence
from html import unescape
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from workers.demo.catchers import Caught

LINK = re.compile(r'href="(https?://[^"]+/a/[^"]+)"')
COUNTED = re.compile(r'href="(https?://[^"]+/c/[^"]+)"')
CHOSEN = re.compile(r'name="score" value="(\d+)" required checked')
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
"""What people read mail with; a program's own name would make it a machine's click."""

CONTENT = 5
"""The score of those who look round the shop, by the mail's link to it."""

PATIENCE = 10.0
"""Seconds."""


def answer(messages: Sequence[Caught], address: str, score: int) -> tuple[bool, bool]:
    """Answer the last mail to the address that asks, and look round the shop where content.

    Whether there was one, and whether a link that counts was followed.
    """
    link = link_to(messages, address, score)
    if link is None:
        return False, False
    press(link)
    shop = counted_link(messages, address) if score == CONTENT else None
    if shop is not None:
        follow(shop)
    return True, shop is not None


def link_to(messages: Sequence[Caught], address: str, score: int) -> str | None:
    """Behind which the last mail to the address that asks has this score (they stand in order, from 1); None where none does."""
    links = LINK.findall(_question(messages, address))
    return unescape(links[score - 1]) if score <= len(links) else None


def counted_link(messages: Sequence[Caught], address: str) -> str | None:
    """The first link of that mail that tells that it was followed; None where this reader is not tracked."""
    found = COUNTED.search(_question(messages, address))
    return unescape(found[1]) if found is not None else None


def _question(messages: Sequence[Caught], address: str) -> str:
    """The page of the last mail to the address that asks something."""
    pages = (message.html or "" for message in reversed(messages) if message.recipient == address)
    return next((page for page in pages if LINK.search(page)), "")


def press(link: str) -> None:
    """Open the page and press its button: the score that it shows is posted. Raises ValueError for a page that shows none."""
    with urllib.request.urlopen(link, timeout=PATIENCE) as answer:  # noqa: S310  # our own server
        chosen = CHOSEN.search(answer.read().decode())
    if chosen is None:
        raise ValueError("the page shows no score that is chosen")
    form = urlencode({"score": chosen[1]}).encode()
    with urllib.request.urlopen(link, data=form, timeout=PATIENCE) as answer:  # noqa: S310  # our own server
        answer.read()


def follow(link: str) -> None:
    """Follow it as a browser does, but for the shop that it leads to, which is made up. Raises ValueError where it does not lead on."""
    parts = urlsplit(link)
    connection = HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        connection.request("GET", parts.path, headers={"User-Agent": BROWSER})
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    if answer.status != HTTPStatus.FOUND:
        raise ValueError(f"the link answers {answer.status} and does not lead on")
