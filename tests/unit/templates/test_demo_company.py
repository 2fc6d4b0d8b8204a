"""The demo company's workspace, as it stands in config/: checked, and read in every language."""

from pathlib import Path

import pytest

from engage.model.contact import ChannelKind
from engage.model.workspace import Files, Workspace
from engage.policy.lawful import countries_named, shortfalls
from engage.rules.checking import check
from engage.rules.laws import laws
from engage.templates import Templates, examine

ROOT = Path(__file__).parents[3] / "config"
LANGUAGES = {"en", "sl", "uk", "uz", "lv", "fil", "ar"}


def files() -> Files:
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in ROOT.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    checked = check(files(), {})
    assert checked.problems == ()
    assert checked.workspace is not None
    return checked.workspace


def test_its_templates_pass_the_check_and_the_laws_of_its_countries_are_kept(workspace: Workspace) -> None:
    found = examine(workspace)
    assert [str(one) for one in (*found.problems, *found.warnings)] == []
    assert found.tracked
    assert list(shortfalls(workspace.settings, rules=laws(), countries=countries_named(workspace), tracked=True)) == []


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("birthday", ChannelKind.EMAIL), ("birthday", ChannelKind.SMS),
        ("anniversary", ChannelKind.EMAIL), ("anniversary", ChannelKind.SMS), ("anniversary", ChannelKind.CHAT),
        ("csat", ChannelKind.EMAIL), ("csat", ChannelKind.CHAT), ("csat_reminder", ChannelKind.SMS), ("csat_reminder", ChannelKind.CHAT),
        ("newsletter", ChannelKind.EMAIL),
    ],
)  # fmt: skip
def test_its_messages_are_there_in_all_its_languages(workspace: Workspace, message: str, kind: ChannelKind) -> None:
    languages = Templates(workspace, secret=b"secret").catalogue.languages(message, kind.value, kind)
    assert set(languages) == LANGUAGES


def test_its_phrases_are_there_in_all_its_languages(workspace: Workspace) -> None:
    assert set(Templates(workspace, secret=b"secret").phrases.by_locale) == LANGUAGES


def test_it_uses_every_form_of_template() -> None:
    names = [name for name in files() if name.startswith("templates/") and "/_" not in name]
    assert {name.rpartition("/")[2].split(".", 1)[1].removeprefix("sl.") for name in names} >= {"mjml", "html", "md", "txt", "json.j2"}
