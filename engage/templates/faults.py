"""What is wrong with a template, with its place: raised while compiling and rendering, collected by `check`."""

from __future__ import annotations

from engage.model.errors import Place, Problem, RenderError


class TemplateFault(RenderError):
    """A RenderError that knows where in the workspace's files it comes from. Its text holds no contact's data."""

    def __init__(self, place: Place, what: str, suggestion: str | None = None) -> None:
        self.problem = Problem(place=place, what=what, suggestion=suggestion)
        super().__init__(str(self.problem))


class Unprintable(RenderError):
    """A value that must not be printed, or an operation that was refused; the place is found from the template's line."""
