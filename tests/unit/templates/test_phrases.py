import pytest

from engage.model.errors import RenderError
from tests.builders import a_contact
from tests.messages import a_text

FORMS = {
    "sl": ("one", "two", "few", "other"), "uk": ("one", "few", "many", "other"), "lv": ("zero", "one", "other"),
    "ar": ("zero", "one", "two", "few", "many", "other"), "uz": ("one", "other"), "fil": ("one", "other"), "en": ("one", "other"),
}  # fmt: skip

CASES = [
    *[("sl", n, form) for n, form in ((1, "one"), (101, "one"), (2, "two"), (3, "few"), (4, "few"), (5, "other"), (11, "other"))],
    *[("uk", n, form) for n, form in ((1, "one"), (21, "one"), (2, "few"), (22, "few"), (5, "many"), (11, "many"), (0, "many"))],
    *[("lv", n, form) for n, form in ((0, "zero"), (10, "zero"), (11, "zero"), (1, "one"), (21, "one"), (2, "other"), (9, "other"))],
    *[("ar", n, form) for n, form in ((0, "zero"), (1, "one"), (2, "two"), (3, "few"), (10, "few"), (99, "many"), (100, "other"))],
    *[("uz", n, form) for n, form in ((1, "one"), (2, "other"), (0, "other"))],
    *[("fil", n, form) for n, form in ((1, "one"), (3, "one"), (4, "other"), (6, "other"), (9, "other"), (5, "one"), (10, "one"))],
]  # fmt: skip


def phrasebook(locale: str) -> dict[str, str]:
    forms = ", ".join(f"{form}: '{form} {{n}} {{who}}'" for form in FORMS[locale])
    return {f"locales/{locale}.yaml": f"orders: {{{forms}}}"}


@pytest.mark.parametrize(("locale", "number", "form"), CASES)
def test_a_phrase_takes_the_plural_form_of_its_language(locale: str, number: int, form: str) -> None:
    text = a_text(
        "{{ t('orders', n=trigger.years, who='Ana') }}",
        locale=locale,
        contact=a_contact(locale=locale),
        more=phrasebook(locale),
        trigger={"years": number},
    )
    assert text == f"{form} {number} Ana"


@pytest.mark.parametrize(("locale", "number", "form"), CASES)
def test_plural_in_a_template_takes_the_form_of_the_templates_language(locale: str, number: int, form: str) -> None:
    forms = ", ".join(f"{form}='{form} {{n}}'" for form in FORMS[locale])
    text = a_text(f"{{{{ plural(trigger.years, {forms}) }}}}", locale=locale, contact=a_contact(locale=locale), trigger={"years": number})
    assert text == f"{form} {number}"


def test_a_phrase_falls_back_to_a_parent_and_then_to_the_default_with_that_languages_plural() -> None:
    more = {**phrasebook("en"), "locales/sl.yaml": "hello: Živjo", "locales/sl-SI.yaml": "bye: Adijo"}
    text = "{{ t('hello') }}, {{ t('bye') }}, {{ t('orders', n=2, who='x') }}"
    assert a_text(text, locale="sl-SI", contact=a_contact(locale="sl-SI"), more=more) == "Živjo, Adijo, other 2 x"


def test_uzbek_in_cyrillic_never_takes_a_latin_phrase() -> None:
    more = {"locales/uz.yaml": "hello: Salom", "locales/en.yaml": "hello: Hello"}
    assert a_text("{{ t('hello') }}", locale="uz-Cyrl", contact=a_contact(locale="uz-Cyrl-UZ"), more=more) == "Hello"


def test_keys_are_nested_with_dots_and_values_are_written_as_the_language_does() -> None:
    more = {"locales/sl.yaml": "mail:\n  footer:\n    left: 'Še {n} točk, {when}'"}
    text = "{{ t('mail.footer.left', n=12345, when=today) }}"
    assert a_text(text, locale="sl", more=more) == "Še 12.345 točk, 25. februar 2026"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("t('mail.foter')", "no phrase 'mail.foter'.*did you mean mail.footer"),
        ("t('mail.footer')", "hand it over as who="),
        ("t('mail.footer', who=contact.plan)", "who is missing"),
        ("t('orders', who='x')", "hand it the number"),
    ],
)
def test_a_phrase_that_cannot_be_filled_is_an_error(call: str, told: str) -> None:
    more = {"locales/en.yaml": "mail: {footer: 'Hi {who}'}\norders: {one: 'one {who}', other: '{n} {who}'}"}
    with pytest.raises(RenderError, match=told):
        a_text(f"{{{{ {call} }}}}", more=more)


def test_a_placeholder_is_a_name_and_nothing_else() -> None:
    more = {"locales/en.yaml": "x: 'Hi {who.__class__}'"}
    assert a_text("{{ t('x', who='A') }}", more=more) == "Hi {who.__class__}"
