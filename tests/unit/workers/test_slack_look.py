"""Slack's markup in the demo's inbox: emphasis, links, emoji and code; everything else is text."""

from __future__ import annotations

import json

import pytest

from workers.demo.slack_look import blocks, mrkdwn, plain


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("*bold* _it_ ~gone~ `a*b*`", "<strong>bold</strong> <em>it</em> <s>gone</s> <code>a*b*</code>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("2 * 3 * 4, snake_case_name, a ~ b ~ c", "2 * 3 * 4, snake_case_name, a ~ b ~ c"),
        ("<https://a.example/?x=1&amp;y=2|Look>", '<a href="https://a.example/?x=1&amp;y=2">Look</a>'),
        ("<https://a.example>", '<a href="https://a.example">https://a.example</a>'),
        ("<@U123> <#C1|general>", '<span class="mention">@U123</span> <span class="mention">general</span>'),
        ("<!here>", '<span class="mention">@here</span>'),
        ("```\nx *y*\n```", "<pre>x *y*\n</pre>"),
        (":tada: at 10:30:00", "🎉 at 10:30:00"),
        ("`:tada:`", "<code>:tada:</code>"),
    ],
)
def test_markup_reads_as_in_slack(text: str, made: str) -> None:
    assert mrkdwn(text) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<script>", '<span class="mention">script</span>'),
        ("*<img src=x onerror=alert(1)>*", '<strong><span class="mention">img src=x onerror=alert(1)</span></strong>'),
        ("<javascript:alert(1)|x>", '<span class="mention">x</span>'),
        ('<https://a.example/"onclick="x|y>', '<a href="https://a.example/&quot;onclick=&quot;x">y</a>'),
        ("```</pre><script>```", "<pre>&lt;/pre&gt;&lt;script&gt;</pre>"),
    ],
)
def test_nothing_in_a_message_becomes_html_of_its_own(text: str, made: str) -> None:
    assert mrkdwn(text) == made


def test_a_message_without_blocks_is_one_section_of_its_text() -> None:
    assert blocks(json.dumps({"text": "*Hi*"})) == [{"type": "section", "text": {"type": "mrkdwn", "text": "*Hi*"}}]
    assert blocks(json.dumps({"text": "x", "blocks": [{"type": "divider"}]})) == [{"type": "divider"}]


def test_a_list_shows_the_words_alone() -> None:
    assert plain(":warning: *An unhappy* &amp; <https://a.example|loud>\ncustomer") == "⚠ An unhappy & loud customer"
