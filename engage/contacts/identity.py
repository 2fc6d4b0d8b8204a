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

    __slots__ = ("attributes", "before", "id", "known", "others")

    def __init__(self, before: Mapping[str, Value], *, id: int | None = None, others: Iterable[tuple[str, str]] = ()) -> None:
        self.id = id
        self.before = before
        self.others = frozenset(others)
        self.attributes = dict(before)
        self.known: tuple[tuple[str, ...], ...] = ()  # the register's: by what it is found, in the order of IDENTITIES

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
        others = self.others
        news = {name: value for name, value in told.items() if (name, comparable(name, value)) not in others} if others else told
        merged: dict[str, Value] = {**self.attributes, **news}
        if None in news.values():
            merged = {name: value for name, value in merged.items() if value is not None}
        if not (merged.get("external_id") or merged.get("email") or merged.get("phone")):  # IDENTITIES, one by one
            raise Unusable("nothing would be left to tell this contact apart: external_id, email or phone")
        changed = merged != self.attributes
        self.attributes = merged
        return changed


@final
class Register:
    """The contacts that a batch may mean."""

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._by: tuple[defaultdict[str, list[Member]], ...] = tuple(defaultdict(list) for _ in IDENTITIES)
        for member in members:
            self.add(member)

    def add(self, member: Member, keys: Keys | None = None) -> None:
        """Make the member findable by its identities, as they are now; `keys` are those of its attributes, where they are known."""
        if member.others:
            member.known = tuple([tuple(member.known_as(name)) for name in IDENTITIES])
        else:
            member.known = tuple([(key,) if key is not None else () for key in keys or keys_of(member.attributes)])
        for members, known in zip(self._by, member.known, strict=True):
            for key in known:
                if member not in members[key]:
                    members[key].append(member)

    def find(self, keys: Keys) -> Member | None:
        """The member by external id, else email, else phone, any of those that it is known by: the first of the `keys_of` somebody.

        One who has another external id (or email) than the told is somebody else. Raises Unusable where several share the address by
        which it is sought, and where one identity means one member and another identity a second who may be meant just as well: two
        people are never made one by a row of a file.
        """
        for position, key in enumerate(keys):
            found = self._meant(keys, position) if key is not None else []
            if len(found) > 1:
                raise Unusable(f"{IDENTITIES[position]} {key} belongs to {len(found)} contacts: an external_id must tell which is meant")
            if found:
                self._refuse_two(found[0], keys, position)
                return found[0]
        return None

    def _meant(self, keys: Keys, position: int) -> list[Member]:
        """Whoever has the identity at that position, and is not somebody else by those before it."""
        members = self._by[position].get(keys[position] or "")
        return [member for member in members if _agree(member, keys, position)] if members else []

    def _refuse_two(self, member: Member, keys: Keys, position: int) -> None:
        for later in range(position + 1, len(keys)):
            key = keys[later]
            if key is None or key in member.known[later]:
                continue
            if any(other is not member for other in self._meant(keys, later)):
                raise Unusable(
                    f"{IDENTITIES[position]} {keys[position]} is one contact, {IDENTITIES[later]} {key} another: "
                    "mend the row, or make the two one by `engage contact merge`"
                )


Keys = tuple[str | None, ...]
"""The identities that somebody is told of by, in the order of IDENTITIES, as they are compared."""


def keys_of(attributes: Mapping[str, Value]) -> Keys:
    """The identities among the attributes."""
    external_id, email, phone = attributes.get("external_id"), attributes.get("email"), attributes.get("phone")  # IDENTITIES, one by one
    return (
        external_id if isinstance(external_id, str) and external_id else None,
        normalise(ChannelKind.EMAIL, email) if isinstance(email, str) and email else None,
        normalise(ChannelKind.SMS, phone) if isinstance(phone, str) and phone else None,
    )


def comparable(name: str, value: Value) -> str | None:
    """The spelling under which an identity is compared; None for what is missing."""
    if not isinstance(value, str) or not value:
        return None
    kind = _KINDS.get(name)
    return value if kind is None else normalise(kind, value)


_KINDS = {"email": ChannelKind.EMAIL, "phone": ChannelKind.SMS}


def _agree(member: Member, keys: Keys, position: int) -> bool:
    """Whether none of the identities up to that position is another than the member's."""
    return all(not mine or key is None or key in mine for mine, key in zip(member.known[:position + 1], keys, strict=False))
