"""Texts as quoted-printable (RFC 2045, section 6.7): whole, or by the stretches that they were joined from.

Two letters of one template differ in their names and numbers. Stretches that were met before are looked up, so that the work is
about what differs. A soft line break may stand anywhere, which is what lets stretches be encoded apart: where two of them do not fit
into one line together, one is put between them. What comes out may break its lines elsewhere than the whole would; it decodes to
the same bytes.
"""

from __future__ import annotations

from binascii import b2a_qp

from engage.model.stretches import Stretches

LINE = 76  # octets, with the `=` of a soft line break
_LONGEST_KEPT = 32 * 1024
_MOST_KEPT = 16_384
_MOST_KEPT_CHARACTERS = 8 * 1024 * 1024
_SOFT = "=\r\n"

_Encoded = tuple[str, int, int, int]
"""The text; the octets that its first line takes, with the `=` that may follow; how often the column before it counts for that after it
(not at all where it has several lines), and what is added to that."""


def quoted(text: str) -> bytes:
    """The whole text, whatever its line ends; the last line is ended."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = (lines if lines.endswith("\n") else lines + "\n").replace("\n", "\r\n")
    return b2a_qp(lines.encode(), istext=True)  # it takes its own line ends from the first one it meets, and lets a lone CR pass


def quoted_stretches(text: str) -> bytes:
    """The whole text, by its stretches where it remembers them."""
    if not isinstance(text, Stretches) or "\r" in text:
        return quoted(text)
    out: list[str] = []
    add, known, column = out.append, _kept.get, 0
    for stretch in text.stretches:
        encoded, first, keeps, adds = known(stretch) or _encoded(stretch)
        if column + first > LINE:
            add(_SOFT)
            column = 0
        add(encoded)
        column = column * keeps + adds
    if not text.endswith("\n"):
        add("\r\n")
    return "".join(out).encode("ascii")


def _encoded(stretch: str) -> _Encoded:
    length = len(stretch)
    if length < 2 * LINE - 1 and stretch.isascii() and stretch.isprintable() and "=" not in stretch and stretch[-1:] != " ":
        made = _plain(stretch, length)
    else:
        text = b2a_qp(stretch.replace("\n", "\r\n").encode(), istext=True).decode("ascii")
        if "\n" not in stretch:
            text = text.replace("\n", "\r\n")  # its soft breaks are by LF alone where it meets no CRLF
        if len(text) - text.rfind("\n") - 1 == LINE:
            text = _broken(text)
        first, length = text.find("\r\n"), len(text)
        made = (text, length + 1, 1, length) if first < 0 else (text, first, 0, length - text.rfind("\n") - 1)
    _kept.keep(stretch, made)
    return made


def _plain(stretch: str, length: int) -> _Encoded:
    """Of one that stands for itself, leaves no blank at its end, and fits into a line, or into two."""
    if length < LINE:
        return stretch, length + 1, 1, length
    return f"{stretch[:LINE - 1]}{_SOFT}{stretch[LINE - 1:]}", LINE, 0, length - LINE + 1


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


_kept = _Kept()
