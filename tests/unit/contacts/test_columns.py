"""What the columns of a file mean is settled before a row is read."""

from __future__ import annotations

import pytest

from engage.contacts.columns import Columns, ConsentColumn, understand
from engage.model.contact import AttributeKind, ChannelKind
from engage.model.errors import InputError
from tests.builders import some_settings


def columns_of(*names: str, mapping: dict[str, str] | None = None) -> Columns:
    return understand(names, mapping or {}, some_settings(), file="people.csv")


def test_built_in_and_declared_attributes_are_known() -> None:
    columns = columns_of("external_id", "birth_date")
    assert columns.attributes == {"external_id": ("external_id", AttributeKind.TEXT), "birth_date": ("birth_date", AttributeKind.DATE)}


def test_a_column_can_be_given_another_name_or_left_out() -> None:
    columns = columns_of("Mail", "Notes", mapping={"Mail": "email", "Notes": ""})
    assert columns.attributes == {"Mail": ("email", AttributeKind.TEXT)}
    assert columns.targets == {"Mail": "email"}


def test_consent_columns_name_a_purpose_and_perhaps_a_channel() -> None:
    columns = columns_of("email", "consent.care", "consent.care.sms", "consent_at", "consent_source")
    assert columns.consents == {
        "consent.care": ConsentColumn(purpose="care", channel=None),
        "consent.care.sms": ConsentColumn(purpose="care", channel=ChannelKind.SMS),
    }
    assert columns.circumstances == {"consent_at": "consent_at", "consent_source": "consent_source"}


def test_the_columns_of_a_mended_file_of_refused_rows_are_passed_over() -> None:
    assert set(columns_of("email", "refused_line", "refused_reason").attributes) == {"email"}


@pytest.mark.parametrize(("names", "mapping", "told"), [
    (("email", "First Name"), {}, "unknown column 'First Name'; did you mean --map 'First Name=first_name'"),
    (("email", "shoe_size_and_more"), {}, "declare it under attributes"),
    (("email", "consent.caer"), {}, "there is no purpose 'caer'; did you mean care"),
    (("email", "consent.care.emial"), {}, "after the purpose comes email, sms, chat or nothing; did you mean email"),
    (("email", "consent.care.email.x"), {}, "after the purpose"),
    (("email", "Mail"), {"Mail": "email"}, "two columns mean email"),
    (("email",), {"Emall": "city"}, "which is not there"),
    (("first_name",), {}, "no column tells people apart"),
])
def test_what_is_wrong_with_the_columns_refuses_the_whole_file(names: tuple[str, ...], mapping: dict[str, str], told: str) -> None:
    with pytest.raises(InputError) as caught:
        columns_of(*names, mapping=mapping)
    assert told in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        columns_of("emial", "consent.none", "shoe")
    assert len(caught.value.problems) == 3
