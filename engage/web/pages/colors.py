"""The colour of a company's buttons, and what is read on it."""

from __future__ import annotations

COLOR = "#1f5fbf"
"""Of the buttons, where the company names none."""

MIDDLE = 0.179
"""The luminance on which black and white are read equally well."""


def ink_on(color: str) -> str:
    """Black or white, whichever is read better on that colour (WCAG 2.2: relative luminance)."""
    red, green, blue = (_linear(int(color[at:at + 2], 16) / 255) for at in (1, 3, 5))
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > MIDDLE else "#ffffff"


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
