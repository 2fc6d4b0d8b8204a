"""The HTML of a mail -> the same as a page: with a title (WCAG 2.2, 2.4.2) and a main landmark, which mails hardly ever have."""

from __future__ import annotations

import re
from html import escape

_TAG = r"(?:\"[^\"]*\"|'[^']*'|[^'\">])*>"
_BODY = re.compile(rf"<body\b{_TAG}", re.IGNORECASE)
_BEFORE_TITLE = re.compile(rf"<head\b{_TAG}|<html\b{_TAG}|<!doctype\b[^>]*>", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^>]*>(?P<words>[^<]*)</title\s*>", re.IGNORECASE)
_MAIN = re.compile(r"<main\b|\brole\s*=\s*[\"']?main\b", re.IGNORECASE)


def as_page(html: str, *, title: str) -> str:
    """The mail as it is, titled so unless it has words of its own for that, and all of it the page's main part unless it names one."""
    body = _BODY.search(html)
    begins, ends = body.span() if body else (_where_a_title_goes(html),) * 2
    rest = html[ends:]
    return _titled(html[:begins], title) + html[begins:ends] + (rest if _MAIN.search(rest) else _main(rest))


def _titled(head: str, title: str) -> str:
    """What stands before the body, with a title in it."""
    known = _TITLE.search(head)
    if known and known["words"].strip():
        return head
    bare = _TITLE.sub("", head)
    place = _where_a_title_goes(bare)
    return f"{bare[:place]}<title>{escape(title)}</title>{bare[place:]}"


def _where_a_title_goes(html: str) -> int:
    return max((found.end() for found in _BEFORE_TITLE.finditer(html)), default=0)


def _main(rest: str) -> str:
    end = rest.lower().rfind("</body")
    end = len(rest) if end < 0 else end
    return f'<div role="main">{rest[:end]}</div>{rest[end:]}'
