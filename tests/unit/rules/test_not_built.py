"""What the language reserves is refused by name: nothing is accepted and ignored."""

from __future__ import annotations

import pytest

from engage.model.contact import BUILT_IN_ATTRIBUTES
from engage.model.history import Kind
from engage.rules.expressions import Names, parse
from tests.builders import HERE


@pytest.mark.parametrize("kind", sorted(Kind))
def test_every_touch_can_be_asked_for(kind: Kind) -> None:
    assert parse(f"touched(kind='{kind}')", place=HERE, names=Names(attributes=BUILT_IN_ATTRIBUTES)).source
