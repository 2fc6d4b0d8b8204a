"""Texts as quoted-printable (RFC 2045, section 6.7): whole, by lines, or by the stretches that a page was joined from.

Two letters of one template differ in their names and numbers. Lines and stretches that were met before are looked up, so that the
work is about what differs. A soft line break may stand anywhere, which is what lets stretches be encoded apart: where two of them
do not fit into one line together, one is put between them. What comes out may break its lines elsewhere than the whole would; it
decodes to the same bytes.
"""

from __future__ import annotations

from binascii import b2a_qp
from collections.abc import Sequence
from functools import lru_cache

LINE = 76  # octets, with the `=` of a soft line break
_LONGEST_KEPT_LINE = 200
_LONGEST_KEPT = 32 * 1024
_MOST_KEPT = 4_096
_MOST_KEPT_CHARACTERS = 8 * 1024 * 1024
_SOFT = "=\r\n"

_Encoded = tuple[str, int, int]
"""The text; the octets that its first line takes, with the `=` that may follow; those of its last line, -1 where it is the first."""


def quoted(text: str) -> bytes:
    """The whole text, whatever its line ends; the last line is ended."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = (lines if lines.endswith("\n") else lines + "\n").replace("\n", "\r\n")
    return b2a_qp(lines.encode(), istext=True)  # it takes its own line ends from the first one it meets, and lets a lone CR pass


def quoted_lines(text: str) -> bytes:
    """The whole text, line by line: the lines of one template's letters are mostly the same."""
    if "\r" in text:
        return quoted(text)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return b"".join([_line(line) if len(line) <= _LONGEST_KEPT_LINE else _fresh_line(line) for line in lines or [""]])


def quoted_page(text: str, stretches: Sequence[str]) -> bytes:
    """The whole text, which is these stretches joined."""
    if "\r" in text:
        return quoted(text)
    out: list[str] = []
    column = 0
    for stretch in stretches:
        encoded, first, last = _template.get(stretch) or _values.get(stretch) or _encoded(stretch)
        if column and column + first > LINE:
            out.append(_SOFT)
            column = 0
        out.append(encoded)
        column = last if last >= 0 else column + first - 1
    if not text.endswith("\n"):
        out.append("\r\n")
    return "".join(out).encode("ascii")


def _encoded(stretch: str) -> _Encoded:
    if len(stretch) < LINE and stretch.isascii() and stretch.isprintable() and "=" not in stretch and stretch[-1:] != " ":
        made = (stretch, len(stretch) + 1, -1)  # it stands for itself, fits into a line, and leaves no blank at its end
    else:
        text = b2a_qp(stretch.replace("\n", "\r\n").encode(), istext=True).decode("ascii")
        if "\n" not in stretch:
            text = text.replace("\n", "\r\n")  # its soft breaks are by LF alone where it meets no CRLF
        if len(text) - text.rfind("\n") - 1 == LINE:
            text = _broken(text)
        first = text.find("\r\n")
        made = (text, len(text) + 1, -1) if first < 0 else (text, first, len(text) - text.rfind("\r\n") - 2)
    if "<" in stretch:
        _template.keep(stretch, made)  # values are escaped: what has markup in it is the template's own
    else:
        _values.keep(stretch, made)
    return made


def _broken(text: str) -> str:
    """The text with a break in its last line, which is so full that none could follow: anywhere but inside of `=C4`."""
    at = next(at for at in range(len(text) - 1, 0, -1) if "=" not in text[at - 2 : at])
    return text[:at] + _SOFT + text[at:]


class _Kept(dict[str, _Encoded]):
    """What was encoded before, until it is too much to keep; then all of it is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self._characters = 0

    def keep(self, stretch: str, made: _Encoded) -> None:
        if len(stretch) > _LONGEST_KEPT:
            return
        if len(self) >= _MOST_KEPT or self._characters > _MOST_KEPT_CHARACTERS:
            self.clear()
            self._characters = 0
        self[stretch] = made
        self._characters += len(stretch) + len(made[0])


_template, _values = _Kept(), _Kept()


def _fresh_line(line: str) -> bytes:
    return b2a_qp((line + "\r\n").encode(), istext=True)


_line = lru_cache(maxsize=_MOST_KEPT)(_fresh_line)
