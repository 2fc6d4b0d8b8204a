"""A step in a few words: for `engage explain`, and for what no test of a campaign went through."""

from __future__ import annotations

from typing import assert_never

from engage.model.steps import (
    Call,
    Consenting,
    Emit,
    If,
    Send,
    Set,
    Split,
    Step,
    Stop,
    Wait,
    WaitFor,
    WaitUntilMoment,
    WaitUntilTime,
)


def step_in_words(step: Step) -> str:
    """What a step does, in a few words."""
    match step:
        case Send():
            return f"send {step.message}"
        case Wait():
            return f"wait {step.duration}"
        case WaitUntilTime():
            return f"wait until {step.at:%H:%M}"
        case WaitUntilMoment():
            return f"wait until {step.until.source}"
        case WaitFor():
            return f"wait for {step.event} ({step.duration} at most)"
        case If():
            return f"if {step.condition.source}"
        case Split():
            return "split"
        case Set() | Consenting() | Emit() | Call() | Stop():
            return _acts(step)
        case _ as never:
            assert_never(never)


def _acts(step: Set | Consenting | Emit | Call | Stop) -> str:
    match step:
        case Set():
            return f"set {', '.join(step.values)}"
        case Consenting():
            return f"{'grant' if step.granted else 'withdraw'} consent for {step.purpose}"
        case Emit():
            return f"emit {step.event}"
        case Call():
            return f"call {step.endpoint}"
        case Stop():
            return "stop"
