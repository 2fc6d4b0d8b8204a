"""`engage run`, `worker`, `scheduler`, `web`, `lmtp`: the processes. One is enough; as many as are needed may run beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import WorkspaceOption, app_of

HostOption = Annotated[
    str, typer.Option(envvar="ENGAGE_HOST", help="The address to listen on; 0.0.0.0 for everybody who can reach this machine.")
]
PortOption = Annotated[int, typer.Option(envvar="PORT", min=0, max=65535, help="The port to listen on; 0 for any that is free.")]

LmtpHostOption = Annotated[
    str, typer.Option(envvar="ENGAGE_LMTP_HOST", help="The address to listen on; only mail servers of yours may reach it.")
]
LmtpPortOption = Annotated[
    int, typer.Option(envvar="ENGAGE_LMTP_PORT", min=0, max=65535, help="The port to listen on; 0 for any that is free.")
]
SocketOption = Annotated[Path | None, typer.Option(help="Instead of a port: the path of a Unix socket.")]


def run(context: typer.Context, workspace: WorkspaceOption = None, host: HostOption = "127.0.0.1", port: PortOption = 8000) -> None:
    """Run everything in one process: worker, scheduler, web, and an embedded broker where none is set.

    Example: engage run --workspace config --port 8000
    """
    app_of(context).serve("run", workspace, host=host, port=port)


def worker(context: typer.Context, workspace: WorkspaceOption = None) -> None:
    """Send what is due. Any number may run; stopped by SIGTERM, one finishes what it has in hand.

    Example: engage worker
    """
    app_of(context).serve("worker", workspace)


def scheduler(context: typer.Context, workspace: WorkspaceOption = None) -> None:
    """Find what is due, sweep up what crashed workers left, accept changed files. One is enough, several do no harm.

    Example: engage scheduler
    """
    app_of(context).serve("scheduler", workspace)


def web(context: typer.Context, workspace: WorkspaceOption = None, host: HostOption = "127.0.0.1", port: PortOption = 8000) -> None:
    """Serve the API and the pages behind the links in messages. Keys of the API are made by `engage key create`.

    Example: engage web --host 0.0.0.0 --port 8000
    """
    app_of(context).serve("web", workspace, host=host, port=port)


def lmtp(
    context: typer.Context, workspace: WorkspaceOption = None, host: LmtpHostOption = "127.0.0.1", port: LmtpPortOption = 2424,
    socket: SocketOption = None,
) -> None:
    """Take the mails that come back by LMTP: bounces, complaints, answers, unsubscriptions. The mail server keeps what cannot be taken now.

    Example: engage lmtp --socket /run/engage/lmtp
    """
    app_of(context).serve("lmtp", workspace, host=host, port=port, path=socket)


def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End by itself after the simulated week.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the inbox is shown; 0 for any port that is free.")] = 8025,
) -> None:
    """Run the demo company's week on real parts, on a clock that jumps to the next thing to do; then show its inbox.

    Example: engage demo --once
    """
    app_of(context).demo(once=once, port=port)
