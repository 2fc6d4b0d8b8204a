"""What `engage doctor` says of laws: of the countries in which contacts live, and of implied consents that would never end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from engage.model.contact import Ground
from engage.model.workspace import Settings
from engage.policy.lawful import shortfalls
from engage.rules.laws import laws
from engage.store.database import Database
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts

IMPLIED = "ca.implied"


def legal_findings(database: Database, settings: Settings, *, tracked: bool) -> Iterator[Mapping[str, object]]:
    """One finding of all shortfalls, one of implied consents; nothing where nobody is known. They warn: nothing is out of order.

    `tracked`: opens or clicks of some message are recorded.
    """
    with database.read() as connection:
        lived_in = connection.scalars(sa.select(contacts.c.country).distinct().where(contacts.c.erased_at.is_(None))).all()
        countries = sorted(code for code in lived_in if code)
        endless = connection.scalar(_ENDLESS) or 0
    if countries:
        found = [problem.what for problem in shortfalls(settings, rules=laws(), countries=countries, tracked=tracked)]
        told = f"{len(found)} rules of countries where contacts live" if found else f"nothing known is amiss in {', '.join(countries)}"
        yield {"what": "laws", "ok": True, "found": told, "do": "; ".join(found)}
    if endless and IMPLIED not in settings.laws.accepted:
        do = "let them expire: engage consent grant CONTACT PURPOSE --ground implied --expires 24mo (or 6mo); see engage laws --country CA"
        yield {"what": "implied consent", "ok": True, "found": f"{endless} lines of contacts in Canada without an end", "do": do}


_ENDLESS = (
    sa.select(sa.func.count()).select_from(consents.join(contacts, contacts.c.id == consents.c.contact_id))
    .where(consents.c.granted, consents.c.ground == Ground.IMPLIED.value, consents.c.expires_at.is_(None), contacts.c.country == "CA")
)
