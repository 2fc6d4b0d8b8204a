"""2b Sending: a run at its step `send` -> the deliveries that it asks for, and the run on its way once they are final. Pure.

By the first of its channels a send is one delivery; by `{all: …}` one a channel, at once; by `{first: …}` one a channel, in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engage.model.campaign import Campaign
from engage.model.contact import Event
from engage.model.delivery import DeliveryState
from engage.model.expression import Expression
from engage.model.history import Kind
from engage.model.localtime import add_everywhere, end_of_day_everywhere
from engage.model.responses import RESPONSES, SHOWN_BY
from engage.model.run import Run
from engage.model.steps import Fallback, Send
from engage.model.time import EndOfDay, Zones
from engage.model.triggers import ScheduleTrigger
from engage.model.values import pack
from engage.model.workspace import Settings
from engage.planning.positions import name_of, step_at
from engage.planning.progress import ANY_OF, Journey, Progress, has_arrived
from engage.planning.requests import NewDelivery, Part
from engage.policy.reach import channel_order
from engage.rules.expressions import evaluate
from engage.rules.scopes import bind

BOUNCED = RESPONSES[Kind.BOUNCED]

TELLING = (
    DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.SUPPRESSED,
    DeliveryState.CANCELLED,
)
"""Of several deliveries the outcome of the first that is among them is that of the step."""


def take_send(step: Send, progress: Progress, journey: Journey, following: str) -> Progress:
    """Ask for the deliveries; once they are final, go on."""
    if has_arrived(progress.run):
        return _ask(step, progress, journey)
    if step.fallback is not None:
        return _fall_back(step, step.fallback, progress, journey, following)
    outcome = _outcome_of_all(_parts(journey)) if step.by_all else progress.run.outcome
    if outcome is None:
        return progress.waiting(until=None)
    return progress.named(step.as_, outcome).at(following)


def _ask(step: Send, progress: Progress, journey: Journey) -> Progress:
    run = progress.run
    asked: tuple[NewDelivery, ...]
    if step.by_all:
        occasion = f"{run.id}:{name_of(step)}"
        asked = tuple(
            delivery_of(step, run, journey, channels=(channel,), part=part, occasion=occasion)
            for part, channel in enumerate(_in_turn(step, journey))
        )
    elif step.fallback is not None:
        asked = (delivery_of(step, run, journey, channels=_in_turn(step, journey)[:1]),)
    else:
        asked = (delivery_of(step, run, journey, channels=step.channels),)
    return replace(progress, deliveries=(*progress.deliveries, *asked)).waiting(until=None)


def _in_turn(step: Send, journey: Journey) -> tuple[str, ...]:
    """The channels that stand for one each; as written where the contact's own choice, the only one, names nothing."""
    return channel_order(step.channels, journey.contact, journey.workspace.settings) or step.channels


def _parts(journey: Journey) -> Sequence[Part]:
    """The deliveries that the run waits for, or waited for in turn."""
    return _last_asked_for(journey.parts)


def _last_asked_for(parts: Sequence[Part]) -> Sequence[Part]:
    """However the step is called by now."""
    first = max((place for place, each in enumerate(parts) if each.part == 0), default=0)
    return parts[first:]


def _outcome_of_all(parts: Sequence[Part]) -> str | None:
    """None while one of them is under way."""
    states = {part.state for part in parts}
    return next(state.value for state in TELLING if state in states) if all(state.is_final for state in states) else None


def _fall_back(step: Send, fallback: Fallback, progress: Progress, journey: Journey, following: str) -> Progress:
    run, parts = progress.run, _parts(journey)
    tried = {channel for part in parts for channel in part.channels}
    untried = [channel for channel in _in_turn(step, journey) if channel not in tried]
    outcome = DeliveryState(str(run.outcome))
    if not untried or outcome in (DeliveryState.EXPIRED, DeliveryState.CANCELLED):
        return progress.named(step.as_, _outcome_of_all(parts) or outcome.value).at(following)
    if outcome in (DeliveryState.SUPPRESSED, DeliveryState.FAILED):
        return _next_channel(step, progress, journey, untried[0], at=run.since)
    return _await_sign(step, fallback, progress, journey, following, untried[0])


def _await_sign(step: Send, fallback: Fallback, progress: Progress, journey: Journey, following: str, channel: str) -> Progress:
    """It was handed over: final when the sign comes, the next channel's turn where it bounces, or no sign comes in time."""
    run = progress.run
    handed_off_at = run.handed_off_at or run.since
    signs = signs_of(fallback)
    latest = _parts(journey)[-1].id
    came = next((event for event in journey.events_since(signs, handed_off_at) if event.data.get("delivery_id") == latest), None)
    if came is not None:
        seen = max(run.since, min(came.at, journey.now))
        if came.type == BOUNCED:
            return _next_channel(step, progress, journey, channel, at=seen)
        return progress.named(step.as_, DeliveryState.SENT.value).since(seen).at(following)
    deadline = add_everywhere(handed_off_at, fallback.after, journey.zones)
    if deadline <= journey.now:
        return _next_channel(step, progress, journey, channel, at=deadline)
    return progress.waiting(until=deadline, waiting_for=ANY_OF.join(signs))


def signs_of(fallback: Fallback) -> list[str]:
    """The events that end the wait for it: what shows that it arrived, and the bounce that shows that it never will."""
    return [*_shown_by(fallback), BOUNCED]


def is_shown_late(event: Event, run: Run, campaign: Campaign, parts: Callable[[], Sequence[Part]]) -> bool:
    """Whether the event is the sign that the run gave up waiting for: what goes by the next channel now is needless.

    `parts` are the deliveries of the run; they are asked for only where it may be so.
    """
    step = step_at(campaign.steps, run.position)
    if not isinstance(step, Send) or step.fallback is None or run.part == 0 or run.outcome is not None:
        return False
    if event.type not in _shown_by(step.fallback):
        return False
    return event.data.get("delivery_id") in {part.id for part in _last_asked_for(parts())[:-1]}


def _shown_by(fallback: Fallback) -> list[str]:
    return [RESPONSES[kind] for kind in SHOWN_BY[fallback.unless]]


def _next_channel(step: Send, progress: Progress, journey: Journey, channel: str, *, at: datetime) -> Progress:
    """The same message by the next channel. It expires when the first one would have: until then it makes sense."""
    run = replace(progress.run, since=at, outcome=None, part=progress.run.part + 1)
    expires_at = _parts(journey)[0].expires_at
    new = delivery_of(step, run, journey, channels=(channel,), part=run.part, expires_at=expires_at)
    return replace(progress, run=run, deliveries=(*progress.deliveries, new)).waiting(until=None)


def delivery_of(
    step: Send, run: Run, journey: Journey, *, channels: tuple[str, ...], part: int = 0, occasion: str | None = None,
    expires_at: datetime | None = None,
) -> NewDelivery:
    """The delivery that a run asks for at this step; it fell due when the step before it was final.

    A `to` that comes to nothing is no address: what is for staff never goes to the contact instead.
    """
    asked = journey.scope(run)
    to = (evaluate(step.to, asked) or "") if isinstance(step.to, Expression) else step.to
    new = delivery_as_written(
        step, run, campaign=journey.campaign, settings=journey.workspace.settings, zones=journey.zones, channels=channels,
        to=None if to is None else str(to), values={name: pack(bind(binding, asked)) for name, binding in step.with_.items()},
    )
    return replace(new, part=part, occasion=occasion, expires_at=expires_at or new.expires_at)


def delivery_as_written(
    step: Send, run: Run, *, campaign: Campaign, settings: Settings, zones: Zones, channels: tuple[str, ...], to: str | None,
    values: Mapping[str, object],
) -> NewDelivery:
    """The same, once it is known what `to` and `with` stand for; nothing more is asked of the contact than its zones."""
    purpose = settings.purposes.get(step.purpose)  # None: an older version's, no longer declared, so that the decision refuses it
    one_copy = isinstance(campaign.trigger, ScheduleTrigger) and not campaign.copies
    return NewDelivery(
        run_id=run.id, campaign=campaign.name, version=campaign.version, step=name_of(step), message=step.message,
        purpose=step.purpose, contact_id=run.contact_id, queue=purpose.queue if purpose else "bulk", channels=channels,
        intended_at=run.since, due_at=run.since, expires_at=_expiry(step, run.since, zones),
        priority=campaign.priority, on_unknown=campaign.on_unknown or (purpose.on_unknown if purpose else "hold"),
        to=to, quiet_hours=step.quiet_hours, values={**run.variables, **values},
        send_key=f"{campaign.salt}:{run.key}:{name_of(step)}" if one_copy else None,
    )


def _expiry(step: Send, due: datetime, zones: Zones) -> datetime:
    match step.expires:
        case EndOfDay():
            return end_of_day_everywhere(due, zones)
        case _ as span:
            return add_everywhere(due, span, zones)
