"""A workspace -> what `engage check` warns of in its expressions: comparisons that can never hold."""

from __future__ import annotations

from collections.abc import Sequence

from engage.model.errors import Problem
from engage.model.workspace import Workspace, every_expression


def doubts(workspace: Workspace) -> Sequence[Problem]:
    """Every doubt, each once, in the order of places."""
    return sorted({doubt for expression in every_expression(workspace) for doubt in expression.doubts})
