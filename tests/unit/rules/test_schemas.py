"""The JSON Schemas say what the reader says: an editor finds nothing wrong with good files, and underlines the usual mistakes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from jsonschema import Draft202012Validator

from engage.rules.editors import json_schema
from tests.unit.rules.test_language import BIRTHDAY, SETTINGS, TEST, TICKET

ROOT = Path(__file__).parents[3]
SCHEMAS = {pattern: Draft202012Validator(schema) for pattern, schema in json_schema().items()}


class AsEditors(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: times, dates and `on` are text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for tag, pattern, first in (
    ("null", r"~|null|", ["~", "n", ""]), ("bool", r"true|false", ["t", "f"]), ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)", list("-+.0123456789")),
):
    AsEditors.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


def complaints(pattern: str, text: str) -> list[str]:
    """Where an editor would underline, and why."""
    found = SCHEMAS[pattern].iter_errors(yaml.load(text, AsEditors))  # a SafeLoader that makes fewer types
    return [f"{error.json_path}: {error.message}" for error in found]


@pytest.mark.parametrize("workspace", ["config", "engage/cli/starter"])
def test_an_editor_finds_nothing_wrong_with_what_comes_with_engage(workspace: str) -> None:
    files = [(pattern, file) for pattern in SCHEMAS for file in sorted((ROOT / workspace).glob(pattern))]
    assert len(files) >= 5
    for pattern, file in files:
        assert complaints(pattern, file.read_text("utf-8")) == [], file


BASE = "purpose: care\ntrigger: {manual: true}\n"
WRONG = {
    "a key that is misspelt": ("campaigns/*.yaml", "purpose: care\ntrigger: {date: birth_date}\nsend: birthday\nchanels: [email]\n"),
    "no trigger": ("campaigns/*.yaml", "purpose: care\nsend: birthday\n"),
    "an empty trigger": ("campaigns/*.yaml", "purpose: care\ntrigger: {}\nsend: birthday\n"),
    "two triggers": ("campaigns/*.yaml", "purpose: care\ntrigger: {date: birth_date, event: x}\nsend: birthday\n"),
    "an hour that is none": ("campaigns/*.yaml", "purpose: care\ntrigger: {date: birth_date, at: 25:00}\nsend: birthday\n"),
    "a repetition that is none": ("campaigns/*.yaml", "purpose: care\ntrigger: {date: birth_date, repeat: weekly}\nsend: birthday\n"),
    "a status that is none": ("campaigns/*.yaml", f"{BASE}status: on\nsend: birthday\n"),
    "a priority out of reach": ("campaigns/*.yaml", f"{BASE}priority: 12\nsend: birthday\n"),
    "steps beside send": ("campaigns/*.yaml", f"{BASE}send: birthday\nsteps: [{{wait: 1d}}]\n"),
    "neither steps nor send": ("campaigns/*.yaml", BASE),
    "a step that is none": ("campaigns/*.yaml", f"{BASE}steps: [{{sned: birthday}}]\n"),
    "two steps in one": ("campaigns/*.yaml", f"{BASE}steps: [{{send: birthday, wait: 1d}}]\n"),
    "a wait that is no time": ("campaigns/*.yaml", f"{BASE}steps: [{{wait: soon}}]\n"),
    "a branch of no if": ("campaigns/*.yaml", f"{BASE}steps: [{{wait: 1d, then: []}}]\n"),
    "a split that is no list": ("campaigns/*.yaml", f"{BASE}steps: [{{split: {{weight: 1}}}}]\n"),
    "a share that is none": ("campaigns/*.yaml", f"{BASE}holdout: many\nsend: birthday\n"),
    "a re-entry that is none": ("campaigns/*.yaml", f"{BASE}re_entry: sometimes\nsend: birthday\n"),
    "a ramp that is no list": ("campaigns/*.yaml", f"{BASE}ramp: 10%\nsend: birthday\n"),
    "a limit that is none": ("campaigns/*.yaml", f"{BASE}limit: [1 per fortnight]\nsend: birthday\n"),
    "an exit without its event": ("campaigns/*.yaml", f"{BASE}exit: {{where: x}}\nsend: birthday\n"),
    "a goal without its event": ("campaigns/*.yaml", f"{BASE}goal: {{within: 3d}}\nsend: birthday\n"),
    "a segment of two kinds": ("segments/*.yaml", "audience: contact.vip\nlist: people.csv\n"),
    "a segment of nobody": ("segments/*.yaml", "{}\n"),
    "a test without its clock": ("tests/*.yaml", "campaign: birthday\n"),
    "an expectation that is misspelt": (
        "tests/*.yaml", "clock: {from: 2026-01-01T00:00Z, to: 2026-01-02T00:00Z}\ncontacts: []\nexpect: [{king: sent}]\n",
    ),
    "a kind of attribute that is none": ("engage.yaml", "attributes: {plan: string}\n"),
    "a basis of consent that is none": ("engage.yaml", "purposes: {care: {title: Wishes, consent: maybe}}\n"),
    "a channel that is a word": ("engage.yaml", "channels: {email: smtp}\n"),
}
RIGHT = {
    "a date": """
purpose: care
trigger: {date: birth_date, repeat: monthly, offset: -3d, at: 9:00, leap_day: skip, min_years: 1, day_off: after}
send: birthday
channels: [email]
""",
    "a schedule": """
purpose: care
trigger: {schedule: [2026-12-01T10:00, 2026-12-24T10:00], in: contact, late: now}
send: birthday
""",
    "a segment": """
purpose: care
trigger: {enters: vips, existing: true}
send: birthday
""",
    "all that stands at the top": BASE + """
title: no
status: live
priority: 9
valid: {from: 2026-01-01, until: 2026-12-31}
re_entry: after 14d
exit: [goal, audience, {when: contact.vip}, {event: a.b, where: event.x == 1}]
goal: {event: a.b, within: 30d}
holdout: 10%
limit: [1 per day, 3 per 7d]
ramp: [{share: 1%, for: 1h}, {share: 10%, for: 1h}]
duplicates: send
on_unknown: hold
on_edit: migrate
renamed_from: old
expires: end_of_day
channels: {first: [email, sms], fallback_after: 2h, unless: delivered}
quiet_hours: {from: 21:00, to: 8:00, days_off: weekend, holidays: true}
send: birthday
""",
    "every step": BASE + """
steps:
  - wait: 1d
  - wait: {until: 09:00, days: working}
  - wait: {until: contact.renews_at, offset: -24h}
  - {wait_for: {event: a.b, where: event.x == 1, for: 3d}, as: answer}
  - {if: answer is none, then: [{stop: true}], else: []}
  - split: [{weight: 50, steps: [{send: birthday}]}, {winner: clicked, after: 4h}]
  - set: {plan: pro, score: 3}
  - consent: {grant: care, channel: email}
  - emit: {event: a.b, data: {x: 1}}
  - {call: gifts, data: {x: "{{ contact.plan }}"}, as: gift}
  - {send: birthday, id: last, when: contact.vip, channels: {all: [email, sms]}, with: {x: 1}, to: a@example.com, as: outcome}
""",
}


@pytest.mark.parametrize(("pattern", "text"), WRONG.values(), ids=WRONG)
def test_an_editor_underlines_a_mistake(pattern: str, text: str) -> None:
    assert complaints(pattern, text)


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_an_editor_takes_every_key(text: str) -> None:
    assert complaints("campaigns/*.yaml", text) == []


EXAMPLES = [("engage.yaml", SETTINGS), ("campaigns/*.yaml", BIRTHDAY), ("campaigns/*.yaml", TICKET), ("tests/*.yaml", TEST)]


@pytest.mark.parametrize(("pattern", "text"), EXAMPLES)
def test_an_editor_takes_the_examples_with_which_the_language_is_explained(pattern: str, text: str) -> None:
    assert complaints(pattern, text) == []
