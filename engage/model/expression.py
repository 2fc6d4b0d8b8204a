"""The typed tree of an expression: made by `rules`, run as a Python closure there, lowered to SQL by `store`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from engage.model.errors import Place


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """One expression of the campaign language (LANGUAGE, section 3), parsed and checked. Equal where its source is."""

    source: str
    place: Place = field(compare=False)
    root: object = field(compare=False, repr=False)
