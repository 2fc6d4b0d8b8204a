"""A YAML file as a tree of texts with their places: what the document makes and the models read."""

from __future__ import annotations

from typing import Any

from engage.model.errors import Place

QUOTE = "put this expression in quotes"
"""The remedy wherever YAML cut an expression up."""


class Scalar(str):
    """A text as written, with its place. `written` is how messages quote it (never a secret out of the environment).

    `plain`: it stood without quotes; `cut`: a comment follows it on its line; `broken`: it was reported already.
    `rows` says, for each line that it stands on, at which offset of the text that line's part begins, and where.
    """

    place: Place
    written: str
    plain: bool
    cut: bool
    broken: bool
    rows: tuple[tuple[int, Place], ...] = ()

    @classmethod
    def at(
        cls, text: str, place: Place, *, written: str | None = None, plain: bool = True, cut: bool = False, broken: bool = False,
    ) -> Scalar:
        """The text, found there."""
        scalar = cls(text)
        scalar.place, scalar.plain, scalar.cut, scalar.broken = place, plain, cut, broken
        scalar.written = text if written is None else written
        return scalar

    def place_at(self, offset: int) -> Place:
        """Where the character at `offset` of the text was written (of a text on one line without escapes: exactly there)."""
        begins, place = max((row for row in self.rows if row[0] <= offset), default=(0, self.place))
        return Place(file=place.file, line=place.line, column=place.column + offset - begins)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written at all: `key:` and no more."""
        return not self and self.plain


class Map(dict[str, Any]):
    """A mapping with its place; its keys are scalars and keep theirs.

    `flow`: it was written in braces; `broken`: they were an expression's, which was reported already.
    """

    place: Place
    flow: bool
    broken: bool = False

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, Scalar] = {}

    def add(self, key: Scalar, value: Tree) -> None:
        """Put a value under a key that is not there yet."""
        self[key] = value
        self._keys[key] = key

    def written(self) -> list[Scalar]:
        """The keys as they were written, with their places."""
        return list(self._keys.values())

    def key(self, name: str) -> Scalar | None:
        """The key as it was written, with its place."""
        return self._keys.get(name)


class Items(list[Any]):
    """A list with its place."""

    place: Place


Tree = Scalar | Map | Items
