"""Whatever address a template makes: it leads to the very target, or stands as it is; and no changed token leads anywhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from engage.model.tokens import BadToken, TokenPayload, sign_with, verify_with
from engage.model.tracking import LONGEST_TARGET, is_target
from engage.templates.marking import Marks, with_utm
from engage.web.following import location

PAYLOAD = TokenPayload(delivery_id=5, contact_id=7)
HOSTILE = st.sampled_from([
    "javascript:", "data:", "//", "\\\\", "/\\", "https:", "https://", "HTTPS://", "http:/", "\t", "\r\n", "\x00", "@", ":", "#", "?", " ",
    "evil.example", "%0d%0a", "\u202e", "。", "[::1]", "..", "&", "utm_source=x", "user:pw@",
])
ADDRESSES = st.one_of(
    st.lists(st.one_of(HOSTILE, st.text(max_size=5)), max_size=8).map("".join),
    st.lists(st.one_of(HOSTILE, st.text(max_size=5)), max_size=6).map(lambda parts: "https://shop.example/" + "".join(parts)),
)


def signed(url: str) -> str:
    return "https://engage.example.com/c/" + sign_with(b"secret", "c", PAYLOAD, url, longest=LONGEST_TARGET)


@given(ADDRESSES)
def test_a_link_leads_to_the_very_target_or_stands_as_it_is(url: str) -> None:
    made = Marks(utm=(), own=(), sign=signed).link(url)
    if made == url:
        return
    payload, target = verify_with(b"secret", "c", made.rpartition("/")[2], longest=LONGEST_TARGET)
    assert (payload, target) == (PAYLOAD, url)
    there = location(target)
    assert there.isascii()
    assert there.isprintable()
    assert there.lower().startswith(("http://", "https://"))
    found = urlsplit(there)
    assert found.hostname
    assert "@" not in found.netloc
    assert "\\" not in there


@given(ADDRESSES.filter(is_target), st.data())
def test_no_changed_token_leads_anywhere(url: str, data: st.DataObject) -> None:
    token = sign_with(b"secret", "c", PAYLOAD, url, longest=LONGEST_TARGET)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_").filter(lambda one: one != token[at]))
    for changed in (token[:at] + letter + token[at + 1:], token[:at], token + letter):
        try:
            verify_with(b"secret", "c", changed, longest=LONGEST_TARGET)
        except BadToken:
            continue
        raise AssertionError(f"{changed} leads somewhere")


@given(ADDRESSES.filter(is_target))
def test_utm_changes_nothing_but_the_query(url: str) -> None:
    made = with_utm(url, (("source", "a b&c"),))
    assert is_target(made)
    assert urlsplit(made)[:3] == urlsplit(url)[:3]
    assert with_utm(made, (("source", "other"),)) == made
