"""`engage retry`: what becomes of deliveries that failed, or of which nobody knows. It shows what it would do before it does it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, final

import typer

from engage.cli.app import Engaged, JsonOption, WorkspaceOption, app_of
from engage.cli.output import counted, moment, print_json, print_rows, span
from engage.cli.people import contact_named
from engage.delivery.asking import ABSENT
from engage.delivery.reviewing import AT_ONCE, ILL, Choice, EndedIll, IllState, Order, Reviewed, Verdict, review
from engage.model.delivery import DeliveryState
from engage.model.errors import InputError, nearest
from engage.model.localtime import add, zone
from engage.model.values import moment_text

GROUPED = ("campaign", "message", "channel", "was", "reason", "deliveries", "left")
DONE = {Verdict.AGAIN: "sent again", Verdict.SENT: "written as sent", Verdict.FAILED: "written as failed"}


IdsArgument = Annotated[list[int] | None, typer.Argument(metavar="ID", help="Deliveries, as `engage status --unknown` names them.")]
FailedOption = Annotated[bool, typer.Option("--failed", help="Those that failed.")]
UnknownOption = Annotated[bool, typer.Option("--unknown", help="Those of which nobody knows whether the provider took them.")]
CampaignOption = Annotated[str | None, typer.Option(help="Only of this campaign.")]
MessageOption = Annotated[str | None, typer.Option(help="Only of this message.")]
ChannelOption = Annotated[str | None, typer.Option(help="Only by this channel.")]
ProviderOption = Annotated[str | None, typer.Option(help="Only by this provider, as touches name it.")]
ReasonOption = Annotated[str | None, typer.Option(help="Only for this reason: render, rejected, unavailable, poison, crash, …")]
ContactOption = Annotated[str | None, typer.Option(help="Only of this contact: external id, email or phone.")]
SinceOption = Annotated[str | None, typer.Option(help="Only what ended at this moment or later.")]
UntilOption = Annotated[str | None, typer.Option(help="Only what ended before this moment.")]
ExpiresOption = Annotated[
    str | None, typer.Option(help="Let them expire no sooner than so long from now: 12h, 2d. Without it, expired ones are left.")
]
AsOption = Annotated[
    DeliveryState | None,
    typer.Option("--as", help="Send nothing: write unknown ones as what they are known to be, sent or failed.", metavar="sent|failed"),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking. Without it, and without a terminal, nothing is done.")]


def retry(
    context: typer.Context, ids: IdsArgument = None, failed: FailedOption = False, unknown: UnknownOption = False,
    campaign: CampaignOption = None, message: MessageOption = None, channel: ChannelOption = None, provider: ProviderOption = None,
    reason: ReasonOption = None, contact: ContactOption = None, since: SinceOption = None, until: UntilOption = None,
    expires: ExpiresOption = None, as_: AsOption = None, yes: YesOption = False, workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send deliveries again that failed or are unknown, or write what became of unknown ones. Shows them, and asks.

    Each goes through the whole decision once more: consent, limits, quiet hours. One that is under way again is not touched twice.

    Example: engage retry --failed --campaign newsletter --reason unavailable --expires 2d
    """
    states = _states(ids, failed=failed, unknown=unknown)
    with app_of(context).open(workspace).engaged() as engaged:
        choice = Choice(
            states=states, ids=tuple(ids or ()), campaign=campaign, message=message, channel=channel, provider=provider, reason=reason,
            contact_id=None if contact is None else contact_named(engaged, contact).id, since=moment(since, name="--since"),
            until=moment(until, name="--until"),
        )
        order = Order(verdict=_verdict(as_), by=engaged.operator, now=engaged.clock.now(), expires_at=_expiry(engaged, expires))
        _carry_out(engaged, choice, order, yes=yes, as_json=as_json)


def _carry_out(engaged: Engaged, choice: Choice, order: Order, *, yes: bool, as_json: bool) -> None:
    """Only what was shown: one that ends ill between the look and the answer is not among them."""
    tell = _Telling(order=order, as_json=as_json, named=bool(choice.ids))
    chosen = tell.look(review(engaged.ill_ended, choice, order, carry_out=False), to_do=yes)
    _refuse_nothing(engaged, choice, chosen, tell)
    if chosen and (yes or tell.asks(len(chosen))):
        for start in range(0, len(chosen), AT_ONCE):
            these = replace(choice, ids=tuple(chosen[start : start + AT_ONCE]))
            tell.done(review(engaged.ill_ended, these, order, carry_out=True))
        tell.end()
        engaged.nudge()


def _states(ids: list[int] | None, *, failed: bool, unknown: bool) -> tuple[IllState, ...]:
    if not (ids or failed or unknown):
        raise InputError.of("say which deliveries: --failed, --unknown, or their ids", file="<command line>")
    asked = {DeliveryState.FAILED: failed, DeliveryState.UNKNOWN: unknown}
    return tuple(state for state in ILL if asked[state]) or ILL


def _verdict(as_: DeliveryState | None) -> Verdict:
    match as_:
        case None:
            return Verdict.AGAIN
        case DeliveryState.SENT:
            return Verdict.SENT
        case DeliveryState.FAILED:
            return Verdict.FAILED
        case _:
            raise InputError.of(f"--as: an unknown delivery is known to be sent or failed, not {as_}", file="<command line>")


def _expiry(engaged: Engaged, expires: str | None) -> datetime | None:
    if expires is None:
        return None
    return add(engaged.clock.now(), span(expires, name="--expires"), zone(engaged.workspace.settings.timezone))


def _refuse_nothing(engaged: Engaged, choice: Choice, chosen: list[int], tell: _Telling) -> None:
    """Nobody shall believe that something was done: a delivery that did not end ill, a name that is not known, or expired ones alone, are
    mistakes."""
    if others := [str(each) for each in choice.ids if each not in tell.seen]:
        raise InputError.of(
            f"{', '.join(others)}: no such delivery failed or is unknown as you say; one that went, or is under way again, is left alone",
            file="<command line>",
        )
    if chosen:
        return
    if tell.objections["expired"]:
        raise InputError.of(
            f"{counted(tell.objections['expired'], 'message')} expired: say how long they still make sense, --expires 2d",
            file="<command line>",
        )
    known = {"campaign": engaged.workspace.campaigns, "channel": engaged.workspace.settings.channels}
    for what, name in (("campaign", choice.campaign), ("channel", choice.channel)):
        if name is not None and name not in known[what]:
            raise InputError.of(f"there is no {what} {name!r}", file="<command line>", suggestion=nearest(name, known[what]))


@final
@dataclass(slots=True, kw_only=True)
class _Telling:
    """What is said of it: to people by groups, before; as JSON each delivery, once it is known what became of it."""

    order: Order
    as_json: bool
    objections: Counter[str] = field(default_factory=Counter)
    carried_out: int = 0
    named: bool = False
    seen: set[int] = field(default_factory=set)

    def look(self, found: Iterable[Reviewed], *, to_do: bool) -> list[int]:
        """Show them; the ids of those of which it can become."""
        groups: Counter[tuple[object, ...]] = Counter()
        left: Counter[tuple[object, ...]] = Counter()
        free = []
        for each in found:
            self.seen.add(each.delivery.id)
            groups[_group(each.delivery)] += 1
            if each.objection is None:
                free.append(each.delivery.id)
            else:
                self.objections[each.objection] += 1
                left[_group(each.delivery)] += 1
            if self.as_json and (each.objection is not None or not to_do):
                print_json(self._line(each, done=False))
        if not self.as_json:
            self._show(groups, left)
        return free

    def asks(self, number: int) -> bool:
        """Whether whoever sits at the terminal says yes; nobody there says no."""
        what = f"{counted(number, 'message')} would be {DONE[self.order.verdict]}"
        if self.as_json or not sys.stdin.isatty():
            typer.echo(f"{what}; add --yes to do it", err=True)
            return False
        return typer.confirm(f"{what}. Do it?")

    def done(self, found: Iterable[Reviewed]) -> None:
        """Count, or print, what was carried out."""
        for each in found:
            self.carried_out += each.objection is None
            if self.as_json:
                print_json(self._line(each, done=each.objection is None))

    def end(self) -> None:
        """How many."""
        if not self.as_json:
            typer.echo(f"{counted(self.carried_out, 'message')} {DONE[self.order.verdict]}")

    def _show(self, groups: Mapping[tuple[object, ...], int], left: Mapping[tuple[object, ...], int]) -> None:
        if not groups:
            if not self.named:
                typer.echo("no such message")
            return
        rows = (
            {**dict(zip(GROUPED, key, strict=False)), "deliveries": number, "left": left.get(key)} for key, number in groups.items()
        )
        print_rows(rows, as_json=False, columns=GROUPED)
        for objection, number in self.objections.items():
            hint = ": give --expires to send them all the same" if objection == "expired" else ""
            typer.echo(f"{counted(number, 'message')} left as {objection}{hint}")

    def _line(self, each: Reviewed, *, done: bool) -> Mapping[str, object]:
        delivery = each.delivery
        return {
            **_told(delivery), "was": delivery.state, "reason": delivery.reason, "expires_at": moment_text(delivery.expires_at),
            "verdict": self.order.verdict, "done": done, "left_as": each.objection,
        }


def _group(delivery: EndedIll) -> tuple[object, ...]:
    return delivery.campaign, delivery.message, delivery.channel, delivery.state, delivery.reason


def _told(delivery: EndedIll) -> Mapping[str, object]:
    return {
        "id": delivery.id, "campaign": delivery.campaign, "message": delivery.message, "channel": delivery.channel,
        "provider": delivery.provider, "contact": delivery.contact, "at": moment_text(delivery.at),
    }


def print_unknown(engaged: Engaged, *, as_json: bool) -> None:
    """The unknown deliveries, each with what to do about it: `engage status --unknown`."""
    print_rows(_unknown(engaged), as_json=as_json, columns=("id", "campaign", "message", "channel", "provider", "contact", "at", "do"))


def _unknown(engaged: Engaged) -> Iterator[Mapping[str, object]]:
    choice, after = Choice(states=(DeliveryState.UNKNOWN,)), 0
    while found := engaged.ill_ended.find(choice, after=after):
        after = found[-1].id
        for delivery in found:
            yield {
                **_told(delivery), "reason": delivery.reason, "message_id": engaged.identity.names(delivery.id)[0],
                "provider_says": delivery.answer, "do": _to_do(delivery),
            }


def _to_do(delivery: EndedIll) -> str:
    again = f"`engage retry {delivery.id}`"
    if delivery.answer == ABSENT:
        return f"the provider does not have it: {again} sends it, {again[:-1]} --as failed` gives it up"
    return f"look for it at the provider; where it is there {again[:-1]} --as sent`, else {again}"
