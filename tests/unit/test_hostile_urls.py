"""Hostile URLs against every place that takes one to fetch, sign or lead to: none gets through."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aiohttp import ThreadedResolver

from engage.channels import load_channels
from engage.channels.endpoint import load_endpoints, load_outlets
from engage.channels.public_address import ForbiddenAddress, PublicResolver
from engage.hooks.ports import Unreachable
from engage.model.errors import InputError
from engage.model.workspace import Settings
from engage.rules.settings import load_settings
from tests.unit.hooks.desk import Desk, sns
from tests.unit.web.site import Visitor
from tests.workspaces import files_of
from workers.fetching import Fetcher
from workers.loop import LoopThread

WHSEC = "whsec_" + "c2VjcmV0" * 4
SMALL = {
    "company": {"name": "Aurora"}, "public_url": "https://engage.example.com", "purposes": {"care": {"consent": "opt_in"}},
    "channels": {"email": {"adapter": "smtp", "url": "smtp://127.0.0.1:25", "from": "a@b.example"}},
}

INSIDE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "192.0.0.192", "198.18.0.1", "224.0.0.1", "0.0.0.0",
    "255.255.255.255", "[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]",
    "[::10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[2002:a00:1::]", "[2001:0:a00:1::]",
    "[2001:db8::1]", "[fec0::1]", "[5f00::1]",
]
"""Addresses that are not on the public internet."""

DISGUISED = [
    "0x7f.1", "0x7f000001", "127.1", "2130706433", "017700000001", "0177.0.0.1", "10.1", "0xa.0.0.1", "127.0.0.1.", "169.254.43518",
    "①②⑦.⓪.⓪.①", "127。0。0。1", "127.0．0.1", "lo𝒸alhost", "[::ffff:127.0.0.1%eth0]", "[fe80::1%25eth0]", "%31%32%37.0.0.1",
    "good.example@10.0.0.1", "good.example:x@10.0.0.1", "good.example\\@10.0.0.1", "good.example\\.evil.example", "good.example#@10.0.0.1",
    "good.example\t.evil.example", "good.example\r\nHost: evil.example", "good.example\x00.evil.example", "good .example", "",
    "good.example:99999", "good.example:-1", "-evil.example", "a" * 3_000 + ".example",
]
"""Hosts that programs read in more ways than one."""

HOSTS = [*INSIDE, *DISGUISED]

WHOLE = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "gopher://good.example/", "ftp://good.example/",
    "//evil.example/", "/\\evil.example", "https:/evil.example", "https:evil.example", "https:///evil.example", "https:\\\\evil.example",
    " https://good.example/", "https://good.example/\r\nSet-Cookie: a=b", "https://good.example/\n", "https://good.example/%0d\x00",
    "https://good.example/\x7f", "https://good.example/<script>", "https://good.example/\u2028", "https://good.example/" + "a" * 3_000,
    "java\tscript:alert(1)", "http\t://good.example", "https://good.example/a\\b", "HTTPS\u200b://good.example", "blob:https://good.example/1",
    "https://good.example/#@evil.example", "http://good.example/", "ws://good.example/", "jar:https://good.example!/", "unix:///run/x.sock",
]
"""URLs that are hostile as a whole."""

URLS = [*(f"https://{host}/a" for host in HOSTS), *WHOLE]


def settings(**more: Any) -> Settings:
    return load_settings(files_of(settings=json.dumps({**SMALL, **more})), {})


def an_endpoint(url: str) -> None:
    load_endpoints(settings(endpoints={"gifts": {"url": url, "secret": WHSEC}}))


def a_webhook(url: str) -> None:
    load_outlets(settings(webhooks={"crm": {"url": url, "secret": WHSEC}}))


def sms_webhook(url: str) -> None:
    load_channels(settings(channels={"sms": {"adapter": "sms_webhook", "url": url, "secret": WHSEC}}))


def slack_base(url: str) -> None:
    load_channels(settings(channels={"chat": {"adapter": "slack", "token": "xoxb-1", "base_url": url}}))


def a_fetch(url: str) -> None:
    def none() -> LoopThread:
        raise AssertionError(f"{url} was fetched")

    Fetcher(none).get(url)


def a_token(url: str) -> None:
    oauth2 = {"token_url": url, "client_id": "a", "refresh_token": "b"}
    settings(mailboxes={"returns": {"url": "imaps://a@imap.a.example", "oauth2": oauth2}})


def a_form(url: str) -> None:
    def none() -> LoopThread:
        raise AssertionError(f"{url} was posted to")

    Fetcher(none).post(url, {"refresh_token": "b"})


POSTED: Mapping[str, Callable[[str], object]] = {
    "endpoint": an_endpoint, "webhook": a_webhook, "sms_webhook": sms_webhook, "slack": slack_base, "fetch": a_fetch,
    "token": a_token, "form": a_form,
}


@pytest.mark.parametrize("place", POSTED)
def test_nothing_is_asked_at_a_hostile_url(place: str) -> None:
    if place not in ("fetch", "form"):
        POSTED[place]("https://good.example:8443/a/b?c=d&e=%20f")
    taken = [url for url in URLS if not _refused(POSTED[place], url)]
    assert taken == []


def _refused(take: Callable[[str], object], url: str) -> bool:
    try:
        take(url)
    except (InputError, Unreachable):
        return True
    return False


@pytest.mark.parametrize("key", ["public_url", "purpose"])
def test_no_link_is_built_on_a_hostile_base(key: str) -> None:
    def take(url: str) -> None:
        settings(**({"public_url": url} if key == "public_url" else {"purposes": {"care": {"consent": "opt_in", "public_url": url}}}))

    take("https://b.example/engage")
    inside = {f"https://{host}/a" for host in INSIDE}  # where links lead for people who are inside
    assert [url for url in URLS if url not in inside | {"http://good.example/"} and not _refused(take, url)] == []


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("key", ["SigningCertURL", "SubscribeURL"])
def test_sns_names_no_other_place_than_its_own(key: str, desk: Desk) -> None:
    sns_like = [
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem", "https://evil.example/?sns.eu-west-1.amazonaws.com/",
        "https://sns.eu-west-1.amazonaws.com@evil.example/?a", "https://sns.eu-west-1.amazonaws.com\\@evil.example/?a",
        "https://sns.eu-west-1.amazonaws.com:444/?a", "https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-1.pem?", "http://sns.eu-west-1.amazonaws.com/?a",
        "https://sns.eu-west-1.amazonaws.com/?a\r\nHost: evil.example", "https://SNS.eu-west-1.amazonaws.com/?a",
    ]
    asked = len(desk.network.asked)
    more = {"Type": "SubscriptionConfirmation", "Token": "t"} if key == "SubscribeURL" else {}
    for url in [*URLS, *sns_like]:
        status = desk.post(sns(b"hello", **more, **{key: url})).status_code
        assert status in ({401} if key == "SigningCertURL" else {401, 422}), url  # 401: with a NUL it is not what was signed
    assert [url for url in desk.network.asked[asked:] if "SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136" not in url] == []


@pytest.mark.parametrize("host", [host.strip("[]") for host in INSIDE])
def test_a_name_that_leads_inside_beside_a_public_address_is_refused_whole(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    times = []

    async def both(self: object, name: str, *_: object) -> list[dict[str, object]]:
        times.append(name)
        return [{"hostname": name, "host": each, "port": 443, "family": family, "proto": 0, "flags": 0} for each in ("8.8.8.8", host)]

    monkeypatch.setattr(ThreadedResolver, "resolve", both)  # the resolver of the library: no name of a test's is known to any
    with pytest.raises(ForbiddenAddress):
        asyncio.run(_resolve("rebinding.example"))
    assert times == ["rebinding.example"]  # once: what is connected to are the very addresses that were looked at


async def _resolve(name: str) -> object:
    return await PublicResolver(loopback_allowed=True).resolve(name, 443)


ELSEWHERE = ["//evil.example", "/\\evil.example", "/%5cevil.example", "/%2f%2fevil.example", "/%0d%0aLocation:%20https://evil.example",
             "/https:%2f%2fevil.example", "/javascript:alert(1)"]
PARAMETERS = ["next", "url", "redirect", "return_to", "u", "target", "continue"]


def test_no_page_leads_elsewhere_or_takes_a_line_break_into_a_header() -> None:
    visitor = Visitor()
    paths = [f"{page}{rest}" for page in ("", "/u", "/p", "/a", "/s", "/v", "/c", "/o", "/hooks", "/v1/campaigns") for rest in ELSEWHERE]
    paths += [f"/{page}/x?{name}=https://evil.example%0d%0aX-Evil:%201" for page in "upasvco" for name in PARAMETERS]
    for path in paths:
        for method in ("GET", "POST"):
            answer = visitor.client.request(method, "https://testserver" + path, follow_redirects=False)
            assert answer.status_code >= 400, path
            assert "location" not in answer.headers, path
            assert "evil" not in str(answer.headers), path
