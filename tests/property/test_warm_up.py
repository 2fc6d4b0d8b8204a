"""However work comes, fails and is taken back: never more goes by a provider on a day than its curve allows."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.delivery.traffic import Traffic
from engage.model.localtime import local_date, zone
from engage.model.rates import WarmUp
from tests.builders import NOON, a_channel, a_rendered, an_approved, an_intent, some_settings

CURVES = st.builds(
    WarmUp, since=st.dates(date(2026, 2, 20), date(2026, 3, 2)), first_day=st.integers(1, 300), growth=st.floats(1.01, 4),
    full=st.none() | st.integers(301, 5000),
)
TURNS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 700), st.floats(0, 1)), min_size=1, max_size=25)
"""Hours that go by, messages that are there, and the share of them that the provider takes."""


CROWD = [a_rendered(approved=an_approved(intent=an_intent(id=number))) for number in range(700)]


@settings(max_examples=80)
@given(curves=st.tuples(CURVES, CURVES), turns=TURNS)
def test_never_more_goes_by_a_provider_on_a_day_than_its_curve_allows(
    curves: tuple[WarmUp, WarmUp], turns: list[tuple[int, int, float]]
) -> None:
    ways = tuple(a_channel(named=name, warm_up=curve) for name, curve in zip(("one", "other"), curves, strict=True))
    workspace = some_settings(channels={"email": a_channel(providers=ways)})
    traffic, home, now = Traffic(lambda: 0.0), zone(workspace.timezone), NOON
    gone: dict[tuple[str, date], int] = defaultdict(int)
    for hours, messages, share in turns:
        now += timedelta(hours=hours)
        leaving = traffic.leave(CROWD[:messages], workspace.channels["email"], workspace, now=now)
        if leaving is None:
            assert "email" in traffic.states(workspace, now=now), "what goes by nobody waits"
            continue
        taken = int(len(leaving.messages) * share)
        traffic.stays(leaving.way, len(leaving.messages) - taken, workspace, now=now)
        gone[leaving.way.provider, local_date(now, home)] += taken
    for (provider, day), count in gone.items():
        curve = workspace.channels["email"].by(provider)
        assert curve is not None
        assert curve.warm_up is not None
        allowed = curve.warm_up.allowance(day)
        assert allowed is None or count <= allowed


@settings(max_examples=80)
@given(curve=CURVES, days=st.integers(0, 400))
def test_a_curve_never_falls_and_has_no_bound_once_it_is_full(curve: WarmUp, days: int) -> None:
    day = curve.since + timedelta(days=days)
    today, tomorrow = curve.allowance(day), curve.allowance(day + timedelta(days=1))
    assert curve.allowance(curve.since - timedelta(days=1)) == 0
    assert curve.allowance(curve.since) == curve.first_day
    if today is None:
        assert tomorrow is None
    elif tomorrow is not None:
        assert tomorrow >= today
    assert curve.full is None or today is None or today < curve.full
