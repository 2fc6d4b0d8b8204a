"""Logs: events with keys, for people on a terminal and as JSON lines for machines. Never an address, a body or a secret.

An exception is told by its type and where it came from: its text may hold an address, a statement's values, a URL's password.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO, final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from engage.model.places import places_of

QUIET = ("dramatiq", "pika", "uvicorn", "aiosmtplib", "asyncio", "slack_sdk", "mail.log", "alembic")
"""Libraries whose running commentary nobody asked for: their warnings are kept."""


def configure_logging(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send our events and the libraries' warnings to `stream` (the standard error output by default), alike."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_words,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger, logger_factory=structlog.stdlib.LoggerFactory(), cache_logger_on_first_use=False,
    )
    person = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = person if out.isatty() else structlog.processors.JSONRenderer(default=str)
    handler: logging.Handler = logging.StreamHandler(stream) if stream is not None else StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    # What cannot be written is dropped: the library's complaint about it would print the text of exceptions, and their addresses.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of each tick that begins while the one before goes on, which is as it should be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


@final
class StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever is the standard error output at that moment."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one event."""
        self.stream = sys.stderr
        super().emit(record)


def without_words(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception by its type and its places, without its text."""
    record = event.get("_record")
    raised = event.pop("exc_info", None) or getattr(record, "exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if record is not None:
        record.exc_info = record.exc_text = None
    if isinstance(error, BaseException):
        event.update(error=type(error).__name__, at=places_of(error))
    return event
