from pathlib import Path
from time import perf_counter

import pytest

from engage.model.errors import RenderError
from engage.templates.filters import FILTERS
from tests.builders import a_contact
from tests.messages import a_text, an_email

BOMBS = {
    "a text repeated": "{{ 'x' * 10**9 }}",
    "a list repeated": "{{ ([1] * 10**9) | length }}",
    "a range": "{% for i in range(10**9) %}x{% endfor %}",
    "loops in loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
    "a power": "{{ 9 ** (9 ** 9) }}",
    "a number that doubles": "{% set n = namespace(v=9) %}{% for i in range(9999) %}{% set n.v = n.v * n.v %}{% endfor %}",
    "a text that doubles": "{% set n = namespace(v='xy') %}{% for i in range(9999) %}{% set n.v = n.v ~ n.v %}{% endfor %}",
    "a sum that doubles": "{% set n = namespace(v='xy') %}{% for i in range(9999) %}{% set n.v = n.v + n.v %}{% endfor %}",
    "a replacement that grows": "{% set n = namespace(v='xx') %}"
    "{% for i in range(99) %}{% set n.v = n.v | replace('x', 'xx') %}{% endfor %}",
    "joining": "{% set big = 'x' * 500000 %}{{ [big] * 5000 | join }}{{ ([big] * 5000) | join(',') }}",
    "filling a batch": "{{ [1] | batch(10**9, 'x') | list }}",
    "slices": "{{ [1] | slice(10**9) | list }}",
    "rounding": "{{ 1.5 | round(10**9) }}",
    "digits": "{{ 1.5 | number(10**9) }}",
    "macros that call themselves twice": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(200) }}",
    "a macro without end": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "formatting": "{{ '%1000000000d' % 1 }}",
    "printing without end": "{% for i in range(9999) %}{{ 'x' * 1000 }}{% endfor %}",
    "constant text in loops": "{% set y %}{% for i in range(9999) %}" + "x" * 5000 + "{% endfor %}{% endset %}{{ y | length }}",
    "heavy filters in a loop": "{% set b = 'x' * 500000 %}"
    "{% for i in range(9999) %}{% if (b | upper | lower | title) == 'y' %}{% endif %}{% endfor %}",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_template_that_would_never_end_is_stopped_within_two_seconds(bomb: str) -> None:
    began = perf_counter()
    with pytest.raises(RenderError):
        a_text(bomb)
    assert perf_counter() - began < 2.5


@pytest.mark.parametrize(
    "escape",
    [
        "{{ contact.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ contact['__class__'] }}", "{{ contact | attr('values') }}",
        "{{ '{0.__class__}'.format(contact) }}", "{{ '{}' | format(contact) }}", "{{ [contact] | map(attribute='__class__') | list }}",
        "{{ range.__globals__ }}", "{{ t.call }}", "{{ in_segment.call.__globals__ }}", "{{ _scope }}", "{{ contact._values }}",
        "{{ contact.first_name.upper() }}", "{{ message.answer_url.call }}", "{{ {'a': 1} | xmlattr }}", "{{ [] .append(1) }}",
        "{% set _x = 1 %}{{ _x }}", "{{ 'x' | _concat('y') }}", "{{ lipsum() }}", "{{ cycler('a') }}", "{{ dict(a=1) }}",
        "{{ self._TemplateReference__context }}",
        "{{ now.year }}", "{{ joiner() }}", "{{ namespace.__init__ }}", "{% autoescape false %}x{% endautoescape %}",
        "{{ contact.first_name | safe }}",
        "{% import 'engage.yaml' as x %}{{ x }}", "{% set n = namespace() %}{{ n._Namespace__attrs }}",
    ],
)  # fmt: skip
def test_nothing_but_the_data_can_be_reached(escape: str) -> None:
    with pytest.raises(RenderError):
        a_text(escape)


def test_a_name_is_the_datas_and_never_a_method() -> None:
    assert a_text("{{ trigger.items }} {{ trigger.keys }}", trigger={"items": 3, "keys": "k"}) == "3 k"


def test_an_undefined_name_and_a_misspelt_field_are_errors_with_their_place() -> None:
    with pytest.raises(RenderError, match=r"templates/birthday/sms\.txt:2:4: 'nobody' is undefined"):
        a_text("Hi\n{{ nobody }}")
    with pytest.raises(RenderError, match=r"contact has no 'frist_name'; did you mean first_name"):
        a_text("{{ contact.frist_name }}")


def test_printing_what_is_missing_is_an_error_and_never_a_blank() -> None:
    for printed in (
        "{{ contact.plan }}",
        "{{ 'x' ~ contact.plan }}",
        "{{ contact.plan | upper }}",
        "{{ answer }}",
        "{{ contact.birth_date | date }}",
    ):
        with pytest.raises(RenderError, match="default"):
            a_text(printed, values={"answer": None})


def test_default_stands_for_what_is_missing_after_any_filter() -> None:
    assert a_text("{{ contact.plan | upper | default('basic') }}") == "basic"
    assert a_text("{{ contact.birth_date | date | default('some day') }}") == "some day"


def test_a_comparison_with_a_missing_side_is_false_as_in_the_campaign_language() -> None:
    told = (
        "{% if contact.plan < 'x' %}less{% elif contact.plan != 'pro' %}other{% endif %}{% if trigger.years == 'three' %}three{% endif %}"
    )
    assert a_text(told) == "other"


def test_a_yes_or_no_is_not_printed() -> None:
    with pytest.raises(RenderError, match="cannot be printed"):
        a_text("{{ in_segment is defined }}")


def test_an_error_tells_nothing_of_the_contacts_data() -> None:
    with pytest.raises(RenderError) as caught:
        a_text("{{ contact.first_name | number }}{{ contact.first_name + 1 }}", contact=a_contact(first_name="Scheherazade"))
    assert "Scheherazade" not in str(caught.value)


def test_a_page_may_not_be_larger_than_512_kb() -> None:
    with pytest.raises(RenderError, match="512 KB"):
        an_email("<html><body>" + "{{ 'x' * 400000 }}{{ 'y' * 400000 }}" + "</body></html>")


def test_segments_are_asked_of_the_lookup_and_refused_without_one() -> None:
    class Vips:
        def in_segment(self, name: str) -> bool:
            return name == "vip"

    asked = "{% if in_segment('vip') %}vip{% endif %}{% if in_segment('other') %}other{% endif %}"
    assert a_text(asked, lookup=Vips()) == "vip"
    with pytest.raises(RenderError, match="in_segment"):
        a_text(asked)


def test_a_loop_has_its_own_variables_and_a_macro_prints_in_the_readers_language() -> None:
    partial = {"templates/_partials/sums.txt": "{% macro sum(x) %}{{ x | money('EUR') }}{% endmacro %}"}
    text = "{% from '_partials/sums.txt' import sum %}{% for x in [1, 2] %}"
    text += "{{ loop.index }}: {{ sum(x) }}{% if not loop.last %}; {% endif %}{% endfor %}"
    assert a_text(text, more=partial, locale="sl") == "1: 1,00 €; 2: 2,00 €"


def test_every_filter_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
    assert [name for name in FILTERS if name not in ("d", "e", "count") and f"`{name}`" not in guide] == []


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("[1, 2] | map('number', 1) | join('; ')", "1,0; 2,0"),
        ("rows | map(attribute='name') | list", "a in b"),
        ("rows | selectattr('size', 'gt', 1) | map(attribute='name') | first", "b"),
        ("rows | sort(attribute='size', reverse=true) | map(attribute='name') | join", "ba"),
        ("rows | sum(attribute='size')", "3"),
        ("['b', 'a', 'b'] | unique | sort | join(',')", "a,b"),
        ("'a b' | title", "A B"),
        ("contact.first_name[0]", "A"),
        ("'SI' in table", "True"),
        ("trigger.years * 2 + 1", "7"),
        ("'abc' | truncate(2, true, '…', 0)", "a…"),
    ],
)
def test_lists_and_tables_can_be_worked_on(expression: str, text: str) -> None:
    values = {"rows": [{"name": "a", "size": 1}, {"name": "b", "size": 2}], "table": {"SI": {"x": 1}}}
    printed = f"{{% if {expression} %}}True{{% endif %}}" if text == "True" else f"{{{{ {expression} }}}}"
    assert a_text(printed, locale="sl", values=values) == text
