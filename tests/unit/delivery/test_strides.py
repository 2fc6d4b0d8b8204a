"""How many of a provider's messages are cleared at once."""

from __future__ import annotations

from engage.delivery.strides import LEAST, Strides


def test_of_a_provider_that_was_never_slow_a_whole_slice_goes() -> None:
    strides = Strides(most=500)
    strides.learn("email", 500, late=0, seconds=1.9)
    assert strides.at_most("email") == 500


def test_one_that_left_much_unbegun_is_given_a_little_less_than_it_began_and_no_other_is() -> None:
    strides = Strides(most=500)
    strides.learn("email", 500, late=460, seconds=3.0)
    assert (strides.at_most("email"), strides.at_most("sms")) == (30, 500)


def test_its_connections_are_all_used_however_slow_it_is() -> None:
    strides = Strides(most=500)
    strides.learn("email", 500, late=500, seconds=2.0)
    assert strides.at_most("email") == LEAST


def test_it_is_given_more_as_soon_as_it_is_quick_and_no_sooner() -> None:
    strides = Strides(most=500)
    strides.learn("email", 500, late=480, seconds=3.0)
    seen = []
    for seconds in (1.5, 0.3, 0.3, 0.3):
        strides.learn("email", strides.at_most("email"), late=0, seconds=seconds)
        seen.append(strides.at_most("email"))
    assert seen == [15, 60, 240, 500]
