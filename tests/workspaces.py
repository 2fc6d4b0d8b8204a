"""Small whole workspaces as texts: a test names only the file that it is about."""

from __future__ import annotations

from textwrap import dedent

from engage.model.errors import InputError
from engage.model.workspace import Files, Workspace
from engage.rules.checking import check

SETTINGS = """
company: {name: Aurora, address: "Trubarjeva 1, Ljubljana"}
public_url: https://engage.example.com
timezone: Europe/Ljubljana
attributes: {birth_date: date, plan: text, customer_since: date, renews_at: datetime, visits: number}
events:
  ticket.closed: {ticket_id: text, channel: text, tags: list}
  ticket.reopened: {ticket_id: text}
  csat.answered: {ticket_id: text, score: number}
  order.placed: {order_id: text, total: money}
purposes:
  care: {title: Wishes, consent: {email: opt_out, sms: opt_in}}
  service: {title: Requests, consent: none}
quiet_hours: {from: 21:00, to: 08:00}
channels:
  email: {adapter: smtp, url: "smtp://localhost", from: hello@aurora.example}
  sms: {adapter: sms_webhook, url: "http://localhost"}
  chat: {adapter: slack, token: x}
  support_room: {adapter: slack, token: x, to: "#support"}
endpoints: {gifts: {url: "https://gifts.example.com/v1/codes", secret: whsec_eA}}
"""

TEMPLATES = (
    "templates/birthday/email.mjml", "templates/birthday/sms.txt", "templates/csat/email.md", "templates/csat/chat.json.j2",
    "templates/alarm/chat.md",
)

CAMPAIGN = """
purpose: care
trigger: {date: birth_date, at: 09:00}
send: birthday
channels: [email, sms]
"""


def files_of(*, settings: str = SETTINGS, **campaigns: str) -> dict[str, bytes]:
    """The workspace's files with these campaigns, and empty templates."""
    files = {"engage.yaml": _bytes(settings), **dict.fromkeys(TEMPLATES, b"x")}
    return files | {f"campaigns/{name}.yaml": _bytes(text) for name, text in campaigns.items()}


def with_files(files: Files, **more: str) -> dict[str, bytes]:
    """The files and these, whose paths are written with `__` for `/` and end in .yaml."""
    return {**files, **{f"{name.replace('__', '/')}.yaml": _bytes(text) for name, text in more.items()}}


def problems_of(files: Files, **env: str) -> list[str]:
    """Everything that is wrong with the workspace, as printed."""
    return [str(problem) for problem in check(files, env).problems]


def loaded(files: Files, **env: str) -> Workspace:
    """The workspace. Raises InputError."""
    checked = check(files, env)
    if checked.problems or checked.workspace is None:
        raise InputError(checked.problems)
    return checked.workspace


def _bytes(text: str) -> bytes:
    return dedent(text).lstrip("\n").encode()
