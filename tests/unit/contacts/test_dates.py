"""Dates are read as the user says that they are written, and as ISO 8601 always."""

from __future__ import annotations

import pytest

from engage.contacts.dates import DateFormat, DateFormats
from engage.model.errors import InputError


@pytest.mark.parametrize(("form", "raw", "iso"), [
    ("dd.mm.yyyy", "03.04.1990", "1990-04-03"), ("d. m. yyyy", "3. 4. 1990", "1990-04-03"), ("mm/dd/yyyy", "03/04/1990", "1990-03-04"),
    ("yyyy/mm/dd", "1990/03/04", "1990-03-04"), ("dd-mm-yyyy", "03-04-1990", "1990-04-03"),
    ("dd.mm.yyyy", "03.04.1990 9:30", "1990-04-03T09:30"),
    ("dd.mm.yyyy", "03.04.1990 09:30:15", "1990-04-03T09:30:15"), ("dd.mm.yyyy", "1990-04-03", "1990-04-03"),
    ("dd.mm.yyyy", "03/04/1990", "03/04/1990"), ("dd.mm.yyyy", "31.02.1990", "31.02.1990"), ("dd.mm.yyyy", "3.4.90", "3.4.90"),
])
def test_a_date_of_the_declared_form_becomes_iso_and_all_else_stays(form: str, raw: str, iso: str) -> None:
    assert DateFormat.of(form).iso(raw) == iso


@pytest.mark.parametrize("form", ["dd.mm.yy", "dd.mm", "dd.dd.yyyy", "european", "dd.mm/yyyy", ""])
def test_a_form_that_leaves_something_open_is_refused(form: str) -> None:
    with pytest.raises(InputError, match="no form of a date"):
        DateFormat.of(form)


def test_one_column_may_write_its_dates_otherwise() -> None:
    formats = DateFormats.of(["dd.mm.yyyy", "birth_date=mm/dd/yyyy"])
    birth, other = formats.of_attribute("birth_date"), formats.of_attribute("customer_since")
    assert birth is not None
    assert other is not None
    assert (birth.written, other.written) == ("mm/dd/yyyy", "dd.mm.yyyy")
