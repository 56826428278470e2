"""Lines of the log, whatever the names of files in them hold."""

import logging
import re
from pathlib import Path
from urllib.parse import unquote

import orjson
import pytest

from tracker_service.api.http.logs import JsonFormatter, TextFormatter

FORGED = "23:59:59 error   forged"


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


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_nothing_that_a_client_sends_begins_a_line(formatter: logging.Formatter) -> None:
    made = logging.makeLogRecord({"msg": "GET %s", "args": (unquote(f"/x%0A{FORGED}%0D{FORGED}%E2%80%A8{FORGED}"),)})
    made.job = f"id\n{FORGED}"
    try:
        raise ValueError(f"text\n{FORGED}\r{FORGED}\x0b{FORGED}")  # noqa: TRY301 - its traceback is wanted
    except ValueError as error:
        made.exc_info = (ValueError, error, error.__traceback__)
    lines = re.split(r"[\r\n]", formatter.format(made))
    assert len(lines) > 0
    assert [line for line in lines if line.startswith(FORGED)] == []
