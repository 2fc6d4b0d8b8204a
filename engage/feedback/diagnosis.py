"""What a server said of why it took no mail -> an enhanced status code (RFC 3463). Pure.

Servers give codes that say little (5.0.0, 5.7.1 for a user that is not there), wrong ones, and none. What they say in words is asked
where the code says little; that a mailbox is full always counts.
"""

from __future__ import annotations

import re

from engage.feedback.phrases import BLOCKED, DISABLED, FULL, LATER, MOVED, NO_HOST, NO_MAILBOX, PREFERENCES, SENDER, SIZE

NOTHING_SAID = "5.0.0"

_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-]|$)(?!\s*(?:bytes|kb|messages|days|hours|seconds|octets))")
_LITTLE = re.compile(r"[245]\.(?:0\.\d+|1\.0|2\.0|3\.0|4\.[01]|5\.[0134]|6\.0|7\.0|9\.\d+)")
_PERHAPS_NO_MAILBOX = re.compile(r"5\.(?:0\.\d+|1\.0|1\.3|2\.0|3\.0|4\.[0134]|5\.[0134]|7\.[01]|7\.17|7\.129)")
_PERHAPS_NO_HOST = re.compile(r"5\.(?:0\.\d+|1\.[02]|3\.0|3\.5|4\.\d+|5\.0)")
_TEMPORARY = re.compile(r"4\.\d+\.\d+")

_MEANINGS = (
    (PREFERENCES, "5.7.1"), (FULL, "5.2.2"), (SIZE, "5.3.4"), (SENDER, "5.7.1"), (DISABLED, "5.2.1"), (MOVED, "5.1.6"),
    (NO_MAILBOX, "5.1.1"), (NO_HOST, "5.1.2"), (BLOCKED, "5.7.1"), (LATER, "4.4.7"),
)  # fmt: skip
LONGEST = 8_000
"""Characters of what was said that are looked at."""


def code_of(status: str, said: str, *, around: str = "") -> str:
    """The code that says most of it. `status` is what the report gave as such, `said` what the server answered, `around` the mail's words.

    `5.0.0`, or `4.0.0`, where nobody says why.
    """
    written = _CODE.search(status)
    given = written[0] if written else ""
    words = plain(said)
    stated = _stated(given, words)
    meant = _meant(words) or (_meant(plain(around)) if not words or not _says_much(stated) else None)
    code = stated or _replied(words, meant) or _replied(plain(around), meant) or NOTHING_SAID
    return code if code.startswith("5.7.") and BLOCKED.search(words) else _weighed(code, meant)


def plain(text: str) -> str:
    """Lower case, in one line, without the accents' and quotes' many spellings."""
    return " ".join(text[:LONGEST].lower().replace("\u2019", "'").replace("`", "'").split())


def _stated(given: str, words: str) -> str:
    """The code given, unless it says little and the server's words hold one that says more."""
    if given and _says_much(given):
        return given
    found = [match[0] for match in _CODE.finditer(words) if match[1] != "2"]
    return next(filter(_says_much, found), "") or given or next(iter(found), "")


def _says_much(code: str) -> bool:
    return bool(code) and not _LITTLE.fullmatch(code)


def _meant(words: str) -> str | None:
    """The code of what the words say. The order matters: what excuses the address comes first."""
    if not words:
        return None
    for pattern, code in _MEANINGS:
        if pattern.search(words):
            return code
    return None


def _replied(words: str, meant: str | None) -> str:
    """A reply of three digits alone (RFC 5321): 552 is about room, where the words do not say otherwise."""
    found = _REPLY.search(words)
    if found is None:
        return ""
    return "5.2.2" if found[1] == "552" and meant in (None, "5.2.2") and "size" not in words else f"{found[1][0]}.0.0"


def _weighed(code: str, meant: str | None) -> str:
    """What the words mean, where the code leaves room for it."""
    match meant:
        case None:
            return code
        case "5.2.2":
            return f"{code[0]}.2.2" if code[0] in "45" and (not code.startswith("5.7.") or code == "5.7.0") else code
        case "4.4.7":
            return code if _says_much(code) else meant
        case "5.1.1" | "5.2.1" | "5.1.6":
            return meant if _PERHAPS_NO_MAILBOX.fullmatch(code) else code
        case "5.1.2":
            return meant if _PERHAPS_NO_HOST.fullmatch(code) else code
        case "5.7.1" | "5.3.4" if code == "5.1.1":  # all that it says is that it does not take this mail: the address may be good
            return meant
        case _:
            return meant if not _says_much(code) and not _TEMPORARY.fullmatch(code) else code
