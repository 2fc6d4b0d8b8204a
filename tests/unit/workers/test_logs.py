"""Logs tell what happened and to which row, never who it was about."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from workers.monitoring.logs import configure_logging

ADDRESS = "ana@example.com"


@pytest.fixture
def log():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(stream)
    yield stream
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    raise ValueError(f"{ADDRESS} is no address")


def test_an_event_is_one_json_line_with_its_keys(log: io.StringIO) -> None:
    structlog.get_logger("engage").info("delivery.sent", delivery_id=7)
    (line,) = lines(log)
    assert (line["event"], line["delivery_id"], line["level"]) == ("delivery.sent", 7, "info")


def test_our_exception_is_told_by_type_and_place_without_its_text(log: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        structlog.get_logger("engage").exception("failed")
    (line,) = lines(log)
    assert line["error"] == "ValueError"
    assert str(line["at"]).count("test_logs.py") == 2
    assert ADDRESS not in log.getvalue()


def test_a_librarys_exception_is_told_the_same_way(log: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("somebody").exception("it failed")
    (line,) = lines(log)
    assert (line["event"], line["error"]) == ("it failed", "ValueError")
    assert ADDRESS not in log.getvalue()


def test_a_librarys_running_commentary_is_left_out(log: io.StringIO) -> None:
    logging.getLogger("dramatiq.worker").info("chatter")
    logging.getLogger("dramatiq.worker").warning("worth knowing")
    assert [line["event"] for line in lines(log)] == ["worth knowing"]


def test_what_cannot_be_written_is_dropped_without_a_word_of_it(capsys: pytest.CaptureFixture[str], log: io.StringIO) -> None:
    log.close()
    try:
        fail()
    except ValueError:
        structlog.get_logger("engage").exception("nudge.failed")
    assert ADDRESS not in "".join(capsys.readouterr())
