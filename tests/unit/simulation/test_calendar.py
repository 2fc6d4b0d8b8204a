"""What a simulation looks like to people: days where the recipients live, names where they are few, figures where they are many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO

from rich.console import Console

from engage.cli.calendar import print_day, print_totals
from engage.model.history import Kind, Touch
from engage.simulation.calendar import FEW, Calendar, Day
from engage.simulation.lines import Line
from tests.builders import a_contact

NINE = datetime(2026, 2, 28, 8, tzinfo=UTC)


def a_line(name: str = "ana", *, kind: Kind = Kind.SENT, at: datetime = NINE, zone: str = "Europe/Ljubljana", **touch: object) -> Line:
    told: dict[str, object] = {
        "campaign": "birthday", "message": "birthday", "channel": "email", "locale": "sl", "private": {"subject": "Vse najboljše!"},
        **touch,
    }
    contact = a_contact(id=sum(map(ord, name)), zone=zone, external_id=name)
    return Line(touch=Touch(at=at, contact_id=contact.id, kind=kind, **told), contact=contact)  # type: ignore[arg-type]  # keys as above


def days_of(lines: Sequence[Line]) -> list[Day]:
    return list(Calendar().days(lines))


def shown(lines: Sequence[Line], *, everything: bool = False) -> list[str]:
    page = StringIO()
    console = Console(file=page, width=160, highlight=False, markup=False)
    calendar = Calendar(everything=everything)
    for day in calendar.days(lines):
        print_day(day, to=console)
    print_totals(calendar.totals, to=console)
    return [line.rstrip() for line in page.getvalue().splitlines()]


def test_a_day_is_the_recipients_own() -> None:
    kiritimati = a_line("tioti", at=datetime(2026, 2, 27, 19, tzinfo=UTC), zone="Pacific/Kiritimati")
    pago = a_line("sefo", at=datetime(2026, 2, 28, 20, tzinfo=UTC), zone="Pacific/Pago_Pago")
    [day] = days_of([kiritimati, a_line(), pago])
    assert day.day == date(2026, 2, 28)
    assert [line.label for line in day.chapters["birthday"].lines] == ["tioti", "ana", "sefo"]


def test_a_day_is_told_once_it_has_ended_everywhere() -> None:
    days = Calendar().days(iter([a_line(at=NINE + timedelta(days=number)) for number in range(3)]))
    assert [next(days).day.day for _ in range(3)] == [28, 1, 2]


def test_a_few_are_shown_one_by_one_with_why_not() -> None:
    lines = [
        a_line(kind=Kind.ENTERED, message=None, channel=None, locale=None, private={}), a_line(),
        a_line("bo", kind=Kind.SUPPRESSED, reason="no_consent", locale=None, private={}, zone="Asia/Tashkent"),
    ]
    assert shown(lines) == [
        "Saturday, 28 February 2026",
        "  birthday  1 entered, 1 sent, 1 suppressed",
        "    09:00  ana  sent                    birthday  email  sl  “Vse najboljše!”  Europe/Ljubljana",
        "    13:00  bo   suppressed: no_consent  birthday  email                        Asia/Tashkent",
        "",
        "In all",
        "  birthday  1 entered, 1 sent, 1 suppressed; 1 contact reached",
        "    1 suppressed: no_consent",
    ]


def test_many_are_counted_by_message_channel_reason_and_language() -> None:
    sent = [a_line(f"c{number}", locale="sl" if number % 3 else "uk", at=NINE + timedelta(minutes=number)) for number in range(FEW)]
    lines = [*sent, a_line("bo", kind=Kind.DEFERRED, reason="quiet_hours", locale=None)]
    assert shown(lines)[:4] == [
        "Saturday, 28 February 2026",
        "  birthday  12 sent, 1 deferred",
        "    09:00–09:11  12  sent                   birthday  email  sl 8 · uk 4",
        "    09:00         1  deferred: quiet_hours  birthday  email",
    ]


def test_what_belongs_to_no_campaign_comes_last_and_an_event_is_named() -> None:
    nothing = dict.fromkeys(("campaign", "message", "channel", "locale"))
    event = a_line("bo", kind=Kind.EVENT, private={}, detail={"event": "order.placed"}, **nothing)
    page = shown([event, a_line()])
    assert page[3:5] == ["  (no campaign)  1 event", "    09:00  bo  event order.placed          Europe/Ljubljana"]


def test_of_one_contact_everything_is_shown() -> None:
    entered = a_line(kind=Kind.ENTERED, message=None, channel=None, locale=None, private={})
    assert "    09:00  ana  entered          Europe/Ljubljana" in shown([entered], everything=True)


def test_nothing_is_said_to_be_nothing() -> None:
    assert shown([]) == ["Nothing would happen."]
