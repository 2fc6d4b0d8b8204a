"""The models of the files -> docs/reference.md: every key with its type, its default and its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from engage.rules.editors import FILES, written
from engage.rules.schema.fields import Called, Names, Reads, Section, Word

HEAD = """# Reference: every key of every file

Made of the models that read the files, by `engage.rules.reference.markdown()`; a test tells when it is out of date.

Every plain scalar means what the field it stands in means, whatever YAML would make of it. A key given twice, an unknown key,
or a setting that would have no effect is an error with its place; so are files over 256 KB and anchors nested to explode.

Where a relative SQLite path stands in `database` (`sqlite:///var/engage.db`), it is a file below the workspace's folder, wherever
the command was started. `.env` beside engage.yaml gives `${NAME}` its value; what the process's own environment says comes first.
"""


def markdown() -> str:
    """The whole page."""
    parts = [HEAD]
    done: set[type[Section]] = set()
    for pattern, model in FILES.items():
        parts.append(f"\n## {pattern}\n")
        parts.extend(_section(section, top=section is model) for section in _sections(model, done))
    return "".join(parts)


def _sections(model: type[Section], done: set[type[Section]]) -> Iterator[type[Section]]:
    """The model and those within it, each once, in the order of the keys."""
    if model in done:
        return
    done.add(model)
    yield model
    for info in model.model_fields.values():
        for inner in _models_in(_annotation(info)):
            yield from _sections(inner, done)


def _section(model: type[Section], *, top: bool) -> str:
    heading = "" if top else f"\n### {model.called}\n"
    rows = "".join(_row(info, name) for name, info in model.model_fields.items())
    more = "" if model.model_config.get("extra") != "allow" else f"| … | {model.others} |\n"
    later = f"\nNot built yet, and refused as such: {', '.join(f'`{key}`' for key in sorted(model.later))}.\n" if model.later else ""
    return f"{heading}\n{model.__doc__}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}{more}{later}"


def _row(info: FieldInfo, name: str) -> str:
    kind = " or ".join(dict.fromkeys(_kinds(_annotation(info)))).replace("|", "\\|")
    return f"| `{info.alias or name}` | {kind} | {_default(info)} | {info.description} |\n"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    extra = info.json_schema_extra
    stated = extra.get("default") if isinstance(extra, dict) else None
    default = stated if stated is not None else written(info.default)
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _annotation(info: FieldInfo) -> Any:
    """The field's type with what pydantic took off it."""
    annotation: Any = info.annotation
    for extra in info.metadata:
        annotation = Annotated[annotation, extra]
    return annotation


def _kinds(annotation: Any) -> Iterator[str]:
    """What may be written there, in words."""
    extras = getattr(annotation, "__metadata__", ())
    called = next((extra.called for extra in extras if isinstance(extra, Reads | Names | Word | Called)), None)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if called is not None:
        yield called.removeprefix("an ").removeprefix("a ")
    elif origin is Annotated:
        yield from _kinds(arguments[0])
    elif origin in (Union, UnionType):
        for argument in arguments:
            yield from _kinds(argument)
    elif origin is list:
        yield f"list of {' or '.join(_kinds(arguments[0]))}"
    elif origin is dict:
        yield f"map of {' or '.join(_kinds(arguments[1]))}, by {' or '.join(_kinds(arguments[0]))}"
    elif isinstance(annotation, type) and issubclass(annotation, Section):
        yield f"[{annotation.called}](#{annotation.called.replace(' ', '-')})"
    elif annotation is not NoneType:
        yield "a map"


def _models_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
        return
    for argument in get_args(annotation):
        yield from _models_in(argument)
