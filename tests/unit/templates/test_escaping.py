import json

import markupsafe
import pytest

from engage.model.errors import RenderError
from engage.templates.escaping import Form
from engage.templates.printing import printers
from tests.builders import a_contact
from tests.messages import a_chat, a_text, an_email, rendered

MALICE = "<script>alert(1)</script>&\"'"


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    mail = an_email(
        '<html><body><p title="{{ contact.first_name }}">{{ contact.first_name }}</p></body></html>', contact=a_contact(first_name=MALICE)
    )
    assert mail.html is not None
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "<script>alert(1)</script>" in mail.text


def test_a_text_message_is_not_escaped() -> None:
    assert a_text("{{ contact.first_name }}", contact=a_contact(first_name="A & <B>")) == "A & <B>"


def test_markdown_in_a_value_stays_what_it_is() -> None:
    mail = an_email("Hello {{ contact.first_name }}", form="md", contact=a_contact(first_name="[x](http://evil.example) <b>"))
    assert mail.html is not None
    assert "[x](http://evil.example) &lt;b&gt;" in mail.html


def test_a_value_cannot_mention_everyone_in_chat() -> None:
    assert a_chat("*Hi* {{ contact.first_name }} <https://x.example|here>", contact=a_contact(first_name="<!channel> & co")).text == (
        "*Hi* &lt;!channel&gt; &amp; co <https://x.example|here>"
    )


def test_what_a_macro_has_escaped_is_not_escaped_twice() -> None:
    text = "{% macro who() %}{{ contact.first_name }}{% endmacro %}{{ who() }} {{ who() ~ '&' }}"
    assert a_chat(text, contact=a_contact(first_name="<A>")).text == "&lt;A&gt; &lt;A&gt;&amp;"


@pytest.mark.parametrize("name", ['"}], "x": "', "line\nbreak", "back\\slash", "<!here>", "\ue000\ue001", "é 😀"])
def test_block_kit_stays_json_whatever_a_value_holds(name: str) -> None:
    body = """[{"type": "section", "text": {"type": "mrkdwn", "text": "Hi {{ contact.first_name }}!"}},
      {"type": "actions", "elements": [{"type": "button", "value": {{ contact.first_name | tojson }},
      "text": {"type": "plain_text", "text": "Go"}}]}]"""
    blocks = a_chat(body, form="json.j2", contact=a_contact(first_name=name)).blocks
    clean = name.replace("\ue000", "").replace("\ue001", "")
    section, actions = json.loads(json.dumps(blocks))
    assert section["text"]["text"] == f"Hi {clean.replace('<', '&lt;').replace('>', '&gt;')}!"
    assert actions["elements"][0]["value"] == clean


def test_block_kit_has_a_text_for_notifications() -> None:
    block = '{"type": "section", "text": {"type": "mrkdwn", "text": "*Hi*"}}'
    assert a_chat(f"[{block}]", form="json.j2").text == "*Hi*"
    assert a_chat(f'{{"text": "Hello", "blocks": [{block}]}}', form="json.j2").text == "Hello"
    assert a_chat(f"[{block}]", form="json.j2", more={"templates/birthday/chat.md": "From the text"}).text == "From the text"


def test_what_makes_no_block_kit_is_refused() -> None:
    with pytest.raises(RenderError, match="does not make JSON"):
        a_chat("[{]", form="json.j2")
    with pytest.raises(RenderError, match="Block Kit"):
        a_chat("[1]", form="json.j2")


@pytest.mark.parametrize(
    "name", ["Ana\r\nBcc: all@example.com", "Ana\nx", "=?utf-8?q?hi=0ABcc:_x?=", "=?utf-8?b?aGkKQmNjOiB4?=", "a\x00b", "a\u2028b"]
)
def test_a_value_cannot_add_a_header(name: str) -> None:
    with pytest.raises(RenderError, match="control character"):
        an_email("<p>x</p>", subject="Hi {{ contact.first_name }}", contact=a_contact(first_name=name))


def test_the_sender_of_the_front_matter_is_one_address() -> None:
    def mail(sender: str) -> object:
        return rendered({"templates/birthday/email.md": f"---\nsubject: x\nfrom: '{sender}'\n---\nx"}).content

    assert mail("Aurora <hello@aurora.example>").sender == "Aurora <hello@aurora.example>"  # type: ignore[attr-defined]  # a mail
    for wrong in ("a@b.example, c@d.example", "nobody", "a@b.example\nBcc: x@y.example"):
        with pytest.raises(RenderError, match="from"):
            mail(wrong)


def test_an_invitation_escapes_what_would_end_its_line() -> None:
    files = {
        "templates/birthday/email.md": "---\nsubject: x\nattachments: [invite.ics.j2, terms.pdf]\n---\nx",
        "templates/birthday/invite.ics.j2": "BEGIN:VEVENT\nSUMMARY:{{ contact.first_name }}\nEND:VEVENT\n",
        "templates/birthday/terms.pdf": "%PDF",
    }
    invite, terms = rendered(files, contact=a_contact(first_name="A;B,C\nATTENDEE:x")).content.attachments  # type: ignore[union-attr]  # a mail
    assert (invite.name, invite.media_type) == ("invite.ics", "text/calendar")
    assert invite.content == b"BEGIN:VEVENT\r\nSUMMARY:A\\;B\\,C\\nATTENDEE:x\r\nEND:VEVENT"
    assert (terms.name, terms.media_type, terms.content) == ("terms.pdf", "application/pdf", b"%PDF")


@pytest.mark.parametrize("text", ["", "Ana", "O'Brien & <b>\"x\"</b>", "č<š>ž", "&amp;", "\u202e<"])
def test_a_text_is_escaped_as_the_library_escapes_it(text: str) -> None:
    assert printers(Form.HTML)["escaped"](text) == str(markupsafe.escape(text))
    assert type(printers(Form.HTML)["escaped"](text)) is str
