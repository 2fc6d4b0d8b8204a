import pytest

from engage.model.contact import ChannelKind
from engage.model.content import SmsContent
from engage.model.delivery import LocaleSource
from engage.model.errors import RenderError
from engage.templates.locales import normal, parents, plural_categories
from tests.builders import a_channel, a_contact, some_settings
from tests.messages import rendered

TEXTS = {f"templates/birthday/sms{name}.txt": name or "default" for name in ("", ".sl", ".uz", ".es", ".de", ".fil", ".zh-Hant", ".pt-BR")}


def reads(locale: str | None, texts: dict[str, str] | None = None) -> tuple[str, str, LocaleSource]:
    message = rendered(texts or TEXTS, kind=ChannelKind.SMS, contact=a_contact(locale=locale))
    assert isinstance(message.content, SmsContent)
    return message.content.text, message.locale, message.locale_source


@pytest.mark.parametrize(
    ("locale", "text", "source"),
    [
        ("sl", ".sl", LocaleSource.CONTACT),
        ("sl-SI", ".sl", LocaleSource.PARENT),
        ("sl_SI.UTF-8", ".sl", LocaleSource.PARENT),
        ("es-MX", ".es", LocaleSource.PARENT),
        ("uz-Latn-UZ", ".uz", LocaleSource.PARENT),
        ("uz-Cyrl-UZ", "default", LocaleSource.DEFAULT),
        ("tl", ".fil", LocaleSource.CONTACT),
        ("zh-TW", ".zh-Hant", LocaleSource.PARENT),
        ("zh-CN", "default", LocaleSource.DEFAULT),
        ("pt", "default", LocaleSource.DEFAULT),
        ("sv", "default", LocaleSource.DEFAULT),
        ("en-GB", "default", LocaleSource.PARENT),
        ("en", "default", LocaleSource.CONTACT),
        ("", "default", LocaleSource.DEFAULT),
        ("!?", "default", LocaleSource.DEFAULT),
    ],
)
def test_a_reader_gets_their_language_or_a_parent_in_the_same_script_or_the_default(locale: str, text: str, source: LocaleSource) -> None:
    assert reads(locale or None)[::2] == (text, source)


def test_old_codes_of_languages_mean_the_new_ones() -> None:
    assert [normal(old) for old in ("tl-PH", "iw", "in", "UZ_cyrl")] == ["fil-PH", "he", "id", "uz-Cyrl"]


def test_no_parent_is_of_another_script() -> None:
    assert parents("sr-Latn-RS") == ("sr-Latn-RS", "sr-Latn")
    assert parents("az-Arab") == ("az-Arab",)


def test_a_message_that_is_not_there_in_the_default_language_is_refused_rather_than_sent_in_a_foreign_one() -> None:
    with pytest.raises(RenderError, match="in en, the workspace's language"):
        reads("sv", {"templates/birthday/sms.de.txt": "Hallo"})


def test_all_parts_of_a_mail_are_of_one_language() -> None:
    files = {
        "templates/birthday/email.md": "---\nsubject: Hello\n---\nHello",
        "templates/birthday/email.txt": "Hello",
        "templates/birthday/email.sl.md": "---\nsubject: Živjo\n---\nŽivjo",
    }
    mail = rendered(files, contact=a_contact(locale="sl-SI"))
    assert (mail.content.subject, mail.locale) == ("Živjo", "sl")  # type: ignore[union-attr]  # a mail
    assert mail.content.text.startswith("Aurora Outfitters\n\nŽivjo")


def test_staff_read_the_workspaces_language() -> None:
    files = {"templates/birthday/chat.md": "Unhappy customer", "templates/birthday/chat.sl.md": "Nezadovoljna stranka"}
    settings = some_settings(channels={"room": a_channel("room", ChannelKind.CHAT, to="#support")})
    assert rendered(files, kind=ChannelKind.CHAT, channel="room", settings=settings).content.text == "Unhappy customer"
    assert rendered(files, kind=ChannelKind.CHAT, channel="chat").content.text == "Nezadovoljna stranka"


def test_a_file_named_after_the_channel_goes_before_one_named_after_its_kind() -> None:
    files = {"templates/birthday/chat.md": "kind", "templates/birthday/room.md": "channel"}
    settings = some_settings(channels={"room": a_channel("room", ChannelKind.CHAT), "other": a_channel("other", ChannelKind.CHAT)})
    assert rendered(files, kind=ChannelKind.CHAT, channel="room", settings=settings).content.text == "channel"
    assert rendered(files, kind=ChannelKind.CHAT, channel="other", settings=settings).content.text == "kind"


def test_right_to_left_languages_say_so() -> None:
    page = {"templates/birthday/email.ar.html": "---\nsubject: x\n---\n<html lang='en'><body>x</body></html>"}
    assert '<html lang="ar" dir="rtl">' in rendered(page, contact=a_contact(locale="ar-EG")).content.html  # type: ignore[union-attr,operator]  # a mail
    mjml = {
        "templates/birthday/email.ar.mjml": "---\nsubject: x\n---\n"
        "<mjml><mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section></mj-body></mjml>"
    }
    html = rendered(mjml, contact=a_contact(locale="ar")).content.html  # type: ignore[union-attr]  # a mail
    assert html is not None
    assert 'lang="ar" dir="rtl"' in html
    assert "text-align:right" in html
    assert "direction:ltr" not in html.replace(" ", "")


def test_the_plural_forms_asked_of_a_language_are_those_of_cldr() -> None:
    assert {tag: plural_categories(tag) for tag in ("sl", "uk", "lv", "ar", "uz", "fil")} == {
        "sl": ("one", "two", "few", "other"),
        "uk": ("one", "few", "many", "other"),
        "lv": ("zero", "one", "other"),
        "ar": ("zero", "one", "two", "few", "many", "other"),
        "uz": ("one", "other"),
        "fil": ("one", "other"),
    }
