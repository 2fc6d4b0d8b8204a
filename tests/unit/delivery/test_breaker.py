"""When a breaker opens, for how long, and how one comes back."""

from engage.delivery.breaker import DOMAIN, FEW, LOOK_AGAIN, PROVIDER, TRIED_FOR, Breaker


def opened(at: float = 0.0) -> Breaker:
    """One that has just opened."""
    breaker = Breaker(temper=PROVIDER)
    for _ in range(PROVIDER.failures):
        breaker.failed(at)
    return breaker


def test_it_opens_after_five_failures_running_for_half_a_minute() -> None:
    breaker = Breaker(temper=PROVIDER)
    assert [breaker.failed(0.0) for _ in range(5)] == [False, False, False, False, True]
    assert (breaker.wait(0.0), breaker.reason, breaker.admit(29.9, 100)) == (30.0, "breaker", 0)


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = Breaker(temper=PROVIDER)
    assert not any(breaker.failed(0.0) or breaker.succeeded(0.0) for _ in range(100))
    assert breaker.admit(0.0, 100) == 100


def test_a_failure_as_a_whole_opens_it_at_once_where_it_showed_no_sign_of_life() -> None:
    breaker = Breaker(temper=PROVIDER)
    breaker.succeeded(0.0)
    assert not breaker.failed(9.0, as_a_whole=True)
    assert breaker.failed(10.0, as_a_whole=True)


def test_then_a_few_are_tried_by_one_at_a_time() -> None:
    breaker = opened()
    assert breaker.admit(30.0, 500) == FEW
    assert (breaker.admit(30.1, 500), breaker.wait(30.1)) == (0, LOOK_AGAIN)


def test_a_trial_of_which_nothing_was_heard_is_made_again() -> None:
    breaker = opened()
    breaker.admit(30.0, 500)
    assert breaker.admit(30.0 + TRIED_FOR, 500) == FEW


def test_a_trial_of_which_nothing_went_is_none_and_one_of_which_some_went_goes_on() -> None:
    breaker = opened()
    breaker.admit(30.0, 500)
    breaker.give_back(FEW - 1)
    assert breaker.admit(30.0, 500) == 0
    breaker.give_back(1)
    assert (breaker.wait(30.0), breaker.admit(30.0, 500)) == (0.0, FEW)


def test_work_drifts_back_slice_by_slice_once_it_goes_well() -> None:
    breaker = opened()
    taken = []
    for at in range(30, 36):
        taken.append(breaker.admit(at, 500))
        for _ in range(taken[-1]):
            breaker.succeeded(at)
    assert taken == [5, 20, 80, 320, 500, 500]


def test_a_trial_that_fails_shuts_it_for_twice_as_long_up_to_ten_minutes() -> None:
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(8):
        pauses.append(breaker.wait(now))
        now += pauses[-1]
        assert breaker.admit(now, 1) == 1
        assert breaker.failed(now)
    assert pauses == [30, 60, 120, 240, 480, 600, 600, 600]


def test_a_whole_slice_that_fails_at_once_is_one_failed_trial() -> None:
    breaker = opened()
    breaker.admit(30.0, 5)
    assert [breaker.failed(30.0) for _ in range(5)] == [True, False, False, False, False]
    assert breaker.wait(30.0) == 60.0


def closed(breaker: Breaker, at: float) -> None:
    while breaker.room is not None:
        breaker.admit(at, 500)
        breaker.succeeded(at)


def test_one_that_fails_again_soon_is_shut_longer_and_one_that_was_well_for_ten_minutes_as_at_first() -> None:
    breaker = opened()
    closed(breaker, 40.0)
    assert any(breaker.failed(100.0) for _ in range(5))
    assert breaker.wait(100.0) == 60.0
    closed(breaker, 200.0)
    assert any(breaker.failed(800.0) for _ in range(5))
    assert breaker.wait(800.0) == 30.0


def test_what_was_asked_for_longer_holds() -> None:
    breaker = opened()
    breaker.shut(0.0, 90.0, "rate")
    breaker.shut(0.0, 10.0, "rate")
    assert (breaker.wait(0.0), breaker.reason) == (90.0, "rate")


def test_who_asks_again_and_took_nothing_meanwhile_is_left_alone_twice_as_long_up_to_ten_minutes() -> None:
    breaker, now, waits = Breaker(temper=PROVIDER), 0.0, []
    for _ in range(12):
        breaker.shut(now, breaker.asks(now, 1.0), "rate")
        assert breaker.asks(now, 1.0) == 1.0, "it says so to each of a slice"
        waits.append(breaker.wait(now))
        now += breaker.wait(now)
        breaker.admit(now, 5)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    breaker.succeeded(now)
    assert breaker.asks(now + 1, 1.0) == 1.0


def test_who_asks_for_longer_than_that_is_obeyed() -> None:
    breaker = Breaker(temper=PROVIDER)
    breaker.shut(0.0, breaker.asks(0.0, 3600.0), "rate")
    assert breaker.asks(3600.0, 3600.0) == 3600.0


def test_a_domain_is_more_patient() -> None:
    breaker = Breaker(temper=DOMAIN)
    assert [breaker.failed(0.0) for _ in range(10)].index(True) == 9
    assert breaker.wait(0.0) == 60.0
