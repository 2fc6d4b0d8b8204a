"""An expression over data of any shape has a value: it never fails, and its negation is its opposite."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random  # noqa: TID251 - seeded by hypothesis

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.model.errors import InputError
from engage.rules.expressions import evaluate, holds, parse
from engage.rules.expressions.functions import FILTERS, TESTS
from tests.unit.rules.expressions.world import NAMES, START, Answers, a_scope

STRANGE = (
    None, True, 0, -1, 10**400, 1.5, float("inf"), float("nan"), "", "abc", "2026-02-28", "2026-02-28T10:00:00Z", "12.5", "a" * 70_000, [],
    [1, "a", None, [2], {"x": 1}], {}, {"amount": "5", "currency": "EUR"}, {"amount": "NaN", "currency": "EUR"}, {"a": {"b": [1, 2]}},
    [{"a": 1}, {"a": 2}], Decimal("NaN"), Decimal("1.5"), date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), (1, 2), 1e308,
)
NAMED = (
    "reply", "reply.a", "reply[0]", "reply.a[1].b", "trigger.items", "trigger.total", "outcome", "answer", "answer.score", "event.tags",
    "contact.plan", "contact.balance", "contact.tags", "contact.seen", "contact.vip", "today", "data.prices[reply].plus", "none", "-2.5",
    "'a'", "['a', 3, reply]", "in_segment('vips')", "events('order.placed', sku=reply, total=reply.a)",
)
COMPARED = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")
JOINED = ("and", "or", "+", "-", "*", "/", "//", "%", "~")
ASKED = ("none", "defined", *TESTS)


def a_source(dice: Random, depth: int) -> str:
    """An expression, not always one that may be written."""
    def inner() -> str:
        return a_source(dice, depth - 1)

    match dice.randrange(8) if depth else -1:
        case 0 | 1:
            return f"({inner()} {dice.choice(COMPARED)} {inner()})"
        case 2:
            return f"({inner()} {dice.choice(JOINED)} {inner()})"
        case 3:
            return f"({inner()} if not {inner()} else {inner()})"
        case 4:
            name = dice.choice(list(FILTERS))
            given_ = ", ".join(inner() for _ in FILTERS[name].names)
            return f"({inner()})|{name}" + (f"({given_})" if given_ else "")
        case 5:
            name = dice.choice(ASKED)
            return f"(({inner()}) is {name}" + (f"({inner()}))" if name == "divisibleby" else ")")
        case 6:
            return f"days_since({inner()})"
        case 7:
            return f"({inner()})[{inner()}]"
        case _:
            return dice.choice(NAMED)


@settings(max_examples=400)
@given(dice=st.randoms(use_true_random=False), depth=st.integers(0, 4))
def test_no_data_makes_an_expression_fail(dice: Random, depth: int) -> None:
    source = a_source(dice, depth)
    try:
        expression, opposite = (parse(each, place=START, names=NAMES) for each in (source, f"not ({source})"))
    except InputError:
        return
    for _ in range(5):
        trigger = {"items": dice.choice(STRANGE), "total": dice.choice(STRANGE)}
        event = {"tags": dice.choice(STRANGE), "sku": dice.choice(STRANGE)}
        values = {"reply": dice.choice(STRANGE), "outcome": dice.choice(STRANGE), "answer": {"score": dice.choice(STRANGE)}}
        scope = a_scope(lookup=Answers(), values={"trigger": trigger, "event": event, **values})
        evaluate(expression, scope)
        assert holds(opposite, scope) is not holds(expression, scope)
