"""`retention:` that would forget what is still asked for is refused, with who needs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engage.model.errors import InputError
from engage.rules.retention import retention_doubts
from tests.small import FILES, small_workspace

CAMPAIGN = "title: C\npurpose: care\nstatus: live\ntrigger: {event: ticket.closed}\nsend: csat\nchannels: [email]\n"


def problems(retention: str, campaign: str = CAMPAIGN, settings: str = FILES["engage.yaml"]) -> str:
    files = {"engage.yaml": f"{settings}retention: {retention}\n", "campaigns/c.yaml": campaign}
    try:
        small_workspace(**files)
    except InputError as error:
        return "\n".join(map(str, error.problems))
    return ""


def doubts(retention: str, campaign: str) -> str:
    files = {"engage.yaml": f"{FILES['engage.yaml']}retention: {retention}\n", "campaigns/c.yaml": campaign}
    return "\n".join(map(str, retention_doubts(small_workspace(**files))))


@pytest.mark.parametrize(("retention", "more", "told"), [
    ("{touches: 20d}", "", "`touches` is kept for 20d, and how often a contact asked to hear from us counts back for 32 days"),
    ("{touches: 60d}", "audience: touched(campaign='c', within='90d')\n", "`touches` is kept for 60d, and an expression asks"),
    ("{opens_clicks: 60d}", "audience: touched(kind='opened', within='90d')\n", "`opens_clicks` is kept for 60d"),
    ("{touches: 60d}", "goal: {event: csat.answered, within: 90d}\n", "the goal of campaign c reaches back"),
    ("{touches: 30d}", "limit: 1 per 60d\n", "a limit counts back for 6"),
    ("{events: 60d}", "audience: events('ticket.closed', within='90d') > 1\n", "an expression counts events"),
    ("{events: 20d}", "", "an event about somebody unknown waits for 30 days"),
    ("{touches: 12mo, inactive_contacts: 24mo}", "", "contacts are inactive after 24mo, and their last sign of life (`touches`)"),
    ("{opens_clicks: 12mo, inactive_contacts: 24mo}", "", "(`opens_clicks`) is forgotten after 12mo"),
    ("{texts: 12h}", "", "`texts` is kept for a day at least"),
    ("{}", "", "an empty map says nothing"),
    ("{text: 90d}", "", "unknown key `text`; did you mean texts?"),
])
def test_what_is_needed_longer_than_it_is_kept_is_refused_at_its_place(retention: str, more: str, told: str) -> None:
    found = problems(retention, CAMPAIGN + more)
    assert told in found
    assert found.startswith("engage.yaml:")


def test_the_spans_that_the_guide_shows_can_be_kept() -> None:
    guide = Path("docs/privacy.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\nretention:\n(.*?)```", guide, re.DOTALL)
    assert shown is not None
    assert problems("{" + ", ".join(shown[1].split("\n")[:-1]) + "}") == ""


def test_a_wait_needs_its_events() -> None:
    steps = "steps: [{send: csat}, {wait_for: {event: csat.answered, for: 60d}, as: answer}, {if: answer is none, then: [{send: csat}]}]\n"
    waits = CAMPAIGN.replace("send: csat\n", steps)
    assert "campaign c waits for one for 61 days" in problems("{events: 45d}", waits)
    assert problems("{events: 60d}", waits) == ""


@pytest.mark.parametrize("span", ["90d", "3mo"])
def test_what_is_kept_as_long_as_it_is_asked_for_is_enough(span: str) -> None:
    assert problems(f"{{touches: {span}}}", f"{CAMPAIGN}audience: touched(campaign='c', within='{span}')\n") == ""


def test_what_asks_whether_it_was_ever_so_is_warned_of() -> None:
    assert "`touched()` without `within`" in doubts("{touches: 90d}", CAMPAIGN + "audience: not touched(campaign='c')\n")
    assert "`events()` without `within`" in doubts("{events: 90d}", CAMPAIGN + "audience: events('ticket.closed') > 1\n")
    assert doubts("{texts: 90d}", CAMPAIGN + "audience: not touched(campaign='c')\n") == ""
