"""What is wrong with an expression is told at its token, in a sentence, with what was probably meant. They begin in column 12."""

from __future__ import annotations

import pytest

from engage.model.errors import InputError, Problem
from engage.rules.expressions import holds
from tests.unit.rules.expressions.world import START, Answers, a_scope, complaints, parsed


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("contact.statsu == 'active'", "20: undeclared attribute `statsu`; did you mean status?"),
        ("status == 'active'", "12: unknown name `status`; did you mean contact.status?"),
        ("contcat.status == 'active'", "12: unknown name `contcat`; did you mean contact?"),
        ("contact.status == active", "30: unknown name `active`; did you mean 'active' (texts stand in quotes)?"),
        ("contact.vip == True and contact.plan is none and null", "61: unknown name `null`; did you mean none?"),
        ("trigger.ticket == 'a'", "20: `trigger` has no field `ticket`; did you mean ticket_id?"),
        ("answer.scor > 2", "19: `answer` has no field `scor`; did you mean score?"),
        ("data.prices[contact.country].plsu == '1'", "41: the table `prices` has no column `plsu`; did you mean plus?"),
        ("data.price.SI.plus == '1'", "17: unknown table `price`; did you mean prices?"),
        ("contact.balance.amonut > 1", "28: money has no part `amonut`; did you mean amount?"),
        ("contact.email.domain == 'x'", "25: `contact.email` is a text: it has no parts, so no `domain`"),
        ("has_consent('marketng', 'email')", "24: unknown purpose `marketng`; did you mean marketing?"),
        ("has_consent('marketing', 'e-mail')", "37: unknown kind of channel `e-mail`; did you mean email?"),
        ("has_consent('marketing')", "12: the argument `channel` is missing"),
        ("in_segment('vip')", "23: unknown segment `vip`; did you mean vips?"),
        ("in_segment(contact.plan)", "30: `name` is a text in quotes that names a segment"),
        ("touched(campain='birthday')", "28: the argument `campain` is not known to touched; did you mean campaign?"),
        ("touched(campaign='birthdya')", "29: unknown campaign `birthdya`; did you mean birthday?"),
        ("touched(kind='send')", "25: unknown kind of touch `send`; did you mean sent?"),
        ("touched(within='3 fortnights')", "27: `within`: `3 fortnights` is not a duration; write it like 30m, 12h, 3d, 2w or 1mo"),
        ("touched(within='-3d')", "27: `within` looks back: it is more than nothing"),
        ("events('order.place') > 1", "19: unknown event `order.place`; did you mean order.placed?"),
        ("events('order.placed', skku='a') > 1", "40: the event `order.placed` has no field `skku`; did you mean sku?"),
        ("day_since(contact.birth_date) > 1", "12: unknown function `day_since`; did you mean days_since?"),
        ("days_since(contact.plan) > 1", "23: days are counted to a date or a date-time, not to a text"),
        ("contact.plan|lowr == 'a'", "25: unknown or unsafe filter `lowr`; did you mean lower?"),
        ("contact.tags|lower == 'a'", "25: `lower` takes text, not list"),
        ("contact.plan is noen", "25: unknown test `noen`; did you mean none?"),
        ("contact.plan == none", "28: a comparison with none is always false; what is missing is asked for by `is none`; did you mean"),
        ("contact.score + '1' == 4", "28: the text `1` is no number; texts are joined by ~"),
        ("contact.birth_date + 3 > today", "12: dates are not computed with; ask days_since(…) or days_until(…)"),
        ("contact == 'a'", "12: `contact` is no value; name one of its attributes"),
        ("99999999999999999999 == contact.score", "12: this number is too large"),
        ("contact.plan = 'gold'", "25: unexpected =; did you mean ==?"),
        ("contact.vip && contact.plan", "24: unexpected &; did you mean and?"),
        ("contact.vip AND contact.plan", "24: unexpected AND; did you mean and?"),
        ("contact.plan == ‘gold’", "28: unexpected ‘; did you mean '?"),
        ("contact.plan == “gold”", '28: unexpected “; did you mean "?'),
        ("contact.plan.lower()", "30: nothing but the functions can be called: a name is always the data's; did you mean |lower?"),
        ("contact.plan == 'gold", "28: this text is not closed"),
        ("(contact.vip or contact.plan", "36: unexpected end of the expression, expected ')'"),
        ("", "12: an expression is missing"),
    ],
)
def test_a_mistake_is_told_at_its_token_with_what_was_meant(source: str, expected: str) -> None:
    found = complaints(source)
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("events('order.placed', sku=3) > 1", "39: a text is never equal to the number `3`"),
        ("contact.birth_date > '29.2.1992'", "33: `29.2.1992` is no date; write it like 2026-02-28"),
        ("contact.balance > 3", "30: money has no order with the number `3`; compare its .amount, and ask its .currency"),
        ("contact.created_at < today", "33: a datetime has no order with a date; ask days_since(…) or days_until(…)"),
        ("contact.vip < true", "26: a boolean is neither less nor greater than another"),
        ("contact.score in ['a']", "29: a number is never one of the text `a`"),
        ("3 in contact.tags", "17: the number `3` is never in a list: it holds texts"),
    ],
)
def test_a_comparison_that_can_never_hold_is_false_and_doubted_with_its_reason(source: str, expected: str) -> None:
    expression = parsed(source)
    assert len(expression.doubts) == 1
    assert str(expression.doubts[0]).removeprefix("campaigns/a.yaml:7:").startswith(expected)
    assert not holds(expression, a_scope(lookup=Answers(count=0)))
    assert holds(parsed(f"not ({source})"), a_scope(lookup=Answers(count=0)))


def test_all_mistakes_are_told_at_once_in_the_order_of_their_places() -> None:
    found = complaints("contact.statsu == 'a' and trigger.tickt_id == nobody")
    assert [problem.split(":")[0] for problem in found] == ["20", "46", "58"]


def test_two_guesses_about_one_mistake_are_one_problem() -> None:
    first, second = (Problem(place=START, what="a comparison with none is always false", suggestion=each) for each in (None, "is none"))
    assert len(InputError({first, second}).problems) == 1
    assert sorted([second, first]) == [first, second]


@pytest.mark.parametrize(
    "source",
    [
        "contact.__class__", "contact['__class__'] is none", "reply.__init__.__globals__ is none", "reply['a']['_b'] is none",
        "__import__('os')",
        "contact.plan|attr('x')", "contact.plan|format('x')", "contact.plan|xmlattr", "contact.tags|map(attribute='x')|list",
        "contact.plan.upper()", "trigger.items()", "().__class__", "''.join(contact.tags)", "range(9)", "lipsum()", "cycler('a')",
        "namespace()",
        "9 ** 9 ** 9", "{'a': 1}", "contact.tags[0:1]", "in_segment(*contact.tags)", "touched(**reply)", "self.x", "loop.index",
    ],
)
def test_nothing_reaches_beyond_the_data(source: str) -> None:
    assert complaints(source)


@pytest.mark.parametrize("source", ["(" * 5000 + "1" + ")" * 5000, "not " * 2400 + "1", "-" * 9000 + "1", "contact.plan ~ " * 3000 + "'a'"])
def test_a_bomb_is_refused_and_not_a_crash(source: str) -> None:
    assert complaints(source)


def test_a_name_given_by_as_may_hold_anything_where_its_fields_are_unknown() -> None:
    assert complaints("reply.code == 'X' and reply.deep.er == 1 and reply is not none") == []


def test_event_is_known_only_where_there_is_one() -> None:
    assert complaints("event.sku == 'a'") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dear {{ contact.frist_name }}!", "28: undeclared attribute `frist_name`; did you mean first_name?"),
        ("{{ answer.scor }}", "22: `answer` has no field `scor`; did you mean score?"),
        ("Dear {{ contact.first_name", "17: {{ is not closed"),
        ("Dear {{ [contact.first_name} }}", "39: unexpected '}', expected ']'"),
        ("Dear {{ } }}", "20: unexpected '}'"),
        ("{% if contact.vip %}x{% endif %}", "12: only {{ }} may stand in this text"),
        ("a {{ }} b", "16: an expression is missing"),
    ],
)
def test_a_mistake_within_a_text_is_told_at_its_token(text: str, expected: str) -> None:
    assert complaints(text, binding=True) == [expected]
