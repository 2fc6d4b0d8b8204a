"""Adapters are found by entry point."""

from __future__ import annotations

import asyncio
from importlib.metadata import EntryPoint

import pytest

from engage.channels import GROUP, adapter_names, load_channels
from engage.channels.console import ConsoleChannel
from engage.model.errors import InputError, NotThereError, Place
from tests.builders import a_channel, some_settings
from tests.fakes.channel import FakeChannel

FAKE = EntryPoint(name="fake", value="tests.fakes.channel:FakeChannel", group=GROUP)
SMTP = EntryPoint(name="smtp", value="engage.channels.smtp:SmtpChannel", group=GROUP)
GONE = EntryPoint(name="gone", value="no_such_package.channel:Channel", group=GROUP)
PLACE = Place(file="engage.yaml", line=12, column=5)


def test_engages_own_adapters_are_installed() -> None:
    assert {"console", "slack", "sms_webhook", "smtp"} <= set(adapter_names())


def test_each_channel_gets_the_adapter_that_it_names() -> None:
    settings = some_settings(channels={"email": a_channel(), "sms": a_channel("sms", adapter="fake")})
    console = EntryPoint(name="console", value="engage.channels.console:ConsoleChannel", group=GROUP)
    channels = load_channels(settings, entry_points=[FAKE, console])
    assert {name: type(channel) for name, channel in channels.items()} == {"email": ConsoleChannel, "sms": FakeChannel}
    assert asyncio.run(channels["sms"].check()) == ()


def test_an_adapter_is_made_with_its_channel_and_the_settings() -> None:
    settings = some_settings(channels={"sms": a_channel("sms", adapter="fake")})
    channel = load_channels(settings, entry_points=[FAKE])["sms"]
    assert isinstance(channel, FakeChannel)
    assert (channel.channel, channel.settings) == (settings.channels["sms"], settings)


def test_an_unknown_adapter_is_refused_with_its_place_and_what_was_meant() -> None:
    settings = some_settings(channels={"email": a_channel(adapter="smpt", place=PLACE)})
    with pytest.raises(InputError) as caught:
        load_channels(settings, entry_points=[FAKE, SMTP])
    (problem,) = caught.value.problems
    assert (problem.place, problem.suggestion) == (PLACE, "smtp")
    assert "no adapter 'smpt' is installed (there are: fake, smtp)" in problem.what


def test_the_problems_of_all_channels_are_told_at_once() -> None:
    bad = {"adapter": "smtp", "options": {"urk": "x"}}
    settings = some_settings(channels={"email": a_channel(**bad, place=PLACE), "sms": a_channel("sms", adapter="nothing")})
    with pytest.raises(InputError) as caught:
        load_channels(settings, entry_points=[SMTP])
    assert len(caught.value.problems) == 3
    assert {problem.suggestion for problem in caught.value.problems} == {"url", None}


def test_an_adapter_serves_its_own_kind_of_channel_only() -> None:
    with pytest.raises(InputError, match="serves email channels"):
        load_channels(some_settings(channels={"sms": a_channel("sms", adapter="smtp")}), entry_points=[SMTP])


def test_an_adapter_whose_package_is_broken_says_so() -> None:
    with pytest.raises(NotThereError, match="no_such_package"):
        load_channels(some_settings(channels={"sms": a_channel("sms", adapter="gone")}), entry_points=[GONE])


def test_a_class_that_is_no_whole_adapter_is_refused_with_what_it_lacks() -> None:
    half = EntryPoint(name="half", value="engage.simulation.channels:SilentChannel", group=GROUP)
    with pytest.raises(NotThereError, match="lacks KIND, OPTIONS, check"):
        load_channels(some_settings(channels={"sms": a_channel("sms", adapter="half")}), entry_points=[half])
