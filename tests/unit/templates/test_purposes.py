"""What purposes are called in each reader's language, and what people agree to."""

from __future__ import annotations

import pytest

from engage.model.workspace import Workspace
from engage.templates.checking import examine
from engage.templates.purposes import PurposeTexts
from tests.builders import a_purpose, a_workspace, some_settings

CARE = a_purpose(title="Wishes", wording="I want wishes.")


def workspace(**locales: str) -> Workspace:
    files = {f"locales/{name.replace('_', '-')}.yaml": text.encode() for name, text in locales.items()}
    return a_workspace(settings=some_settings(purposes={"care": CARE}), files=files)


@pytest.mark.parametrize(("locale", "title", "language"), [
    ("sl", "Voščila", "sl"), ("sl-SI", "Voščila", "sl"), ("en", "Wishes", "en"), ("en-GB", "Wishes", "en"), (None, "Wishes", "en"),
    ("uk", "Wishes", "en"), ("sr-Latn", "Wishes", "en"), ("broken tag", "Wishes", "en"),
])
def test_a_reader_gets_the_nearest_language_else_the_workspaces(locale: str | None, title: str, language: str) -> None:
    texts = PurposeTexts(workspace(sl='purpose: {care: {title: "Voščila", wording: "Želim voščila."}}', sr='purpose: {care: {title: "Ж"}}'))
    assert texts.title(CARE, locale) == title
    wording = texts.wording(CARE, locale)
    assert wording is not None
    assert (wording.locale, wording.text) == (language, "Želim voščila." if language == "sl" else "I want wishes.")


def test_a_language_without_the_words_is_warned_of_and_reserved_phrases_are_no_translations() -> None:
    found = examine(workspace(en="hello: Hi", sl='{hello: "Živjo", purpose: {care: {title: "Voščila"}}}'))
    assert found.problems == ()
    assert [str(one) for one in found.warnings] == [
        "locales/sl.yaml:0:0: its readers' pages name these in en, as it does not say purpose.care.wording",
    ]


@pytest.mark.parametrize(("said", "why"), [
    ("{car: {title: x}}", "did you mean purpose.care.title?"), ("{care: {titel: x}}", "has no effect"),
    ("{care: {title: {one: a, two: b, few: c, other: d}}}", "no plural forms"), ("{care: {title: 'for {name}'}}", "no {values}"),

])
def test_what_nobody_would_ever_read_is_a_mistake(said: str, why: str) -> None:
    problems = examine(workspace(sl=f"purpose: {said}")).problems
    assert [why in str(one) for one in problems] == [True], problems


def test_the_workspaces_own_language_has_its_words_in_engage_yaml() -> None:
    (problem,) = examine(workspace(en="purpose: {care: {title: Wishes}}")).problems
    assert "it stands in engage.yaml, as `title` of care" in problem.what
