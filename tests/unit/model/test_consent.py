"""Which line of the ledger counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.model.consent import Wording, decisive_line, is_allowed
from engage.model.contact import ChannelKind, Consent
from engage.model.workspace import Basis
from tests.builders import NOON

EMAIL, SMS = ChannelKind.EMAIL, ChannelKind.SMS


def grant(
    days: int = 1, channel: ChannelKind | None = EMAIL, *, contact_id: int = 1, purpose: str = "care", key: str | None = None,
) -> Consent:
    at = NOON - timedelta(days=days)
    return Consent(contact_id=contact_id, purpose=purpose, channel=channel, granted=True, at=at, source="form", address_key=key)


def withdrawal(
    days: int = 1, channel: ChannelKind | None = EMAIL, *, contact_id: int = 1, purpose: str = "care", key: str | None = None,
) -> Consent:
    return replace(grant(days, channel, contact_id=contact_id, purpose=purpose, key=key), granted=False, source="link")


def allowed(basis: Basis, *lines: Consent, kind: ChannelKind = EMAIL) -> bool:
    return is_allowed(basis, decisive_line(lines, contact_id=1, purpose="care", kind=kind, now=NOON))


@pytest.mark.parametrize(("lines", "opt_in", "opt_out"), [
    pytest.param([], False, True, id="nothing on record"),
    pytest.param([grant()], True, True, id="a grant"),
    pytest.param([withdrawal()], False, False, id="a withdrawal"),
    pytest.param([grant(2), withdrawal(1)], False, False, id="granted, then withdrawn"),
    pytest.param([withdrawal(1), grant(2)], False, False, id="whatever the order of the lines"),
    pytest.param([withdrawal(2), grant(1)], True, True, id="withdrawn, then granted anew"),
    pytest.param([grant(1), withdrawal(1)], False, False, id="at one moment the later line"),
    pytest.param([grant(channel=None)], True, True, id="a grant for all channels"),
    pytest.param([grant(2), withdrawal(1, None)], False, False, id="a withdrawal without a channel means all"),
    pytest.param([grant(1, SMS)], False, True, id="a grant for texts implies no mail"),
    pytest.param([withdrawal(1, SMS)], False, True, id="a withdrawal for texts leaves mail"),
    pytest.param([grant(1, purpose="marketing")], False, True, id="a grant for another purpose"),
    pytest.param([withdrawal(1, purpose="marketing")], False, True, id="a withdrawal from another purpose"),
    pytest.param([grant(-1)], False, True, id="a grant yet to come"),
    pytest.param([grant(2), withdrawal(-1)], True, True, id="a withdrawal yet to come"),
    pytest.param([grant(2), withdrawal(1, contact_id=2, key="k")], False, False, id="a withdrawal by message counts for who shares it"),
    pytest.param([grant(2), withdrawal(1, contact_id=2)], True, True, id="somebody else's own withdrawal does not"),
    pytest.param([grant(1, contact_id=2, key="k")], False, True, id="nobody grants for others"),
    pytest.param([withdrawal(2, contact_id=2, key="k"), grant(1)], True, True, id="one's own later grant lifts a shared withdrawal"),
])
def test_the_latest_line_for_the_purpose_and_channel_counts(lines: list[Consent], opt_in: bool, opt_out: bool) -> None:
    assert (allowed(Basis.OPT_IN, *lines), allowed(Basis.OPT_OUT, *lines)) == (opt_in, opt_out)


def test_a_purpose_that_asks_no_consent_needs_none() -> None:
    assert allowed(Basis.NONE)
    assert allowed(Basis.NONE, withdrawal())


def test_an_email_grant_never_allows_a_text() -> None:
    assert not allowed(Basis.OPT_IN, grant(), kind=SMS)


@pytest.mark.parametrize(("lines", "opt_in", "opt_out"), [
    pytest.param([("grant", 1, 0)], False, True, id="an expired grant is as if nothing were on record"),
    pytest.param([("grant", 1, 1)], True, True, id="a grant that expires later counts until then"),
    pytest.param([("withdrawal", 2, None), ("grant", 1, 0)], False, False, id="and the withdrawal before it counts again"),
    pytest.param([("grant", 2, None), ("grant", 1, 0)], True, True, id="as does a grant without an end"),
    pytest.param([("grant", 2, None), ("withdrawal", 1, 1)], False, False, id="a pause"),
    pytest.param([("grant", 2, None), ("withdrawal", 1, 0)], True, True, id="that is over"),
    pytest.param([("withdrawal", 2, None), ("withdrawal", 1, 0)], False, False, id="that is over, of somebody who had withdrawn"),
])
def test_a_line_counts_until_it_expires_and_then_the_one_before_it(
    lines: list[tuple[str, int, int | None]], opt_in: bool, opt_out: bool,
) -> None:
    """Each line with its age in days, and in how many days it expires; 0: at this very moment."""
    made = [
        replace({"grant": grant, "withdrawal": withdrawal}[said](age), expires_at=None if ends is None else NOON + timedelta(days=ends))
        for said, age, ends in lines
    ]
    assert (allowed(Basis.OPT_IN, *made), allowed(Basis.OPT_OUT, *made)) == (opt_in, opt_out)


def test_a_wording_is_known_by_all_that_it_says() -> None:
    told = Wording(purpose="care", locale="sl", text="Želim vedeti.")
    assert len(told.hash) == 64
    assert len({told.hash, replace(told, locale="en").hash, replace(told, text="x").hash, replace(told, purpose="x").hash}) == 4
