import pytest

from engage.model.content import EmailContent
from engage.model.errors import RenderError
from tests.builders import a_contact
from tests.messages import an_email, rendered

MJML = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def page(content: EmailContent) -> str:
    assert content.html is not None
    return content.html


def test_mjml_becomes_html_with_loops_over_components() -> None:
    body = MJML.format("{% for name in ['a', 'b'] %}<mj-text>Item {{ name }} of {{ loop.length }}</mj-text>{% endfor %}")
    mail = an_email(body, form="mjml")
    assert page(mail).count(">Item ") == 2
    assert "mj-" not in page(mail).replace("mj-column-per-100", "").replace("mj-outlook-group-fix", "")
    assert mail.text == "Item a of 2\nItem b of 2\n"


def test_rows_of_a_table_stay_in_their_table() -> None:
    body = MJML.format("<mj-table>{% for row in ['a', 'b'] %}<tr><td>{{ row }}</td><td>{{ loop.index }}</td></tr>{% endfor %}</mj-table>")
    mail = an_email(body, form="mjml")
    assert page(mail).count("<tbody>") == page(mail).count("</tbody>")
    assert mail.text == "a 1\nb 2\n"


def test_what_is_left_out_of_the_page_is_left_out_of_the_text() -> None:
    rows = "{% if contact.plan == 'pro' %}<tr><td>Pro</td></tr>{% else %}<tr><td>Basic</td></tr>{% endif %}"
    body = f"<html><body><table>{rows}</table><p>End</p></body></html>"
    assert an_email(body, contact=a_contact(plan="pro")).text == "Pro\n\nEnd\n"
    assert an_email(body).text == "Basic\n\nEnd\n"


def test_css_is_inlined_and_media_queries_are_kept() -> None:
    body = "<html><head><style>p { color: red } @media (max-width: 9px) { p { color: blue } }</style></head><body><p>x</p></body></html>"
    assert '<p style="color: red;">x</p>' in page(an_email(body))
    assert "@media" in page(an_email(body))


def test_markdown_stands_in_the_layout_that_comes_with_engage_or_in_the_workspaces_own() -> None:
    body = "# Hi {{ contact.first_name }}\n\n- **one**\n- two [link]({{ message.preferences_url }})"
    mail = an_email(body, form="md")
    assert "<h1" in page(mail)
    assert "Unsubscribe</a>" in page(mail)
    assert mail.text.startswith("Aurora Outfitters\n\nHi Ana\n\n* one\n* two [link](https://engage.example.com/p/")
    own = {"templates/_layouts/email.html": "<html><body><i>{% block content %}{% endblock %}</i></body></html>"}
    assert "<i><h1>Hi Ana</h1>" in page(an_email(body, form="md", more=own)).replace("\n", "")


def test_a_loop_over_items_of_markdown_is_one_list() -> None:
    mail = an_email("{% for x in ['a', 'b'] %}\n- {{ x }}\n{% endfor %}\n\nEnd", form="md")
    assert page(mail).count("<ul>") == 1
    assert page(mail).count("<li>") == 2


def test_layouts_blocks_partials_and_super_work_inside_mjml() -> None:
    more = {
        "templates/_layouts/card.mjml": MJML.format(
            "{% block top %}<mj-text>Top</mj-text>{% endblock %}{% block content %}{% endblock %}"
        ),
        "templates/_layouts/brand.mjml": "{% extends '_layouts/card.mjml' %}"
        "{% block top %}<mj-text>Brand</mj-text>{{ super() }}{% endblock %}",
        "templates/_partials/sign.mjml": "<mj-text>{{ greeting }}, {{ company.name }}</mj-text>",
    }
    body = "{% extends '_layouts/brand.mjml' %}\n{% set greeting = 'Yours' %}\n"
    body += "{% block content %}{% include '_partials/sign.mjml' %}{% endblock %}"
    assert an_email(body, form="mjml", more=more).text == "Brand\nTop\nYours, Aurora Outfitters\n"


def test_the_preheader_is_hidden_in_the_page_and_not_in_the_text() -> None:
    mail = rendered(
        {
            "templates/birthday/email.html": "---\nsubject: x\npreheader: 'For {{ contact.first_name }} <3'\n---\n"
            "<html><body><p>Hi</p></body></html>"
        }
    ).content
    assert isinstance(mail, EmailContent)
    assert mail.preheader == "For Ana <3"
    assert "For Ana &lt;3</div><p>Hi</p>" in page(mail)
    assert mail.text == "Hi\n"


def test_a_mail_may_be_text_alone() -> None:
    mail = an_email(
        "Hi {{ contact.first_name }}\n{% if true %}\nsecond line\n{% endif %}\nthird {% if true %}x{% endif %}\nlast", form="txt"
    )
    assert (mail.html, mail.text) == (None, "Hi Ana\nsecond line\nthird x\nlast\n")


def test_a_text_part_of_its_own_goes_before_the_made_one() -> None:
    assert (
        an_email("<html><body>page</body></html>", more={"templates/birthday/email.txt": "text of {{ contact.first_name }}"}).text
        == "text of Ana\n"
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<mj-txt>x</mj-txt>", r"mjml:5:39: there is no MJML tag <mj-txt>; did you mean mj-text\?"),
        ("<mj-text>x</mj-column>", "</mj-column> comes before <mj-text> is closed"),
        ("<div>x</div>", "put it into an mj-text"),
        ("<mj-include path='x' />", "mj-include"),
        ("</mj-section>", "</mj-section> does not close <mj-column>"),
    ],
)
def test_mistakes_in_mjml_are_told_at_their_place(body: str, told: str) -> None:
    with pytest.raises(RenderError, match=told):
        an_email("\n" + MJML.format(body), form="mjml")


def test_every_link_of_a_delivery_is_its_own_and_holds_no_address() -> None:
    message = rendered(
        {
            "templates/birthday/email.txt": "---\nsubject: x\n---\n"
            "{{ message.unsubscribe_url }} {{ message.preferences_url }} {{ message.view_in_browser_url }}"
        }
    )
    links = [message.links.unsubscribe, message.links.preferences, message.links.view]
    assert message.content.text.split() == links
    assert [link[: len("https://engage.example.com/u/")] for link in links] == [f"https://engage.example.com/{kind}/" for kind in "upv"]
    assert len({link.rpartition("/")[2] for link in links}) == 3
    assert "ana" not in " ".join(links)


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("subject: x\nutm: {sorce: mail}", "3:7: utm has no 'sorce'; did you mean source?"),
        ("subject: x\nutm: {source: '{{ contact.city }}'}", "3:15: utm's source is one text"),
        ("subject: x\nutm: true", "3:6: utm: {source: …"),
        ("subject: x\ntrack: {open: true}", "3:9: track has no 'open'; did you mean opens?"),
        ("subject: x\ntrack: {opens: maybe}", "3:16: opens: true or false"),
        ("subject: x\ntrack: [opens]", "3:8: track: true or false"),
        ("subjekt: x", "2:1: 'subjekt' has no meaning"),
        ("preheader: x", "needs a subject"),
        ("subject: {{ contact.first_name }}", "2:11: .*quotes"),
        ("subject: x\nsubject: y", "3:1: 'subject' is given twice"),
        ("subject: x\nattachments: [none.pdf]", "3:15: there is no file 'none.pdf'"),
        ("subject: x\nattachments: [../secret.pdf]", "there is no file"),
        ("subject: 'x {{ nobody }}'", "2:16: 'nobody' is undefined"),
        ("subject: '{{ none | default }}'", "subject is empty"),
    ],
)
def test_mistakes_in_the_front_matter_are_told_at_their_place(front: str, told: str) -> None:
    with pytest.raises(RenderError, match=told):
        rendered({"templates/birthday/email.md": f"---\n{front}\n---\nx"})


def test_files_that_take_part_in_themselves_are_refused() -> None:
    more = {"templates/_partials/a.txt": "{% include '_partials/b.txt' %}", "templates/_partials/b.txt": "{% include '_partials/a.txt' %}"}
    with pytest.raises(RenderError, match="takes part in itself"):
        an_email("{% include '_partials/a.txt' %}", form="txt", more=more)


def test_statements_between_paragraphs_leave_no_line_of_spaces_in_the_text() -> None:
    parts = "".join(f"{{% if contact.plan == '{plan}' %}}\n<p>{plan}</p>\n{{% endif %}}\n" for plan in ("a", "b", "c"))
    assert an_email(f"<html><body><p>Hi</p>\n{parts}<p>End</p></body></html>").text == "Hi\n\nEnd\n"


def test_a_statement_in_the_styles_is_refused_where_it_stands() -> None:
    style = "<style>{% if contact.plan == 'pro' %} p { color: red } {% endif %}</style>"
    with pytest.raises(RenderError, match=r"email\.html:4:20: a statement cannot stand here"):
        an_email(f"<html><head>{style}</head><body><p>x</p></body></html>")


def test_a_page_says_its_language() -> None:
    body = MJML.format("<mj-text>x</mj-text>")
    assert page(an_email(body, form="mjml", locale="sl")).count('lang="sl" dir="ltr"') == 2


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(RenderError, match="larger than 256 KB"):
        an_email("x" * 300_000)


def test_macros_that_would_make_mjml_are_refused() -> None:
    more = {"templates/_partials/rows.mjml": "{% macro row(x) %}<mj-text>{{ x }}</mj-text>{% endmacro %}"}
    with pytest.raises(RenderError, match="use include"):
        an_email(MJML.format("<mj-text>{% from '_partials/rows.mjml' import row %}{{ row(1) }}</mj-text>"), form="mjml", more=more)
