"""By which provider messages go, how many, and how soon."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from engage.delivery.clearing import in_turns
from engage.delivery.ports import Outcome
from engage.delivery.rate_ports import LocalVolumes, Notice
from engage.delivery.settling import settle_outcome
from engage.delivery.traffic import AHEAD, LOOK_AGAIN_AT_THE_LATEST, Leaving, Traffic
from engage.model.delivery import Rendered
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from engage.model.rates import WarmUp
from engage.model.workspace import Channel, Settings
from tests.builders import NOON, a_channel, a_cleared, a_rendered, an_approved, an_intent, some_settings

REFUSED = Unavailable("no connection", code="ConnectionRefusedError", whole_provider=True)
SLOWLY = Unavailable("RCPT: 451 later", code="451")
CURVE = WarmUp(since=date(2026, 2, 24), first_day=40, growth=2.0, full=150)


class Machine:
    """A machine clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def way(name: str, **changes: Any) -> Channel:
    """The channel by one of its providers."""
    return a_channel(named=name, **changes)


def settings_of(channel: Channel) -> Settings:
    return some_settings(channels={"email": channel})


def crowd(count: int, *, domain: str = "example.com", first: int = 0) -> list[Rendered]:
    """So many messages to people of a domain."""
    return [
        a_rendered(approved=an_approved(intent=an_intent(id=first + number), address=f"n{number}@{domain}")) for number in range(count)
    ]


class Road:
    """A channel in traffic, on a machine clock of the test's."""

    def __init__(self, channel: Channel, **shared: Any) -> None:
        self.channel, self.settings = channel, settings_of(channel)
        self.machine = Machine()
        self.traffic = Traffic(self.machine, **shared)
        self.now = NOON

    def leave(self, messages: list[Rendered]) -> Leaving | None:
        return self.traffic.leave(messages, self.channel, self.settings, now=self.now)

    def learn(self, by: Channel, *errors: SendError | None, domain: str = "example.com") -> None:
        cleared = [a_cleared(rendered=message) for message in crowd(len(errors), domain=domain)]
        outcomes = [Outcome(cleared=each, error=error) for each, error in zip(cleared, errors, strict=True)]
        self.traffic.learn(by, self.channel, outcomes)

    def states(self) -> dict[str, tuple[float, str | None]]:
        states = self.traffic.states(self.settings, now=self.now)
        return {name: (round(state.wait, 3), state.reason) for name, state in states.items()}


ONE, OTHER = way("one"), way("other")


def two_ways(**changes: Any) -> Channel:
    return a_channel(providers=(replace(ONE, **changes), OTHER))


def took(leaving: Leaving | None) -> tuple[str, int] | None:
    """Which provider, and how many."""
    return leaving and (leaving.way.provider, len(leaving.messages))


def test_a_channel_without_a_rate_lets_a_slice_of_five_hundred_go_at_once() -> None:
    road = Road(a_channel())
    leaving = road.leave(crowd(700))
    assert leaving is not None
    assert (len(leaving.messages), leaving.wait, leaving.back, len(leaving.rest)) == (500, 0.0, [], 200)


def test_a_rate_spreads_slices_of_half_a_second_over_time() -> None:
    road = Road(a_channel(rate=50.0))
    leaving = [road.leave(crowd(100)) for _ in range(3)]
    waits = [(len(each.messages), round(each.wait, 6), len(each.rest)) for each in leaving if each]
    assert waits == [(25, 0, 75), (25, 0.5, 75), (25, 1, 75)]


def test_who_would_wait_for_the_rate_in_hand_for_long_goes_back_to_when_there_is_room() -> None:
    road = Road(a_channel(rate=0.5))
    leaving = [road.leave(crowd(1)) for _ in range(6)]
    assert [round(each.wait, 6) for each in leaving if each] == [0, 2, 4, 0, 0, 0]
    assert [[each.retry_in for each in one.back] for one in leaving if one] == [[], [], [], [AHEAD + 2], [AHEAD + 4], [AHEAD + 6]]


def test_the_next_provider_takes_over_when_the_first_is_down_and_nothing_goes_when_all_are() -> None:
    road = Road(two_ways())
    assert took(road.leave(crowd(9))) == ("one", 9)
    road.learn(ONE, REFUSED)
    assert took(road.leave(crowd(9))) == ("other", 9)
    assert road.states() == {}
    road.learn(OTHER, REFUSED)
    assert road.leave(crowd(9)) is None
    assert road.states() == {"email": (30.0, "breaker")}


def test_work_drifts_back_to_the_first_by_few_at_a_time_while_the_next_goes_on() -> None:
    road = Road(two_ways())
    road.learn(ONE, REFUSED)
    road.machine.at += 30
    seen = []
    for _ in range(5):
        tried = took(road.leave(crowd(500)))
        seen += [tried, took(road.leave(crowd(500)))]
        road.learn(ONE, *[None] * (tried[1] if tried else 0))
    assert seen[::2] == [("one", count) for count in (5, 20, 80, 320, 500)]
    assert seen[1::2] == [*[("other", 500)] * 4, ("one", 500)]


def test_a_failed_trial_costs_the_message_no_attempt_and_leaves_the_others_with_the_next() -> None:
    road = Road(two_ways())
    road.learn(ONE, REFUSED)
    road.machine.at += 30
    assert took(road.leave(crowd(500))) == ("one", 5)
    road.learn(ONE, REFUSED)
    assert road.traffic.spares(ONE, REFUSED)
    outcome = Outcome(cleared=a_cleared(), error=REFUSED)
    settlement = settle_outcome(outcome, now=NOON, provider="one", idempotent=False, on_unknown="hold", spared=True)
    assert (settlement.attempt, settlement.retry_in) == (False, 1.0)
    assert took(road.leave(crowd(500))) == ("other", 500)


def test_a_failure_while_the_provider_answers_others_costs_an_attempt() -> None:
    road = Road(a_channel())
    road.learn(road.channel, None, REFUSED)
    assert not road.traffic.spares(road.channel, REFUSED)
    assert not road.traffic.spares(road.channel, None)


def test_a_reply_about_one_recipient_never_shuts_the_provider_and_an_http_500_does() -> None:
    road = Road(a_channel())
    road.learn(road.channel, *[SLOWLY, Rejected("550", code="550")] * 100)
    assert road.states() == {}
    road.learn(road.channel, *[Unavailable("the gateway answers 500", code="500")] * 5)
    assert road.states() == {"email": (30.0, "breaker")}


def test_answers_that_never_came_shut_it_too() -> None:
    road = Road(a_channel())
    road.learn(road.channel, *[Unconfirmed("silence")] * 5)
    assert road.states() == {"email": (30.0, "breaker")}


def test_what_people_must_mend_leaves_the_rest_to_the_next_provider_where_there_is_one() -> None:
    wrong = Unavailable("535 wrong password", code="535", configuration=True)
    road, lonely = Road(two_ways()), Road(a_channel())
    road.learn(ONE, wrong)
    assert took(road.leave(crowd(9))) == ("other", 9)
    assert road.traffic.spares(ONE, wrong)
    lonely.learn(lonely.channel, wrong)
    assert not lonely.traffic.spares(lonely.channel, wrong)


class Board:
    """Notices as another worker would write them."""

    def __init__(self) -> None:
        self.written: list[Notice] = []
        self.asked: list[Notice] = []

    def for_all(self) -> list[Notice]:
        return self.asked

    def ask_all(self, notice: Notice) -> None:
        self.asked.append(notice)

    def tell(self, notice: Notice) -> None:
        self.written.append(notice)

    def well(self, provider: str) -> None:
        self.written = [each for each in self.written if each.provider != provider]


def test_what_a_provider_asks_for_itself_is_told_once_and_every_worker_heeds_it() -> None:
    board = Board()
    one, other = Road(two_ways(), notices=board), Road(two_ways(), notices=board)
    one.learn(ONE, *[Unavailable("429", code="429", retry_after=17, whole_provider=True)] * 50)
    assert board.asked == [Notice(provider="email/one", seconds=17, reason="rate")]
    assert took(other.leave(crowd(9))) == ("other", 9)


def test_a_breaker_is_each_workers_own_and_only_told_to_people() -> None:
    board = Board()
    one, other = Road(two_ways(), notices=board), Road(two_ways(), notices=board)
    one.learn(ONE, REFUSED)
    assert board.written == [Notice(provider="email/one", seconds=30.0, reason="breaker")]
    assert took(other.leave(crowd(9))) == ("one", 9)


def test_a_provider_that_is_warmed_up_takes_the_days_share_and_the_next_the_rest() -> None:
    road = Road(two_ways(warm_up=CURVE))
    assert [took(road.leave(crowd(60))) for _ in range(3)] == [("one", 60), ("one", 20), ("other", 60)]
    road.now += timedelta(days=1)
    assert took(road.leave(crowd(500))) == ("one", 500), "the curve is over"


def test_what_is_over_a_days_share_waits_for_the_workspaces_next_day() -> None:
    road = Road(a_channel(warm_up=CURVE))
    road.leave(crowd(80))
    assert road.leave(crowd(9)) is None
    assert road.states() == {"email": (11 * 3600.0, "warm_up")}, "midnight in Ljubljana is 23:00 UTC"


def test_what_was_not_handed_over_after_all_does_not_count() -> None:
    volumes = LocalVolumes()
    road = Road(a_channel(warm_up=CURVE), volumes=volumes)
    road.leave(crowd(80))
    road.traffic.stays(road.channel, 30, road.settings, now=road.now)
    assert took(road.leave(crowd(80))) == ("console", 30)


def test_what_goes_back_for_its_domains_rate_does_not_count_to_the_days_share() -> None:
    road = Road(a_channel(warm_up=CURVE, domain_rates={"slow.example": 2.0}))
    for _ in range(4):
        road.leave(crowd(30, domain="slow.example"))
    assert took(road.leave(crowd(80))) == ("console", 77), "three had room"


def test_messages_that_one_provider_may_have_stand_apart_from_those_that_any_may_take() -> None:
    contacts = iter(range(100))

    def one(bound_to: str | None) -> Rendered:
        return a_rendered(approved=an_approved(intent=an_intent(bound_to=bound_to, contact_id=next(contacts))))

    road = Road(two_ways())
    turns = in_turns([one("other"), one(None), one("other"), one(None), one("one")])
    assert sorted(took(road.leave(list(turn))) or ("", 0) for turn in turns) == [("one", 1), ("one", 2), ("other", 2)]
    road.learn(OTHER, REFUSED)
    assert [took(road.leave(list(turn))) for turn in turns] == [None, ("one", 2), ("one", 1)]


def test_a_message_that_a_provider_may_have_goes_by_no_other() -> None:
    road = Road(two_ways())
    bound = [a_rendered(approved=an_approved(intent=an_intent(bound_to="other")))]
    assert took(road.leave(bound)) == ("other", 1)
    road.learn(OTHER, REFUSED)
    assert road.leave(bound) is None
    gone = [a_rendered(approved=an_approved(intent=an_intent(bound_to="sold")))]
    assert took(road.leave(gone)) == ("one", 1)


def test_a_message_bound_to_a_provider_whose_day_is_full_is_not_looked_at_each_second() -> None:
    road = Road(two_ways(warm_up=CURVE))
    road.leave(crowd(80))
    (bound,) = [a_rendered(approved=an_approved(intent=an_intent(bound_to="one")))]
    assert road.leave([bound]) is None
    assert road.traffic.look_again_in(bound, road.channel, road.settings, now=road.now) == LOOK_AGAIN_AT_THE_LATEST
    road = Road(two_ways())
    road.learn(ONE, REFUSED)
    assert road.traffic.look_again_in(bound, road.channel, road.settings, now=road.now) == 30.0


def test_a_trial_whose_messages_all_go_back_leaves_the_provider_to_the_next_who_comes() -> None:
    road = Road(a_channel(domain_rates={"slow.example": 0.01}))
    road.leave(crowd(1, domain="slow.example"))
    road.learn(road.channel, REFUSED)
    road.machine.at += 30.0
    leaving = road.leave(crowd(3, domain="slow.example"))
    assert leaving is not None
    assert (len(leaving.messages), len(leaving.back)) == (0, 3)
    assert took(road.leave(crowd(3))) == ("console", 3)


def test_mails_over_a_domains_rate_go_back_in_line_and_the_others_go_on() -> None:
    road = Road(a_channel(domain_rates={"slow.example": 2.0}))
    leaving = road.leave([*crowd(6, domain="Slow.example"), *crowd(50, first=100)])
    assert leaving is not None
    assert (len(leaving.messages), len(leaving.rest)) == (53, 0)
    assert [each.retry_in for each in leaving.back] == [0.5, 1.0, 1.5]
    again = road.leave(crowd(2, domain="slow.example"))
    assert again is not None
    assert [each.retry_in for each in again.back] == [2.0, 2.5]


def test_every_other_domain_has_a_bucket_of_its_own() -> None:
    road = Road(a_channel(domain_rates={"*": 1.0, "big.example": 100.0}))
    leaving = road.leave([*crowd(5, domain="a.example"), *crowd(5, domain="b.example"), *crowd(50, domain="big.example")])
    assert leaving is not None
    assert len(leaving.messages) == 2 + 2 + 50


def test_what_would_go_back_anyway_is_sifted_out_before_it_is_rendered_and_nothing_is_taken_by_it() -> None:
    road = Road(a_channel(domain_rates={"slow.example": 2.0}))
    approved = [message.approved for message in [*crowd(9, domain="slow.example"), *crowd(50, first=100)]]
    going, back = road.traffic.sift(approved, road.settings)
    assert (len(going), len(back)) == (54, 5), "three at once, and one more within the half second that the batch takes"
    leaving = road.leave(crowd(9, domain="slow.example"))
    assert leaving is not None
    assert len(leaving.messages) == 3


def test_a_domain_that_puts_mail_off_is_left_alone_and_nobody_else() -> None:
    road = Road(a_channel())
    road.learn(road.channel, *[SLOWLY] * 10, domain="slow.example")
    leaving = road.leave([*crowd(4, domain="slow.example"), *crowd(50, first=100)])
    assert leaving is not None
    assert (len(leaving.messages), [each.attempt for each in leaving.back]) == (50, [False] * 4)
    assert all(60 <= (each.retry_in or 0) <= 90 for each in leaving.back)
    assert road.states() == {}
    road.machine.at += 60
    then = road.leave(crowd(50, domain="slow.example"))
    assert then is not None
    assert len(then.messages) == 5


def test_greylisting_is_about_each_recipient_for_himself() -> None:
    road = Road(a_channel())
    road.learn(road.channel, *[Unavailable("450 greylisted", code="450", retry_after=300.0)] * 100)
    assert took(road.leave(crowd(500))) == ("console", 500)
