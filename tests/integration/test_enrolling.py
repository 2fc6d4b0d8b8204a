"""People who are named enter a campaign, by the planner and by `engage enroll`; its own rules hold for them too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from engage.model.history import Kind
from engage.model.workspace import Workspace
from engage.planning.enrolling import Fate
from engage.store.database import Database
from tests.contract.store_benches import at_once
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace
from tests.typed import Ended, Engage

HELLO = """\
purpose: service
status: live
trigger: {manual: true}
send: hello
channels: [email]
"""
TEMPLATE = "---\nsubject: Hello\n---\nHello, {{ trigger.what }}!\n"


def workspace(more: str = "", **changed: str | None) -> Workspace:
    """A campaign `hello` that is entered by hand."""
    files = {"campaigns/hello.yaml": HELLO + more, "templates/hello/email.md": TEMPLATE, "campaigns/newsletter.yaml": None}
    return small_workspace(**{**files, **changed})


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, workspace())
    made.know("ana", "bor", "eva")
    yield made
    made.close()


def enroll(
    works: Works, *labels: str, campaign: str = "hello", key: str = "k1", data: Mapping[str, object] | None = None
) -> dict[str, Fate]:
    ids = {}
    for label in labels:
        contact = works.people.find(label)
        assert contact is not None
        ids[contact.id] = label
    asked = works.workspace.campaigns[campaign]
    found = works.planner.enroll(asked, list(ids), data={"what": "you"} if data is None else data, key=key, now=works.clock.now())
    return {ids[contact_id]: fate for contact_id, fate in found.items()}


def test_those_named_enter_with_the_callers_data_and_under_one_key_once(works: Works) -> None:
    assert enroll(works, "ana", "bor") == {"ana": Fate.ENTERED, "bor": Fate.ENTERED}
    assert enroll(works, "bor", "eva") == {"bor": Fate.ALREADY, "eva": Fate.ENTERED}
    assert enroll(works, "ana", key="k2") == {"ana": Fate.ENTERED}
    works.settle()
    assert sorted(works.sent()) == ["ana@example.com", "ana@example.com", "bor@example.com", "eva@example.com"]
    assert all("Hello, you!" in message.rendered.content.text for message in works.channels["email"].sent)


def test_the_audience_re_entry_and_the_holdout_hold(works: Works) -> None:
    works.accept(workspace("audience: contact.plan == 'pro'\nre_entry: never\n"))
    works.know("ana", plan="pro")
    assert enroll(works, "ana", "bor") == {"ana": Fate.ENTERED, "bor": Fate.AUDIENCE}
    assert enroll(works, "ana", key="k2") == {"ana": Fate.RE_ENTRY}
    works.accept(workspace("holdout: 99%\n"))
    assert enroll(works, "eva") == {"eva": Fate.HELD_OUT}
    works.settle()
    assert works.sent() == ["ana@example.com"]


def test_any_live_campaign_takes_them_and_no_other(works: Works) -> None:
    assert enroll(works, "ana", campaign="follow_up", data={"ticket_id": "T-1"}) == {"ana": Fate.ENTERED}
    works.play(MONDAY + timedelta(days=2))
    assert works.sent() == ["ana@example.com"]
    works.operations.pause("campaign", "hello", now=works.clock.now())
    assert enroll(works, "ana") == {"ana": Fate.PAUSED}
    works.accept(workspace(**{"campaigns/hello.yaml": HELLO.replace("live", "draft")}))
    assert enroll(works, "ana") == {"ana": Fate.NOT_LIVE}
    assert len(works.touches(Kind.ENTERED)) == 1


def test_ten_who_enroll_the_same_at_once_enroll_each_once(works: Works) -> None:
    found = at_once(10, lambda _: enroll(works, "ana", "bor", "eva"))
    assert len(works.touches(Kind.ENTERED)) == 3
    assert {fate for each in found for fate in each.values()} <= {Fate.ENTERED, Fate.ALREADY}


@pytest.fixture
def engage(typed: Engage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engage:
    """Types a command in the workspace, with three people imported."""
    for name, text in {**FILES, "campaigns/hello.yaml": HELLO, "templates/hello/email.md": TEMPLATE}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "people.csv").write_text("external_id,email\nana,ana@example.com\nbor,bor@example.com\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert typed("import", "people.csv").status == 0
    return typed


def outcomes(ended: Ended) -> dict[object, object]:
    return {row["contact"]: row["outcome"] for row in ended.json()}


def test_engage_enroll_tells_what_became_of_each_and_repeats_nothing_under_a_key(engage: Engage, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("bor\n\nnobody@example.com\n", encoding="utf-8")
    words = ("enroll", "hello", "ana", "--data", json.dumps({"what": "you"}), "--key", "k1", "--json")
    assert (engage(*words).status, outcomes(engage(*words))) == (0, {"ana": "already"})
    both = engage(*words, "--file", "more.txt")
    assert both.status == 1
    assert outcomes(both) == {"ana": "already", "bor": "entered", "nobody@example.com": "unknown"}


def test_engage_enroll_without_a_key_enters_anew_each_time(engage: Engage) -> None:
    ended = [engage("enroll", "hello", "ana@example.com", "--json") for _ in range(2)]
    assert [outcomes(each) for each in ended] == [{"ana@example.com": "entered"}] * 2


@pytest.mark.parametrize(("words", "complaint"), [
    (("enroll", "helo", "ana"), "did you mean hello?"),
    (("enroll", "hello"), "name at least one contact"),
    (("enroll", "hello", "ana", "--data", "[]"), "--data must be a JSON object"),
    (("enroll", "hello", "--file", "nowhere.txt"), "cannot be read"),
])
def test_engage_enroll_says_what_is_wrong(engage: Engage, words: tuple[str, ...], complaint: str) -> None:
    ended = engage(*words)
    assert ended.status == 1
    assert complaint in ended.err
