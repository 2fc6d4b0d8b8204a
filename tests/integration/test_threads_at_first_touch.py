"""Eight threads that render the demo's messages as the first thing that a process does read what one thread alone reads."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Barrier

from engage.model.contact import ChannelKind, Contact
from engage.model.delivery import Links
from engage.model.errors import RenderError
from engage.rules.checking import check
from engage.settings import read_folder
from engage.templates import Templates
from tests.builders import NOON, a_contact
from tests.servers.forks import FORKS

ROOT = Path(__file__).parents[2] / "config"
LOCALES = ("sl", "ar", "en")
TRIGGER = {"ticket_id": "T-1", "event_id": "e1", "event_at": NOON, "channel": "email", "score": 2, "years": 3}
VALUES = {"gift": {"amount": Decimal(5), "currency": "EUR"}, "important": True, "score": 2}

Letter = tuple[str, str, str, str]


def rendered(threads: int) -> Sequence[Sequence[Letter]]:
    """What each of the threads reads, from the first letter on; all begin at once."""
    workspace = check(read_folder(ROOT), {}).workspace
    assert workspace is not None
    templates, line = Templates(workspace, secret=b"secret"), Barrier(threads)

    def read() -> list[Letter]:
        line.wait(30)
        return sorted(letter for locale in LOCALES for letter in _letters(templates, locale))

    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(threads) as pool:
        return [each.result() for each in [pool.submit(read) for _ in range(threads)]]


def _letters(templates: Templates, locale: str) -> Sequence[Letter]:
    contact, links = a_contact(locale=locale, customer_since=date(2023, 3, 1), birth_date=date(1990, 3, 1)), templates.links(1, 1, "care")
    wanted = [(message, kind) for message in templates.messages() for kind in ChannelKind]
    return [(locale, message, kind.value, _letter(templates, message, kind, contact, links)) for message, kind in wanted]


def _letter(templates: Templates, message: str, kind: ChannelKind, contact: Contact, links: Links) -> str:
    try:
        return repr(
            templates.render_for(
                message, channel_kind=kind, channel_name=kind.value, contact=contact, trigger=TRIGGER, values=VALUES, now=NOON,
                purpose="care", links=links,
            )
        )
    except RenderError as error:  # not every message has a template for every channel
        return f"no letter: {error}"


def test_eight_threads_at_first_touch_read_what_one_reads() -> None:
    with ProcessPoolExecutor(2, mp_context=FORKS, max_tasks_per_child=1) as pool:
        alone, together = (pool.submit(rendered, threads) for threads in (1, 8))
        (expected,) = alone.result(100)
        assert sum(not text.startswith("no letter") for *_, text in expected) > len(expected) / 2
        for letters in together.result(100):
            assert letters == expected
