"""What delivering costs: `python -m bench.delivery --messages N --processes P --database sqlite|postgresql [--server plain] [--dkim]`.

The demo's newsletter, personalised, in seven languages, as text and HTML, with consent, suppressions, limits, quiet hours and a history,
goes through worker processes to Postfix's `smtp-sink`. In the same run, taken in turn: prebuilt bytes of the same size over as many
processes and pooled connections of aiosmtplib, with no database at all, and Postfix's own `smtp-source`. What the server counted is held
against the database, and some hundred mails that it kept are read and held against what the templates say. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

import sqlalchemy as sa

from bench import mailing
from bench.keeping import KEPT_MAILS, kept_mails_differ
from bench.sinks import Postfix, find_postfix, sink, source
from engage.model.workspace import Workspace
from engage.store.database import Database
from tests.servers.postgres import postgres

CONNECTIONS = 16
DEMO = Path(__file__).parents[1] / "config"
GOALS = {"pipelining": 1.5, "plain": 0.6}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The bench's own arguments."""

    messages: int
    processes: int
    database: str
    server: str
    dkim: bool
    turns: int

    @property
    def pipelining(self) -> bool:
        """Whether the server offers it."""
        return self.server == "pipelining"


def main(arguments: Sequence[str]) -> None:
    """Measure, and print what was found."""
    asked = _asked(arguments)
    with TemporaryDirectory(prefix="engage-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server, which is nobody, leaves mails in it
        postfix = find_postfix(folder)
        if postfix is None:
            raise SystemExit("smtp-sink is not there: install the package postfix")
        found = measured(asked, postfix, folder)
    _say(json.dumps({"goal": GOALS[asked.server], **found}))


def measured(asked: Asked, postfix: Postfix, folder: Path) -> Mapping[str, Any]:
    """All figures: of several turns, taken in turn, the best of each counts."""
    ours, raw, sourced = [], [], []
    differing = 0
    for turn in range(asked.turns):
        with _database(asked, folder, turn) as url, sink(postfix, folder, pipelining=asked.pipelining) as server:
            root, workspace = _workspace(asked, folder / f"turn-{turn}", url, server.port)
            with _opened(url) as database:
                due = mailing.fill(database, workspace, asked.messages)
                content = mailing.one_mail(database, workspace, folder)
            raw.append(_run(asked, "baseline", server.port, due // asked.processes, CONNECTIONS, content))
            sourced.append(source(postfix, server.port, mails=due, size=content.stat().st_size, sessions=CONNECTIONS))
            before = server.count()
            cost = _run(asked, "work", root)
            ours.append(cost)
            _check(url, taken=server.count() - before, due=due)
            _say(f"turn {turn + 1}: {_rate(cost):,.0f}/s, {_per_mail(cost):.0f} us of CPU a mail; aiosmtplib {_rate(raw[-1]):,.0f}/s, "
                 f"{_per_mail(raw[-1]):.0f} us; smtp-source {sourced[-1]:,.0f}/s")
    differing = kept_mails_differ(postfix, folder, lambda port, url: _workspace(asked, folder / "kept", url, port), lambda root: _run(
        asked, "work", root))
    return _figures(asked, ours, raw, sourced, differing)


def _figures(
    asked: Asked, ours: Sequence[Mapping[str, Any]], raw: Sequence[Mapping[str, Any]], sourced: Sequence[float], differing: int,
) -> Mapping[str, Any]:
    best, baseline = max(ours, key=_rate), max(raw, key=_rate)
    mails = best["mails"]
    return {
        "database": asked.database, "server": asked.server, "dkim": asked.dkim, "processes": asked.processes, "messages": mails,
        "messages_per_s": round(_rate(best)), "baseline_per_s": round(_rate(baseline)), "ratio": round(_rate(best) / _rate(baseline), 2),
        "source_per_s": round(max(sourced)), "source_ratio": round(_rate(best) / max(sourced), 2) if max(sourced) else None,
        "cpu_s_per_1000": round(min(map(_per_mail, ours)) / 1000, 3), "baseline_cpu_s_per_1000": round(min(map(_per_mail, raw)) / 1000, 3),
        "peak_rss_mb": best["peak_rss_mb"], "statements_per_1000": round(best["statements"] / mails * 1000, 1),
        "commits_per_1000": round(best["commits"] / mails * 1000, 1), "kept_mails": KEPT_MAILS, "differing": differing,
    }


def _rate(cost: Mapping[str, Any]) -> float:
    return float(cost["mails"] / (cost["ended"] - cost["began"]))


def _per_mail(cost: Mapping[str, Any]) -> float:
    """CPU microseconds."""
    return float(cost["cpu_s"] / cost["mails"] * 1e6)


def _run(asked: Asked, what: str, *arguments: object) -> Mapping[str, Any]:
    """Start the processes, let them begin together, and add up what they cost."""
    command = [sys.executable, "-m", "bench.senders", what, *map(str, arguments)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(asked.processes)]
    for process in running:
        while process.stdout and (line := process.stdout.readline()) and line != "ready\n":
            pass
    for process in running:
        if process.stdin:
            process.stdin.write("go\n")
            process.stdin.flush()
    costs = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    summed = {name: sum(cost.get(name, 0) for cost in costs) for name in ("mails", "cpu_s", "statements", "commits")}
    peak = max(cost["peak_rss_mb"] for cost in costs)
    return {**summed, "peak_rss_mb": peak, "began": min(cost["began"] for cost in costs), "ended": max(cost["ended"] for cost in costs)}


def _workspace(asked: Asked, root: Path, url: str, port: int) -> tuple[Path, Workspace]:
    """The workspace's folder, sending to that port, and the workspace in it."""
    options = f'adapter: smtp, url: "smtp://127.0.0.1:{port}", connections: "{CONNECTIONS}"'
    if asked.dkim:
        options += f', dkim_key: "{mailing.dkim_key(root)}", dkim_selector: s1'
    files = mailing.workspace_files(DEMO, channel=f'{{{options}, from: "Aurora Outfitters <hello@aurora.example>"}}', database=url)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root, mailing.read(files)


@contextmanager
def _database(asked: Asked, folder: Path, turn: int) -> Iterator[str]:
    if asked.database == "sqlite":
        yield f"sqlite:///{folder / f'bench-{turn}.db'}"
    else:
        with postgres(durable=True) as url:
            yield url


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database.open(url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _check(url: str, *, taken: int, due: int) -> None:
    """The server has what the database says, and every delivery came to an end."""
    with _opened(url) as database, database.read() as connection:
        states = dict(connection.execute(sa.text("SELECT state, count(*) FROM deliveries GROUP BY state")).all())
        touched = connection.execute(sa.text(f"SELECT count(*) FROM touches WHERE kind = 'sent' AND at >= '{mailing.NOW:%Y-%m-%d}'"))  # noqa: S608  # ours
        sent = touched.scalar_one()
    if taken != states.get("sent") or sent != taken or sum(states.values()) != due or set(states) - {"sent", "suppressed"}:
        raise SystemExit(f"the server took {taken}, the database says {states} with {sent} touches, of {due}")


def _asked(arguments: Sequence[str]) -> Asked:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--server", choices=("pipelining", "plain"), default="pipelining")
    parser.add_argument("--dkim", action="store_true")
    parser.add_argument("--turns", type=int, default=3)
    return Asked(**vars(parser.parse_args(arguments)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
