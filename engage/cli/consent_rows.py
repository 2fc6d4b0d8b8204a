"""The rows of `engage consent show`: states and lines of the ledger -> what is printed of them."""

from __future__ import annotations

from collections.abc import Mapping

from engage.contacts.consent import ConsentState
from engage.model.consent import Wording
from engage.model.contact import Consent

STATE_COLUMNS = ("purpose", "channel", "asks", "state", "since", "until", "source", "ground", "may write")
LINE_COLUMNS = ("at", "purpose", "channel", "said", "until", "source", "ground", "locale", "read", "proof")

Texts = Mapping[str, Wording]
"""The wordings that the lines name, by their hashes."""


def state_row(state: ConsentState, texts: Texts, *, as_json: bool) -> Mapping[str, object]:
    """Where the contact stands with one purpose by one kind of channel."""
    line = state.line
    row: dict[str, object] = {
        "purpose": state.purpose, "channel": state.channel.value, "asks": state.basis.value,
        "state": "nothing known" if line is None else _word(line), "since": line and line.at,
        "source": line and line.source, "ground": line and line.ground and line.ground.value,
    }
    if not as_json:
        return {**row, "until": line and line.expires_at, "may write": "yes" if state.may_write else "no"}
    said = {} if line is None else {"proof": line.proof, "locale": line.locale, "wording": line.wording, "read": _read(line, texts)}
    return {**row, "expires_at": line and line.expires_at, "may_write": state.may_write, **said}


def line_row(line: Consent, texts: Texts, *, contact_id: int) -> Mapping[str, object]:
    """One line of the ledger, with all that it holds."""
    row = {
        "at": line.at, "purpose": line.purpose, "channel": line.channel and line.channel.value, "said": _word(line),
        "until": line.expires_at, "source": line.source, "ground": line.ground and line.ground.value, "locale": line.locale,
        "read": _read(line, texts), "proof": line.proof, "wording": line.wording,
    }
    return row if line.contact_id == contact_id else {**row, "source": f"{line.source} (of another who shares the address)"}


def _word(line: Consent) -> str:
    if line.granted:
        return "granted"
    return "withdrawn" if line.expires_at is None else "paused"


def _read(line: Consent, texts: Texts) -> str | None:
    wording = texts.get(line.wording or "")
    return None if wording is None else wording.text
