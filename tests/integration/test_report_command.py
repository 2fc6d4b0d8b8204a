"""`engage report`, as somebody types it."""

from __future__ import annotations

import pytest

from tests.typed import Engage


@pytest.fixture
def imported(engage: Engage) -> Engage:
    assert engage("import", "contacts.csv").status == 0
    return engage


def test_a_campaign_is_reported_with_its_denominators(imported: Engage) -> None:
    (told,) = imported("report", "birthday", "--json").json()
    assert (told["campaign"], told["sent"], told["held_out"]) == ("birthday", 0, 0)
    assert "no control group" in imported("report", "birthday").out


def test_all_campaigns_and_the_contacts_are_reported_together(imported: Engage) -> None:
    *_, people = imported("report", "--json").json()
    assert (people["contacts"], people["stale"], people["nps"]) == (3, 0, {"answers": 0, "score": None})
    told = imported("report").out
    assert all(word in told for word in ("reachable", "may be written to for", "net promoters", "no answers"))


def test_what_is_wrong_is_said(imported: Engage) -> None:
    assert "did you mean birthday?" in imported("report", "birthdya").err
    assert imported("report", "birthday", "--since", "yesterday").status == 1
