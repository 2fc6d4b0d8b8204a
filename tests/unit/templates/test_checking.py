import re

import pytest

from engage.model.contact import AttributeKind, ChannelKind
from engage.model.expression import Expression
from engage.model.steps import If, Send, WaitFor
from engage.model.time import Duration
from engage.model.triggers import EventTrigger
from engage.model.workspace import Basis
from engage.templates import examine
from engage.templates.uses import told_apart, uses_of
from tests.builders import HERE, a_campaign, a_purpose, a_send, some_settings
from tests.messages import FOOTER, a_written_workspace, found

SMS = {"templates/birthday/sms.txt": "Happy birthday!"}
MAIL = "---\nsubject: Happy birthday\n---\n<html><body>{}" + FOOTER + "</body></html>"


def expression(source: str) -> Expression:
    return Expression(source=source, place=HERE, root=None)


def checked(body: str, *campaigns: object, **more: str) -> list[str]:
    return found({"templates/birthday/email.html": MAIL.replace("{}", body), **SMS, **more}, *campaigns)


def test_a_whole_message_has_no_problems() -> None:
    assert checked("{{ contact.first_name | default('you') }} {{ trigger.years }} {{ contact.birth_date | date }}") == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{{ nobody }}", "4:16: 'nobody' is not given here in campaign birthday"),
        ("{% if false %}{{ trgger.years }}{% endif %}", "4:30: 'trgger' is not given here in campaign birthday; did you mean trigger?"),
        ("{% if false %}{{ contact.plam }}{% endif %}", "4:38: contact has no 'plam'; did you mean plan?"),
        ("{{ trigger.year }}", "4:24: trigger has no 'year' in campaign birthday; did you mean years?"),
        ("{{ message.unsubscribe }}", "4:24: message has no 'unsubscribe'; did you mean unsubscribe_url?"),
        ("{{ contact.first_name | uper }}", "4:37: there is no filter 'uper'; did you mean upper?"),
        ("{% if trigger.years is evn %}{% endif %}", "4:36: there is no test 'evn'; did you mean even?"),
        ("{{ t('hi') }}", "4:19: no phrase 'hi' in locales/"),
        ("{{ message.answer_url('csat.answerd', score=5) }}", "4:36: no event 'csat.answerd' is declared in engage.yaml; did you mean"),
        ("{{ message.answer_url('csat.answered', scor=5) }}", "4:52: csat.answered has no field 'scor'; did you mean score?"),
        ("{{ message.answer_url('csat.answered', score='5') }}", "4:13: score of csat.answered is declared as number"),
        ("{{ message.answer_url('csat.answered', ticket_id=contact.email) }}", "4:13: ticket_id of an answer is no address"),
        ("{{ message.confirm_url('marketin') }}", "4:37: there is no purpose 'marketin'"),
        ("{{ message.confirm_url('service') }}", "4:13: nobody need confirm service: it asks no consent"),
        ("{{ contact.first_name }}", "4:13: contact.first_name may be missing, and then this cannot be rendered; give it a default"),
        ("{{ contact.first_name ~ '!' }}", "4:13: contact.first_name may be missing"),
        ("{% if trigger.years == 2 %}{{ none }}{% endif %}", "4:40: this may be missing; give it a default"),
        ("{% for x in contact.tags %}{% if x %}x{% endif %}", "4:13: this for is never closed with {% endfor %}"),
        ("{{ contact.first_name", "4:13: this tag is never closed with }}"),
        ("{{ contact..first_name }}", "4:13: "),
        ("{{ data.prices }}", "4:21: data has no 'prices'"),
        ("{% include '_partials/none.html' %}", "4:13: there is no file templates/_partials/none.html"),
        ("{% extends '_layouts/none.html' %}", "4:1: what stands outside the blocks"),
    ],
)
def test_what_is_wrong_is_told_at_its_line_and_column(body: str, told: str) -> None:
    assert any(problem.startswith(f"templates/birthday/email.html:{told}") for problem in checked(body)), checked(body)


def test_what_stands_in_a_partial_is_told_there() -> None:
    partial = {"templates/_partials/hello.html": "<p>Hello</p>\n<p>{{ contact.nickname }}</p>\n"}
    assert checked("{% include '_partials/hello.html' %}", **partial) == ["templates/_partials/hello.html:2:15: contact has no 'nickname'"]


def test_an_attribute_that_the_audience_demands_is_not_optional() -> None:
    body = "{{ contact.plan }} {{ contact.city }} {{ contact.company }}"
    campaign = a_campaign(audience=expression("contact.plan in ['basic', 'pro'] and contact.city is not none and contact.country != 'X'"))
    assert [problem.split(": ")[1] for problem in checked(body, campaign)] == [
        "contact.company may be missing, and then this cannot be rendered; give it a default"
    ]


def test_what_campaigns_send_alike_is_rendered_once_and_what_a_template_can_tell_apart_each() -> None:
    audiences = ("contact.plan == 'pro'", "contact.plan == 'pro' and contact.city == 'Oslo'", "contact.plan == 'basic'")
    campaigns = [a_campaign(name=f"c{number}", audience=expression(audience)) for number, audience in enumerate(audiences)]
    uses = uses_of(a_written_workspace(SMS, *campaigns))["birthday"]
    assert [(use.campaign.name, use.channel) for use in told_apart(uses, frozenset({"plan"})) if use.campaign] == [
        ("c0", "email"), ("c0", "sms"), ("c2", "email"), ("c2", "sms"),
    ]
    assert len(list(told_apart(uses, frozenset()))) == 2


def test_what_an_if_demands_counts_in_its_then_and_not_in_its_else() -> None:
    then, otherwise = a_send("0.then.0", channels=("sms",)), a_send("0.else.0", message="other", channels=("sms",))
    step = If(path="0", place=HERE, condition=expression("contact.plan == 'pro'"), then=(then,), otherwise=(otherwise,))
    files = {f"templates/{message}/sms.txt": "{{ contact.plan }}" for message in ("birthday", "other")}
    assert [problem.partition(":")[0] for problem in found(files, a_campaign(step))] == ["templates/other/sms.txt"]


def test_names_given_by_wait_for_and_with_are_known_and_typed() -> None:
    wait = WaitFor(path="0", place=HERE, event="csat.answered", duration=Duration(days=3), as_="answer")
    send = a_send(
        "1",
        channels=("sms",),
        with_={"score": expression("answer.score"), "day": expression("contact.birth_date"), "word": "x", "odd": expression("1 + 1")},
    )
    campaign = a_campaign(wait, send, trigger=EventTrigger(event="ticket.closed"))
    text = "{{ trigger.ticket_id }} {{ answer.score | number }} {{ score | number }}"
    text += " {{ day | date }} {{ word }} {{ odd | number }} {{ trigger.event_at | date }}"
    assert found({"templates/birthday/sms.txt": text}, campaign) == []
    assert found({"templates/birthday/sms.txt": "{{ answer.scor }}{{ wrd }}"}, campaign) == [
        "templates/birthday/sms.txt:1:11: answer has no 'scor' in campaign birthday; did you mean score?",
        "templates/birthday/sms.txt:1:21: 'wrd' is not given here in campaign birthday; did you mean word?",
    ]


def test_promotional_mail_needs_an_unsubscribe_link_and_transactional_mail_does_not() -> None:
    files = {"templates/birthday/email.html": "---\nsubject: x\n---\n<html><body>x</body></html>", **SMS}
    assert "is promotional: it needs a link" in found(files)[0]
    assert found(files, a_campaign(a_send(purpose="service"))) == []
    opted = some_settings(purposes={"care": a_purpose(consent={**dict.fromkeys(ChannelKind, Basis.OPT_IN), ChannelKind.EMAIL: Basis.NONE})})
    assert found(files, settings=opted) == []


def test_promotional_mail_without_the_postal_address_is_worth_a_warning() -> None:
    def warned(body: str) -> int:
        return len(examine(a_written_workspace({"templates/birthday/email.html": MAIL.replace("{}", body), **SMS})).warnings)

    assert [warned("x"), warned("<p>{{ company.address }}</p>")] == [1, 0]


def test_a_text_part_of_its_own_needs_the_link_too() -> None:
    assert checked("x", **{"templates/birthday/email.txt": "no link"})[0].startswith(
        "templates/birthday/email.txt:0:0: a mail for care is promotional: it's text part"
    )


def test_translations_that_lack_something_are_refused_unless_allowed() -> None:
    files = {
        **SMS,
        "locales/en.yaml": "a: 'Hi {who}'\nb: {one: one, other: '{n}'}\nc: x\n",
        "locales/sl.yaml": "a: Živjo\nb: {one: en, other: '{n}'}\n",
        "locales/lv.yaml": "a: 'Sveiki {who}, {what}'\nb: x\nc: x\nd: x\n",
    }
    assert found(files) == [
        "locales/lv.yaml:1:1: {what} is not handed to 'a' (en has no such value)",
        "locales/lv.yaml:2:1: 'b' has plural forms in en (locales/en.yaml:2:1) but none here",
        "locales/lv.yaml:4:1: en, the workspace's language, has no phrase 'd'",
        "locales/sl.yaml:0:0: the phrase 'c' is missing (in en: locales/en.yaml:3:1)",
        "locales/sl.yaml:1:1: {who} is missing in 'a' (in en: locales/en.yaml:1:1)",
        "locales/sl.yaml:2:1: sl needs the plural form two, few too",
    ]
    assert found(files, allow_missing=True) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {one: x, two: y, other: z}", "en has no plural form 'two'"),
        ("a: {one: x, oter: y, other: z}", "'oter' is no plural form"),
        ("a: [x]", "a phrase is a text"),
        ("a: x\na: y", "'a' is given twice"),
        ("a: &x y\nb: *x", "anchors"),
        ("a: 'x", "not YAML"),
        ("- a", "name"),
    ],
)
def test_a_broken_file_of_phrases_is_told_at_its_place(text: str, told: str) -> None:
    problems = found({**SMS, "locales/en.yaml": text})
    assert re.match(rf"locales/en\.yaml:\d+:\d+: .*{told}", problems[0]), problems


def test_plural_in_a_template_needs_every_form_of_its_language() -> None:
    files = {**SMS, "templates/birthday/sms.uk.txt": "{{ plural(trigger.years, one='рік', other='років') }}"}
    assert found(files) == ["templates/birthday/sms.uk.txt:1:4: uk needs the plural form few, many too"]
    assert found(files, allow_missing=True) == []


def test_files_that_belong_to_no_channel_are_told_unless_a_mail_attaches_them() -> None:
    files = {**SMS, "templates/birthday/terms.txt": "x", "templates/birthday/sms.xx-YY.txt": "x", "templates/birthday/sms.mjml": "x"}
    assert [problem.partition(": ")[2].partition(",")[0] for problem in found(files)] == [
        "sms is not made of .mjml but of .txt", "'xx-YY' is no language that CLDR knows", "there is no channel or kind of channel 'terms'",
    ]  # fmt: skip
    attaching = {"templates/birthday/email.html": MAIL.replace("---\nsubject", "---\nattachments: [terms.txt]\nsubject", 1), **SMS}
    assert found({**attaching, "templates/birthday/terms.txt": "x"}) == []


def test_a_long_text_is_worth_a_warning_only() -> None:
    findings = examine(a_written_workspace({"templates/birthday/sms.txt": "ž" * 700}))
    assert findings.problems == ()
    assert [str(warning) for warning in findings.warnings] == [
        "templates/birthday/sms.txt:0:0: this text takes more than 10 segments, each of which is paid"
    ]


def test_block_kit_that_breaks_is_told() -> None:
    files = {"templates/birthday/chat.json.j2": '[{"type": "section", "text": {{ trigger.years }} }'}
    send = Send(path="0", place=HERE, message="birthday", channels=("chat",), purpose="care", expires=Duration(days=1))
    assert "does not make JSON" in found(files, a_campaign(send))[0]


def test_numbers_of_every_plural_form_are_tried() -> None:
    settings = some_settings(attributes={"visits": AttributeKind.NUMBER, "birth_date": AttributeKind.DATE})
    files = {"templates/birthday/sms.txt": "{% if contact.visits == 11 %}{{ none }}{% endif %}"}
    assert len(found(files, settings=settings)) == 1


def test_what_a_contact_may_prefer_must_be_written() -> None:
    campaign = a_campaign(a_send(channels=("preferred", "sms")))
    problems = found(SMS, campaign)
    assert [problem.partition(": ")[2] for problem in problems] == [
        "a contact may prefer chat, for which birthday has no template (templates/birthday/chat.*)",
        "a contact may prefer email, for which birthday has no template (templates/birthday/email.*)",
    ]
    assert all(problem.startswith(str(HERE)) for problem in problems)


def test_a_segment_is_asked_both_ways() -> None:
    assert len(found({"templates/birthday/sms.txt": "Hi{% if not in_segment('vip') %}{{ none }}{% endif %}"})) == 1
