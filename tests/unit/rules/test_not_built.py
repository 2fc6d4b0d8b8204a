"""What the language reserves is refused by name: nothing is accepted and ignored."""

from __future__ import annotations

import pytest

from engage.model.contact import BUILT_IN_ATTRIBUTES
from engage.model.errors import NOT_BUILT, InputError
from engage.model.history import NEVER_WRITTEN, Kind
from engage.rules.expressions import Names, parse
from tests.builders import HERE


@pytest.mark.parametrize("kind", sorted(NEVER_WRITTEN))
def test_a_touch_that_nothing_writes_yet_cannot_be_asked_for(kind: Kind) -> None:
    with pytest.raises(InputError, match=NOT_BUILT):
        parse(f"touched(kind='{kind}')", place=HERE, names=Names(attributes=BUILT_IN_ATTRIBUTES))


@pytest.mark.parametrize("kind", sorted(set(Kind) - NEVER_WRITTEN))
def test_a_touch_that_is_written_can(kind: Kind) -> None:
    assert parse(f"touched(kind='{kind}')", place=HERE, names=Names(attributes=BUILT_IN_ATTRIBUTES)).source
