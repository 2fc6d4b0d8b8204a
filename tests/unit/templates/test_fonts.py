"""What a mail makes its reader's program fetch: nothing that the template does not name."""

from __future__ import annotations

from tests.messages import an_email

BODY = "<mj-body><mj-section><mj-column><mj-text font-family='Roboto, Arial'>x</mj-text></mj-column></mj-section></mj-body>"
MJML = f"<mjml><mj-head>{{}}</mj-head>{BODY}</mjml>"


def test_a_well_known_font_is_not_fetched_from_anybody() -> None:
    html = an_email(MJML.format(""), form="mjml").html
    assert html is not None
    assert "//fonts." not in html


def test_a_font_that_the_template_names_is_fetched_from_there() -> None:
    html = an_email(MJML.format('<mj-font name="Roboto" href="https://shop.example/roboto.css" />'), form="mjml").html
    assert html is not None
    assert "https://shop.example/roboto.css" in html
