"""No key of any file is accepted and does nothing: a change of each, and of it alone, is seen in what Engage does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from engage.rules.document import read
from engage.rules.editors import FILES
from engage.rules.schema.fields import Reading, Section
from engage.rules.tree import Map, Scalar, Tree
from engage.store.database import Database
from tests.integration.setting_cases import CASES, DOCUMENTATION_ONLY
from tests.integration.setting_changes import BASE, CAMPAIGN, Key
from tests.integration.watching import Case, Observer, Refused, Stand, World, accepted, played

Sections = dict[int, type[Section]]
MODEL_OF = {pattern.split("*")[0]: model for pattern, model in FILES.items()}
PATTERN_OF = {model: pattern for pattern, model in FILES.items()}
SEEN: dict[tuple[Observer, str, str], str] = {}
"""What was seen already, by the observer, the files and the world."""


def keys() -> set[Key]:
    """Every key of every model of the files, steps and triggers and all."""
    return {(_called(model), alias) for file in FILES.values() for model in _within(file, set()) for alias in model.keys()}  # noqa: SIM118  # not a map's


def _within(model: type[Section], seen: set[type[Section]]) -> Iterator[type[Section]]:
    if model not in seen:
        seen.add(model)
        yield model
        for info in model.model_fields.values():
            for inner in _models_in(info.annotation):
                yield from _within(inner, seen)


def _models_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _called(model: type[Section]) -> str:
    return PATTERN_OF.get(model, model.called)


def differing(case: Case) -> set[Key]:
    """Which keys two versions of a case's file say differently."""
    trees: list[Tree] = []
    sections = Sections()
    model = next(model for folder, model in MODEL_OF.items() if case.file.startswith(folder))
    for changed in (False, True):
        tree, _ = read(case.file, case.files(BASE, changed=changed)[case.file])
        assert tree is not None
        reading = Reading(sections=sections)
        try:
            model.model_validate(tree, context=reading)
        except ValueError:
            assert case.refused
        trees.append(tree)
    return set(_differing(trees[0], trees[1], sections, ("", "")))


def _differing(one: Tree, other: Tree, sections: Sections, key: Key) -> Iterator[Key]:
    """The keys at which two trees part; one that stands in no model's map belongs to the key that the map is the value of."""
    if isinstance(one, Map) and isinstance(other, Map) and _section(one, other, sections) is not Section:
        section = _section(one, other, sections)
        for name in {*one, *other}:
            inner = key if section is None else (_called(section), name)
            if name in one and name in other:
                yield from _differing(one[name], other[name], sections, inner)
            else:
                yield inner
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for first, second in zip(one, other, strict=True):
            yield from _differing(first, second, sections, key)
    elif not (isinstance(one, Scalar) and isinstance(other, Scalar) and one == other):
        yield key


def _section(one: Map, other: Map, sections: Sections) -> type[Section] | None:
    """The model of two maps, one of which may have none as it was refused before; Section itself where they are of two kinds."""
    found = {sections[id(each)] for each in (one, other) if id(each) in sections}
    return Section if len(found) > 1 else next(iter(found), None)


def seen(case: Case, stand: Stand, *, changed: bool) -> str:
    """What the case's observer sees, or why the workspace is refused; many cases start from the same files, which are looked at once."""
    files = case.files(BASE, changed=changed)
    asked = (case.see, repr(sorted(files.items())), repr(case.world))
    if asked not in SEEN:
        try:
            SEEN[asked] = case.see(files, case.world, stand)
        except Refused as refused:
            SEEN[asked] = f"refused: {refused}"
    return SEEN[asked]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A migrated database whose secret is made, and what it is as a file."""
    file = tmp_path_factory.mktemp("dead") / "engage.db"
    database = Database.open(f"sqlite:///{file}")
    database.migrate()
    database.secret()
    database.close()
    yield Stand(empty=file.read_bytes(), file=file, shared=database, root=file.parent)
    database.close()


@pytest.fixture
def stands(stand: Stand, tmp_path: Path) -> tuple[Stand, Stand]:
    """A folder for each of two observations."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    return replace(stand, root=tmp_path / "one"), replace(stand, root=tmp_path / "other")


def test_every_key_has_a_case_or_the_reason_why_it_only_documents() -> None:
    assert keys() - set(CASES) - set(DOCUMENTATION_ONLY) == set(), "no case shows that it does anything"
    assert {*CASES, *DOCUMENTATION_ONLY} - keys() == set(), "there is no such key"
    assert set(CASES) & set(DOCUMENTATION_ONLY) == set()


@pytest.mark.parametrize("key", CASES, ids=": ".join)
def test_a_change_of_the_key_alone_is_seen(key: Key, stands: tuple[Stand, Stand]) -> None:
    case = CASES[key]
    assert differing(case) == {key}
    before, after = seen(case, stands[0], changed=False), seen(case, stands[1], changed=True)
    assert not before.startswith("refused: "), before
    assert after.startswith("refused: ") is case.refused, after
    assert before != after


def test_what_says_the_same_is_seen_the_same(stands: tuple[Stand, Stand]) -> None:
    commented = {name: content.encode() for name, content in {**BASE, "campaigns/c.yaml": f"{CAMPAIGN}# no change\n"}.items()}
    before = played({name: content.encode() for name, content in BASE.items()}, World(), stands[0])
    assert "kind=sent" in before
    assert "Subject: Hello" in before
    assert played(commented, World(), stands[1]) == before


@pytest.mark.parametrize("key", DOCUMENTATION_ONLY, ids=": ".join)
def test_a_key_that_only_documents_may_say_anything(key: Key) -> None:
    assert key == ("campaigns/*.yaml", "title")
    accepted({name: content.encode() for name, content in {**BASE, "campaigns/c.yaml": CAMPAIGN.replace("A campaign", "Ä")}.items()})
