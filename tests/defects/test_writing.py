"""Where rivals take what is wrong, write in the wrong language, or leave a blank."""

from __future__ import annotations

import pytest

from engage.model.history import Kind
from engage.templates import check as check_templates
from tests.builders import a_contact
from tests.defects.company import WISHES, Found, company, utc
from tests.messages import a_text
from tests.small import SETTINGS, small_files
from tests.unit.web.site import Visitor
from tests.workspaces import problems_of

NOON = "2026-03-02 12:00"


@pytest.mark.parametrize("kind", ["u", "p", "v"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_follows_every_link_of_a_message_changes_nothing(kind: str, method: str) -> None:
    visitor = Visitor()
    visitor.client.request(method, visitor.link(kind))
    assert (visitor.lines(), visitor.touches()) == ([], ["sent"])


def test_a_campaign_without_a_purpose_is_refused() -> None:
    campaign = "title: To all\nstatus: live\ntrigger: {schedule: '0 10 * * mon'}\nsend: news\nchannels: [email]\n"
    (problem,) = problems_of(small_files(**{"campaigns/newsletter.yaml": campaign}))
    assert problem.startswith("campaigns/newsletter.yaml:1:1: ")
    assert "purpose" in problem


@pytest.mark.parametrize(("locale", "read"), [("es-MX", "es"), ("es", "es"), ("sv", "en"), ("de-AT", "de")])
def test_a_reader_gets_their_language_its_parent_or_the_default_and_never_another_by_chance(found: Found, locale: str, read: str) -> None:
    more = {f"templates__wishes__email.{language}.md": WISHES for language in ("de", "es")}
    works = found(company("{event: ticket.closed}", **more), NOON)
    works.know("ana", locale=locale)
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.play(utc("2026-03-03"))
    assert [touch.locale for touch in works.touches(Kind.SENT)] == [read]


@pytest.mark.parametrize(("locale", "forms"), [
    ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other"}),
    ("pl", {1: "one", 2: "few", 5: "many", 22: "few", 112: "many"}),
])
def test_a_number_takes_the_form_that_the_language_has_for_it(locale: str, forms: dict[int, str]) -> None:
    phrases = ", ".join(f"{form}: {form}" for form in dict.fromkeys(["one", "few", "many", "other", *forms.values()]))
    for number, form in forms.items():
        text = a_text(
            "{{ t('orders', n=trigger.years) }}", locale=locale, contact=a_contact(locale=locale),
            more={f"locales/{locale}.yaml": f"orders: {{{phrases}}}"}, trigger={"years": number},
        )
        assert text == form


def test_a_variable_that_may_be_missing_is_refused_before_it_can_leave_a_blank(found: Found) -> None:
    greeting = {"templates__wishes__email.md": "---\nsubject: Hi\n---\nHi {{ contact.first_name }}, {{ message.unsubscribe_url }}\n"}
    works = found(company("{event: ticket.closed}", **greeting), NOON)
    (problem,) = check_templates(works.workspace)
    assert "contact.first_name may be missing" in problem.what
    works.know("ana")
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.play(utc("2026-03-03"))
    assert works.sent() == []
    assert [touch.reason for touch in works.touches(Kind.FAILED)] == ["render"]


@pytest.mark.parametrize(("where", "inert"), [
    ("campaign", "use_recipient_timezone: true"), ("campaign", "rate_limit: 5"), ("trigger", "repeat: monthly, leap_day: skip"),
    ("trigger", "late: now"), ("settings", "send_window: 9"),
])
def test_a_setting_that_would_do_nothing_is_refused(where: str, inert: str) -> None:
    trigger = f"{{date: birth_date, at: 09:00{', ' + inert if where == 'trigger' else ''}}}"
    line = f"{inert}\n"
    files = company(trigger, settings=SETTINGS + (line if where == "settings" else ""), more=line if where == "campaign" else "")
    problems = problems_of(small_files(**files))
    assert len(problems) == 1
    assert inert.rpartition(", ")[2].partition(":")[0] in problems[0]
