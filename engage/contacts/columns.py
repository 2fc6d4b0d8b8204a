"""The columns of a file of contacts, and what the user says of them (`--map`) -> what each of them means.

A column that means nothing here is refused before a row is read: an import never declares an attribute by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from engage.model.contact import BUILT_IN_ATTRIBUTES, IDENTITIES, AttributeKind, ChannelKind
from engage.model.errors import InputError, Place, Problem, nearest
from engage.model.workspace import Settings

REFUSED_COLUMNS = ("refused_line", "refused_reason")  # of a `.refused.csv`, mended and imported again
CIRCUMSTANCES = (
    "consent_at", "consent_source", "consent_proof", "consent_basis", "consent_wording", "consent_language", "consent_expires",
)
"""What a row says of how its consents were given."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentColumn:
    """`consent.<purpose>[.<channel>]`; without a channel it means all kinds."""

    purpose: str
    channel: ChannelKind | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns mean, by their name in the file. `targets` has the names after mapping, for the file of refused rows;
    `circumstances` are the other way round: CIRCUMSTANCES by name, each with its column."""

    attributes: Mapping[str, tuple[str, AttributeKind]]
    consents: Mapping[str, ConsentColumn]
    targets: Mapping[str, str]
    circumstances: Mapping[str, str]


def kinds_of(settings: Settings) -> Mapping[str, AttributeKind]:
    """All attributes that a contact can have in this workspace."""
    return {**BUILT_IN_ATTRIBUTES, **settings.attributes}


def is_known(name: str, settings: Settings) -> bool:
    """Whether a column of that name would mean something."""
    return name in kinds_of(settings) or name in (*REFUSED_COLUMNS, *CIRCUMSTANCES) or name.startswith("consent.")


def understand(
    names: Iterable[str], mapping: Mapping[str, str], settings: Settings, *, file: str, given: Iterable[str] = (),
) -> Columns:
    """What the columns mean. `mapping` gives a column another name; an empty one leaves the column out. `given` are the attributes
    that rows have without a column.

    Raises InputError with everything that is wrong: unknown columns, purposes and channels, two columns of one meaning, a
    mapping of a column that is not there, no column that tells people apart.
    """
    names = tuple(names)
    strays = [name for name in mapping if name not in names]
    troubles = [_problem(file, f"--map names the column {name!r}, which is not there", nearest(name, names)) for name in strays]
    targets = {name: mapping.get(name, name) for name in names}
    kinds = kinds_of(settings)
    attributes: dict[str, tuple[str, AttributeKind]] = {}
    consents: dict[str, ConsentColumn] = {}
    for name, target in targets.items():
        if target in kinds:
            attributes[name] = (target, kinds[target])
        elif target.startswith("consent."):
            found = _consent_column(target, settings, file)
            if isinstance(found, Problem):
                troubles.append(found)
            else:
                consents[name] = found
        elif target and target not in (*REFUSED_COLUMNS, *CIRCUMSTANCES):
            troubles.append(_problem(file, f"unknown column {target!r}", _meant(name, target, kinds)))
    troubles += _clashes(targets, file)
    if not troubles and not any(target in IDENTITIES for target in (*targets.values(), *given)):
        troubles.append(_problem(file, "no column tells people apart: one of external_id, email and phone is needed", None))
    if troubles:
        raise InputError(troubles)
    named = {target: name for name, target in targets.items()}
    return Columns(
        attributes=attributes, consents=consents, targets={name: target for name, target in targets.items() if target},
        circumstances={name: named[name] for name in CIRCUMSTANCES if name in named},
    )


def _consent_column(target: str, settings: Settings, file: str) -> ConsentColumn | Problem:
    _, purpose, *rest = target.split(".")
    if purpose not in settings.purposes:
        return _problem(file, f"column {target!r}: there is no purpose {purpose!r}", nearest(purpose, settings.purposes))
    if len(rest) > 1 or (rest and rest[0] not in set(ChannelKind)):
        return _problem(file, f"column {target!r}: after the purpose comes email, sms, chat or nothing", nearest(rest[0], ChannelKind))
    return ConsentColumn(purpose=purpose, channel=ChannelKind(rest[0]) if rest else None)


def _meant(name: str, target: str, kinds: Mapping[str, AttributeKind]) -> str:
    """What to do about an unknown column: the attribute that it is nearly named after, else to declare it or to leave it out."""
    near = nearest(target.strip().casefold().replace(" ", "_"), (*kinds, *CIRCUMSTANCES))
    if near:
        return f"--map {f'{name}={near}'!r}"
    return f"to declare it under attributes: in engage.yaml, or to leave it out by --map {f'{name}='!r}"


def _clashes(targets: Mapping[str, str], file: str) -> list[Problem]:
    meanings = [target for target in targets.values() if target]
    return [_problem(file, f"two columns mean {target}", None) for target in sorted(set(meanings)) if meanings.count(target) > 1]


def _problem(file: str, what: str, suggestion: str | None) -> Problem:
    return Problem(place=Place(file=file, line=1, column=1), what=what, suggestion=suggestion)
