"""The examples with which the language is explained to users load as they stand; what is not built yet is refused as such."""

from __future__ import annotations

from fractions import Fraction

from engage.model.contact import ChannelKind
from engage.model.steps import If, Send, WaitFor
from engage.model.time import Duration
from engage.model.triggers import EventTrigger
from engage.model.workspace import Basis
from engage.rules.checking import check
from tests.workspaces import files_of

SETTINGS = """
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com        # base of unsubscribe, preference and tracking links
database: sqlite:///var/engage.db             # or postgresql+psycopg://…
broker: embedded                              # or redis://…, rediss://…, unix://…, amqp://…
locale: en                                    # the default; a contact's own comes first
timezone: Europe/Ljubljana                    # for schedules, and for contacts whose own cannot be known

attributes:                                   # beside the built-in ones
  birth_date: date
  plan: text                                  # text | number | boolean | date | datetime | list | money
  customer_since: date

events:                                       # what comes in, and its fields; campaigns may use only what stands here
  ticket.closed: {ticket_id: text, channel: text, tags: list}
  ticket.reopened: {ticket_id: text}
  csat.answered: {ticket_id: text, score: number}
  order.placed: {order_id: text, total: money}

purposes:                                     # every campaign names one; may carry its own from, company, public_url (a second brand)
  marketing: {title: "Offers and news", consent: opt_in, limit: [1 per day, 3 per week], quiet_hours: {days_off: weekend, holidays: true}}
  care:      {title: "Birthday wishes and thank-yous", consent: {email: opt_out, sms: opt_in}, limit: 2 per week}
  feedback:  {title: "Asking your opinion", consent: opt_out, on_unknown: hold}
  service:   {title: "About your requests", consent: none, quiet_hours: ignore, on_unknown: resend}
limit: 5 per week                             # optional: over all purposes but those with consent: none

quiet_hours:                                  # recipient's local time; half open [from, to)
  from: 21:00
  to: 08:00
  by_country:                                 # law or custom of one market
    FR: {from: 20:00, to: 10:00, days_off: [sun]}

guards:                                       # against accidents
  max_audience: 50000                         # a campaign that would reach more holds until `engage approve CAMPAIGN`
  only_to: []                                 # where set (a test system): nothing goes to anyone else
  placeholder_dates: [0001-01-01, 1900-01-01, 1970-01-01]
  stop_at: {bounces: 5%, complaints: 0.3%}    # of a campaign's last 1,000: it pauses and says so

endpoints:                                    # for the step `call`
  gifts: {url: "https://gifts.example.com/v1/codes", secret: "${GIFTS_SECRET}"}

channels:
  email: {adapter: smtp, url: "${SMTP_URL}", from: "Aurora <hello@aurora.example>", rate: 50/s}
  sms:   {adapter: sms_webhook, url: "${SMS_URL}", secret: "${SMS_SECRET}", from: Aurora}
  chat:  {adapter: slack, token: "${SLACK_TOKEN}"}
  support_room: {adapter: slack, token: "${SLACK_TOKEN}", to: "#support"}   # a fixed recipient: staff, not contacts

hooks:                                        # what may post to /hooks/…
  zendesk: {secret: "${ZENDESK_SECRET}"}      # its Solved is our ticket.closed
"""

BIRTHDAY = """
title: Birthday wishes
purpose: care
status: live                        # draft (default) | live | paused; tests run drafts too
priority: 5                         # 0 to 9
valid: {from: 2026-01-01}           # optional {from, until}: days in the workspace's zone, both included
trigger:
  date: birth_date                  # a date attribute of the contact
  at: 09:00                         # recipient's local time
audience: contact.status == 'active' and contact.country in ['SI', 'UA', 'UZ', 'LV', 'PH']
send: birthday                      # short for steps: [{send: birthday}]
channels: [email, sms]              # the first by which this contact can and may be reached
expires: end_of_day                 # or a duration; default 7d
"""

TICKET = """
title: How did we do?
purpose: feedback
trigger:
  event: ticket.closed
  where: event.channel != 'phone' and 'spam' not in event.tags
  key: event.ticket_id              # one run for each contact and value; default: the event's id
  again: restart                    # the same key while its run is under way: ignore (default) | restart with the new event
re_entry: after 14d                 # always (default) | never | after DURATION since the last entry
exit:                               # ends a run at once, whatever it waits for
  event: ticket.reopened
  where: event.ticket_id == trigger.ticket_id
steps:
  - wait: 1d
  - send: csat
    channels: [email, chat]
  - wait_for:
      event: csat.answered
      where: event.ticket_id == trigger.ticket_id
      for: 3d
    as: answer                      # the event, or none when time ran out
  - if: answer is none
    then:
      - send: csat_reminder
        channels: [sms]
    else:
      - when: answer.score <= 2
        send: unhappy_customer
        with: {score: "{{ answer.score }}"}
        channels: [support_room]
goal: {event: order.placed, within: 30d}          # a conversion; `exit: goal` (or a list of exits) ends the run on it
holdout: 10%                        # of those entering get nothing: the control group
"""

TEST = """
# tests/birthday.yaml
campaign: birthday                   # only this one; without it every campaign that is not paused
contacts:
  - {external_id: ana, email: ana@example.com, first_name: Ana, locale: sl, timezone: Europe/Ljubljana, birth_date: 1992-02-29, country: SI,
     status: active}
clock: {from: 2026-02-27T00:00Z, to: 2026-03-02T00:00Z}
events: []                           # {at, type, contact, data, id}
consents: []                         # {at, contact, purpose, channel, granted: true|false}
answers: []                          # what providers and people do: {message, contact, kind: bounced|delivered|opened|…, after: 5m}
expect:                              # each row matches a touch in every key it gives
  - {contact: ana, at: 2026-02-28T08:00Z, kind: sent, message: birthday, channel: email, locale: sl, subject: "Vse najboljše, Ana!"}
expect_nothing_else_sent: true
"""

ENVIRONMENT = dict.fromkeys(("SMTP_URL", "SMS_URL", "SMS_SECRET", "SLACK_TOKEN", "GIFTS_SECRET", "ZENDESK_SECRET"), "x")

TEMPLATES = (
    "templates/csat/email.mjml", "templates/csat/chat.json.j2", "templates/csat/chat.sl.json.j2",
    "templates/csat_reminder/sms.txt",
    "templates/unhappy_customer/chat.md",
    "templates/birthday/email.mjml", "templates/birthday/email.sl.mjml", "templates/birthday/sms.uk.txt",
)


def example(*, settings: str = SETTINGS, ticket: str = TICKET) -> dict[str, bytes]:
    files = files_of(settings=settings, birthday=BIRTHDAY, ticket_follow_up=ticket)
    return files | dict.fromkeys(TEMPLATES, b"x") | {"tests/birthday.yaml": TEST.encode()}


def test_the_examples_load_as_they_stand() -> None:
    checked = check(example(), ENVIRONMENT)

    assert checked.problems == ()
    assert checked.workspace is not None
    assert checked.workspace.settings.purposes["care"].consent == {
        ChannelKind.EMAIL: Basis.OPT_OUT, ChannelKind.SMS: Basis.OPT_IN, ChannelKind.CHAT: Basis.OPT_IN,
    }
    ticket = checked.workspace.campaigns["ticket_follow_up"]
    assert isinstance(ticket.trigger, EventTrigger)
    assert [type(step) for step in ticket.steps[1:]] == [Send, WaitFor, If]
    assert ticket.goal is not None
    assert (ticket.goal.event, ticket.goal.within, ticket.holdout) == ("order.placed", Duration(days=30), Fraction(1, 10))
    assert [test.name for test in checked.tests] == ["birthday"]
