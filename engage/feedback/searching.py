"""A list of phrases, looked for in a text: what mail servers and autoresponders say. Pure."""

from __future__ import annotations

import re
from functools import cached_property
from typing import final


@final
class AnyOf:
    """Any of the phrases; a `…` in one stands for up to eighty other characters of the same line.

    The lists are long, and most commands never see a mail: each is compiled when it is first asked for.
    """

    def __init__(self, *phrases: str) -> None:
        self._phrases = phrases

    def search(self, text: str) -> re.Match[str] | None:
        """Where the first of them stands."""
        return self._pattern.search(text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(re.escape(phrase).replace("…", ".{0,80}?") for phrase in self._phrases))
