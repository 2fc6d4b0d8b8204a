"""Frozen dataclasses that are made by the thousand: the same classes, made in a third of the time.

What `frozen=True` costs is not the freezing but the making: each field is set through a call of `object.__setattr__`. Here a new one is
filled while it is an instance of a twin that is not frozen, and becomes one of its class once it is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

T = TypeVar("T")

_GIVEN = """\
def __new__(cls, *, {parameters}):
    self = new(Twin)
{filling}
    self.__class__ = cls
    return self
"""
_CHANGED = """\
def __replace__(self, **changes):
    other = new(Twin)
{copying}
    for name, value in changes.items():
        setattr(other, name, value)
    other.__class__ = self.__class__
    return other
"""
_LEFT_OUT: Any = object()


def made_often(cls: type[T]) -> type[T]:
    """The dataclass (frozen, slotted, by keyword, filled by nothing but what it is given), made and changed sooner."""
    known = fields(cls)  # type: ignore[arg-type]  # it is a dataclass
    twin = type(f"{cls.__name__}InTheMaking", (), {"__slots__": tuple(field.name for field in known)})
    names: dict[str, Any] = {"new": object.__new__, "Twin": twin, "left_out": _LEFT_OUT}
    names |= {f"default_{field.name}": field.default for field in known if field.default is not MISSING}
    names |= {f"factory_{field.name}": field.default_factory for field in known if field.default_factory is not MISSING}
    made = _written(_GIVEN, "__new__", names, parameters=", ".join(map(_parameter, known)), filling=_lines(known, _filled))
    altered = _written(_CHANGED, "__replace__", names, copying=_lines(known, _copied))
    for name, method in (("__new__", made), ("__replace__", altered), ("__reduce__", _reduced)):
        setattr(cls, name, method)
    del cls.__init__
    return cls


def changed(record: T, **changes: object) -> T:
    """The record with other values in these fields, which it must have."""
    other: T = record.__replace__(**changes)  # type: ignore[attr-defined]  # those that are made often have it
    return other


def _written(code: str, name: str, names: dict[str, Any], **parts: str) -> Callable[..., Any]:
    made: dict[str, Any] = {}
    exec(code.format(**parts), names, made)  # noqa: S102  # of nothing but the names of fields, as dataclasses does it
    function: Callable[..., Any] = made[name]
    return function


def _lines(known: tuple[Field[Any], ...], line: Callable[[Field[Any]], str]) -> str:
    return "\n".join("    " + line(field) for field in known)


def _parameter(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return f"{field.name}=default_{field.name}"
    return f"{field.name}=left_out" if field.default_factory is not MISSING else field.name


def _filled(field: Field[Any]) -> str:
    if field.default_factory is MISSING:
        return f"self.{field.name} = {field.name}"
    return f"self.{field.name} = factory_{field.name}() if {field.name} is left_out else {field.name}"


def _copied(field: Field[Any]) -> str:
    return f"other.{field.name} = self.{field.name}"


def _reduced(self: Any) -> tuple[Callable[..., Any], tuple[type, dict[str, object]]]:
    return _again, (type(self), {field.name: getattr(self, field.name) for field in fields(self)})


def _again(cls: type[T], values: dict[str, object]) -> T:
    return cls(**values)
