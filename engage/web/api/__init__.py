"""The API for programs: `/v1/…`, with a bearer key. JSON in and out; a 2xx means that it is in the database.

::

    fields, attributes, answers      what bodies and answers share
    events, contacts, consents,      the routes
    messages, campaigns
    document                         /openapi.json
"""

from fastapi import APIRouter

from engage.web.api.campaigns import add_campaigns
from engage.web.api.consents import add_consents
from engage.web.api.contacts import add_contacts
from engage.web.api.events import add_events
from engage.web.api.messages import add_messages
from engage.web.gate import gate
from engage.web.ports import Site

__all__ = ["router"]


def router(site: Site) -> APIRouter:
    """The routes of `/v1`, all behind the gate."""
    api = APIRouter(prefix="/v1", route_class=gate(site))
    for add in (add_events, add_contacts, add_consents, add_messages, add_campaigns):
        add(api, site)
    return api
