"""Every option means something, and what is wrong with one is said with its place, before anything is connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from engage.channels import Adapter
from engage.channels.console import ConsoleChannel
from engage.channels.slack import SlackChannel
from engage.channels.sms_webhook import SmsWebhookChannel
from engage.channels.smtp import SmtpChannel
from engage.model.errors import InputError, Place
from tests.builders import a_channel, a_purpose, some_settings
from tests.fakes.channel import FakeChannel

SECRET = "whsec_" + "QUJD" * 8
GOOD: Mapping[type[Adapter], tuple[str, Mapping[str, str]]] = {
    SmtpChannel: ("email", {"url": "smtp://127.0.0.1:2525"}),
    SlackChannel: ("chat", {"token": "xoxb-1"}),
    SmsWebhookChannel: ("sms", {"url": "https://sms.example.com/v1", "secret": SECRET}),
    ConsoleChannel: ("email", {}),
    FakeChannel: ("email", {}),
}
HERE = Place(file="engage.yaml", line=41, column=3)


def _problems(adapter: type[Adapter], **options: str) -> list[str]:
    name, good = GOOD[adapter]
    channel = a_channel(name, adapter=adapter.__name__, options={**good, **options}, place=HERE)
    channel = replace(channel, sender=None) if adapter is SlackChannel else channel
    try:
        adapter(channel, some_settings())
    except InputError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("adapter", GOOD)
def test_good_options_are_taken_without_any_connection(adapter: type[Adapter]) -> None:
    assert _problems(adapter) == []


@pytest.mark.parametrize("adapter", [one for one in GOOD if one is not FakeChannel])
def test_an_unknown_option_is_refused_with_what_was_probably_meant(adapter: type[Adapter]) -> None:
    option = next(iter(adapter.OPTIONS))
    (problem,) = _problems(adapter, **{f"{option}x": "1"})
    assert problem.startswith(f"{HERE}: ")
    assert f"has no option '{option}x'; did you mean {option}?" in problem


@pytest.mark.parametrize("adapter", GOOD)
def test_every_option_is_described_in_one_sentence(adapter: type[Adapter]) -> None:
    assert all(sentence.endswith(".") and len(sentence) < 250 for sentence in adapter.OPTIONS.values())


@pytest.mark.parametrize(("adapter", "option"), [
    (SmtpChannel, "url"), (SlackChannel, "token"), (SmsWebhookChannel, "url"), (SmsWebhookChannel, "secret"),
])
def test_a_required_option_that_the_environment_left_empty_is_missed(adapter: type[Adapter], option: str) -> None:
    (problem,) = _problems(adapter, **{option: ""})
    assert f"needs the option '{option}'" in problem


@pytest.mark.parametrize("url", [
    "mail.example.com", "http://mail.example.com", "smtp://", "smtp://mail.example.com:99999", "smtp://mail.example.com/inbox",
    "smtp://mail example.com", "smtp://mail.example.com?tls=yes", "smtp://mail.example.com?starttls=maybe", "smtp://[::1",
    "smtps://mail.example.com?starttls=required", "smtp://me:hunter2@mail.example.com?starttls=never",
    "smtp://me:hunter2@mail.example.com?starttls=opportunistic",
])
def test_a_bad_smtp_url_is_refused_and_never_quoted(url: str) -> None:
    problems = _problems(SmtpChannel, url=url)
    assert len(problems) == 1, problems
    assert "hunter2" not in problems[0]


@pytest.mark.parametrize("url", [
    "smtp://127.0.0.1:2525", "smtp://mail.example.com", "smtp://me:p%40ss@mail.example.com:587", "smtps://me:pass@mail.example.com",
    "smtp://me:pass@localhost:1025?starttls=never", "smtp://[::1]:25", "smtp://10.0.0.7:25?starttls=never",
])
def test_a_good_smtp_url_is_taken(url: str) -> None:
    assert _problems(SmtpChannel, url=url) == []


@pytest.mark.parametrize(("option", "value"), [
    ("connections", "0"), ("connections", "many"), ("connections", "-1"), ("connections", "٣"), ("timeout", "soon"), ("timeout", "0"),
    ("final_timeout", "10 minutes"), ("return_path", "bounces"), ("return_path", "a@example.com, b@example.com"), ("return_path", "{id}"),
    ("unsubscribe_mailto", "Aurora <a@example.com>"), ("reply_to", "a@example.com\r\nBcc: x@y.z"), ("helo", "two words"),
    ("dkim", "k1.pem"),
])
def test_a_bad_smtp_option_is_refused(option: str, value: str) -> None:
    assert len(_problems(SmtpChannel, **{option: value})) == 1


def test_all_problems_are_told_at_once() -> None:
    assert len(_problems(SmtpChannel, connections="0", timeout="soon", colour="blue")) == 3


def test_a_mail_channel_needs_a_sender_unless_every_purpose_has_its_own() -> None:
    options = GOOD[SmtpChannel][1]
    channel = a_channel(adapter="smtp", options=options, sender=None)
    with pytest.raises(InputError, match="needs `from`"):
        SmtpChannel(channel, some_settings())
    SmtpChannel(channel, some_settings(purposes={"care": a_purpose(sender="Care <care@aurora.example>")}))


def test_a_sender_that_is_no_address_is_refused_wherever_it_stands() -> None:
    channel = a_channel(adapter="smtp", options=GOOD[SmtpChannel][1])
    with pytest.raises(InputError, match="`from`"):
        SmtpChannel(replace(channel, sender="Aurora"), some_settings())
    with pytest.raises(InputError, match=r"`purposes\.care\.from`"):
        SmtpChannel(channel, some_settings(purposes={"care": a_purpose(sender="Care")}))


@pytest.mark.parametrize(("options", "good"), [
    ({"url": "https://sms.example.com/v1"}, True),
    ({"url": "http://sms.example.com/v1"}, False),
    ({"url": "http://sms.example.com/v1", "loopback": "allowed"}, False),
    ({"url": "https://user@sms.example.com/"}, False),
    ({"url": "ftp://sms.example.com/"}, False),
    ({"url": "https://"}, False),
    ({"url": "https://[::1"}, False),
    ({"url": "http://127.0.0.1:9/"}, False),
    ({"url": "https://127.0.0.1:9/"}, False),
    ({"url": "http://127.0.0.1:9/", "loopback": "allowed"}, True),
    ({"url": "http://localhost:9/", "loopback": "allowed"}, True),
    ({"url": "http://10.0.0.1/", "loopback": "allowed"}, False),
    ({"url": "https://10.0.0.1/", "loopback": "allowed"}, False),
    ({"url": "https://169.254.169.254/latest"}, False),
    ({"url": "https://[::ffff:127.0.0.1]/"}, False),
    ({"url": "https://[64:ff9b::7f00:1]/"}, False),
    ({"loopback": "yes"}, False),
    ({"secret": "whsec_not base64!"}, False),
    ({"secret": "whsec_QUJD"}, False),
    ({"timeout": "x"}, False),
])
def test_a_webhook_goes_to_the_public_internet_by_https(options: Mapping[str, str], good: bool) -> None:
    assert len(_problems(SmsWebhookChannel, **options)) == (0 if good else 1)


@pytest.mark.parametrize(("option", "value"), [("unfurl", "maybe"), ("base_url", "slack.com"), ("timeout", "x")])
def test_a_bad_slack_option_is_refused(option: str, value: str) -> None:
    assert len(_problems(SlackChannel, **{option: value})) == 1


def test_slack_takes_no_sender_as_it_would_show_none() -> None:
    channel = a_channel("chat", adapter="slack", options={"token": "x"})
    with pytest.raises(InputError, match="`from` has no effect"):
        SlackChannel(channel, some_settings())


def test_the_console_writes_to_one_of_two_streams() -> None:
    assert _problems(ConsoleChannel, stream="stderr") == []
    (problem,) = _problems(ConsoleChannel, stream="stdin")
    assert "must be one of stdout, stderr" in problem
