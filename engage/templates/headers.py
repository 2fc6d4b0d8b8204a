"""What may stand in a mail's header: one line, whatever a value tries (also encoded, CVE-2024-6923), and one address."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses
from functools import lru_cache

from engage.model.errors import RenderError
from engage.templates.limits import MAX_HEADER

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STRICT = "strict" in getaddresses.__code__.co_varnames
"""Python since 3.11.10 refuses addresses that parse in two ways (CVE-2023-27043)."""


def header(name: str, value: str) -> str:
    """The value, its ends trimmed. Raises RenderError for control characters, open or inside encoded words."""
    value = value.strip()
    if len(value) > MAX_HEADER:
        raise RenderError(f"{name} is longer than {MAX_HEADER} characters")
    if (not value.isprintable() and _CONTROL.search(value)) or ("=?" in value and _CONTROL.search(_decoded(name, value))):
        raise RenderError(f"{name} has a line break or another control character")
    return value


@lru_cache(maxsize=1024)
def mailbox(name: str, value: str) -> str:
    """The one mailbox that the value names. Raises RenderError."""
    value = header(name, value)
    found = getaddresses([value], strict=True) if _STRICT else getaddresses([value])
    if len(found) != 1 or "@" not in found[0][1].strip("@"):
        raise RenderError(f"{name} is not one address, like: Name <name@example.com>")
    return value


def _decoded(name: str, value: str) -> str:
    try:
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "latin-1", "replace") for part, charset in decode_header(value)
        )
    except (HeaderParseError, LookupError, ValueError) as error:
        raise RenderError(f"{name} has an encoded word that cannot be read") from error
