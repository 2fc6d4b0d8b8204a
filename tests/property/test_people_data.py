"""Whatever is thrown at it: what is normalised stays as it is, and nothing breaks but by Unusable."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from engage.contacts.columns import CIRCUMSTANCES, kinds_of, understand
from engage.contacts.normalise import as_text, normalise
from engage.contacts.places import Unusable
from engage.contacts.telling import Reading, RowReader
from engage.model.contact import AttributeKind
from engage.model.values import from_json, to_json
from tests.builders import NOON, some_settings

SETTINGS = some_settings(attributes={
    "birth_date": AttributeKind.DATE, "value": AttributeKind.MONEY, "score": AttributeKind.NUMBER, "agreed": AttributeKind.BOOLEAN,
})
NAMES = tuple(kinds_of(SETTINGS))
NEARLY_RIGHT = (
    r"[+0-9 ().-]{5,18}", r"[a-zé]{1,8}@[a-zéß-]{1,8}\.[a-z]{2,4}", r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}Z?)?",
    r"-?\d{1,20}(\.\d{1,8})? ?(EUR|JPY|usd)?", r"[a-zA-Z]{2,3}([_-][a-zA-Z0-9]{2,4}){0,2}",
)
HOSTILE = st.one_of(
    st.text(max_size=40), *(st.from_regex(pattern, fullmatch=True) for pattern in NEARLY_RIGHT),
    st.sampled_from(["yes", "0", "a;b; a", "Europe/Riga", "si"]),
)
JSON = st.one_of(
    HOSTILE, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(HOSTILE, max_size=3),
    st.dictionaries(HOSTILE, HOSTILE, max_size=2),
)


@given(name=st.sampled_from(NAMES), raw=HOSTILE)
@example(name="first_name", raw="\u200b Ana\u0301 \u200b")
@example(name="locale", raw="tl_ph")
@example(name="score", raw="1e22")
def test_what_is_normalised_stays_as_it_is(name: str, raw: str) -> None:
    kind = kinds_of(SETTINGS)[name]
    try:
        value = normalise(name, kind, raw, country="SI")
    except Unusable:
        return
    assert normalise(name, kind, as_text(value), country="SI") == value
    assert from_json(to_json(value), kind) == value


@given(values=st.dictionaries(st.sampled_from([*NAMES, "consent.care", "consent.care.sms", *CIRCUMSTANCES]), JSON))
def test_no_row_whatever_stands_in_it_breaks_the_import(values: dict[str, object]) -> None:
    columns = understand({**values, "external_id": ""}, {}, SETTINGS, file="people.jsonl")
    told = RowReader(columns, Reading(source="import:people.jsonl"), now=NOON).read(values)
    assert told.troubles or any(told.person.attributes.get(name) for name in ("external_id", "email", "phone"))
