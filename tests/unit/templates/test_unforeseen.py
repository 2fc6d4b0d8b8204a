"""What only the caller knows (a trigger by hand, the answer of a call) is checked and previewed as the templates read it."""

from __future__ import annotations

from engage.model.contact import ChannelKind
from engage.model.steps import Call
from engage.model.triggers import ManualTrigger
from engage.rules.expressions import Names, parse
from engage.templates import Templates
from tests.builders import HERE, a_campaign, a_send
from tests.messages import a_text, a_written_workspace, found

CALL = Call(path="0", place=HERE, endpoint="gifts", as_="gift")
BY_HAND = a_campaign(CALL, a_send("1", channels=("sms",)), trigger=ManualTrigger())


def found_in(text: str) -> list[str]:
    return found({"templates/birthday/sms.txt": text}, BY_HAND)


def test_any_field_may_be_read_in_whatever_way() -> None:
    assert found_in("{{ trigger.code }} {{ trigger.until | date }} {{ trigger.count | default(0) | number }}") == []
    assert found_in("{{ trigger.price }} {{ trigger.amount | money('EUR') }}") == []
    assert found_in("{% for item in gift.things %}{{ item }}{% endfor %} {{ gift.code.value }} {{ gift['who'] | join(', ') }}") == []
    assert found_in("Hi! {% if trigger.count > 3 %}{{ trigger.count | number }}{% endif %}") == []


def test_what_is_wrong_beside_them_is_found_all_the_same() -> None:
    assert found_in("{{ trigger.code }} {{ contact.first_name }}")[0].startswith(
        "templates/birthday/sms.txt:1:20: contact.first_name may be missing"
    )
    assert found_in("{{ gitf.code }}") == [
        "templates/birthday/sms.txt:1:4: 'gitf' is not given here in campaign birthday; did you mean gift?"
    ]


def test_an_answer_is_printed_with_all_that_it_holds() -> None:
    values = {"gift": {"code": {"value": "X1"}, "price": {"amount": "12.30", "currency": "EUR"}}}
    text = a_text("{{ gift.code.value }} {{ gift.price }} {{ trigger.who }}", values=values, trigger={"who": "Bo"})

    assert text == "X1 €12.30 Bo"


def test_a_guess_has_the_fields_that_the_message_and_its_values_read() -> None:
    workspace = a_written_workspace({"templates/birthday/sms.txt": "{{ trigger.code }} {{ day | date }} {{ gift.a.b }}"}, BY_HAND)
    templates = Templates(workspace, secret=b"x")
    handed = {"day": parse("trigger.until", place=HERE, names=Names(attributes={}))}

    def guess(root: str) -> object:
        return templates.guessed("birthday", channel_kind=ChannelKind.SMS, channel_name="sms", root=root, handed=handed)

    assert guess("trigger") == {"code": "sample", "until": "2026-03-02"}
    assert guess("gift") == {"a": {"b": "sample"}}


def test_values_of_unknown_kind_are_each_what_their_use_suggests() -> None:
    handed = {name: parse(f"trigger.{name}", place=HERE, names=Names(attributes={})) for name in ("day", "count", "price")}
    campaign = a_campaign(a_send("0", channels=("sms",), with_=handed), trigger=ManualTrigger())
    text = "{{ day | date }} {{ count | number }} {{ price | money('EUR') }}"

    assert found({"templates/birthday/sms.txt": text}, campaign) == []
