"""`steps`: what happens to a run, one after the other; and the steps that lead one of several ways."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, Tag, model_validator

from engage.rules.schema.acting import ActingSection, CallSection, ConsentStepSection, EmitSection, SetSection, StopSection
from engage.rules.schema.fields import Called, Name, Section, Source, Span, Whole, complaint, kind_of, one_key_of
from engage.rules.schema.sending import SendSection, SignWord, StepSection
from engage.rules.schema.waiting import WaitForSection, WaitSection
from engage.rules.tree import Map


class IfSection(StepSection):
    """Go one of two ways."""

    called: ClassVar[str] = "the step if"

    if_: Source = Field(alias="if", description="The condition")
    then: list[StepField] = Field(description="The steps where it holds")
    otherwise: list[StepField] = Field(default_factory=list, alias="else", description="The steps where it does not")

    @model_validator(mode="after")
    def _two_ways(self) -> Self:
        if not self.then:
            raise complaint("`then` has no steps", key="then")
        if self.says("else") and not self.otherwise:
            raise complaint("`else` has no steps", key="else")
        return self


class ArmSection(Section):
    """One way of a split."""

    called: ClassVar[str] = "an arm of a split"

    weight: Whole = Field(description="Its part of the sum of all weights, at least 1")
    steps: list[StepField] | None = Field(None, description="Its steps; `[]` goes on at once")
    send: Name | None = Field(None, description="Short for `steps: [{send: …}]`")

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.weight < 1:
            raise complaint(f"`{self.weight}` is not a weight; it is a whole number from 1", key="weight")
        if self.send is not None and self.steps is not None:
            raise complaint("`send` is short for `steps`: they cannot stand together", key="send")
        if self.send is None and self.steps is None:
            raise complaint("an arm needs `steps` or `send` (`steps: []` goes on at once)")
        return self


class WinnerSection(Section):
    """The last arm: who falls to it waits, and takes the arm that did best."""

    called: ClassVar[str] = "the winning arm"

    winner: SignWord = Field(description="What is counted: `delivered`, `opened` or `clicked`")
    after: Span = Field(description="How long to wait before the arms are compared")

    @model_validator(mode="before")
    @classmethod
    def _is_what_is_left(cls, value: object) -> object:
        for key in ("weight", "steps", "send"):
            if isinstance(value, Map) and key in value:
                why = "it is what the others leave of a hundred" if key == "weight" else "it takes those of the arm that did best"
                raise complaint(f"the winner's arm has no `{key}`: {why}", key=key)
        return value


def _is_an_arm(value: object) -> object:
    if isinstance(value, Map) and "winner" in value:
        return value
    return one_key_of("weight", "winner", called="an arm of a split")(value)


ArmField = Annotated[
    Annotated[WinnerSection, Tag("<winner>")] | Annotated[ArmSection, Tag("<weight>")],
    kind_of("winner", "weight"),
    BeforeValidator(_is_an_arm),
]


class SplitSection(StepSection):
    """Go one of several ways, by shares: the same after re-entry, after a restart and on every machine."""

    called: ClassVar[str] = "the step split"

    split: list[ArmField] = Field(description="The arms; the last may be `{winner: clicked, after: 4h}`")

    @model_validator(mode="after")
    def _has_arms(self) -> Self:
        arms = [arm for arm in self.split if isinstance(arm, ArmSection)]
        if len(arms) < 2:
            raise complaint("a split needs at least two arms with a `weight`", key="split")
        if not any(arm.steps or arm.send for arm in arms):
            raise complaint("no arm of this split does anything", key="split")
        if any(isinstance(arm, WinnerSection) for arm in self.split[:-1]):
            raise complaint("`winner` is the last arm", key="split")
        if len(arms) < len(self.split) and sum(arm.weight for arm in arms) >= 100:
            raise complaint("`winner` takes what the weights leave of a hundred: they must come to less than 100", key="split")
        return self


KINDS = ("send", "wait", "wait_for", "if", "split", "set", "consent", "emit", "call", "stop")

AnyStepSection = SendSection | WaitSection | WaitForSection | IfSection | SplitSection | ActingSection

StepField = Annotated[
    Annotated[SendSection, Tag("<send>")]
    | Annotated[WaitSection, Tag("<wait>")]
    | Annotated[WaitForSection, Tag("<wait_for>")]
    | Annotated[IfSection, Tag("<if>")]
    | Annotated[SplitSection, Tag("<split>")]
    | Annotated[SetSection, Tag("<set>")]
    | Annotated[ConsentStepSection, Tag("<consent>")]
    | Annotated[EmitSection, Tag("<emit>")]
    | Annotated[CallSection, Tag("<call>")]
    | Annotated[StopSection, Tag("<stop>")],
    kind_of(*KINDS),
    BeforeValidator(one_key_of(*KINDS, called="a step")),
    Called("a step"),
]

for _section in (IfSection, ArmSection, SplitSection):
    _section.model_rebuild()
