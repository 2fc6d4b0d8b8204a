"""Where a process shows its metrics: a port of its own for whoever scrapes, beside `/metrics` of the web."""

from __future__ import annotations

from threading import Thread
from typing import final
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import start_http_server

from engage.model.errors import InputError, NotThereError
from workers.monitoring.metrics import Metrics

log = structlog.get_logger(__name__)

HIGHEST = 65_535
MOST = 100
"""How many ports one machine may need."""


def ports_of(setting: str) -> range:
    """What ENGAGE_METRICS_PORT says: one port, or several (`9464-9479`) of which a process takes the first that is free."""
    first, dash, last = setting.partition("-")
    try:
        ports = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        ports = range(0)
    if not 0 < len(ports) <= MOST or ports[0] < 0 or ports[-1] > HIGHEST:
        raise InputError.of(f"ENGAGE_METRICS_PORT is a port or several, like 9464 or 9464-9479; not {setting!r}", file="<environment>")
    return ports


@final
class MetricsPart:
    """A part of a process that answers scrapes; bound as soon as it is made, so that no two take one port."""

    def __init__(self, metrics: Metrics, *, host: str, ports: range) -> None:
        self._host = f"[{host}]" if ":" in host else host
        self._server, self._thread = _bound(metrics, host, ports)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{self._host}:{self._server.server_port}"

    def start(self) -> None:
        """Say where."""
        log.info("metrics.listening", address=self.address)

    def stop(self) -> None:
        """Answer no more. Safe to repeat."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _bound(metrics: Metrics, host: str, ports: range) -> tuple[WSGIServer, Thread]:
    refused = ""
    for port in ports:
        try:
            return start_http_server(port, host, registry=metrics.registry)
        except OSError as error:
            refused = error.strerror or type(error).__name__
    raise NotThereError(f"ENGAGE_METRICS_PORT: none of {list(ports)} can be had on {host}: {refused}")
