"""`track` and `utm` of a front matter, over what engage.yaml says -> Tracking: what is recorded of this message, and what its links get."""

from __future__ import annotations

from collections.abc import Sequence

from engage.model.errors import nearest
from engage.model.tracking import UTM, Tracking
from engage.templates import documents
from engage.templates.faults import TemplateFault

KEYS = ("track", "utm")
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NAMES = ("{campaign}", "{message}")


def read_tracking(front: documents.Mapping, default: Tracking, *, may: Sequence[str]) -> Tracking:
    """What goes for this message; `may` are the keys of `track` that have an effect here. Raises TemplateFault."""
    tracked = _track(front.entries.get("track"), may)
    return Tracking(
        opens="opens" in may and tracked.get("opens", default.opens), clicks="clicks" in may and tracked.get("clicks", default.clicks),
        utm=_utm(front.entries.get("utm"), default.utm),
    )


def _track(written: documents.Tree | None, may: Sequence[str]) -> dict[str, bool]:
    match written:
        case None:
            return {}
        case documents.Scalar():
            return dict.fromkeys(may, _truth(written, "track: true or false, or {opens: …, clicks: …}"))
        case documents.Mapping():
            for key, place in written.keys.items():
                if key in ("opens", "clicks") and key not in may:
                    raise TemplateFault(place, f"{key} has no effect here: only a mail's page can tell that it was opened")
                if key not in may:
                    raise TemplateFault(place, f"track has no {key!r}", nearest(key, may))
            return {key: _truth(value, f"{key}: true or false") for key, value in written.entries.items()}
        case _:
            raise TemplateFault(written.place, "track: true or false, or {opens: …, clicks: …}")


def _truth(written: documents.Tree, wanted: str) -> bool:
    truth = _TRUTHS.get(written.text.lower()) if isinstance(written, documents.Scalar) else None
    if truth is None:
        raise TemplateFault(written.place, wanted)
    return truth


def _utm(written: documents.Tree | None, default: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Name by name over engage.yaml's; `false` takes them all away."""
    if written is None:
        return default
    if isinstance(written, documents.Scalar) and _TRUTHS.get(written.text.lower()) is False:
        return ()
    if not isinstance(written, documents.Mapping):
        raise TemplateFault(written.place, f"utm: {{source: …, medium: …}} of {', '.join(UTM)}, or false")
    said = dict(default)
    for key, value in written.entries.items():
        if key not in UTM:
            raise TemplateFault(written.keys[key], f"utm has no {key!r}", nearest(key, UTM))
        if not isinstance(value, documents.Scalar) or not value.text or "{" in _without_names(value.text):
            raise TemplateFault(value.place, f"utm's {key} is one text, in which {' and '.join(_NAMES)} stand for theirs")
        said[key] = value.text
    return tuple((name, said[name]) for name in UTM if name in said)


def _without_names(text: str) -> str:
    for name in _NAMES:
        text = text.replace(name, "")
    return text
