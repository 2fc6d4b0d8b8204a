"""The steps of a campaign as one walk, whatever `if` they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engage.model.campaign import If, Send, Step


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """Each step in the order in which it is written, those inside `then` and `else` after their `if`."""
    for step in steps:
        yield step
        if isinstance(step, If):
            yield from every_step((*step.then, *step.otherwise))


def every_send(steps: Iterable[Step]) -> Iterator[Send]:
    """The sends among them."""
    return (step for step in every_step(steps) if isinstance(step, Send))
