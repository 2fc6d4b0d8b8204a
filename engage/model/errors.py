"""What can go wrong, as one tree.

::

    EngageError
    ├── InputError       the user's input is wrong; carries every Problem found (exit status 1)
    ├── NotThereError    something that is needed is not there, with what to do (exit status 3)
    ├── RenderError      a message cannot be rendered for this contact
    └── SendError        a channel did not take a message; exactly three, as exactly three things can be done
        ├── Rejected     never again: the provider refused this message or this address
        ├── Unavailable  not sent: try later
        └── Unconfirmed  may have been sent: nobody can know
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import final

NOT_BUILT = "is part of the campaign language but not built yet"
"""How what the language reserves is refused: never accepted and ignored."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A position in a file of the workspace; `line` and `column` count from 1 (0: the file as a whole)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def after(self, offset: int) -> Place:
        """That many characters further on in the line: whoever read a text of several lines moves it to its own."""
        return Place(file=self.file, line=self.line, column=self.column + offset)


@final
@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong with the user's input, where it is, and what was probably meant."""

    place: Place
    what: str
    suggestion: str | None = field(default=None, compare=False)  # two guesses about one mistake are one problem, and have no order

    def __str__(self) -> str:
        meant = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{self.place}: {self.what}{meant}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, for a Problem's suggestion; None where none is like it."""
    return next(iter(get_close_matches(word, list(known), n=1)), None)


class EngageError(Exception):
    """Anything that Engage raises on purpose."""


class InputError(EngageError):
    """The user's input is wrong; `problems` has all that was found, in the order of their places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, what: str, *, file: str = "<input>", line: int = 0, column: int = 0, suggestion: str | None = None) -> InputError:
        """An error with the one problem given."""
        return cls([Problem(place=Place(file=file, line=line, column=column), what=what, suggestion=suggestion)])


class NotThereError(EngageError):
    """Something that is needed is not there; the text says what to do."""


class RenderError(EngageError):
    """A message cannot be rendered for this contact."""


class SendError(EngageError):
    """A channel did not take a message.

    `code` is the provider's own word (an SMTP reply code, Slack's error), `detail` its sentence without any address.
    """

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code


class Rejected(SendError):
    """The provider refused this message for good. `address_is_bad` tells that the address itself will never work."""

    def __init__(self, detail: str, *, code: str | None = None, address_is_bad: bool = False) -> None:
        super().__init__(detail, code=code)
        self.address_is_bad = address_is_bad


class Unavailable(SendError):
    """The provider did not take the message and may later.

    `retry_after` is in seconds, where the provider said so; it then holds for `whole_provider` too.
    `configuration` tells that people must mend something first (a wrong token): the channel holds.
    """

    def __init__(
        self, detail: str, *, code: str | None = None, retry_after: float | None = None,
        whole_provider: bool = False, configuration: bool = False,
    ) -> None:
        super().__init__(detail, code=code)
        self.retry_after = retry_after
        self.whole_provider = whole_provider
        self.configuration = configuration


class Unconfirmed(SendError):
    """The provider may have taken the message: the connection broke or fell silent after the content was handed over."""
