"""MJML -> HTML, once per file. The compiler takes misspelt tags in silence, so names and nesting are checked here first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mjml import mjml2html

from engage.model.errors import nearest
from engage.templates.faults import TemplateFault
from engage.templates.locales import is_right_to_left
from engage.templates.placeholders import Held
from engage.templates.sources import Piece

TAGS = frozenset(
    {
        "mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-html-attributes",
        "mj-selector", "mj-html-attribute", "mj-preview", "mj-style", "mj-title", "mj-raw", "mj-accordion", "mj-accordion-element",
        "mj-accordion-text", "mj-accordion-title", "mj-button", "mj-carousel", "mj-carousel-image", "mj-column", "mj-divider",
        "mj-group", "mj-hero", "mj-image", "mj-navbar", "mj-navbar-link", "mj-section", "mj-social", "mj-social-element", "mj-spacer",
        "mj-table", "mj-text", "mj-wrapper",
    }
)  # fmt: skip
_STRUCTURE = frozenset({"mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"})
"""Only components may stand in these; whatever else does is raw."""

_HOLDS_TEXT = frozenset(
    {
        "mj-preview", "mj-style", "mj-title", "mj-raw", "mj-accordion-text", "mj-accordion-title", "mj-button", "mj-navbar-link",
        "mj-social-element", "mj-table", "mj-text",
    }
)  # fmt: skip
_TOKEN = re.compile(r"<!--.*?-->|<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)(?P<rest>[^<>]*?)(?P<self>/?)>|(?P<word>xq\d+j\d*qx)", re.DOTALL)
_OPENING = re.compile(r"<mjml\b[^>]*>")
_OFFSET = re.compile(r"\b(\d+)\.\.\d+")
_RIGHT_TO_LEFT = '<mj-attributes><mj-text align="right" /><mj-table align="right" /></mj-attributes>'


def to_html(pieces: Sequence[Piece], locale: str) -> tuple[Held, str]:
    """The HTML with words for tags, in the language's direction. Raises TemplateFault with the place of what is wrong."""
    held = Held(pieces)
    rtl = is_right_to_left(locale)
    checked = "".join(_checked(held))
    opening = f'<mjml lang="{locale}" dir="{"rtl" if rtl else "ltr"}">'
    text = _OPENING.sub(opening, _turned(checked) if rtl else checked, count=1)
    try:
        html: str = mjml2html(text, fonts={})  # its own table would make every reader's mail program call Google for fonts
    except ValueError as error:
        offset = _OFFSET.search(str(error))
        place = held.place(int(offset.group(1)) - len(text) + len(checked) if offset and checked == held.text else 0)
        raise TemplateFault(place, f"this is not MJML: {error}") from error
    if (lost := held.lost(html)) is not None:
        raise TemplateFault(lost.place, "MJML drops what stands here; put it into an mj-text, mj-raw or mj-table")
    return held, html.replace("direction:ltr", "direction:rtl") if rtl else html


def _checked(held: Held) -> Iterator[str]:
    """The text, with tags of Jinja between components wrapped in mj-raw, which prints them where they stand."""
    text = held.text
    open_tags: list[tuple[str, int]] = []
    position = 0
    for found in _TOKEN.finditer(text):
        yield text[position : found.start()]
        position = found.end()
        inside = open_tags[-1][0] if open_tags else ""
        if found["word"]:
            yield f"<mj-raw>{found.group()}</mj-raw>" if inside in _STRUCTURE else found.group()
            continue
        yield found.group()
        name = found["name"]
        if name is None:
            continue
        if inside in _HOLDS_TEXT and not (found["close"] and name == inside):
            if name.startswith("mj"):
                what = f"</{name}> comes before <{inside}> is closed" if found["close"] else f"<{name}> may not stand inside <{inside}>"
                raise TemplateFault(held.place(found.start()), what)
            continue
        _check_name(held, found.start(), name, inside)
        if found["close"]:
            _close(held, found.start(), name, open_tags)
        elif not found["self"]:
            open_tags.append((name, found.start()))
    if open_tags:
        name, at = open_tags[-1]
        raise TemplateFault(held.place(at), f"<{name}> is never closed")
    yield text[position:]


def _check_name(held: Held, at: int, name: str, inside: str) -> None:
    if name == "mj-include":
        raise TemplateFault(held.place(at), "mj-include reads no file here; use {% include '_partials/…' %}")
    if name in TAGS or inside in ("mj-attributes", "mj-html-attributes", "mj-selector"):
        return
    if name.startswith("mj"):
        raise TemplateFault(held.place(at), f"there is no MJML tag <{name}>", nearest(name, TAGS))
    raise TemplateFault(held.place(at), f"<{name}> may not stand directly in <{inside or 'the file'}>; put it into an mj-text or mj-raw")


def _close(held: Held, at: int, name: str, open_tags: list[tuple[str, int]]) -> None:
    opened = open_tags.pop()[0] if open_tags else ""
    if opened != name:
        raise TemplateFault(held.place(at), f"</{name}> does not close <{opened}>" if opened else f"</{name}> closes nothing")


def _turned(text: str) -> str:
    """Defaults for a right-to-left language, before the file's own, which win."""
    if "<mj-head>" in text:
        return text.replace("<mj-head>", "<mj-head>" + _RIGHT_TO_LEFT, 1)
    return re.sub(r"(<mjml[^>]*>)", rf"\1<mj-head>{_RIGHT_TO_LEFT}</mj-head>", text, count=1)
