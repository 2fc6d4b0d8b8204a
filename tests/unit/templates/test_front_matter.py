"""No key of the front matter is accepted and does nothing: each is seen in the bytes of the mail, or refused where it would not be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engage.channels.mime import Letterhead, compose
from engage.model.errors import RenderError
from engage.templates.email import KEYS
from tests.builders import NOON, a_cleared
from tests.messages import found, rendered

OTHERS = {
    "subject": ("subject: one", "subject: other"),
    "preheader": ("preheader: one", "preheader: other"),
    "from": ("from: One <one@aurora.example>", "from: Other <other@aurora.example>"),
    "reply_to": ("reply_to: one@aurora.example", "reply_to: other@aurora.example"),
    "attachments": ("attachments: [one.txt]", "attachments: [other.txt]"),
    "track": ("track: true", "track: {opens: false}"),
    "utm": ("utm: {source: one}", "utm: {source: other}"),
}
NO_EFFECT = {
    "templates/birthday/email.txt": ("---\nsubject: x\npreheader: y\n---\nHi", "3:1: preheader has no effect: this mail has no HTML"),
    "templates/birthday/email.mjml": (
        "---\nsubject: x\npreheader: y\n---\n<mjml><mj-head><mj-preview>z</mj-preview></mj-head><mj-body></mj-body></mjml>",
        "3:12: preheader has no effect: the page has an mj-preview of its own",
    ),
}


def mail(line: str) -> bytes:
    """The mail that a front matter with this line makes."""
    front = line if line.startswith("subject") else f"subject: x\n{line}"
    body = f"---\n{front}\n---\n<html><body><p>Hi <a href='https://shop.example/'>go</a></p></body></html>"
    files = {"templates/birthday/email.html": body, "templates/birthday/one.txt": "1", "templates/birthday/other.txt": "2"}
    cleared = replace(a_cleared(), rendered=rendered(files))
    return compose(cleared, Letterhead(sender="Aurora <hello@aurora.example>"), now=NOON).content


@pytest.mark.parametrize("key", KEYS)
def test_a_change_of_the_key_is_seen_in_the_mail(key: str) -> None:
    one, other = OTHERS[key]
    assert mail(one) != mail(other)


def test_the_same_front_matter_makes_the_same_mail() -> None:
    assert mail("preheader: one") == mail("preheader: one")


@pytest.mark.parametrize("file", NO_EFFECT)
def test_a_key_without_effect_is_refused_at_its_place(file: str) -> None:
    text, told = NO_EFFECT[file]
    assert any(told in problem for problem in found({file: text}))


def test_front_matter_of_a_layout_is_refused() -> None:
    body = "---\nsubject: x\n---\n{% extends '_layouts/a.html' %}"
    layout = "---\npreheader: y\n---\n<p>{% block content %}{% endblock %}</p>"
    with pytest.raises(RenderError, match="front matter has no effect here"):
        rendered({"templates/birthday/email.html": body, "templates/_layouts/a.html": layout})
