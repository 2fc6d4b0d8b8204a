"""docs/channels.md says of each adapter what the adapter says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.channels import Adapter
from engage.channels.console import ConsoleChannel
from engage.channels.slack import SlackChannel
from engage.channels.sms_webhook import SmsWebhookChannel
from engage.channels.smtp import SmtpChannel
from engage.model.addresses import BAD_ADDRESS

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text(encoding="utf-8")
ADAPTERS: dict[str, type[Adapter]] = {
    "smtp": SmtpChannel, "slack": SlackChannel, "sms_webhook": SmsWebhookChannel, "console": ConsoleChannel,
}


def _section(name: str) -> str:
    return PAGE.partition(f"\n## `{name}`\n")[2].partition("\n## ")[0].replace("\\|", "|")


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_option_is_documented_in_the_adapters_own_words(name: str) -> None:
    options = _section(name).partition("| option | |\n")[2].partition("\n\n")[0]
    rows = [f"| `{option}` | {sentence} |" for option, sentence in ADAPTERS[name].OPTIONS.items()]
    assert options.splitlines()[1:] == rows


def test_the_codes_that_condemn_an_address_are_named() -> None:
    assert all(code in _section("smtp") for code in BAD_ADDRESS)
