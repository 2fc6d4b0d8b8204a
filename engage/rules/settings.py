"""engage.yaml's bytes and the environment -> Settings. The only place where `${NAME}` is filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from engage.model.contact import BUILT_IN_ATTRIBUTES, ChannelKind
from engage.model.errors import InputError, Place, Problem
from engage.model.history import Kind
from engage.model.outlets import Outlet
from engage.model.responses import MESSAGE_EVENTS, OWN_EVENTS
from engage.model.retention import Retained, Retention
from engage.model.tracking import UTM, Tracking, TrackingRules
from engage.model.triggers import OF_EVENT, Kinds
from engage.model.web_addresses import web_address
from engage.model.workspace import Basis, Company, Endpoint, Guards, Laws, Purpose, Settings
from engage.rules.channels import read_channel
from engage.rules.document import read
from engage.rules.hooks import read_hooks
from engage.rules.mailboxes import read_mailbox
from engage.rules.schema.fields import as_tuple
from engage.rules.schema.settings import (
    CompanySection,
    ConsentSection,
    EndpointSection,
    GuardsSection,
    LawsSection,
    PurposeSection,
    RetentionSection,
    SettingsFile,
    StopAtSection,
    TrackingSection,
)
from engage.rules.schema.webhooks import WebhookSection
from engage.rules.tree import Items, Map, Scalar, Tree
from engage.rules.validation import validate
from engage.rules.webhooks import read_webhook
from engage.rules.windows import layer, quiet_hours, refuse_no_window

FILE = "engage.yaml"
DATABASES = ("sqlite", "postgresql", "postgresql+psycopg", "postgres")
BROKERS = ("redis", "rediss", "unix", "amqp", "amqps")

_PASSWORD = re.compile(r"(?<=:)[^/:@][^@]*@")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def load_settings(files: Mapping[str, bytes], env: Mapping[str, str]) -> Settings:
    """The workspace's settings. Raises InputError with everything that is wrong with engage.yaml."""
    problems: list[Problem] = []
    settings = read_settings(files, env, problems)
    if settings is None or problems:
        raise InputError(problems)
    return settings


def read_settings(files: Mapping[str, bytes], env: Mapping[str, str], problems: list[Problem]) -> Settings | None:
    """The settings, or None; what is wrong is added to `problems`."""
    if FILE not in files:
        problems.append(Problem(place=Place(file=FILE), what="the file is missing"))
        return None
    tree, found = read(FILE, files[FILE])
    problems.extend(found)
    if tree is None:
        return None
    written = validate(SettingsFile, _filled_in(tree, env, problems), problems)
    return None if written is None else _settings(written, problems)


def _filled_in(tree: Tree, env: Mapping[str, str], problems: list[Problem]) -> Tree:
    """The tree with its values out of the environment; its shape and its places stay."""
    match tree:
        case Map():
            for key, value in tree.items():
                tree[key] = _filled_in(value, env, problems)
        case Items():
            tree[:] = [_filled_in(value, env, problems) for value in tree]
        case Scalar() if "${" in tree:
            return _value(tree, env, problems)
    return tree


def _value(scalar: Scalar, env: Mapping[str, str], problems: list[Problem]) -> Scalar:
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        value = env.get(match["name"])
        if not value and match["default"] is not None:
            return match["default"]
        if value is None:
            missing.append(match["name"])
        return value or ""

    text = _VARIABLE.sub(fill, scalar)
    remedy = "set it, or give a default"
    problems.extend(Problem(place=scalar.place, what=f"the environment has no `{name}`; {remedy}: ${{{name}:-…}}") for name in missing)
    return Scalar.at(text, scalar.place, written=scalar.written, plain=False, broken=bool(missing))


def _settings(written: SettingsFile, problems: list[Problem]) -> Settings:
    _refuse_built_in(written, problems)
    _refuse_scheme(written.database, DATABASES, "a database", problems)
    if written.broker != "embedded":
        _refuse_scheme(written.broker, BROKERS, "a broker", problems)
    _refuse_base(written.public_url, problems)
    defaults = Settings(company=_company(written.company, problems), public_url=written.public_url.rstrip("/"))
    general = quiet_hours(written.quiet_hours) if written.quiet_hours else None
    if written.quiet_hours:
        refuse_no_window([general], written.quiet_hours.place, problems)
    purposes = {str(name): _purpose(str(name), section, problems) for name, section in written.purposes.items()}
    for name, section in written.purposes.items():
        if section.quiet_hours is not None:
            refuse_no_window([general, purposes[str(name)].quiet_hours], section.place_of("quiet_hours"), problems)
    settings = Settings(
        company=defaults.company,
        public_url=defaults.public_url,
        database=str(written.database or defaults.database),
        broker=str(written.broker or defaults.broker),
        locale=str(written.locale or defaults.locale),
        timezone=str(written.timezone or defaults.timezone),
        attributes={str(name): kind for name, kind in written.attributes.items()},
        events={**MESSAGE_EVENTS, **_events(written)},
        purposes=purposes,
        limits=as_tuple(written.limit),
        quiet_hours=general,
        guards=_guards(written.guards),
        laws=_laws(written.laws),
        tracking=_tracking(written.tracking),
        retention=_retention(written.retention),
        endpoints={str(name): _endpoint(name, section, problems) for name, section in written.endpoints.items()},
        webhooks={str(name): _webhook(name, section, written, problems) for name, section in written.webhooks.items()},
        channels={str(name): channel for name, section in written.channels.items() if (channel := read_channel(name, section, problems))},
        mailboxes={str(name): read_mailbox(name, section, problems) for name, section in written.mailboxes.items()},
    )
    return replace(settings, hooks=read_hooks(written.hooks, settings, problems))


def _events(written: SettingsFile) -> Mapping[str, Kinds]:
    return {str(type_): {str(name): kind for name, kind in fields.items()} for type_, fields in written.events.items()}


def _refuse_built_in(written: SettingsFile, problems: list[Problem]) -> None:
    problems.extend(
        Problem(place=name.place, what=f"`{name}` is built in ({BUILT_IN_ATTRIBUTES[name]}) and need not be declared")
        for name in written.attributes if name in BUILT_IN_ATTRIBUTES
    )
    problems.extend(
        Problem(place=name.place, what=f"`{name}` is a field that every event has")
        for fields in written.events.values() for name in fields if name in OF_EVENT
    )
    problems.extend(
        Problem(place=type_.place, what=f"`{type_}`: events that begin with `{OWN_EVENTS}` are Engage's own and need not be declared")
        for type_ in written.events if type_.startswith(OWN_EVENTS)
    )


def _refuse_scheme(url: Scalar | None, schemes: tuple[str, ...], called: str, problems: list[Problem]) -> None:
    if url is not None and url.split(":", 1)[0] not in schemes:
        wanted = ", ".join(f"{scheme}://…" for scheme in schemes)
        shown = _PASSWORD.sub("***@", url.written)
        problems.append(Problem(place=url.place, what=f"`{shown}` is not {called}; write it as one of {wanted}"))


def _refuse_base(url: Scalar, problems: list[Problem]) -> None:
    base = web_address(url)
    if base is None or "?" in base.rest:
        problems.append(Problem(place=url.place, what=f"`{url.written}` is not the base of links; write it like https://engage.example.com"))


def _company(written: CompanySection, problems: list[Problem]) -> Company:
    color = written.color
    if color is not None and not _COLOR.fullmatch(color):
        problems.append(Problem(place=color.place, what=f"`{color.written}` is no colour; write it like #1f5fbf, in quotes"))
    return Company(name=str(written.name), address=str(written.address or ""), color=_optional(color))


def _purpose(name: str, written: PurposeSection, problems: list[Problem]) -> Purpose:
    consent = _consent(written.consent)
    asks_nothing = all(basis is Basis.NONE for basis in consent.values())
    on_unknown: Literal["resend", "hold"] = "resend" if asks_nothing else "hold"
    if written.on_unknown is not None:
        on_unknown = "resend" if written.on_unknown == "resend" else "hold"
    if written.public_url is not None:
        _refuse_base(written.public_url, problems)
    return Purpose(
        name=name,
        title=str(written.title or name),
        consent=consent,
        limits=as_tuple(written.limit),
        quiet_hours=layer(written.quiet_hours),
        on_unknown=on_unknown,
        sender=_optional(written.sender),
        company=_company(written.company, problems) if written.company else None,
        public_url=written.public_url.rstrip("/") if written.public_url else None,
        wording=_optional(written.wording),
        place=written.place,
    )


def _consent(written: Basis | ConsentSection) -> Mapping[ChannelKind, Basis]:
    if isinstance(written, Basis):
        return dict.fromkeys(ChannelKind, written)
    return {ChannelKind.EMAIL: written.email, ChannelKind.SMS: written.sms, ChannelKind.CHAT: written.chat}


def _guards(written: GuardsSection | None) -> Guards:
    if written is None:
        return Guards()
    return Guards(
        max_audience=written.max_audience,
        only_to=frozenset(str(address) for address in written.only_to),
        placeholder_dates=frozenset(written.placeholder_dates),
        stop_at=_stop_at(written.stop_at),
    )


def _tracking(written: TrackingSection | None) -> TrackingRules:
    if written is None:
        return TrackingRules()
    told = [(name, getattr(written.utm, name)) for name in UTM] if written.utm is not None else []
    utm = tuple((name, str(value)) for name, value in told if value is not None)
    by_country = {str(code): allowed for code, allowed in written.by_country.items()}
    return TrackingRules(default=Tracking(opens=written.opens, clicks=written.clicks, utm=utm), by_country=by_country, place=written.place)


def _retention(written: RetentionSection | None) -> Mapping[Retained, Retention]:
    if written is None:
        return {}
    told = {kind: getattr(written, kind.value) for kind in Retained}
    return {
        kind: Retention(kind=kind, keep=keep, place=written.place_of(kind.value)) for kind, keep in told.items() if keep is not None
    }


def _laws(written: LawsSection | None) -> Laws:
    if written is None:
        return Laws()
    accepted = {str(id_): str(why) for id_, why in written.accepted.items()}
    return Laws(countries=frozenset(written.countries), accepted=accepted, place=written.place)


def _stop_at(written: StopAtSection | None) -> Mapping[Kind, Fraction]:
    if written is None:
        return {}
    shares = {Kind.BOUNCED: written.bounces, Kind.COMPLAINED: written.complaints}
    return {kind: share for kind, share in shares.items() if share is not None}


def _webhook(name: Scalar, written: WebhookSection, settings: SettingsFile, problems: list[Problem]) -> Outlet:
    _refuse_insecure(written.url, "a webhook", problems)
    declared = {str(name): kind for name, kind in settings.attributes.items()}
    return read_webhook(name, written, declared=declared, source=settings.public_url.rstrip("/"), problems=problems)


def _refuse_insecure(url: Scalar, called: str, problems: list[Problem]) -> None:
    address = web_address(url)
    if address is None or not address.is_private:
        what = f"`{url.written}` is not where {called} can be; write it like https://… (http:// only to this machine itself)"
        problems.append(Problem(place=url.place, what=what))


def _endpoint(name: Scalar, written: EndpointSection, problems: list[Problem]) -> Endpoint:
    _refuse_insecure(written.url, "an endpoint", problems)
    return Endpoint(
        name=str(name), url=str(written.url), secret=str(written.secret), old_secret=_optional(written.old_secret), place=name.place,
    )


def _optional(text: Scalar | None) -> str | None:
    return None if text is None else str(text)
