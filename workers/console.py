"""The console command `engage`: its commands as one literal table, the composition root behind them, and the exit statuses.

0 good · 1 the user's input is wrong · 2 usage · 3 something that is needed is not there.
"""

from __future__ import annotations

import logging
import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import final

import typer
from rich.console import Console

from engage.cli import (
    auditing,
    bounces,
    checking,
    consents,
    enrolling,
    explaining,
    importing,
    keeping,
    keys,
    legal,
    merging,
    messages,
    observing,
    operating,
    people,
    planning,
    privacy,
    reporting,
    retention,
    retrying,
    serving,
    simulating,
    suppressing,
    testing,
    timeline,
    webhooks,
)
from engage.model.errors import InputError, NotThereError, RenderError
from engage.model.localtime import use_pinned_zone_data
from engage.model.values import UNSTORABLE
from engage.store.database import AWAY
from workers import serving as processes
from workers.demo.playing import run_demo
from workers.monitoring.logs import configure_logging
from workers.office import OnDisk

app = typer.Typer(
    name="engage", help="Campaigns as code, delivered once, at the right hour, with consent.", no_args_is_help=True,
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: Mapping[str, Callable[..., None]] = {
    "init": checking.init, "schema": checking.schema, "check": checking.check,
    "plan": planning.plan, "simulate": simulating.simulate, "explain": explaining.explain_, "test": testing.run_tests,
    "preview": messages.preview, "send": messages.send,
    "import": importing.import_, "event": operating.event, "events": observing.events, "enroll": enrolling.enroll,
    "run": serving.run, "worker": serving.worker, "scheduler": serving.scheduler, "web": serving.web,
    "lmtp": serving.lmtp, "bounce": bounces.bounce,
    "pause": operating.pause, "resume": operating.resume, "replay": webhooks.replay,
    "approve": operating.approve, "retry": retrying.retry,
    "status": operating.status, "report": reporting.report, "doctor": operating.doctor, "demo": serving.demo,
    "laws": legal.laws, "migrate": keeping.migrate, "backup": keeping.backup, "retention": retention.retention, "restore": keeping.restore,
}
OF_A_CONTACT: Mapping[str, Callable[..., None]] = {
    "history": timeline.history, "note": timeline.note,
    "merge": merging.merge, "unmerge": merging.unmerge, "export": privacy.export, "erase": privacy.erase, "readmit": privacy.readmit,
    "proof": privacy.proof,
}
GROUPS = {
    "contact": people.contact, "contacts": auditing.contacts, "consent": consents.consent, "suppress": suppressing.suppress,
    "key": keys.key,
}

for name, command in COMMANDS.items():
    app.command(name)(command)
for name, command in OF_A_CONTACT.items():
    people.contact.command(name)(command)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


@final
class Composition:
    """The port `engage.cli.app.App`."""

    def open(self, directory: Path | None) -> OnDisk:
        """The workspace in the folder, or upwards from the current one. Raises NotThereError."""
        return OnDisk.find(directory)

    def new_key(self) -> str:
        """A key that nobody has used."""
        return str(uuid.uuid4())

    @property
    def away(self) -> tuple[type[Exception], ...]:
        """The errors that say that the database does not answer."""
        return AWAY

    def serve(
        self, process: str, directory: Path | None, *, host: str = "127.0.0.1", port: int = 8000, path: Path | None = None
    ) -> None:
        """Run a process until it is told to stop; it tells what it does as it goes."""
        configure_logging(level=_log_level(logging.INFO))
        processes.serve_workspace(process, self.open(directory), host=host, port=port, path=path)

    def demo(self, *, once: bool, port: int) -> None:
        """Run the demo company."""
        run_demo(lambda root, environment: OnDisk(root, environment).wire(), once=once, port=port, console=Console(highlight=False))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end with its exit status."""
    use_pinned_zone_data()
    configure_logging(level=_log_level(logging.WARNING))
    try:
        _refuse_no_text(sys.argv[1:] if arguments is None else arguments)
        app(args=arguments, obj=Composition())
    except InputError as error:
        _end(1, [str(problem) if problem.place.line else f"{problem.place.file}: {_said(problem)}" for problem in error.problems])
    except RenderError as error:
        _end(1, [str(error)])
    except NotThereError as error:
        _end(3, [str(error)])


def _refuse_no_text(arguments: Sequence[str]) -> None:
    """Raises InputError for an argument that is no text in the terminal's encoding: no database could keep it."""
    for argument in arguments:
        if UNSTORABLE.search(argument):
            raise InputError.of(f"{argument!r} is no text in UTF-8", file="<command line>")


def _log_level(usual: int) -> int:
    """ENGAGE_LOG_LEVEL (debug, info, warning, error), else what is usual for the command."""
    return logging.getLevelNamesMapping().get(os.environ.get("ENGAGE_LOG_LEVEL", "").upper(), usual)


def _said(problem: object) -> str:
    return str(problem).split(": ", 1)[1]


def _end(status: int, lines: Sequence[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201  # the answer to whoever typed the command
    sys.exit(status)


if __name__ == "__main__":
    main()
