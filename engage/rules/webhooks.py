"""`webhooks` of engage.yaml -> Outlets, and what is wrong with them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind
from engage.model.errors import Place, Problem, nearest
from engage.model.outlets import Outlet
from engage.model.workspace import Settings
from engage.rules.known import refuse_unknown
from engage.rules.schema.webhooks import WebhookSection
from engage.rules.tree import Scalar


def read_webhook(
    name: Scalar, written: WebhookSection, *, declared: Mapping[str, AttributeKind], source: str, problems: list[Problem]
) -> Outlet:
    """The webhook of the system at `source`; attributes that nobody declared are added to `problems`."""
    known = {**BUILT_IN_ATTRIBUTES, **declared}
    for each in written.fields:
        if each not in known:
            refuse_unknown("attribute", each, known, problems, "is not declared under `attributes` in engage.yaml")
    return Outlet(
        name=str(name), url=str(written.url), secret=str(written.secret),
        old_secret=None if written.old_secret is None else str(written.old_secret), format=written.format, batch=written.batch,
        source=source, kinds=frozenset(written.kinds),
        campaigns=frozenset(map(str, written.campaigns)), fields=tuple(dict.fromkeys(map(str, written.fields))), place=name.place,
    )


def refused_webhooks(settings: Settings, campaigns: Mapping[str, object]) -> Iterator[Problem]:
    """What names a campaign that there is not: nothing would ever be told of it."""
    for outlet in settings.webhooks.values():
        for campaign in sorted(outlet.campaigns - campaigns.keys()):
            what = f"webhook {outlet.name}: the campaign `{campaign}` does not exist"
            yield Problem(place=outlet.place or Place(file="engage.yaml"), what=what, suggestion=nearest(campaign, campaigns))
