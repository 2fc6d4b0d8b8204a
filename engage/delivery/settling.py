"""What a decision or an outcome comes to: the delivery's next state and its touch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from engage.delivery.ports import LATE, Outcome, Settlement
from engage.delivery.retries import retry_in, spread
from engage.model.contact import ChannelKind
from engage.model.content import ChatContent, Content, EmailContent, SmsContent
from engage.model.delivery import Approved, Cleared, Deferred, DeliveryState, Held, Intent, Refused, Trail
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from engage.model.history import Kind, Touch

KINDS = {
    DeliveryState.SENT: Kind.SENT,
    DeliveryState.FAILED: Kind.FAILED,
    DeliveryState.SUPPRESSED: Kind.SUPPRESSED,
    DeliveryState.EXPIRED: Kind.EXPIRED,
    DeliveryState.CANCELLED: Kind.CANCELLED,
    DeliveryState.UNKNOWN: Kind.UNKNOWN,
}
OUTRANKED_FOR = 0.5
"""Seconds of the machine clock."""

SPARED_FOR = 1.0
"""Seconds of the machine clock after which a message is looked at again whose provider was not there for anybody."""

PROVIDER_REASONS = frozenset({"rate", "breaker", "silent", "configuration"})
"""Of waits that are about providers alone and no part of a contact's history."""


def final_state(state: DeliveryState, *, resends: int) -> DeliveryState:
    """Of a message that may have gone at an earlier hand-off nobody can say that it did not: what it ends in then is `unknown`."""
    return DeliveryState.UNKNOWN if resends and state is not DeliveryState.SENT else state


def settle_decision(decision: Deferred | Held | Refused, *, now: datetime) -> Settlement:
    """A delivery that is not handed over now."""
    intent = decision.intent
    match decision:
        case Deferred(reason=reason, until=until) if reason in PROVIDER_REASONS:
            return put_back(intent, spread((until - now).total_seconds(), delivery_id=intent.id))
        case Deferred():
            detail = {"until": decision.until.isoformat(), "trail": trail_detail(decision.trail)}
            touch = touch_of(intent, Kind.DEFERRED, at=now, reason=decision.reason, channel=decision.channel, detail=detail)
            return Settlement(delivery_id=intent.id, state=DeliveryState.WAITING, due_at=decision.until, touch=touch)
        case Held():
            until = min(decision.until or intent.expires_at, intent.expires_at)
            return Settlement(delivery_id=intent.id, state=DeliveryState.WAITING, due_at=until, hold=decision.reason)
        case Refused():
            state = final_state(decision.state, resends=intent.resends)
            touch = touch_of(
                intent, KINDS[state], at=now, reason=decision.reason, channel=decision.channel,
                detail={"trail": trail_detail(decision.trail)},
            )
            return Settlement(delivery_id=intent.id, state=state, touch=touch)
        case _ as never:
            assert_never(never)


def settle_outranked(intent: Intent) -> Settlement:
    """A delivery that lets another one of its contact go first: it is looked at again once that had time to go."""
    return put_back(intent, OUTRANKED_FOR)


def put_back(intent: Intent, seconds: float) -> Settlement:
    """A delivery that is looked at again in so many seconds of the machine clock, as if nothing had been tried."""
    return Settlement(delivery_id=intent.id, state=DeliveryState.WAITING, due_at=intent.due_at, retry_in=seconds)


def settle_render_error(approved: Approved, error: Exception, *, now: datetime) -> Settlement:
    """A message that cannot be rendered for this contact fails; it is never sent with a blank."""
    state = final_state(DeliveryState.FAILED, resends=approved.intent.resends)
    touch = touch_of(approved.intent, KINDS[state], at=now, reason="render", channel=approved.channel, detail={"error": str(error)})
    return Settlement(delivery_id=approved.intent.id, state=state, touch=touch)


def settle_mistake(intent: Intent, error: Exception, *, now: datetime) -> Settlement:
    """A message that an error of ours stopped before its hand-off is tried again like one whose provider was away, until it expires."""
    attempts = intent.attempts + 1
    pause = retry_in(ChannelKind.EMAIL, attempts=attempts, delivery_id=intent.id, code=None, retry_after=None)
    state = final_state(DeliveryState.FAILED, resends=intent.resends) if pause is None else DeliveryState.WAITING
    detail = {"error": type(error).__name__, "attempt": attempts}
    touch = touch_of(intent, KINDS.get(state, Kind.DEFERRED), at=now, reason="error", detail=detail)
    return Settlement(delivery_id=intent.id, state=state, due_at=intent.due_at, retry_in=pause, touch=touch, attempt=True)


def settle_outcome(
    outcome: Outcome, *, now: datetime, provider: str, idempotent: bool, on_unknown: str, spared: bool = False
) -> Settlement:
    """What came of a hand-off. `idempotent`: the provider recognises a repeated key, so that a retry by it makes no copy.

    `spared`: the provider was not there for anybody, so that the failure costs the message no attempt.
    """
    cleared = outcome.cleared
    match outcome.error:
        case None:
            detail = dict(outcome.receipt.detail) if outcome.receipt is not None else {}
            provider_id = outcome.receipt.provider_id if outcome.receipt is not None else None
            touch = hand_off_touch(cleared, Kind.SENT, at=now, provider=provider, provider_id=provider_id, detail=detail)
            return Settlement(delivery_id=cleared.intent.id, state=DeliveryState.SENT, touch=touch)
        case Rejected() as error:
            return _rejected(cleared, error, now=now, provider=provider)
        case Unavailable(code=code) if code == LATE:  # it is decided anew, as if nothing had been tried
            return replace(put_back(cleared.intent, 0.0), bound_to=cleared.intent.bound_to if idempotent else None)
        case Unavailable() as error:
            settlement = _unavailable(cleared, error, now=now, provider=provider, spared=spared)
            return replace(settlement, bound_to=cleared.intent.bound_to if idempotent else None)  # it may have it from an earlier time
        case Unconfirmed() as error if idempotent:
            again = Unavailable(error.detail, code=error.code)
            settlement = _unavailable(cleared, again, now=now, provider=provider, spared=spared, may_have_it=True)
            return replace(settlement, bound_to=provider)  # no other would know it by its key
        case _ as error:
            return _unknown(cleared, error, now=now, provider=provider, on_unknown=on_unknown)


def _rejected(cleared: Cleared, error: Rejected, *, now: datetime, provider: str) -> Settlement:
    """The next channel is tried where the address was refused; else this was the last word."""
    intent, channel = cleared.intent, cleared.rendered.approved.channel
    suppress = "hard_bounce" if error.address_is_bad and intent.to is None else None
    of_kind = cleared.rendered.approved.kind if suppress is not None else None
    goes_on = suppress is not None and any(other not in {*intent.tried, channel} for other in intent.channels)
    state = final_state(DeliveryState.FAILED, resends=intent.resends)
    kind = Kind.BOUNCED if goes_on else KINDS[state]
    touch = hand_off_touch(cleared, kind, at=now, provider=provider, reason="rejected", detail=_error_detail(error))
    if goes_on:
        return Settlement(
            delivery_id=intent.id, state=DeliveryState.WAITING, due_at=now, touch=touch, tried=channel, suppress_address=suppress,
            suppress_kind=of_kind,
        )
    return Settlement(delivery_id=intent.id, state=state, touch=touch, suppress_address=suppress, suppress_kind=of_kind)


def _unavailable(
    cleared: Cleared, error: Unavailable, *, now: datetime, provider: str, spared: bool, may_have_it: bool = False
) -> Settlement:
    """`may_have_it`: nobody can know, but trying again makes no second copy."""
    intent, approved = cleared.intent, cleared.rendered.approved
    if error.configuration:
        return _misconfigured(intent, spared=spared)
    if spared:
        touch = hand_off_touch(cleared, Kind.DEFERRED, at=now, provider=provider, reason="unavailable", detail=_error_detail(error))
        return replace(put_back(intent, SPARED_FOR), touch=touch, resend=may_have_it)
    attempts = intent.attempts + 1
    pause = retry_in(approved.kind, attempts=attempts, delivery_id=intent.id, code=error.code, retry_after=error.retry_after)
    detail = {**_error_detail(error), "attempt": attempts}
    if pause is None:
        state = final_state(DeliveryState.FAILED, resends=intent.resends + may_have_it)
        touch = hand_off_touch(cleared, KINDS[state], at=now, provider=provider, reason="unavailable", detail=detail)
        return Settlement(delivery_id=intent.id, state=state, touch=touch, attempt=True)
    touch = hand_off_touch(cleared, Kind.DEFERRED, at=now, provider=provider, reason="unavailable", detail=detail)
    return Settlement(
        delivery_id=intent.id, state=DeliveryState.WAITING, due_at=intent.due_at, retry_in=pause, touch=touch, attempt=True,
        resend=may_have_it,
    )


def _misconfigured(intent: Intent, *, spared: bool) -> Settlement:
    """People must mend something: another provider takes over, else the channel is paused."""
    if spared:
        return put_back(intent, SPARED_FOR)
    return Settlement(delivery_id=intent.id, state=DeliveryState.WAITING, due_at=intent.expires_at, hold="paused")


def _unknown(cleared: Cleared, error: SendError, *, now: datetime, provider: str, on_unknown: str) -> Settlement:
    """Nobody can know: one more copy where the purpose says so, once; else people decide."""
    intent = cleared.intent
    resend = on_unknown == "resend" and intent.resends == 0
    detail = {**_error_detail(error), "resend": resend}
    touch = hand_off_touch(cleared, Kind.UNKNOWN, at=now, provider=provider, reason="unconfirmed", detail=detail)
    if resend:
        return Settlement(delivery_id=intent.id, state=DeliveryState.WAITING, due_at=now, touch=touch, resend=True)
    return Settlement(delivery_id=intent.id, state=DeliveryState.UNKNOWN, touch=touch)


def hand_off_touch(
    cleared: Cleared, kind: Kind, *, at: datetime, provider: str, reason: str | None = None,
    provider_id: str | None = None, detail: Mapping[str, object] | None = None,
) -> Touch:
    """A touch about a message that was, or was to be, handed over: in which language, by which zone; its text stands apart."""
    rendered = cleared.rendered
    zones = rendered.approved.contact.zones
    known: dict[str, object] = {"zone": zones.key, "zone_source": zones.source.value, "locale_source": rendered.locale_source.value}
    if cleared.intent.occasion is not None:
        known["occasion"] = cleared.intent.occasion
    return touch_of(
        cleared.intent, kind, at=at, reason=reason, channel=rendered.approved.channel, provider=provider, provider_id=provider_id,
        locale=rendered.locale, detail={**known, **(detail or {})},
        private={"address": rendered.approved.address, **content_detail(rendered.content)} if kind in (Kind.SENT, Kind.UNKNOWN) else {},
    )


def touch_of(
    intent: Intent, kind: Kind, *, at: datetime, reason: str | None = None, channel: str | None = None, provider: str | None = None,
    provider_id: str | None = None, locale: str | None = None, detail: Mapping[str, object] | None = None,
    private: Mapping[str, object] | None = None,
) -> Touch:
    """A touch about a delivery; a single message has neither campaign nor step."""
    return Touch(
        at=at, contact_id=intent.contact_id, kind=kind, campaign=intent.campaign or None, version=intent.version or None,
        run_id=intent.run_id, delivery_id=intent.id, step=intent.step or None, message=intent.message,
        purpose=intent.purpose, channel=channel, provider=provider, reason=reason, locale=locale, provider_id=provider_id,
        detail=detail or {}, private=private or {},
    )


def content_detail(content: Content) -> Mapping[str, object]:
    """The text as it was sent, for the history and for "view in browser"."""
    match content:
        case EmailContent():
            return {"subject": content.subject, "text": content.text, "html": content.html}
        case SmsContent():
            return {"text": content.text, "segments": content.segments}
        case ChatContent():
            return {"text": content.text, "blocks": list(content.blocks)}
        case _ as never:
            assert_never(never)


def trail_detail(trail: Trail) -> list[dict[str, object]]:
    """The decision's trail as JSON."""
    return [
        {
            "check": check.number, "name": check.name, "passed": check.passed, "why": check.why,
            **({"channel": check.channel} if check.channel else {}),
        }
        for check in trail
    ]


def _error_detail(error: SendError) -> dict[str, object]:
    return {"error": error.detail or type(error).__name__, **({"code": error.code} if error.code else {})}
