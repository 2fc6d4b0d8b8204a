"""`engage key`: keys of the API, as somebody types the commands."""

from __future__ import annotations

import pytest

from tests.typed import Engage


def test_a_key_is_shown_once_listed_by_its_ending_and_revoked(engage: Engage) -> None:
    made = engage("key", "create", "--role", "sender", "--name", "shop", "--expires", "90d", "--rate", "5")
    text = made.out.strip()
    assert (made.status, text.startswith("engage_"), "not shown again" in made.err) == (0, True, True)
    (listed,) = engage("key", "list", "--json").json()
    assert (listed["name"], listed["role"], listed["rate"], listed["ending"], listed["state"]) == ("shop", "sender", 5.0, text[-4:], "good")
    assert listed["expires_at"]
    assert text not in engage("key", "list").out
    assert engage("key", "revoke", str(listed["id"])).status == 0
    assert [row["state"] for row in engage("key", "list", "--json").json()] == ["revoked"]


@pytest.mark.parametrize(("words", "status", "told"), [
    (("create",), 2, "--role"), (("create", "--role", "king"), 2, "king"),
    (("create", "--role", "viewer", "--expires", "soon"), 1, "duration"),
    (("create", "--role", "viewer", "--name", ""), 1, "1 to 100"), (("create", "--role", "viewer", "--rate", "0"), 2, "rate"),
    (("create", "--role", "viewer", "--expires", "-1d"), 1, "past"), (("revoke", "7"), 1, "no key 7"),
])
def test_what_is_wrong_is_said(engage: Engage, words: tuple[str, ...], status: int, told: str) -> None:
    ended = engage("key", *words)
    assert (ended.status, told in ended.err) == (status, True), ended.err
    assert engage("key", "list", "--json").json() == []
