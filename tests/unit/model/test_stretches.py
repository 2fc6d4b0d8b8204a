"""A text by its stretches says what the whole says, whatever is taken out of it."""

from hypothesis import given
from hypothesis import strategies as st

from engage.model.stretches import Stretches, trimmed, without_gaps

STRETCHES = st.lists(st.text("ab \n\t\u00a0", max_size=6), max_size=8)


@given(STRETCHES)
def test_what_is_blank_at_the_ends_goes(stretches: list[str]) -> None:
    assert "".join(trimmed(stretches)) == "".join(stretches).strip()


@given(STRETCHES)
def test_of_more_empty_lines_one_stays(stretches: list[str]) -> None:
    text = "".join(stretches)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    assert "".join(without_gaps(stretches)) == text


def test_a_text_remembers_what_it_was_joined_of_and_is_a_text() -> None:
    text = Stretches.joined(["a", "b"])
    assert (text, text.stretches, text.replace("a", "c")) == ("ab", ["a", "b"], "cb")
    assert not hasattr(text.replace("a", "c"), "stretches")
