"""No template stops the others, whatever it does and in whichever thread it runs: each bomb is refused, in little time and memory."""

from __future__ import annotations

import resource
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter, process_time, thread_time

import pytest

from engage.model.contact import ChannelKind
from engage.model.content import SmsContent
from engage.model.errors import RenderError
from engage.templates import Templates
from engage.templates.limits import MAX_SECONDS
from tests.builders import NOON, a_contact, an_approved, an_intent
from tests.messages import a_chat, a_text, a_written_workspace, an_email

SECONDS = MAX_SECONDS + 0.5  # of the thread's own CPU, so that a busy machine fails no test
MEGABYTES = 150

BIG = "{% set b = 'x' * 500000 %}"
BOMBS = {
    "a list searched in a loop": "{% set l = [1] * 500000 %}{% for i in range(9999) %}{% if 2 in l %}{% endif %}{% endfor %}",
    "a list tested in a loop": "{% set l = [1] * 500000 %}{% for i in range(9999) %}{% if 2 is in(l) %}{% endif %}{% endfor %}",
    "a text searched in a loop": BIG + "{% for i in range(9999) %}{% if 'y' in b %}{% endif %}{% endfor %}",
    "texts compared in a loop": BIG + "{% set c = 'x' * 499999 ~ 'y' %}{% for i in range(9999) %}{% if b < c %}{% endif %}{% endfor %}",
    "a text in lower case asked in a loop": BIG + "{% for i in range(9999) %}{% if b is lower %}{% endif %}{% endfor %}",
    "select by a long list": "{{ ([1] * 500000) | select('in', [2] * 500000) | list }}",
    "lists added up": "{{ ([[1] * 5000] * 5000) | sum(start=[]) | length }}",
    "a list of large texts": "{{ ((['x' * 500000] * 5000) | sort) | length }}",
    "a list of large texts printed": "{{ ['x' * 500000] * 5000 }}",
    "a list of lists": "{% set n = namespace(v=1) %}{% for i in range(99) %}{% set n.v = [n.v, n.v] %}{% endfor %}{{ n.v | tojson }}",
    "two lists of lists compared": "{% set n = namespace(a=1, b=1) %}{% for i in range(26) %}"
    "{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{% if n.a == n.b %}x{% endif %}",
    "a tuple of tuples as a key": "{% set n = namespace(a=1) %}{% for i in range(40) %}{% set n.a = (n.a, n.a) %}{% endfor %}"
    "{{ {n.a: 1} }}",
    "a list ever deeper": "{% set n = namespace(a=1) %}{% for i in range(9999) %}{% set n.a = [n.a] %}{% endfor %}{{ n.a | tojson }}",
    "slices kept": BIG + "{% set n = namespace(v=[]) %}{% for i in range(9999) %}{% set n.v = n.v + [b[1:]] %}{% endfor %}",
    "JSON of JSON": "{% set n = namespace(v='\"') %}{% for i in range(99) %}{% set n.v = n.v | tojson %}{% endfor %}",
    "a phrase that doubles": "{% set n = namespace(v='x') %}{% for i in range(99) %}{% set n.v = t('twice', who=n.v) %}{% endfor %}",
    "a plural that grows": "{{ plural(10 ** 300, other='{n}' * 100000) }}",
    "many characters trimmed": "{{ ('x' * 500000) | trim('y' * 499000 ~ 'x') | length }}",
    "a path without end": "{{ (['x'] * 10000) | map(attribute='0.' * 200000 ~ '0') | list }}",
    "tags taken out": "{{ ('<!---->' * 60000) | striptags }}",
    "macros kept": "{% macro m() %}" + "x" * 100_000 + "{% endmacro %}{% set n = namespace(v=[]) %}"
    "{% for i in range(9999) %}{% set n.v = n.v + [m()] %}{% endfor %}",
    "a macro that prints much": "{% macro m(n) %}" + "{{ 'y' * 250 }}" * 400
    + "{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(99) }}",
    "a loop that calls itself": "{% for a in [range(999)] recursive %}{{ loop(range(999)) if loop.depth < 9 }}{% endfor %}",
    "a loop with a large body": "{% for a in range(9999) %}" + "{% if contact.first_name %}{% endif %}" * 500 + "{% endfor %}",
    "values printed without end": "{% for a in range(9999) %}" + "{{ contact.first_name }}" * 900 + "{% endfor %}",
    "an amount of a million digits": "{{ '1e1000000' | number }}{{ '1e1000000' | money('EUR') }}",
    "a pattern without end": "{{ contact.birth_date | date('y' * 400000) }}",
    "joined with much": "{{ ([1] * 5000) | join('x' * 5000) }}",
    "replaced by much": "{{ ('x' * 5000) | replace('x', 'y' * 5000) }}",
    "a part captured in a loop": "{% for i in range(9999) %}{% set p %}" + "z" * 20_000 + "{% endset %}{% set q = p ~ p %}{% endfor %}",
    "a part filtered in a loop": "{% for i in range(9999) %}{% filter upper %}" + "z" * 20_000 + "{% endfilter %}{% endfor %}",
    "batches of much": "{% set b = ['x' * 50000] %}{{ b | batch(9999, 'x' * 400000) | length }}",
    "a maximum of sorted texts": "{% for i in range(9999) %}{% if ([('x' * 9000)] * 50) | sort | max %}{% endif %}{% endfor %}",
    "a range of ranges": "{{ (range(9999) | list) }}",
    "capital letters of much": BIG + "{% for i in range(9999) %}{% set c = b | title | capitalize | wordcount %}{% endfor %}",
    "URLs of much": BIG + "{% for i in range(9999) %}{% set c = b | urlencode %}{% endfor %}",
}


def spent(bomb: str, **more: str) -> tuple[float, Exception | None]:
    """Seconds of CPU of a thread of its own, and what it raised."""
    found: list[tuple[float, Exception | None]] = []

    def run() -> None:
        error = None
        began = thread_time()
        try:
            a_text(bomb, more={"locales/en.yaml": "twice: '{who} {who}'", **more}, contact=a_contact(birth_date=NOON.date()))
        except Exception as raised:  # noqa: BLE001  # whatever it is, the test says what it should have been
            error = raised
        found.append((thread_time() - began, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_what_would_take_for_ever_or_fill_the_memory_is_refused_in_any_thread(bomb: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, error = spent(bomb)
    assert isinstance(error, RenderError)
    assert seconds < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES


def test_imports_of_imports_are_charged() -> None:
    both = "{{% import '_partials/{0}.txt' as a %}}{{% import '_partials/{0}.txt' as b %}}"
    files = {f"templates/_partials/{at}.txt": both.format(at + 1) for at in range(30)}
    seconds, error = spent("{% import '_partials/0.txt' as x %}", **files, **{"templates/_partials/30.txt": "x"})
    assert isinstance(error, RenderError)
    assert seconds < SECONDS


def test_includes_that_double_are_refused_although_they_print_nothing() -> None:
    files = {f"templates/_partials/{at}.txt": f"{{% include '_partials/{at + 1}.txt' %}}" * 2 for at in range(30)}
    seconds, error = spent("{% include '_partials/0.txt' %}", **files, **{"templates/_partials/30.txt": ""})
    assert isinstance(error, RenderError)
    assert seconds < SECONDS


def test_includes_of_large_files_are_refused_before_they_are_joined() -> None:
    files = {f"templates/_partials/{at}.txt": f"{{% include '_partials/{at + 1}.txt' %}}" * 10 for at in range(3)}
    seconds, error = spent("{% include '_partials/0.txt' %}", **files, **{"templates/_partials/3.txt": "x" * 200_000})
    assert isinstance(error, RenderError)
    assert seconds < SECONDS


def test_a_chain_of_includes_may_be_long_but_not_endless() -> None:
    files = {f"templates/_partials/{at}.txt": f"{{% include '_partials/{at + 1}.txt' %}}" for at in range(3000)}
    assert isinstance(spent("{% include '_partials/0.txt' %}", **files, **{"templates/_partials/3000.txt": "x"})[1], RenderError)


@pytest.mark.parametrize("deep", [
    "{% if 1 %}" * 400 + "x" + "{% endif %}" * 400, "{% for a in [1] %}" * 40 + "x" + "{% endfor %}" * 40,
    "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
    "{{ " + "-" * 3000 + "1 }}", "{{ 1" + " + 1" * 3000 + " }}", "{{ 'x'" + " | upper" * 2000 + " }}",
])
def test_what_stands_in_one_another_too_deep_is_told_rather_than_a_crash(deep: str) -> None:
    try:
        a_text(deep)
    except RenderError:
        return  # refused, or rendered


def test_json_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(RenderError):
        a_chat("{% for i in range(9999) %}[[[[[[[[[[{% endfor %}", form="json.j2")


@pytest.mark.parametrize("name", ["=?a?q?x " * 60_000, "x" * 500_000, "=?utf-8?b?" * 50_000])
def test_a_name_that_would_make_a_subject_hard_to_read_is_refused_at_once(name: str) -> None:
    began = process_time()
    with pytest.raises(RenderError, match="subject is longer than"):
        an_email("<p>x</p>", subject="Hi {{ contact.first_name }}", contact=a_contact(first_name=name))
    assert process_time() - began < SECONDS


@pytest.mark.parametrize("value", ["1e1000000", "1e999999999", "-1E+5000", "9" * 5000, "1e-1000000"])
def test_a_number_that_somebody_sends_as_text_is_written_out_only_if_it_is_a_reasonable_one(value: str) -> None:
    began = process_time()
    with pytest.raises(RenderError):
        a_text("{{ contact.plan | number }}", contact=a_contact(plan=value))
    assert process_time() - began < SECONDS


def test_while_one_template_uses_all_its_time_the_others_go_on() -> None:
    heavy = BIG + "{% for i in range(9999) %}{% set c = b[1:] | upper %}{% endfor %}"
    workspace = a_written_workspace({"templates/birthday/sms.txt": "Hi {{ contact.first_name }}", "templates/heavy/sms.txt": heavy})
    templates = Templates(workspace, secret=b"secret")
    approved = replace(an_approved(), kind=ChannelKind.SMS, channel="sms")
    bomb = replace(approved, intent=an_intent(message="heavy"))

    def light(_: int) -> float:
        began = perf_counter()
        content = templates.render(approved, now=NOON).content
        assert isinstance(content, SmsContent)
        assert content.text == "Hi Ana"
        return perf_counter() - began

    with ThreadPoolExecutor(3) as threads:
        bombs = [threads.submit(templates.render, bomb, now=NOON) for _ in range(2)]
        slowest = max(threads.map(light, range(300)))
        for one in bombs:
            with pytest.raises(RenderError, match=r"too much|too large|longer than"):
                one.result()
    assert slowest < 10 * SECONDS  # each had its turn while the two were under way, however busy the machine


def test_what_letters_do_stays_far_below_the_limits() -> None:
    rows = "{% for row in rows %}{{ loop.index }}. {{ row.name | upper }}: {{ row.price | money('EUR') }}\n{% endfor %}"
    values = {"rows": [{"name": f"Thing {at}", "price": at} for at in range(500)]}
    assert a_text(rows, values=values).count("\n") == 499
