"""What `{{ … }}` does with a value: as the reader's language writes it, and harmless in the form that it goes into.

Nearly every value of a letter is a short text, so that this is asked first, and the escaping of HTML is markupsafe's own function
for texts: the object that would remember that it is escaped is never made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import Undefined
from markupsafe import Markup, _escape_inner  # type: ignore[attr-defined]  # what its own `escape` calls; kept by a test

from engage.templates.escaping import ESCAPES, Form
from engage.templates.faults import Unprintable
from engage.templates.functions import valued
from engage.templates.limits import SMALL
from engage.templates.scope import Reader

Escape = Callable[[str], str]


def printers(form: Form) -> Mapping[str, Callable[..., str]]:
    """What the generated code prints with, by the names that it has there.

    A small text is `escaped` without further ado, and charged for nothing: a file has only so many places, and each turn of a loop or
    call of a macro is charged for its own. `print_` is for all else, `print_named` for what a phrase says of a value.
    """
    escape: Escape = _escape_inner if form is Form.HTML else ESCAPES[form]

    def print_(value: object, context: Reader) -> str:
        if value.__class__ is int:
            return escape(str(value))  # a whole number has no more than 1,024 bits
        return value if isinstance(value, Markup) else escape(_written(value, context))

    def print_named(value: object, context: Reader, name: str) -> str:
        return escape(_written(valued(context, name, value), context))

    return {"escaped": escape, "print_": print_, "print_named": print_named}


def _written(value: object, context: Reader) -> str:
    scope = context.scope
    if isinstance(value, str):
        text = str(value)
    elif isinstance(value, Undefined):
        return str(value)  # raises
    elif value is None:
        raise Unprintable("this may be missing; give it a default: {{ … | default('…') }}")
    else:
        text = scope.formats.text(value, scope.zone)
    if len(text) > SMALL:
        scope.budget.print(len(text))
    return text
