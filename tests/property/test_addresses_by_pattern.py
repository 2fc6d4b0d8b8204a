"""Mail addresses by the quick way are what the library says of them."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from engage.contacts.emails import email
from engage.contacts.places import Unusable

LOCAL = st.from_regex(r"[A-Za-z0-9._+'-]{1,66}", fullmatch=True)
DOMAIN = st.one_of(
    st.from_regex(r"[A-Za-z0-9-]{1,8}(\.[A-Za-z0-9-]{1,5}){0,3}", fullmatch=True),
    st.sampled_from(["example.com", "EXAMPLE.org", "xn--bcher-kva.example", "xn--a.com", "bücher.de", "localhost", "a.test", "1.2.3.4"]),
)


@given(local=LOCAL, domain=DOMAIN)
@example(local="Info", domain="example.com")
@example(local="a" * 64, domain="example.com")
@example(local="a..b", domain="example.com")
def test_a_plain_address_is_what_the_library_makes_of_it(local: str, domain: str) -> None:
    raw = f"{local}@{domain}"
    try:
        expected = validate_email(raw, check_deliverability=False).normalized
    except EmailNotValidError:
        expected = None
    try:
        found = email(raw)
    except Unusable:
        found = None
    assert found == (None if raw.startswith("'") else expected)
