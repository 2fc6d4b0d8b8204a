"""What is written out shorter means what it means in stock Jinja, whatever the value is."""

import pytest

from engage.model.errors import RenderError
from tests.builders import a_contact
from tests.messages import a_text

READER = a_contact(first_name="ana", city=None, tags=("a", "b", "c"))


@pytest.mark.parametrize(("template", "said"), [
    ("{% for x in contact.tags %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{% endfor %}", None),
    ("{% for x in contact.tags %}{% if loop.first %}<{% endif %}{{ x }}{{ loop.index0 }}{% if loop.last %}>{% endif %}{% endfor %}",
     "<a0b1c2>"),
    ("{% for x in contact.tags %}{{ x }}{{ loop.index }}/{{ loop.length }} {% endfor %}", "a1/3 b2/3 c3/3"),
    ("{% for x in contact.tags %}{% for y in contact.tags %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}", "1231 1232 1233"),
    ("{% for x in contact.tags %}{% for y in contact.tags if y != x %}{{ loop.index }}{{ y }}{% endfor %}{{ loop.index }};{% endfor %}",
     "1b2c1;1a2c2;1a2b3;"),
    ("{% for x in range(300) %}{% if loop.last %}{{ loop.index }} of {{ loop.length }}{% endif %}{% endfor %}", "300 of 300"),
    ("{% for a, b in [[1, 2], [3, 4]] %}{{ loop.index }}{{ a * 2 }}{{ b + 1 }}{% endfor %}", "123265"),
    ("{% macro m(x) %}{{ x * 2 }}{% endmacro %}{% for x in [1, 2] %}{{ m(loop.index) }}{% endfor %}", "24"),
    ("{% for x in contact.city %}{{ loop.index }}{% endfor %}none", "none"),
    ("{{ 999999 * 1000000 }} {{ 1000000 * 3 }} {{ -5 * 2 }} {{ 1.5 * 2 }} {{ 5 + 1 }} {{ 2000000 + 1 }}",
     "999999000000 3000000 -10 3 6 2000001"),
    ("{{ 'ab' * 2 }}{{ ([1] * 2) | length }}", "abab2"),
    ("{{ contact.first_name | capitalize }} {{ contact.first_name | upper | lower }} {{ ' x ' | trim }}", "Ana ana x"),
    ("{{ contact.city | capitalize | default('?') }} {{ contact.city | default('-') }} {{ 7 | default('-') }}", "? - 7"),
    ("{{ contact.nothing | default('no such field') }}", "no such field"),
    ("{{ nobody | default('nobody') }}", "nobody"),
    ("{% if contact.city is none %}none{% endif %}{% if contact.first_name is not none %}!{% endif %}", "none!"),
    ("{% set contact = {'first_name': 'Eva'} %}{{ contact.first_name }}", "Eva"),
    ("{% for contact in ['x'] %}{{ contact }}{% endfor %}{{ contact.first_name }}", "xana"),
    ("{% set loop = 'mine' %}{{ loop }}", "mine"),
    ("{{ today | date }} {{ today | date('short') }} {{ today | date('yyyy') }}", "February 25, 2026 2/25/26 2026"),
])
def test_a_shortcut_says_what_the_long_way_says(template: str, said: str | None) -> None:
    if said is None:
        with pytest.raises(RenderError, match="yes or no cannot be printed"):
            a_text(template, contact=READER)
    else:
        assert a_text(template, contact=READER) == said


@pytest.mark.parametrize(("template", "why"), [
    ("{{ contact.nothing }}", "contact has no 'nothing'"), ("{{ trigger.nothing }}", "trigger has no 'nothing'"),
    ("{{ contact.city }}", "may be missing"), ("{{ contact.city | capitalize }}", "may be missing"),
    ("{{ contact.city * 2 }}", "TypeError"),
    ("{% for x in contact.tags %}{{ loop.nothing }}{% endfor %}", "nothing"), ("{% for x in 5 %}{% endfor %}", "no list to go through"),
    ("{{ nobody | capitalize }}", "nobody"), ("{{ contact.first_name | date }}", "a date is expected"),
])
def test_what_is_wrong_is_told_as_on_the_long_way(template: str, why: str) -> None:
    with pytest.raises(RenderError, match=why):
        a_text(template, contact=READER)
