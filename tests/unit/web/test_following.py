"""`/c/` and `/o/`: a link leads on whatever happens, what is seen is written once and later, and machines are not taken for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.feedback.lookout import EARLY, HOLD
from engage.model.tokens import TokenPayload, sign, sign_with
from engage.model.tracking import LONGEST_TARGET, Allowed, TrackingRules
from engage.store.schema.tables import deliveries, events, touches
from tests.builders import NOON
from tests.unit.web.site import Visitor

TARGET = "https://shop.example/sale?a=1&b=%C4%8D#top"
PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def visitor() -> Visitor:
    visitor = Visitor()
    visitor.clock.moment = LATER
    return visitor


def click(visitor: Visitor, target: str = TARGET, *, delivery: int | None = None) -> str:
    payload = TokenPayload(delivery_id=visitor.delivery if delivery is None else delivery, contact_id=visitor.ana)
    return f"/c/{sign_with(visitor.database.secret(), 'c', payload, target, longest=LONGEST_TARGET)}"


def picture(visitor: Visitor) -> str:
    return f"/o/{sign(visitor.database.secret(), 'o', TokenPayload(delivery_id=visitor.delivery, contact_id=visitor.ana))}.gif"


def come(visitor: Visitor, path: str, *, settle: bool = True, method: str = "GET", **headers: str) -> int:
    sent = {**PERSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = visitor.client.request(method, path, headers=sent)
    if settle:
        visitor.monotonic += HOLD
        visitor.lookout.settle()
    return answer.status_code


def told(visitor: Visitor) -> list[tuple[str, str | None, str | None]]:
    """Kind, url, and how a machine was known, of what came back."""
    asked = sa.select(touches).where(touches.c.kind.in_(["opened", "clicked"])).order_by(touches.c.id)
    with visitor.database.read() as connection:
        rows = connection.execute(asked).mappings().all()
    assert all(bool(row["detail"].get("machine")) is (row["reason"] is not None) for row in rows)
    return [(row["kind"], row["detail"].get("url"), row["reason"]) for row in rows]


def pending(visitor: Visitor) -> list[tuple[str, str | None]]:
    with visitor.database.read() as connection:
        rows = connection.execute(sa.select(events.c.type, events.c.data).order_by(events.c.id))
        return [(row.type, row.data.get("url")) for row in rows]


def test_a_link_leads_on_and_is_a_touch_and_an_event_once_however_often_it_is_followed(visitor: Visitor) -> None:
    answer = visitor.client.get(click(visitor), headers=PERSON)
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, TARGET, b"")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    for _ in range(3):
        assert come(visitor, click(visitor)) == 302
    assert told(visitor) == [("clicked", TARGET, None)]
    assert pending(visitor) == [("message.clicked", TARGET)]
    assert visitor.intake.nudged == 1
    exposed = visitor.metrics.exposed(None)[0].decode()
    assert 'engage_sights_total{by="person",kind="clicked"} 1.0' in exposed
    assert 'engage_sights_total{by="again",kind="clicked"} 3.0' in exposed


def test_what_another_process_has_written_is_not_written_again(visitor: Visitor) -> None:
    come(visitor, click(visitor))
    visitor.lookout._known.clear()
    come(visitor, click(visitor))
    assert told(visitor) == [("clicked", TARGET, None)]


def test_the_picture_tells_that_the_mail_was_opened(visitor: Visitor) -> None:
    answer = visitor.client.get(picture(visitor), headers=PERSON)
    assert (answer.status_code, answer.headers["content-type"], answer.content[:6]) == (200, "image/gif", b"GIF89a")
    assert answer.headers["cache-control"] == "no-store"
    visitor.lookout.settle()
    assert told(visitor) == [("opened", None, None)]
    assert pending(visitor) == [("message.opened", None)]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"User_Agent": "Mozilla/5.0"}, "proxy"),
        ({"User_Agent": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"}, "proxy"),
        ({"User_Agent": "Barracuda Sentinel (EE)"}, "scanner"),
        ({"User_Agent": "python-requests/2.32"}, "program"),
        ({"User_Agent": ""}, "program"),
        ({"Purpose": "prefetch"}, "prefetch"),
        ({"Sec_Purpose": "prefetch;prerender"}, "prefetch"),
        ({"X_Moz": "prefetch"}, "prefetch"),
        ({"X_Forwarded_For": "9.9.9.9, 40.94.1.2, 40.107.3.4"}, "scanner"),
        ({"X_Forwarded_For": "2a01:111:f400::5"}, "scanner"),
    ],
)
def test_a_machine_is_written_as_one_and_its_reader_counts_all_the_same(visitor: Visitor, headers: dict[str, str], reason: str) -> None:
    come(visitor, click(visitor), **headers)
    assert told(visitor) == [("clicked", TARGET, reason)]
    assert pending(visitor) == []
    come(visitor, click(visitor))
    assert told(visitor)[1:] == [("clicked", TARGET, None)]


@pytest.mark.parametrize(
    "program", [
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/8.0; Microsoft Outlook 16.0.4266; ms-office; MSOffice 16)",
    ],
)
def test_what_fetches_pictures_for_a_reader_who_opens_the_mail_is_no_machine(visitor: Visitor, program: str) -> None:
    come(visitor, picture(visitor), User_Agent=program)
    assert told(visitor) == [("opened", None, None)]


def test_who_asks_for_the_head_alone_is_led_on_and_is_a_machine(visitor: Visitor) -> None:
    assert come(visitor, click(visitor), method="HEAD") == 302
    assert come(visitor, picture(visitor), method="HEAD") == 200
    assert told(visitor) == [("clicked", TARGET, "head"), ("opened", None, "head")]


def test_what_comes_within_seconds_of_the_hand_off_is_a_machines(visitor: Visitor) -> None:
    visitor.clock.moment = NOON + EARLY / 2
    come(visitor, click(visitor))
    come(visitor, picture(visitor))
    assert told(visitor) == [("clicked", TARGET, "early"), ("opened", None, "early")]
    visitor.clock.moment = LATER
    come(visitor, click(visitor))
    assert told(visitor)[2:] == [("clicked", TARGET, None)]


def test_all_links_at_once_are_followed_by_a_machine_the_first_and_the_last_too(visitor: Visitor) -> None:
    links = [f"https://shop.example/{number}" for number in range(4)]
    for link in links:
        come(visitor, click(visitor, link), settle=False)
        visitor.monotonic += 0.4
    visitor.monotonic += HOLD - 1.5
    visitor.lookout.settle()
    come(visitor, click(visitor, "https://shop.example/last"))
    assert told(visitor) == [("clicked", link, "at_once") for link in [*links, "https://shop.example/last"]]
    visitor.monotonic += 60
    come(visitor, click(visitor, links[0]))
    assert told(visitor)[-1] == ("clicked", links[0], None)


def test_two_links_that_are_followed_one_after_the_other_are_a_persons(visitor: Visitor) -> None:
    for number in range(2):
        come(visitor, click(visitor, f"https://shop.example/{number}"), settle=False)
        visitor.monotonic += 3
    visitor.monotonic += HOLD
    visitor.lookout.settle()
    assert [reason for _, _, reason in told(visitor)] == [None, None]


@pytest.mark.parametrize("header", ["Sec_GPC", "DNT"])
def test_nothing_is_written_of_who_asks_not_to_be_tracked(visitor: Visitor, header: str) -> None:
    assert come(visitor, click(visitor), **{header: "1"}) == 302
    assert come(visitor, picture(visitor), **{header: "1"}) == 200
    assert told(visitor) == []


@pytest.mark.parametrize("case", ["erased", "no", "country", "staff", "preview", "gone"])
def test_the_link_leads_on_for_those_of_whom_nothing_may_be_written(visitor: Visitor, case: str) -> None:
    path = click(visitor, delivery=0) if case == "preview" else click(visitor, delivery=10**6) if case == "gone" else click(visitor)
    match case:
        case "erased":
            with visitor.database.begin() as connection:
                connection.execute(sa.text("update contacts set erased_at = written_at"))
        case "no":
            visitor.people.change(visitor.ana, {"tracking": False}, now=LATER)
        case "country":
            visitor.people.change(visitor.ana, {"country": "DE"}, now=LATER)
            rules = TrackingRules(by_country={"DE": Allowed.ASK})
            visitor.workspace = replace(visitor.workspace, settings=replace(visitor.workspace.settings, tracking=rules))
        case "staff":
            with visitor.database.begin() as connection:
                connection.execute(deliveries.update().values(payload={"to": "#support"}))
    assert come(visitor, path) == 302
    assert told(visitor) == []


@contextmanager
def away(visitor: Visitor) -> Iterator[None]:
    """A database that cannot be written or read."""
    with visitor.database.begin() as connection:
        connection.execute(sa.text("alter table deliveries rename to elsewhere"))
    yield
    with visitor.database.begin() as connection:
        connection.execute(sa.text("alter table elsewhere rename to deliveries"))


def test_a_link_leads_on_while_the_database_is_away_and_is_written_once_it_is_back(visitor: Visitor) -> None:
    with away(visitor):
        assert come(visitor, click(visitor)) == 302
        assert come(visitor, click(visitor, "https://shop.example/other")) == 302
    visitor.lookout.settle()
    assert [url for _, url, _ in told(visitor)] == [TARGET, "https://shop.example/other"]


@pytest.mark.parametrize("change", ["cut", "longer", "other kind", "byte", "words", "picture"])
def test_what_we_did_not_sign_gets_a_friendly_page_and_leads_nowhere(visitor: Visitor, change: str) -> None:
    path = click(visitor)
    wrong = {
        "cut": path[:-3], "longer": path + "A", "other kind": path.replace("/c/", "/a/"),
        "byte": path[:40] + ("A" if path[40] != "A" else "B") + path[41:],
        "words": "/c/https:%2F%2Fevil.example", "picture": "/o/nothing.gif",
    }[change]
    answer = visitor.client.get(wrong, headers={**PERSON, "Accept": "text/html", "Accept-Language": "sl"})
    assert (answer.status_code, "location" in answer.headers) == (404, False)
    assert "Ta povezava ne deluje" in answer.text
    assert "evil" not in answer.text
    assert told(visitor) == []


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "//evil.example", "https://a@evil.example/", "https://x.example/\r\nSet-Cookie: a=b", "/relative"]
)
def test_not_even_what_we_signed_leads_to_anything_but_a_web_address(visitor: Visitor, target: str) -> None:
    answer = visitor.client.get(click(visitor, target), headers=PERSON)
    assert (answer.status_code, "location" in answer.headers) == (404, False)


def test_an_address_beyond_ascii_becomes_one_that_a_header_can_carry(visitor: Visitor) -> None:
    answer = visitor.client.get(click(visitor, "https://shop.example/знижки?x={a}|b"), headers=PERSON)
    assert answer.headers["location"] == "https://shop.example/%D0%B7%D0%BD%D0%B8%D0%B6%D0%BA%D0%B8?x={a}|b"


def test_the_message_in_the_browser_has_no_picture_that_tells_of_it() -> None:
    address = "https://engage.example.com/o/" + "A" * 44 + ".gif"
    html = f'<p>Hi</p><img src="{address}" width="1" height="1" alt="" border="0" style="height:1px;width:1px;border:0">'
    visitor = Visitor(html=html)
    assert '<div role="main"><p>Hi</p></div>' in visitor.client.get(visitor.link("v")).text
