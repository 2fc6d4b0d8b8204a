"""Chat messages of the demo's inbox as Slack shows them: a posted body -> its blocks, and Slack's markup -> HTML.

The markup is https://docs.slack.dev/messaging/formatting-message-text; what is not markup is shown as it stands.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from rich.emoji import Emoji

_MARKUP = re.compile(
    r"```\n?(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<(?P<target>[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>"
    r"|(?<![\w*])\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\s](?:[^_\n]*[^_\s])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<struck>[^~\s](?:[^~\n]*[^~\s])?)~(?![\w~])",
    re.DOTALL,
)
_LINK = ("https://", "http://", "mailto:")
_TAGS: Mapping[str, Callable[[str], str]] = {
    "pre": lambda text: f"<pre>{_plain(text)}</pre>",
    "code": lambda text: f"<code>{_plain(text)}</code>",
    "bold": lambda text: f"<strong>{mrkdwn(text)}</strong>",
    "italic": lambda text: f"<em>{mrkdwn(text)}</em>",
    "struck": lambda text: f"<s>{mrkdwn(text)}</s>",
}


def blocks(raw: str) -> Sequence[Mapping[str, Any]]:
    """The blocks of a body posted to chat.postMessage; one section of its text where it has none."""
    body = json.loads(raw)
    return body.get("blocks") or [{"type": "section", "text": {"type": "mrkdwn", "text": body.get("text") or ""}}]


def mrkdwn(text: str) -> Markup:
    """Slack's markup as HTML: links, emphasis, code, emoji by their names. Nothing else of the text is taken for HTML."""
    made, position = [], 0
    for found in _MARKUP.finditer(text):
        made += [_emoji(_plain(text[position : found.start()])), _one(found)]
        position = found.end()
    return Markup("".join([*made, _emoji(_plain(text[position:]))]))  # noqa: S704  # every part of it was escaped


def plain(text: str) -> str:
    """The same for a list: without the marks, in one line."""
    return " ".join(html.unescape(mrkdwn(text).striptags()).split())


def _one(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if kind in _TAGS:
        return _TAGS[kind](found[kind])
    target, label = found["target"], found["label"]
    if target.startswith(_LINK):
        return f'<a href="{_plain(target)}">{_emoji(_plain(label or target))}</a>'
    return f'<span class="mention">{_plain(label or target.replace("!", "@", 1).lstrip("#"))}</span>'


def _plain(text: str) -> str:
    """Slack writes &, < and > as HTML does; whatever else HTML minds is escaped too."""
    return html.escape(html.unescape(text))


def _emoji(text: str) -> str:
    return Emoji.replace(text)
