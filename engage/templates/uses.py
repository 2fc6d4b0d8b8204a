"""Which campaigns send which message, and what its templates can count on there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from jinja2 import Environment, TemplateSyntaxError, nodes

from engage.model.campaign import Campaign
from engage.model.contact import ADDRESSES, PREFERRED, ChannelKind
from engage.model.errors import Place
from engage.model.expression import Expression
from engage.model.steps import If, Send, Step, branches_of
from engage.model.triggers import DateTrigger, Kinds
from engage.model.workspace import Settings, Workspace
from engage.templates.reading import calls_by_name, events_by_name, read_of_trigger, sends_by_name

_PARSER = Environment(autoescape=True)  # only ever parses expressions; nothing is rendered with it


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One send of a message by one channel; `wished` where only a contact's own preference leads to it.

    `trigger` None: any field may be asked of it, and so of `answers`, the names that calls give by `as`. `present` are the
    contact's attributes that are surely there, `only` the values that the audience allows.
    """

    campaign: Campaign | None
    channel: str
    kind: ChannelKind
    purpose: str
    trigger: Kinds | None = None
    events: Mapping[str, Kinds] = field(default_factory=dict)
    outcomes: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()
    values: Mapping[str, object] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    to_staff: bool = False
    wished: bool = False
    place: Place | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names beside those that every template has."""
        return frozenset({*self.events, *self.outcomes, *self.answers, *self.values})

    def as_read(self, attributes: frozenset[str]) -> Use:
        """All of it that a template which reads these attributes of the contact can tell."""
        only = {name: texts for name, texts in self.only.items() if name in attributes}
        return replace(self, campaign=None, place=None, wished=False, present=self.present & attributes, only=only)


def told_apart(uses: Sequence[Use], attributes: frozenset[str]) -> Iterator[Use]:
    """One of all uses that are the same to a template which reads these attributes: hundreds of campaigns may send one message alike."""
    seen: list[Use] = []
    for use in uses:
        if (read := use.as_read(attributes)) not in seen:
            seen.append(read)
            yield use


def uses_of(workspace: Workspace) -> Mapping[str, tuple[Use, ...]]:
    """Every send of every message, by message."""
    found: dict[str, list[Use]] = {}
    for campaign in workspace.campaigns.values():
        conditions = [campaign.audience] if campaign.audience is not None else []
        for send, given in _sends(campaign.steps, conditions):
            found.setdefault(send.message, []).extend(_uses(campaign, send, given, workspace.settings))
    return {message: tuple(uses) for message, uses in found.items()}


def _sends(steps: Sequence[Step], given: Sequence[Expression]) -> Iterator[tuple[Send, Sequence[Expression]]]:
    """The sends, each with the conditions that hold where it stands."""
    for step in steps:
        own = [*given, step.when] if step.when is not None else given
        match step:
            case Send():
                yield step, own
            case If():
                yield from _sends(step.then, [*own, step.condition])
                yield from _sends(step.otherwise, own)
            case _:
                for branch in branches_of(step).values():
                    yield from _sends(branch, own)


def _uses(campaign: Campaign, send: Send, given: Sequence[Expression], settings: Settings) -> Iterator[Use]:
    known: set[str] = {campaign.trigger.attribute} if isinstance(campaign.trigger, DateTrigger) else set()
    only: dict[str, tuple[str, ...]] = {}
    for condition in given:
        for attribute, values in _demands(condition):
            known.add(attribute)
            if values:
                only[attribute] = values
    wishes = [name for name, channel in settings.channels.items() if channel.to is None] if PREFERRED in send.channels else []
    for name in dict.fromkeys((*send.channels, *wishes)):
        channel = settings.channels.get(name)
        if channel is None:
            continue
        staff = send.to is not None or channel.to is not None
        yield Use(
            campaign=campaign, channel=name, kind=channel.kind, purpose=send.purpose, trigger=read_of_trigger(campaign, settings),
            events=events_by_name(campaign, settings), outcomes=sends_by_name(campaign),
            answers=calls_by_name(campaign), values=send.with_, only=only, to_staff=staff, wished=name not in send.channels,
            place=send.place,
            present=frozenset({*known, *(() if staff else (ADDRESSES[channel.kind],)), "created_at"}),
        )  # fmt: skip


def _demands(condition: Expression) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The contact's attributes that must be there for the condition to hold, with the texts that it allows.

    A comparison with a missing side is false, so what is compared in any part of a top-level `and` is there.
    """
    try:
        tree = _PARSER.parse("{{ " + condition.source + " }}").find(nodes.Output)
    except TemplateSyntaxError:
        return
    if tree is not None:
        yield from _demanded(tree.nodes[0])


def _demanded(node: nodes.Node) -> Iterator[tuple[str, tuple[str, ...]]]:
    match node:
        case nodes.And():
            yield from _demanded(node.left)
            yield from _demanded(node.right)
        case nodes.Compare(expr=side, ops=[operand]) if operand.op not in ("ne", "notin"):
            for one, other in ((side, operand.expr), (operand.expr, side)):
                if (name := attribute_of(one)) is not None:
                    yield name, _texts(other) if operand.op in ("eq", "in") else ()
        case nodes.Not(node=nodes.Test(name="none", node=asked)):
            if (name := attribute_of(asked)) is not None:
                yield name, ()
        case _ if (name := attribute_of(node)) is not None:
            yield name, ()


def attribute_of(node: nodes.Node | None) -> str | None:
    """The name in `contact.name`."""
    match node:
        case nodes.Getattr(node=nodes.Name(name="contact"), attr=str(name)):
            return name
        case _:
            return None


def _texts(node: nodes.Node) -> tuple[str, ...]:
    match node:
        case nodes.Const(value=str(text)):
            return (text,)
        case nodes.List() | nodes.Tuple():
            return tuple(item.value for item in node.items if isinstance(item, nodes.Const) and isinstance(item.value, str))
        case _:
            return ()
