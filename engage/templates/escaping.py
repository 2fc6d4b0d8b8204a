"""What a template makes, and how a value is made harmless there before it is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum

import markupsafe

VALUE_BEGINS, VALUE_ENDS = "\ue000", "\ue001"
"""Private-use marks around a value inside Block Kit JSON: whether it is escaped as mrkdwn depends on where it ends up."""


class Form(StrEnum):
    """The form of what a template makes."""

    TEXT = "text"
    HTML = "html"
    MRKDWN = "mrkdwn"
    BLOCKS = "blocks"
    ICS = "ics"


def escape_mrkdwn(text: str) -> str:
    """Slack's three characters: with them a value could mention everyone or hide a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mark_value(text: str) -> str:
    """The text between marks; marks of its own are dropped."""
    return VALUE_BEGINS + text.replace(VALUE_BEGINS, "").replace(VALUE_ENDS, "") + VALUE_ENDS


def _blocks(text: str) -> str:
    return json.dumps(mark_value(text), ensure_ascii=False)[1:-1]


def _ics(text: str) -> str:
    lines = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").splitlines()
    return "\\n".join(lines)


ESCAPES: Mapping[Form, Callable[[str], str]] = {
    Form.TEXT: str,
    Form.HTML: lambda text: str(markupsafe.escape(text)),
    Form.MRKDWN: escape_mrkdwn,
    Form.BLOCKS: _blocks,
    Form.ICS: _ics,  # RFC 5545, section 3.3.11
}
