"""What endpoints answer stands in YAML and comes out as JSON; a file of answers is read like those of a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engage.model.errors import InputError
from engage.model.responses import RESPONSES
from engage.model.time import Duration
from engage.model.workspace import Endpoint, Settings
from engage.rules.answers import GivenReply, load_answers
from engage.rules.schema.answers import AnswerKind
from tests.builders import some_settings

FILE = "answers.yaml"


def settings() -> Settings:
    return replace(some_settings(), endpoints={"gifts": Endpoint(name="gifts", url="https://gifts.example.com")})


def the_answer_of(data: str) -> object:
    text = f"answers: [{{call: gifts, contact: ana, after: 2h, data: {data}}}]"
    [reply] = load_answers(FILE, text.encode(), files={}, settings=settings())
    assert isinstance(reply, GivenReply)
    assert (reply.endpoint, reply.contact, reply.after) == ("gifts", "ana", Duration(seconds=7200))
    return reply.data


def test_whatever_comes_back_of_a_message_can_be_scripted() -> None:
    assert {kind.value for kind in AnswerKind} == {kind.value for kind in RESPONSES}


@pytest.mark.parametrize(("written", "meant"), [
    ("{code: G-7, worth: 12, share: 0.5, left: -3, gone: true, why: null}",
     {"code": "G-7", "worth": 12, "share": 0.5, "left": -3, "gone": True, "why": None}),
    ('["12", "true", {}, 007, no]', ["12", "true", {}, "007", "no"]),
    ("plain", "plain"),
])
def test_an_endpoints_answer_is_json(written: str, meant: object) -> None:
    assert the_answer_of(written) == meant


def test_everything_wrong_with_a_file_of_answers_is_told_at_its_place() -> None:
    with pytest.raises(InputError) as caught:
        load_answers(FILE, b"answers:\n  - {call: gift, data: 1}\n  - {message: wish, kind: opened}\n", files={}, settings=settings())
    assert [str(problem) for problem in caught.value.problems] == [
        "answers.yaml:2:12: the endpoint `gift` does not exist; did you mean gifts?",
        "answers.yaml:3:15: the message `wish` does not exist",
    ]
