"""What `explain` and `check` ask of an expression: its clauses with values, its names, and why it cannot be an audience."""

from __future__ import annotations

import pytest

from engage.rules.expressions import Joined, clauses, names_of, sql_refusals
from tests.unit.rules.expressions.world import Answers, a_scope, parsed


def test_what_must_hold_together_is_told_one_by_one_and_a_choice_with_its_parts() -> None:
    found = clauses(parsed("contact.status == 'active' and (contact.score > 5 or in_segment('vips'))"), a_scope(lookup=Answers()))
    status, either = found
    assert (status.text, status.holds, dict(status.values)) == ("contact.status == 'active'", True, {"contact.status": "active"})
    assert (either.text, either.holds, either.joined) == ("contact.score > 5 or in_segment('vips')", True, Joined.ANY)
    assert [(part.text, part.holds, dict(part.values)) for part in either.parts] == [
        ("contact.score > 5", False, {"contact.score": 3}),
        ("in_segment('vips')", True, {"in_segment('vips')": True}),
    ]


def test_what_a_segment_asks_is_told_below_it_and_none_of_several_with_each() -> None:
    segments = {"vips": parsed("contact.score > 5 and contact.vip")}
    inside, neither = clauses(
        parsed("not in_segment('vips') and not (contact.vip or contact.score == 3)"), a_scope(lookup=Answers(segment=False)), segments
    )
    assert (inside.holds, inside.joined, [part.holds for part in inside.parts]) == (True, Joined.SEGMENT, [False, False])
    assert (neither.holds, neither.joined, [part.holds for part in neither.parts]) == (False, Joined.NONE, [False, True])


def test_a_missing_value_is_shown_as_such() -> None:
    clause = clauses(parsed("days_since(contact.seen) > 3 and contact.plan != 'gold'"), a_scope())[1]
    assert (clause.text, clause.holds, dict(clause.values)) == ("contact.plan != 'gold'", True, {"contact.plan": None})


def test_the_names_of_an_expression_are_found_wherever_they_stand() -> None:
    names = names_of(parsed(
        "contact.plan == 'a' and in_segment('vips') and events('order.placed', sku=trigger.ticket_id) > 1 "
        "and data.prices[contact.country].plus == '1' and has_consent('service', 'sms')"
    ))
    assert (names.attributes, names.segments, names.events) == ({"plan", "country"}, {"vips"}, {"order.placed"})
    assert (names.tables, names.purposes, names.roots) == ({"prices"}, {"service"}, {"contact", "trigger"})


@pytest.mark.parametrize(
    ("source", "column", "reason"),
    [
        ("contact.vip and trigger.ticket_id == 'a'", 28, "`trigger` is not known for a whole audience at once"),
        ("outcome == 'sent'", 12, "`outcome` is not known"),
        ("data.prices.SI.plus == '1'", 12, "a table"),
        ("contact.plan|upper == 'A'", 25, "`upper` has another meaning"),
        ("contact.score + 1 > 3", 12, "only whole numbers"),
        ("contact.plan ~ 'a' == 'a'", 12, "a joined text"),
        ("contact.tags[0] == 'a'", 24, "a computed item"),
        ("contact.tags == ['a']", 28, "whether two lists are the same"),
        ("(contact.plan or contact.score) is none", 13, "one kind or another"),
        ("contact.score is odd", 26, "`odd` has another meaning"),
        ("contact.score % 2 == 1", 12, "only whole numbers"),
        ("(" + "1 % (" * 9 + "contact.plan|length" + ")" * 9 + ") == 1", 91, "remainders of remainders"),
        ("contact.plan == 'a'" + " or contact.vip" * 550, 8267, "more than 500 things"),
        ("contact.plan|length * 9223372036854775807 > 1", 25, "larger than the numbers"),
        ("(contact.vip == " * 13 + "true" + ")" * 13, 220, "more than 12 operators"),
    ],
)
def test_what_cannot_be_sql_is_refused_with_place_and_reason(source: str, column: int, reason: str) -> None:
    problems = sql_refusals(parsed(source))
    assert len(problems) == 1
    assert reason in problems[0].what
    assert (problems[0].place.line, problems[0].place.column) == (7, column)


def test_an_audience_of_the_usual_questions_is_not_refused() -> None:
    source = (
        "contact.status == 'active' and contact.country in ['SI', 'UA'] and 'vip' not in contact.tags and contact.tags|length < 3 "
        "and days_since(contact.seen) <= 30 and has_consent('marketing', 'email') and events('order.placed', within='90d') * 2 > 3"
    )
    assert sql_refusals(parsed(source)) == ()
