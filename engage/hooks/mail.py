"""What mail providers have in common: the mark by which they give our message back, and how bad a bounce is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engage.feedback.bounces import Severity, severity
from engage.hooks.values import text

HEADER = "x-engage-delivery"
"""The header that every mail of ours carries; its value is the delivery's Idempotency-Key."""

FIELD = "engage_delivery"
"""Under this name providers give the same value back that take custom fields by a header of their own."""

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_DECISIVE = frozenset({Severity.HARD, Severity.FULL, Severity.BLOCKED})


def marks(*values: object) -> tuple[str, ...]:
    """The texts among these, in which our mark may stand."""
    return tuple(found for value in values if (found := text(value)) is not None)


def headers(listed: object, *names: str) -> tuple[str, ...]:
    """The values of these headers, of a list of `{name, value}`."""
    each = listed if isinstance(listed, list) else []
    return marks(*(one.get("value") for one in each if isinstance(one, dict) and str(one.get("name", "")).lower() in names))


def reason(word: Severity, *told: object) -> str:
    """The enhanced status code (RFC 3463) in what the receiving server said, where that decides; else the provider's own word."""
    codes = [code for each in told for code in _ENHANCED.findall(text(each) or "")]
    return next((code for code in codes if severity(code) in _DECISIVE), word.value)


def lowered(fields: Mapping[str, Any], name: str) -> str:
    """The text of a field in lower case; empty where it is missing."""
    return (text(fields.get(name)) or "").lower()
