import copy
import pickle  # noqa: TID251  # what it does shows that copies of records are whole
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import final

import pytest

from engage.model.making import changed, made_often


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    id: int
    name: str = "nobody"
    tags: list[str] = field(default_factory=list)
    note: str | None = field(default=None, compare=False, repr=False)


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    id: int
    name: str = "nobody"
    tags: list[str] = field(default_factory=list)
    note: str | None = field(default=None, compare=False, repr=False)


def test_what_is_made_often_is_what_the_dataclass_makes() -> None:
    slow, quick = Slow(id=1, tags=["a"], note="x"), Quick(id=1, tags=["a"], note="x")
    assert repr(quick) == repr(slow).replace("Slow", "Quick")
    assert quick == Quick(id=1, tags=["a"], note="y")
    assert quick != Quick(id=2, tags=["a"])
    assert Quick(id=1).tags is not Quick(id=1).tags
    assert not hasattr(quick, "__dict__")


@pytest.mark.parametrize("wrong", [
    lambda: Quick(), lambda: Quick(1), lambda: Quick(id=1, other=2),  # type: ignore[call-arg, misc]  # that is what it is about
])
def test_it_takes_just_its_fields_by_keyword(wrong: Callable[[], Quick]) -> None:
    with pytest.raises(TypeError):
        wrong()


def test_it_is_frozen_once_it_is_made() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick(id=1).id = 2  # type: ignore[misc]  # that is what it is about


def test_a_changed_one_is_another_one() -> None:
    first = Quick(id=1, name="a")
    second = changed(first, name="b", note="n")
    assert (first.name, second.name, second.id, second.note, second.tags) == ("a", "b", 1, "n", first.tags)
    assert replace(first, name="b") == second
    with pytest.raises(AttributeError):
        changed(first, other=1)


def test_it_is_copied_and_matched_as_any_other() -> None:
    quick = Quick(id=1, tags=["a"])
    assert [copy.copy(quick), copy.deepcopy(quick), pickle.loads(pickle.dumps(quick))] == [quick] * 3
    match quick:
        case Quick(id=number):
            assert number == 1
