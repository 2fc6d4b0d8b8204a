"""Segments and small tables, read from their files."""

from __future__ import annotations

import pytest

from tests.workspaces import CAMPAIGN, files_of, loaded, problems_of, with_files


def test_a_segment_is_an_audience_or_a_list_of_members() -> None:
    files = with_files(files_of(), segments__vips="audience: contact.plan == 'gold'\n", segments__friends="list: friends.csv\n")
    segments = loaded({**files, "segments/friends.csv": b"email,note\nana@example.com,x\n\n bo@example.com ,\n"}).segments

    assert segments["vips"].audience is not None
    assert segments["vips"].audience.source == "contact.plan == 'gold'"
    assert segments["friends"].members == {"ana@example.com", "bo@example.com"}


@pytest.mark.parametrize(("text", "expected"), [
    ("audience: contact.plan == 'x'\nlist: a.csv\n", "segments/s.yaml:1:1: a segment has either `audience` or `list`"),
    ("list: nobody.csv\n", "segments/s.yaml:1:7: there is no file segments/nobody.csv"),
    ("audience: in_segment('nobody')\n", None),
    ("audience: trigger.years > 1\n", None),
])
def test_a_wrong_segment_is_told(text: str, expected: str | None) -> None:
    found = problems_of(with_files(files_of(), segments__s=text))

    assert found == [expected] if expected else found[0].startswith("segments/s.yaml:1:")


def test_segments_within_segments_are_taken_to_a_depth_that_a_database_takes() -> None:
    def tower(height: int) -> list[str]:
        asking = {f"segments__s{n}": f"audience: contact.plan == 'x' or in_segment('s{n - 1}')\n" for n in range(1, height)}
        return problems_of(with_files(files_of(), segments__s0="audience: contact.plan == 'x'\n", **asking))

    assert tower(12) == []
    assert "more than 24 operators within each other" in tower(40)[0]


def test_a_list_without_a_heading_is_refused() -> None:
    files = with_files(files_of(), segments__s="list: s.csv\n")

    assert problems_of({**files, "segments/s.csv": b"ana@example.com\n"}) == [
        "segments/s.csv:1:1: the first column must be headed external_id or email or phone, as it says who is meant"
    ]


def test_a_campaign_may_ask_a_segment_and_a_table() -> None:
    steps = "steps: [{send: birthday, when: \"data.prices[contact.country].plus == '12'\"}]"
    text = CAMPAIGN.replace("send: birthday", steps) + "audience: in_segment('vips')\n"
    files = with_files(files_of(c=text), segments__vips="audience: contact.plan == 'gold'\n")
    workspace = loaded({**files, "data/prices.csv": b"country,plus,pro\nSI,12,20\nNO, 13 ,21\n"})

    assert workspace.data == {"prices": {"SI": {"plus": "12", "pro": "20"}, "NO": {"plus": "13", "pro": "21"}}}


@pytest.mark.parametrize(("content", "expected"), [
    (b"", "data/t.csv:1:1: the file is empty; its first line names the columns"),
    (b"k,a\nx,1,2\n", "data/t.csv:2:1: 3 cells where the first line has 2"),
    (b"k,a\nx,1\nx,2\n", "data/t.csv:3:1: the key `x` is given twice"),
    (b"k,a,a\nx,1,2\n", "data/t.csv:1:1: the column `a` is given twice"),
    (b"k,_a\nx,1\n",
     "data/t.csv:1:1: `_a` is not a name that expressions can use; write it of letters, digits and _, beginning with a letter"),
])
def test_a_wrong_table_is_told(content: bytes, expected: str) -> None:
    assert problems_of({**files_of(), "data/t.csv": content}) == [expected]


def test_a_table_that_is_no_text_is_told() -> None:
    [problem] = problems_of({**files_of(), "data/t.csv": b"k,\xff\n"})

    assert problem.startswith("data/t.csv:0:0: the file cannot be read as CSV in UTF-8")


def test_the_hash_is_that_of_all_files() -> None:
    files = files_of(c=CAMPAIGN)

    assert loaded(files).hash == loaded(dict(reversed(files.items()))).hash
    assert loaded(files).hash != loaded({**files, "templates/birthday/sms.sl.txt": b"x"}).hash
