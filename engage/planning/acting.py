"""2b Acting: the steps that do something other than send: `set`, `consent`, `emit`, `call`. Pure; the store writes what they ask.

What a step says of its contact is written before the run goes further, so that what comes after sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from engage.contacts.normalise import normalise
from engage.contacts.places import Unusable
from engage.model.contact import BUILT_IN_ATTRIBUTES, IDENTITIES, AttributeKind, Consent, Event, Value
from engage.model.history import Kind, Touch
from engage.model.responses import MESSAGE_EVENTS
from engage.model.run import Run, RunState
from engage.model.steps import Binding, Call, Consenting, Emit, Set
from engage.model.values import from_json, plain, to_json
from engage.planning.positions import name_of
from engage.planning.progress import Journey, Progress, end, has_arrived, touch_of
from engage.planning.requests import NewCall
from engage.rules.scopes import bind

ANSWER = "call:"
"""What the variable begins with in which a call's answer arrives; no expression can name it."""

LONGEST_CHAIN = 20
A_MOMENT = timedelta(minutes=1)
_RAISED = re.compile(r"run:.*~(\d+)", re.DOTALL)


class GoingInCircles(RuntimeError):
    """Campaigns raise events that enter one another, without end and without a wait: this one is put off."""


def take_action(step: Set | Consenting | Emit | Call, progress: Progress, journey: Journey, following: str) -> Progress:
    """Do it, unless the campaign has ended: then the run does, as its messages would be cancelled."""
    if journey.has_ended and has_arrived(progress.run):
        return end(progress, journey, state=RunState.EXITED, kind=Kind.EXITED, reason="ended")
    match step:
        case Set():
            return _set(step, progress, journey, following)
        case Consenting():
            return _consent(step, progress, journey, following)
        case Emit():
            return _emit(step, progress, journey, following)
        case Call():
            return _call(step, progress, journey, following)


def _set(step: Set, progress: Progress, journey: Journey, following: str) -> Progress:
    """Ask for the attributes to be written, read as an import would read them. One that does not fit stays as it was, with a touch."""
    changes: dict[str, Value] = {}
    refused: list[Touch] = []
    for name, value in sorted(_bound(step.values, progress, journey).items(), key=_country_first):
        try:
            changes[name] = _fitting(name, value, changes, journey)
        except Unusable as error:
            refused.append(_refusal(step, name, error, progress, journey))
    moved = replace(progress.at(following), changes=changes, touches=(*progress.touches, *refused))
    return replace(moved, moving=not changes)


def _country_first(told: tuple[str, object]) -> bool:
    """A phone number is read as one of the contact's country."""
    return told[0] != "country"


def _fitting(name: str, value: object, changes: Mapping[str, Value], journey: Journey) -> Value:
    kind = {**BUILT_IN_ATTRIBUTES, **journey.workspace.settings.attributes}.get(name)
    if kind is None:
        raise Unusable("is no declared attribute")
    if name == "external_id":
        raise Unusable("is how other systems name the contact: a campaign does not change it")
    country = changes.get("country", journey.contact.text("country"))
    fitting = normalise(name, kind, value, country=country if isinstance(country, str) else None)
    left = {**journey.contact.attributes, **changes, name: fitting}
    if not any(left.get(identity) for identity in IDENTITIES):
        raise Unusable("is all that tells the contact apart")
    return fitting


def _refusal(step: Set, name: str, error: Unusable, progress: Progress, journey: Journey) -> Touch:
    told = touch_of(progress.run, Kind.FAILED, at=journey.now, reason="set", step=step)
    return replace(told, detail={"attribute": name}, private={"error": f"{name} {error}"})


def _consent(step: Consenting, progress: Progress, journey: Journey, following: str) -> Progress:
    """Ask for a line of the ledger. Its touch names the run and the step that wrote it."""
    line = Consent(
        contact_id=progress.run.contact_id, purpose=step.purpose, channel=step.channel, granted=step.granted, at=journey.now,
        source=f"campaign:{journey.campaign.name}",
    )
    kind = Kind.CONSENT_GRANTED if step.granted else Kind.CONSENT_WITHDRAWN
    told = replace(
        touch_of(progress.run, kind, at=journey.now, step=step), purpose=step.purpose,
        channel=step.channel.value if step.channel else None, detail={"source": line.source},
    )
    return replace(progress.at(following), consents=(line,), touches=(*progress.touches, told), moving=False)


def _emit(step: Emit, progress: Progress, journey: Journey, following: str) -> Progress:
    """Raise the event. It is written with the run's progress, and what it asks for is drawn a moment later."""
    run, chained = progress.run, _chained(progress.run, journey.now)
    if chained > LONGEST_CHAIN:
        raise GoingInCircles(f"{chained} events in a row, each raised by a run that the one before had entered")
    kinds = {**journey.workspace.settings.events, **MESSAGE_EVENTS}.get(step.event, {})
    event = Event(
        id=f"run:{run.id}:{name_of(step)}:{run.since.isoformat()}~{chained}", type=step.event, at=journey.now, contact_id=run.contact_id,
        data={name: _field(value, kinds.get(name)) for name, value in _bound(step.data, progress, journey).items()},
        received_at=journey.now,
    )
    return replace(progress.at(following), events=(*progress.events, event))


def _chained(run: Run, now: datetime) -> int:
    """How many events came before, each raised a moment after the one that had entered its run."""
    raised, at = run.trigger.get("event_id"), from_json(run.trigger.get("event_at"), AttributeKind.DATETIME)
    if not isinstance(raised, str) or not isinstance(at, datetime) or now - at > A_MOMENT:
        return 0
    before = _RAISED.fullmatch(raised)
    return int(before[1]) + 1 if before else 0


def _field(value: object, kind: AttributeKind | None) -> Value:
    """As the declared kind; what is not of it is missing."""
    written = to_json(value)  # type: ignore[arg-type]  # whatever an expression gives that is no Value is not of the kind either
    return from_json(written, kind) if kind is not None else from_json(written, AttributeKind.TEXT)


def _call(step: Call, progress: Progress, journey: Journey, following: str) -> Progress:
    """Ask for the call; once it is answered, or has failed for good, go on with its answer."""
    run, name = progress.run, name_of(step)
    if has_arrived(run):
        data = {key: plain(value) for key, value in _bound(step.data, progress, journey).items()}
        new = NewCall(
            run_id=run.id, step=name, contact_id=run.contact_id, endpoint=step.endpoint, data=data, created_at=journey.now,
        )
        return replace(progress, calls=(*progress.calls, new)).waiting(until=None)
    answers = [value for key, value in run.variables.items() if key.startswith(ANSWER)]
    variables = {key: value for key, value in run.variables.items() if not key.startswith(ANSWER)}
    moved = replace(progress, run=replace(run, variables=variables))
    return moved.named(step.as_, answers[0] if answers else None).at(following)


def answer_key(step: str) -> str:
    """The variable in which a call's answer arrives; no expression can name it."""
    return f"{ANSWER}{step}"


def _bound(bindings: Mapping[str, Binding], progress: Progress, journey: Journey) -> Mapping[str, object]:
    asked = journey.scope(progress.run)
    return {name: bind(binding, asked) for name, binding in bindings.items()}
