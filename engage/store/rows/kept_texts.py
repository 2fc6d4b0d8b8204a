"""What was sent, as the history, "view in browser" and exports show it: the texts of a slice, some fifty in a row of `kept_texts`.

Letters of one template are nearly alike: together they take a twentieth of the place that each would take by itself, and the database a
row instead of fifty. A touch leads to its row (`texts_id`), its delivery to the place in it. A row is only ever written anew without
somebody's letters, under its lock; what is left of a row without any is nothing.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import JSONEncoder
from typing import Any, final

import sqlalchemy as sa

from engage.model.history import Touch
from engage.model.stretches import Stretches
from engage.store.schema.texts import kept_texts
from engage.store.sql.lists import among

LETTERS = 50
"""Of one row: to read one of them all have to be unpacked, which takes a tenth of a millisecond."""

LEVEL = 2
"""Of zlib: a higher one takes three times as long for a fifth less."""

MOST_STRETCHES = 20_000
"""Of one text, so that those of a row have a character each."""

Place = tuple[int, int]
"""A row of texts, and the delivery of which one of them is."""

NOWHERE: Place = (0, 0)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Texts of so many letters, and of which deliveries they are."""

    delivery_ids: Sequence[int]
    body: bytes


def packed(touches: Sequence[Touch]) -> Iterator[Packed]:
    """The texts of these touches, those of one message in one language together; of touches without any there are none."""
    with_text = [touch for touch in touches if touch.private]
    with_text.sort(key=_template)
    for first in range(0, len(with_text), LETTERS):
        letters = {touch.delivery_id or 0: touch.private for touch in with_text[first:first + LETTERS]}
        yield Packed(delivery_ids=tuple(letters), body=_body(letters))


def _template(touch: Touch) -> tuple[str, str]:
    return touch.message or "", touch.locale or ""


def _body(letters: Mapping[int, Mapping[str, object]]) -> bytes:
    """JSON: the deliveries, the stretches of their texts, each once, and of each letter what stands for itself, and what is of stretches.

    There a stretch is one character. So a letter that shares its stretches with others is written, and compressed, as some fifty of them.
    """
    signs = _Signs()
    lines = [_line(private, signs) for private in letters.values()]
    text = _as_json([tuple(letters), tuple(signs), lines])
    try:
        return zlib.compress(text.encode(), LEVEL)
    except UnicodeEncodeError:  # half of a pair, which somebody sent as JSON
        return zlib.compress(json.dumps(json.loads(text)).encode(), LEVEL)


def _line(private: Mapping[str, object], signs: _Signs) -> tuple[Mapping[str, object], Mapping[str, str]]:
    whole, joined = dict[str, object](), dict[str, str]()
    for name, value in private.items():
        if isinstance(value, Stretches) and len(value.stretches) <= MOST_STRETCHES:
            joined[name] = "".join(map(signs.__getitem__, value.stretches))
        else:
            whole[name] = value
    return whole, joined


@final
class _Signs(dict[str, str]):
    """Stretches by the character that stands for each in a row."""

    def __missing__(self, stretch: str) -> str:
        sign = self[stretch] = _sign(len(self))
        return sign


def _sign(number: int) -> str:
    """None that JSON escapes, and no half of a pair."""
    code = number + 0x100
    return chr(code if code < 0xD800 else code + 0x800)


def letters_in(body: bytes, *, of: Collection[int] | None = None) -> Mapping[int, Mapping[str, Any]]:
    """The texts in a row, by delivery; all of them, or those of some deliveries alone: to put a text together again takes the longest."""
    ids, stretches, lines = json.loads(zlib.decompress(body))
    said = {ord(_sign(number)): stretch for number, stretch in enumerate(stretches)}
    return {
        delivery_id: {**whole, **{name: signs.translate(said) for name, signs in joined.items()}}
        for delivery_id, (whole, joined) in zip(ids, lines, strict=True) if of is None or delivery_id in of
    }


def texts_at(connection: sa.Connection, places: Collection[Place]) -> Mapping[Place, Mapping[str, Any]]:
    """The texts that are still there of these."""
    wanted, found = _by_row(places), dict[Place, Mapping[str, Any]]()
    if wanted:
        for texts_id, body in connection.execute(_BODIES, {"ids": sorted(wanted)}):  # one unpacked at a time
            found |= {(texts_id, delivery_id): letter for delivery_id, letter in letters_in(body, of=wanted[texts_id]).items()}
    return found


def _by_row(places: Iterable[Place]) -> Mapping[int, Collection[int]]:
    by_row: defaultdict[int, set[int]] = defaultdict(set)
    for texts_id, delivery_id in places:
        by_row[texts_id].add(delivery_id)
    return by_row


def place_of(touch: Mapping[str, Any] | sa.RowMapping) -> Place | None:
    """Where the text of a touch is kept, by its row; None where it is not kept so."""
    return None if touch["texts_id"] is None else (touch["texts_id"], touch["delivery_id"])


def private_of(connection: sa.Connection, touches: Sequence[sa.RowMapping]) -> Callable[[sa.RowMapping], Mapping[str, Any]]:
    """What is personal in any of these touches, read with what stands apart of each as `private`."""
    found = texts_at(connection, {place for touch in touches if (place := place_of(touch)) is not None})

    def asked(touch: sa.RowMapping) -> Mapping[str, Any]:
        return touch["private"] or found.get(place_of(touch) or NOWHERE, {})

    return asked


def forget_texts(connection: sa.Connection, places: Collection[Place]) -> int:
    """Take these out of their rows, which are locked; how many were there."""
    gone = _by_row(places)
    if not gone:
        return 0
    rows = connection.execute(_LOCKED, {"ids": sorted(gone)}).all()
    return sum(_rewrite(connection, texts_id, letters_in(body), gone[texts_id]) for texts_id, body in rows)


def _rewrite(connection: sa.Connection, texts_id: int, letters: Mapping[int, Mapping[str, Any]], gone: Collection[int]) -> int:
    left = {delivery_id: letter for delivery_id, letter in letters.items() if delivery_id not in gone}
    if not left:
        connection.execute(_DELETE, {"row": texts_id})
    elif len(left) < len(letters):
        connection.execute(_WRITE, {"row": texts_id, "letters": len(left), "body": _body(left)})
    return len(letters) - len(left)


_as_json = JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_BODIES = sa.select(kept_texts.c.id, kept_texts.c.body).where(among(kept_texts.c.id, "ids"))
_LOCKED = _BODIES.order_by(kept_texts.c.id).with_for_update()
_ROW = kept_texts.c.id == sa.bindparam("row")
_DELETE = sa.delete(kept_texts).where(_ROW)
_WRITE = sa.update(kept_texts).where(_ROW)
