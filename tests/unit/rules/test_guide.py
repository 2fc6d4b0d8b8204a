"""Every example of the guide to campaigns is one that Engage takes: as it stands, in a workspace that has what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.rules.checking import check
from engage.rules.schema import CampaignFile

GUIDE = (Path(__file__).parents[3] / "docs" / "campaigns.md").read_text("utf-8")

SETTINGS = """
company: {name: Aurora, address: "Trubarjeva 1, Ljubljana"}
public_url: https://engage.example.com
attributes: {birth_date: date, plan: text, renewal_date: date, last_offer: date}
events:
  ticket.closed: {ticket_id: text, channel: text, tags: list, order_id: text}
  ticket.opened: {ticket_id: text}
  csat.answered: {ticket_id: text, score: number}
  order.placed: {order_id: text, total: money}
  offer.made: {code: text}
purposes: {care: {title: Wishes, consent: opt_out}, marketing: {title: News, consent: opt_in}}
channels:
  email: {adapter: console, kind: email}
  sms: {adapter: console, kind: sms}
  chat: {adapter: console, kind: chat}
  support_room: {adapter: console, kind: chat, to: "#support"}
endpoints: {gifts: {url: "https://gifts.example.com/v1/codes", secret: "whsec_eA"}}
"""

MISSING = {
    "purpose": "purpose: care\n", "trigger": "trigger: {event: ticket.closed}\n",
    "steps": "send: birthday\n", "channels": "channels: [email]\n",
}

SHOWN = (
    "date", "event", "schedule", "enters", "leaves", "manual", "wait", "wait_for", "if", "split", "winner", "set", "consent", "emit",
    "call", "stop", "all", "first", "fallback_after", "unless", "goal", "holdout", "ramp", "duplicates", "exit", "valid", "priority",
    "limit", "on_unknown", "audience",
)


def examples() -> Iterator[tuple[str, str]]:
    """Each block that is a piece of a campaign, by the line on which it begins."""
    for block in re.finditer(r"^```yaml\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE):
        if block[1].split(":", 1)[0] in CampaignFile.keys():  # noqa: SIM118  # not a map's
            yield f"line {GUIDE.count(chr(10), 0, block.start(1)) + 1}", block[1]


def campaign_of(piece: str) -> str:
    keys = set(re.findall(r"^(\w+):", piece, re.MULTILINE))
    return piece + "".join(line for key, line in MISSING.items() if key not in keys)


def messages(piece: str) -> set[str]:
    return {"birthday", *re.findall(r"send: (\w+)", piece)}


@pytest.mark.parametrize("piece", [piece for _, piece in examples()], ids=[place for place, _ in examples()])
def test_an_example_of_the_guide_is_taken_as_it_stands(piece: str) -> None:
    files = {"engage.yaml": SETTINGS.encode(), "campaigns/c.yaml": campaign_of(piece).encode()}
    files["segments/big_spenders.yaml"] = b"audience: contact.plan == 'pro'\n"
    files |= {f"templates/{message}/{kind}": b"x" for message in messages(piece) for kind in ("email.md", "sms.txt", "chat.md")}

    found = [str(problem) for problem in check(files, {}).problems]
    assert [problem for problem in found if "`channels` has no effect" not in problem] == []  # the test's own, where each send has some


def test_the_guide_shows_every_trigger_and_step_and_key_of_a_campaign() -> None:
    shown = "".join(piece for _, piece in examples())

    for word in SHOWN:
        assert re.search(rf"\b{word}:", shown), word
    for word in ("on_edit: migrate", "renamed_from:", "re_entry:", "quiet_hours", "expires"):
        assert word in GUIDE, word
