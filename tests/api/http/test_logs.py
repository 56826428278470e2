"""Lines of the log, whatever the names of files in them hold."""

import logging
from pathlib import Path

import orjson

from tracker_service.api.http.logs import JsonFormatter, TextFormatter


def record() -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": "read %s", "args": ("caf\udce9\n.mp4",)})
    made.path, made.folder = "caf\udce9.mp4", Path("caf\udce9")
    return made


def test_a_name_that_is_not_utf8_becomes_json() -> None:
    entry = orjson.loads(JsonFormatter().format(record()))
    assert entry["message"] == "read caf\\xe9\n.mp4"
    assert (entry["path"], entry["folder"]) == ("caf\\xe9.mp4", "caf\\xe9")


def test_a_record_for_people_stays_on_one_line() -> None:
    assert "read caf\\xe9\\n.mp4 path=caf\\xe9.mp4 folder=caf\\xe9" in TextFormatter().format(record())
