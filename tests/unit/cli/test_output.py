"""JSON of the command line is understood, or refused in words."""

import pytest

from engage.cli.output import json_object
from engage.model.errors import InputError


@pytest.mark.parametrize(("text", "what"), [
    ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "--data is nested too deeply"),
    ('{"a": ' + "9" * 10_000 + "}", "--data has a number of thousands of digits"),
    ('{"a": }', "--data is no JSON"), ("[]", "--data must be a JSON object"),
], ids=["deep", "long", "broken", "list"])
def test_json_that_cannot_be_used_is_refused_in_words(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        json_object(text, name="--data")
