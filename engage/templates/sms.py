"""How long a text is on the air: GSM 03.38 septets with its extension table, else UCS-2 units (3GPP TS 23.038)."""

from __future__ import annotations

import unicodedata

from engage.model.content import SmsContent

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each takes two septets: the escape and the character. They may not be parted by the end of a segment."""

_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))
"""CLDR's spaces in numbers and amounts: one of them would make the whole text UCS-2, of twice the price."""

_SINGLE = {"gsm-7": 160, "ucs-2": 70}
_JOINED = {"gsm-7": 153, "ucs-2": 67}  # six octets of each go into the header that joins them


def sms_content(text: str) -> SmsContent:
    """The text as it goes out (NFC, plain spaces), with its encoding and number of segments."""
    text = unicodedata.normalize("NFC", text).translate(_SPACES)
    if all(letter in GSM_BASIC or letter in GSM_EXTENSION for letter in text):
        septets = [2 if letter in GSM_EXTENSION else 1 for letter in text]
        return SmsContent(text=text, encoding="gsm-7", segments=_segments(septets, "gsm-7"))
    units = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return SmsContent(text=text, encoding="ucs-2", segments=_segments(units, "ucs-2"))


def _segments(widths: list[int], encoding: str) -> int:
    if sum(widths) <= _SINGLE[encoding]:
        return 1
    room, segments = 0, 0
    for width in widths:
        if width > room:
            segments += 1
            room = _JOINED[encoding]
        room -= width
    return segments
