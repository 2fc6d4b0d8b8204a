"""YAML is read as the language says: a scalar is what its field means, and every mistake has its place."""

from __future__ import annotations

import pytest

from engage.model.campaign import Status
from engage.model.triggers import DateTrigger
from engage.rules.document import MAX_BYTES, read
from engage.rules.tree import Items, Map, Scalar
from tests.workspaces import CAMPAIGN, SETTINGS, files_of, loaded, problems_of, with_files


def tree_of(text: str) -> Map:
    tree, problems = read("f.yaml", text.encode())
    assert problems == []
    assert isinstance(tree, Map)
    return tree


def told(text: str | bytes) -> list[str]:
    return [str(problem) for problem in read("f.yaml", text if isinstance(text, bytes) else text.encode())[1]]


@pytest.mark.parametrize("written", [
    "no", "NO", "yes", "on", "off", "null", "~", "00123", "0x1F", "1e3", "1_000", "21:00", "+38640123456", "2026-01-01", "190:20:30",
    ".inf", "=",
])
def test_every_plain_scalar_stays_the_text_that_was_written(written: str) -> None:
    assert tree_of(f"on: {written}") == {"on": written}


def test_a_scalar_knows_its_place() -> None:
    value = tree_of("a:\n  - b\n  - c: 'd'\n")["a"][1]["c"]

    assert isinstance(value, Scalar)
    assert str(value.place) == "f.yaml:3:8"


def test_characters_count_not_bytes() -> None:
    assert str(tree_of("živjo: {š: ž}")["živjo"]["š"].place) == "f.yaml:1:12"


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    assert tree_of("a: &x [1, 2]\nb: *x\n") == {"a": Items(["1", "2"]), "b": Items(["1", "2"])}


@pytest.mark.parametrize(("text", "expected"), [
    ("", "f.yaml:1:1: the file is empty"),
    ("a: 1\na: 2\n", "f.yaml:2:1: `a` is given twice (first in line 1)"),
    ("a: {b: 1, b: 2}\n", "f.yaml:1:11: `b` is given twice (first in line 1)"),
    ("a: *x\n", "f.yaml:1:4: `*x` stands for nothing; put this expression in quotes"),
    ("a: &x [*x]\n", "f.yaml:1:8: `*x` contains itself"),
    ("a: 1\n---\nb: 2\n", "f.yaml:2:1: one file holds one document: take out the `---`"),
    ("a: !!python/x y\n", "f.yaml:1:4: YAML tags (`tag:yaml.org,2002:python/x`) mean nothing here; put this expression in quotes"),
    ("a:\n\tb: 1\n", "f.yaml:2:1: YAML is indented by spaces, not tabs"),
    ("a: 'b\n", "f.yaml:1:4: this is not YAML: a quote or bracket is opened here and never closed; put this expression in quotes"),
    ("a: {{ contact.plan }}\n", "f.yaml:1:4: braces are YAML's own: put this expression in quotes"),
    ("a: ['x', 'y'] != contact.tags\n", "f.yaml:1:15: this is not YAML: a key is expected here; put this expression in quotes"),
    ("a: 'x' in contact.tags\n", "f.yaml:1:8: this is not YAML: a key is expected here; put this expression in quotes"),
    ("- {b: x in ['y']}\n", "f.yaml:1:12: this is not YAML: a `,` or `}` is expected; put this expression in quotes"),
    ("- [{b: 'x' in y}]\n", "f.yaml:1:12: this is not YAML: a `,` or `}` is expected; put this expression in quotes"),
    ("a: 1\nb:c\nd: 2\n", "f.yaml:2:1: a space goes after the `:`"),
    ("a: b: c\n", "f.yaml:1:5: this is not YAML: a `:` is not expected here; put this expression in quotes"),
    ("a:\n  b: 1\n   c: 2\n", "f.yaml:3:5: this is not YAML: a `:` is not expected here; is the line indented as those beside it?"),
    ("a:\n  b: 1\n c: 2\n", "f.yaml:3:2: this is not YAML: a key is expected here; is the line indented as those beside it?"),
    ("a: %b\n", "f.yaml:1:4: this is not YAML: no value can begin so; put this expression in quotes"),
    ("a: b\x01\n", "f.yaml:1:5: the file holds a control character"),
])
def test_what_is_wrong_as_yaml_is_told_at_its_place(text: str, expected: str) -> None:
    assert told(text) == [expected]


def test_a_file_that_is_no_text_is_told() -> None:
    assert told(b"a: 1\nb: \xff\n") == ["f.yaml:2:1: the file is not UTF-8 text"]


def test_a_large_file_is_refused() -> None:
    assert told(b"a: " + b"x" * MAX_BYTES) == ["f.yaml:0:0: the file is larger than 256 KB"]


def test_anchors_nested_to_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert told("\n".join(lines)) == ["f.yaml:5:25: the file comes to more than 50000 values: are its anchors nested?"]


@pytest.mark.parametrize("text", ["[" * 200_000, "{a: " * 60_000, "- " * 100_000])
def test_deep_nesting_neither_crashes_nor_recurses(text: str) -> None:
    [problem] = told(text)

    assert problem.endswith("nested deeper than 40 levels")


@pytest.mark.parametrize("lines", [
    ["a:", *(f"- &x{n} []" for n in range(20_000))],
    [f"k{n}: &x{n} {{}}" for n in range(15_000)],
    [f"k{n}:" for n in range(30_000)],
    [f"k{n % 100}: x" for n in range(30_000)],
], ids=["anchors", "anchored keys", "keys", "keys given twice"])
def test_a_file_full_of_mistakes_is_told_of_in_measure(lines: list[str]) -> None:
    found = problems_of({**files_of(), "campaigns/c.yaml": "\n".join(lines).encode()})

    assert 0 < len(found) <= 202


def test_the_field_says_what_a_scalar_means() -> None:
    settings = SETTINGS.replace("timezone: Europe/Ljubljana", "locale: no\ntimezone: Europe/Ljubljana")
    campaign = CAMPAIGN.replace("at: 09:00", "at: 21:00") + "title: 00123\nstatus: live\n"

    workspace = loaded(files_of(settings=settings, c=campaign))
    found = workspace.campaigns["c"]

    assert workspace.settings.locale == "no"
    assert found.title == "00123"
    assert found.status is Status.LIVE
    assert isinstance(found.trigger, DateTrigger)
    assert (found.trigger.at.hour, found.trigger.at.minute) == (21, 0)


def test_a_phone_number_and_norway_stay_text_in_a_test_file() -> None:
    files = with_files(files_of(), tests__t="""
        contacts: [{phone: +38640123456, country: NO, locale: no, external_id: 00123, plan: on, visits: 7}]
        clock: {from: 2026-01-01T00:00Z, to: 2026-01-02T00:00Z}
        """)
    from_file = problems_of(files)

    assert from_file == []


def test_a_comment_that_cuts_an_expression_is_met_with_quotes() -> None:
    first, second = problems_of(files_of(c=CAMPAIGN + "audience: contact.plan == 'a #1'\n"))

    assert first.startswith("campaigns/c.yaml:5:11: YAML takes the ` #` for a comment")
    assert first.endswith("put this expression in quotes")
    assert second.startswith("campaigns/c.yaml:5:27: ")


def test_a_comma_that_cuts_an_expression_in_braces_is_met_with_quotes() -> None:
    text = "purpose: care\ntrigger: {event: ticket.closed, where: has_consent(care, email)}\nsend: birthday\nchannels: [email]\n"

    assert problems_of(files_of(c=text)) == [
        "campaigns/c.yaml:2:58: `email)` has no value: where it is a piece of an expression, put this expression in quotes"
    ]


def test_braces_around_an_expression_are_met_with_quotes() -> None:
    assert problems_of(files_of(c=CAMPAIGN + "audience: {{ contact.plan }}\n")) == [
        "campaigns/c.yaml:5:11: braces are YAML's own: put this expression in quotes",
    ]


def test_an_expression_in_quotes_is_placed_after_the_quote() -> None:
    assert problems_of(files_of(c=CAMPAIGN + "audience: \"contact.plann == 'x'\"\n")) == [
        "campaigns/c.yaml:5:20: undeclared attribute `plann`; did you mean plan?"
    ]


@pytest.mark.parametrize("lines", [
    "audience: contact.plan == 'x'\n  and contact.plann == 'y'\n",
    "audience: >\n  contact.plan == 'x'\n  and contact.plann == 'y'\n",
    "audience: >-\n\n  contact.plan == 'x'\n  and contact.plann == 'y'\n",
])
def test_an_expression_over_several_lines_is_placed_in_its_own_line(lines: str) -> None:
    line = 5 + lines.count("\n") - 1

    assert problems_of(files_of(c=CAMPAIGN + lines)) == [f"campaigns/c.yaml:{line}:15: undeclared attribute `plann`; did you mean plan?"]
