"""Who is meant: people told of by external id, email or phone, primary or other -> the contact that each of them is, or nobody yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import final

from engage.contacts.places import Unusable
from engage.model.addresses import normalise
from engage.model.contact import IDENTITIES, ChannelKind, Value


@final
class Member:
    """One contact while a batch is merged into it. `id` is None until it is stored, `before` what the store had.

    `others` are the identities by which it is known beside its primary ones: names and comparable spellings.
    """

    __slots__ = ("attributes", "before", "id", "others")

    def __init__(self, before: Mapping[str, Value], *, id: int | None = None, others: Iterable[tuple[str, str]] = ()) -> None:
        self.id = id
        self.before = before
        self.others = frozenset(others)
        self.attributes = dict(before)

    @property
    def is_new(self) -> bool:
        """Whether the store does not have it yet."""
        return self.id is None

    @property
    def has_changed(self) -> bool:
        """Whether there is something to write."""
        return self.is_new or self.attributes != self.before

    def known_as(self, name: str) -> Iterator[str]:
        """The spellings of that identity by which it is found: the primary one first."""
        key = comparable(name, self.attributes.get(name))
        if key is not None:
            yield key
        yield from (other for kind, other in self.others if kind == name)

    def take(self, told: Mapping[str, Value]) -> bool:
        """Merge what is told: later words replace earlier ones, None clears. Whether that changed anything.

        An identity that is one of the `others` tells who is meant and stays what it is: only people make it the primary one.
        """
        news = {name: value for name, value in told.items() if (name, comparable(name, value)) not in self.others}
        merged: dict[str, Value] = {name: value for name, value in (self.attributes | news).items() if value is not None}
        if not any(merged.get(name) for name in IDENTITIES):
            raise Unusable("nothing would be left to tell this contact apart: external_id, email or phone")
        changed = merged != self.attributes
        self.attributes = merged
        return changed


@final
class Register:
    """The contacts that a batch may mean."""

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._by: Mapping[str, defaultdict[str, list[Member]]] = {name: defaultdict(list) for name in IDENTITIES}
        for member in members:
            self.add(member)

    def add(self, member: Member) -> None:
        """Make the member findable by its identities, as they are now."""
        for name in IDENTITIES:
            for key in member.known_as(name):
                if member not in self._by[name][key]:
                    self._by[name][key].append(member)

    def find(self, told: Mapping[str, Value]) -> Member | None:
        """The member by external id, else email, else phone, any of those that it is known by.

        One who has another external id (or email) than the told is somebody else. Raises Unusable where several share the address by
        which it is sought.
        """
        for position, name in enumerate(IDENTITIES):
            key = comparable(name, told.get(name))
            found = [member for member in self._by[name].get(key, ()) if _agree(member, told, IDENTITIES[:position + 1])] if key else []
            if len(found) > 1:
                raise Unusable(f"{name} {key} belongs to {len(found)} contacts: an external_id must tell which is meant")
            if found:
                return found[0]
        return None


def comparable(name: str, value: Value) -> str | None:
    """The spelling under which an identity is compared; None for what is missing."""
    if not isinstance(value, str) or not value:
        return None
    match name:
        case "email":
            return normalise(ChannelKind.EMAIL, value)
        case "phone":
            return normalise(ChannelKind.SMS, value)
        case _:
            return value


def _agree(member: Member, told: Mapping[str, Value], names: Iterable[str]) -> bool:
    pairs = ((set(member.known_as(name)), comparable(name, told.get(name))) for name in names)
    return all(not mine or theirs is None or theirs in mine for mine, theirs in pairs)
