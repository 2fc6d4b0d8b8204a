"""Whatever people do to a good file, reading it ends in a workspace or in problems, each at a place of that file: never in a crash."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.rules.checking import check
from tests.workspaces import CAMPAIGN, files_of, with_files

STEPS = """
purpose: care
trigger: {event: ticket.closed, key: event.ticket_id, again: restart}
exit: [{event: ticket.reopened, where: event.ticket_id == trigger.ticket_id}, {when: contact.status == 'gone'}]
channels: [email]
steps:
  - wait: {until: 09:00, days: [mon, tue]}
  - wait_for: {event: csat.answered, for: 3d}
    as: answer
  - if: answer is none
    then: [{send: csat, with: {a: "{{ trigger.ticket_id }}"}}]
"""
TEST = """
contacts: [{external_id: ana, birth_date: 1992-02-29}]
clock: {from: 2026-02-27T00:00Z, to: 2026-03-02T00:00Z}
events: [{at: 2026-02-28T09:00Z, type: order.placed, contact: ana, data: {total: 12.30 EUR}}]
expect: [{contact: ana, kind: sent}]
"""
GOOD = with_files(files_of(a=CAMPAIGN, b=STEPS), segments__s="audience: contact.plan == 'x'\n", tests__t=TEST)
NAMES = ("engage.yaml", "campaigns/a.yaml", "campaigns/b.yaml", "segments/s.yaml", "tests/t.yaml")

TOKENS = (
    "{", "}", "[", "]", ": ", " ", "\n", "- ", '"', "'", "#", " #", "&a ", "*a", "!x ", "{{ ", " }}", "null", "~", "no", "21:00",
    "-3d", "0",
    "99999999999999", "${X}", "${Y:-z}", "\t", "|\n", ">\n", "? ", "\u2028", "é", "all", "first", "audience", "event: ", "when: ", "if: ",
    "wait: ", "send: ", "from: ", "days: ", "weekend", "[]", "{}", "9999-12-31", "2026-02-30", "1e9", "with: ", "\x00", "\r", "\ufeff",
)

edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), st.sampled_from(TOKENS)), min_size=1, max_size=4)


def edited(text: str, changes: Sequence[tuple[float, int, str]]) -> str:
    """The text with some characters taken out, and a token put in their place."""
    for where, length, token in changes:
        at = int(where * len(text))
        text = text[:at] + token + text[at + length:]
    return text


def test_the_files_are_good_before_they_are_edited() -> None:
    assert check(GOOD, {}).problems == ()


@settings(max_examples=300)
@given(name=st.sampled_from(NAMES), changes=edits)
def test_an_edited_file_is_read_or_told_of(name: str, changes: Sequence[tuple[float, int, str]]) -> None:
    text = edited(GOOD[name].decode(), changes)

    found = check({**GOOD, name: text.encode()}, {}).problems

    for problem in found:
        assert problem.place.line <= len(text.splitlines()) + 1 or problem.place.file != name
        assert "Input should" not in problem.what
        assert "Value error" not in problem.what


@settings(max_examples=100)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_told_of(content: bytes) -> None:
    check({**GOOD, "campaigns/a.yaml": content, "data/t.csv": content}, {})
