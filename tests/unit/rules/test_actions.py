"""The steps that do something else than send: every key comes out, every name in them is checked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engage.model.contact import ChannelKind
from engage.model.expression import Expression
from engage.model.steps import Call, Consenting, Emit, If, Set, Stop
from tests.workspaces import files_of, loaded, problems_of

HEAD = "purpose: care\ntrigger: {event: ticket.closed}\nchannels: [email]\nsteps:\n"


def step_of(written: str) -> Any:
    return loaded(files_of(c=f"{HEAD}  - {written}\n  - send: birthday\n")).campaigns["c"].steps[0]


def told(written: str) -> list[str]:
    return problems_of(files_of(c=f"{HEAD}  - {written}\n  - send: birthday\n"))


def test_set_takes_constants_of_the_attributes_kind_and_expressions() -> None:
    step = step_of("{set: {plan: 00123, birth_date: 1992-02-29, visits: '{{ contact.visits + 1 }}', tags: [a, b]}, id: mark, when: true}")

    assert isinstance(step, Set)
    assert (step.id, step.when is not None) == ("mark", True)
    assert (step.values["plan"], step.values["birth_date"], step.values["tags"]) == ("00123", date(1992, 2, 29), ("a", "b"))
    assert isinstance(step.values["visits"], Expression)
    assert isinstance(step_of("set: {plan: '{{ none }}'}").values["plan"], Expression)


def test_consent_is_granted_or_withdrawn_for_one_kind_of_channel_or_all() -> None:
    grant, withdrawal = step_of("consent: {grant: care, channel: sms}"), step_of("consent: {withdraw: care}")

    assert isinstance(grant, Consenting)
    assert (grant.purpose, grant.channel, grant.granted) == ("care", ChannelKind.SMS, True)
    assert (withdrawal.purpose, withdrawal.channel, withdrawal.granted) == ("care", None, False)


def test_emit_raises_a_declared_event_with_its_fields() -> None:
    step = step_of("emit: {event: csat.answered, data: {ticket_id: '{{ trigger.ticket_id }}', score: 5}}")

    assert isinstance(step, Emit)
    assert (step.event, step.data["score"]) == ("csat.answered", 5)
    assert isinstance(step.data["ticket_id"], Expression)
    assert step_of("emit: {event: ticket.reopened}").data == {}


def test_call_asks_an_endpoint_and_names_its_answer() -> None:
    campaign = loaded(files_of(c=f"""{HEAD}
  - call: gifts
    data: {{who: "{{{{ contact.email }}}}", what: {{plan: gold, tags: [a]}}}}
    as: gift
  - {{stop: true, when: gift.code is none}}
  - {{send: birthday, with: {{code: "{{{{ gift.code.value }}}}"}}}}
""")).campaigns["c"]
    call, stop, _ = campaign.steps

    assert isinstance(call, Call)
    assert (call.endpoint, call.as_, call.data["what"]) == ("gifts", "gift", {"plan": "gold", "tags": ("a",)})
    assert isinstance(call.data["who"], Expression)
    assert isinstance(stop, Stop)


def test_a_campaign_need_not_send_anything_to_do_something() -> None:
    campaign = loaded(files_of(c="purpose: care\ntrigger: {event: ticket.closed}\nsteps:\n  - set: {plan: gold}\n")).campaigns["c"]

    assert isinstance(campaign.steps[0], Set)


def test_stop_in_a_branch_leaves_the_rest_to_the_other() -> None:
    branch = step_of("{if: contact.plan == 'gold', then: [{stop: true}]}")

    assert isinstance(branch, If)
    assert isinstance(branch.then[0], Stop)


WRONG = {
    "set: {plann: x}": "5:11: the attribute `plann` is not declared; did you mean plan?",
    "set: {external_id: x}": "5:11: `external_id` cannot be set: it says who the contact is, or since when it is known",
    "set: {created_at: 2026-01-01T00:00Z}": "5:11: `created_at` cannot be set: it says who the contact is, or since when it is known",
    "set: {visits: many}": "5:19: `many` is not a number",
    "set: {birth_date: '{{ contact.plan }}'}": "5:23: the attribute `birth_date` is of the type date; this is a text",
    "set: {plan: }": "5:17: nothing is written here; write '' for an empty text",
    "set: {locale: xx-Nowhere}": "5:19: `xx-Nowhere` is not a language that CLDR knows; write it like en, sl-SI or uz-Cyrl",
    "set: {timezone: Europe/Lubljana}":
        "5:21: `Europe/Lubljana` is not a time zone like Europe/Ljubljana; did you mean Europe/Ljubljana?",
    "set: [plan]": "5:5: `set` is a map of attributes and their new values",
    "set: {plan: '{{ contact.pln }}'}": "5:29: undeclared attribute `pln`; did you mean plan?",
    "consent: {grant: car}": "5:22: the purpose `car` is not declared in engage.yaml; did you mean care?",
    "consent: {grant: service}": "5:22: this has no effect: the purpose `service` asks for no consent",
    "consent: {withdraw: care, channel: smss}": "5:40: `smss` is not one of email, sms, chat; did you mean sms?",
    "consent: {grant: care, withdraw: care}": "5:28: a change of consent is one thing: `grant` and `withdraw` cannot stand together",
    "consent: care": "5:14: a change of consent is a map with one of grant, withdraw",
    "emit: {event: csat.answerd}":
        "5:19: the event `csat.answerd` is not declared under `events` in engage.yaml; did you mean csat.answered?",
    "emit: {event: message.clicked, data: {url: x}}":
        "5:19: `message.clicked` is of Engage's own: it comes back of a message and cannot be raised",
    "emit: {event: csat.answered, data: {scor: 5}}": "5:41: the event `csat.answered` has no field `scor`; did you mean score?",
    "emit: {event: csat.answered, data: {score: good}}": "5:48: `good` is not a number",
    "emit: {event: csat.answered, data: {score: '{{ contact.plan }}'}}": "5:48: the field `score` is of the type number; this is a text",
    "emit: {event: csat.answered, data: {}}": "5:34: `data` is a map of the event's fields",
    "emit: csat.answered": "5:11: a map is expected here, not a text",
    "call: gift": "5:11: the endpoint `gift` is not declared under `endpoints` in engage.yaml; did you mean gifts?",
    "{call: gifts, data: [a]}": "5:19: `data` is a map of what is sent",
    "{call: gifts, as: trigger}": "5:23: `trigger` is a name that expressions have already",
    "stop: false": "5:5: `stop` is true, or not there at all",
    "stop: true": "6:5: this step would never be reached: the run ends before it",
    "{if: true, then: [{stop: true}], else: [{stop: true}]}": "6:5: this step would never be reached: the run ends before it",
    "{set: {plan: x}, channels: [email]}": "5:22: unknown key `channels`",
    "{set: {plan: x}, stop: true}": "5:22: a step is one thing: `set` and `stop` cannot stand together",
    "stopp: true": "5:5: unknown key `stopp`; did you mean stop?",
}


@pytest.mark.parametrize("step", WRONG)
def test_a_wrong_step_is_told_at_its_place(step: str) -> None:
    assert told(step) == [f"campaigns/c.yaml:{WRONG[step]}"]
