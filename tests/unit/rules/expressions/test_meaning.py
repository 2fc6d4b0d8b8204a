"""What expressions mean: two-valued, and false where a side is missing or of another type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engage.model.contact import Money
from engage.model.time import Duration
from engage.rules.expressions import holds, since
from engage.rules.expressions.functions import FILTERS
from tests.unit.rules.expressions.world import NOW, Answers, a_scope, bound, parsed, value_of

MISSING = [
    "contact.plan == 'a'", "contact.plan < 'a'", "contact.plan > 'a'", "contact.plan in ['a']", "'a' in contact.plan", "contact.plan",
    "contact.plan|length >= 0",
]


@pytest.mark.parametrize("source", MISSING)
def test_what_asks_something_missing_does_not_hold_and_its_negation_does(source: str) -> None:
    assert not holds(parsed(source), a_scope())
    assert value_of(f"not ({source})") is True


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("contact.plan != 'a'", True),
        ("contact.plan not in ['a']", True),
        ("contact.plan is none", True),
        ("contact.plan is defined", False),
        ("contact.email is not none", True),
        ("contact.score == 3", True),
        ("contact.score == 3.0", True),
        ("1 < contact.score <= 3", True),
        ("1 < contact.score < 3", False),
        ("contact.vip", False),
        ("contact.vip is false", True),
        ("reply.code == 3", False),
        ("reply.deep.er == true", False),
        ("reply.deep in ['a', 'b']", False),
        ("reply.code in ['X', 3]", True),
        ("reply.code < 3 or reply.code > 3", False),
        ("contact.birth_date == '1992-02-29'", True),
        ("contact.birth_date < today", True),
        ("contact.seen > '2026-02-26T09:00+01:00'", True),
        ("contact.created_at <= now", True),
        ("'new' in contact.tags", True),
        ("'ne' in contact.tags", False),
        ("'example.com' in contact.email", True),
        ("contact.country in ['SI', 'UA']", True),
        ("contact.balance == trigger.total", False),
        ("contact.balance > trigger.total", True),
        ("contact.balance.amount == 12.3 and contact.balance.currency == 'EUR'", True),
        ("trigger.items == 4", True),
        ("trigger['ticket_id'] == 'T1'", True),
        ("outcome == 'sent' and answer.score <= 2 and 'spam' in event.tags", True),
        ("contact.status == 'active' if contact.vip else contact.status == 'x'", False),
    ],
)
def test_a_condition_means_what_it_says(source: str, expected: bool) -> None:
    assert holds(parsed(source), a_scope()) is expected
    assert holds(parsed(f"not ({source})"), a_scope()) is not expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("contact.plan or none or 'x'", "x"),
        ("contact.tags|max ~ contact.tags|min", "slnew"),
        ("reply.lines|list|length", 2),
        ("'a b  c'|wordcount", 3),
        ("'one two three'|truncate(10)", "one..."),
        ("'one two three'|truncate(10, true, '…')", "one two t…"),
        ("'one'|truncate(10)", "one"),
        ("reply.code is string and reply.code is upper and 3 is integer and 2.5 is float and contact.vip is boolean", True),
        ("contact.plan is string or contact.plan is number or reply.deep is sequence", False),
        ("contact.first_name or 'friend'", "Ana"),
        ("contact.plan or 'basic'", "basic"),
        ("contact.plan|default('basic')", "basic"),
        ("''|default('x')", ""),
        ("''|default('x', true)", "x"),
        ("contact.plan|lower", None),
        ("' Ž '|trim|lower", "ž"),
        ("contact.tags|length", 2),
        ("contact.tags|join(', ')", "new, sl"),
        ("contact.tags|first ~ '-' ~ contact.tags|last", "new-sl"),
        ("contact.tags[1]", "sl"),
        ("contact.tags[9]", None),
        ("reply.lines[0] ~ reply.lines|length", "a2"),
        ("'12'|int + 1", 13),
        ("'1e999999'|int", 0),
        ("2.5|round", 3),
        ("2.345|round(2)", 2.35),
        ("-2|abs", 2),
        ("'a-b'|replace('-', '+')|upper", "A+B"),
        ("answer.score + 1", 3),
        ("answer.score / 0", None),
        ("7 // 2 + 7 % 2 * 2", 5),
        ("contact.plan ~ '!'", None),
        ("trigger.total", Money(amount=Decimal(5), currency="EUR")),
        ("trigger.total.amount", Decimal(5)),
        ("data.prices[contact.country].plus", "9.90"),
        ("data.prices.SI.basic", "0"),
        ("data.prices[contact.plan].plus", None),
        ("data.prices.XX.plus|default('1')", "1"),
        ("days_since(contact.birth_date)", 12418),
        ("days_until(contact.birth_date)", -12418),
        ("days_since(contact.seen)", 1),
        ("days_until(contact.seen)", -2),
        ("days_since(contact.plan|default(reply.code))", None),
        ("3 is odd", True),
        ("reply.code is odd", False),
        ("answer.score is divisibleby 2", True),
        ("reply.nothing|length", 0),
    ],
)
def test_a_value_is_what_the_words_say(source: str, expected: object) -> None:
    assert value_of(source) == expected


def test_a_missing_list_filters_to_an_empty_one() -> None:
    scope = a_scope(tags=None)
    assert [value_of(f"contact.tags|{each}", scope) for each in ("length", "join(',')", "sort", "unique", "reverse")] == [0, "", (), (), ()]


GIFT = {
    "code": "X1", "items": [{"sku": "S1", "tags": ["a", "b"]}, {"sku": "S2"}], "on": "2026-02-20", "at": "2026-02-20T08:00:00Z",
    "worth": {"amount": "12.30", "currency": "eur"}, "endless": float("inf"), "nothing": None, "many": 10**400, "scores": [3, 1, 2],
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("reply.items[0].sku", "S1"),
        ("reply.items[-1]['sku'] ~ reply['items'][0]['tags'][1]", "S2b"),
        ("(reply.items|first).sku == 'S1'", True),
        ("reply.items|length + reply.items[0].tags|length", 4),
        ("'b' in reply.items[0].tags and 'c' not in reply.items[0].tags", True),
        ("2 in reply.scores and '2' not in reply.scores", True),
        ("reply.scores|max - reply.scores|min", 2),
        ("reply.items[5].sku is none and reply.no.such.thing is none", True),
        ("reply.items.sku is none and reply.code.sku is none", True),
        ("days_since(reply.on) == 8 and days_since(reply.at) == 8", True),
        ("days_since(reply.code) is none", True),
        ("reply.on < today and reply.at < now and reply.on == '2026-02-20'", True),
        ("reply.worth == contact.balance and reply.worth.amount == '12.30'", True),
        ("reply.endless > 3 or reply.endless <= 3 or reply.endless == reply.endless", False),
        ("reply.endless is none", True),
        ("(reply.many * reply.many) is none and (reply.many / 2) is none", True),
        ("(reply.many ~ 'x') is none and (9e18 * reply.many) is none", True),
        ("reply.items|unique is none and reply.items|sort|length == 2", True),
        ("reply.items == reply.items", True),
        ("reply.items|join(', ')", ", "),
        ("reply.code|lower|replace('x', reply.scores)", None),
        ("(answer or reply).score", 2),
    ],
)
def test_data_of_unknown_shape_is_asked_without_a_failure(source: str, expected: object) -> None:
    scope = a_scope(values={"reply": GIFT, "trigger": GIFT})
    assert value_of(source, scope) == expected


def test_an_event_that_did_not_come_is_none_and_so_is_all_that_is_asked_of_it() -> None:
    scope = a_scope(values={"answer": None})
    assert [value_of(each, scope) for each in ("answer is none", "answer.score", "answer.score <= 2")] == [True, None, False]


def test_a_field_of_another_kind_than_declared_counts_as_missing() -> None:
    assert value_of("answer.score is none", a_scope(values={"answer": {"score": "2"}})) is True


def test_a_field_that_is_still_json_is_read_as_its_kind() -> None:
    assert value_of("trigger.total.currency", a_scope(values={"trigger": {"total": {"amount": "1", "currency": "EUR"}}})) == "EUR"


def test_a_name_is_the_datas_and_never_a_method() -> None:
    assert value_of("trigger.items") == 4
    assert value_of("reply.keys") is None


def test_filters_that_would_fill_the_memory_give_nothing() -> None:
    assert value_of("'a'" + "|replace('a', 'aaaaaaaaaaaaaaaa')" * 30) is None


def test_functions_ask_the_lookup() -> None:
    answers = Answers()
    scope = a_scope(lookup=answers)
    assert value_of("has_consent('marketing', 'email') and in_segment('vips')", scope)
    assert value_of("touched(campaign='birthday', kind='sent', within='30d')", scope)
    assert value_of("events('order.placed', within='1mo', sku=event.sku)", scope) == 2
    assert answers.asked == [
        ("marketing", "email"), "vips", ("birthday", None, "sent", Duration(days=30)), ("order.placed", Duration(months=1), {"sku": "A1"}),
    ]


def test_events_with_a_missing_field_are_none_without_asking() -> None:
    answers = Answers()
    assert value_of("events('order.placed', sku=contact.plan)", a_scope(lookup=answers)) == 0
    assert answers.asked == []


def test_without_a_lookup_a_question_fails_loudly() -> None:
    with pytest.raises(LookupError):
        value_of("in_segment('vips')")


def test_nobody_has_no_attributes() -> None:
    scope = a_scope()
    nobody = type(scope)(contact=None, now=scope.now, today=scope.today)
    assert value_of("contact.email is none", nobody) is True


def test_a_binding_keeps_its_type_and_text_stays_text() -> None:
    assert bound("{{ answer.score }}") == 2
    assert bound("{{ trigger.total }}") == Money(amount=Decimal(5), currency="EUR")
    assert bound("{ not } an expression") == "{ not } an expression"


def test_text_around_an_expression_makes_one_text_and_is_missing_with_it() -> None:
    assert bound("Dear {{ contact.first_name }}, born {{ contact.birth_date }}") == "Dear Ana, born 1992-02-29"
    assert bound("plan {{ contact.plan }}") is None


def test_a_look_back_counts_months_by_the_calendar_and_days_by_24_hours() -> None:
    assert since(datetime(2026, 3, 31, 8, tzinfo=UTC), Duration(months=1)) == datetime(2026, 2, 28, 8, tzinfo=UTC)
    assert since(datetime(2024, 3, 31, 8, tzinfo=UTC), Duration(months=1)) == datetime(2024, 2, 29, 8, tzinfo=UTC)
    assert since(datetime(2026, 1, 31, 8, tzinfo=UTC), Duration(months=13)) == datetime(2024, 12, 31, 8, tzinfo=UTC)
    assert since(NOW, Duration(days=2, seconds=60)) == datetime(2026, 2, 26, 7, 59, tzinfo=UTC)
    assert since(NOW, Duration(months=999_999)).date() == date(1, 1, 1)


def test_every_filter_is_told_in_the_guide() -> None:
    guide = Path(__file__).parents[4].joinpath("docs", "campaigns.md").read_text("utf-8")
    assert [name for name in FILTERS if f"`{name}`" not in guide] == []
