"""Log formats: one JSON object a line, or plain text."""

import logging
import sys
import time
import warnings
from contextvars import ContextVar
from typing import Any, Literal, TextIO

import orjson

from tracker_service.types.shown_text import encodable, on_one_line

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that the running task answers."""

_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """One JSON object a record: time, level, logger, message, request id, and every ``extra`` field."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        entry = {
            "time": _iso_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": encodable(record.getMessage()),
            **{name: encodable(value) if isinstance(value, str) else value for name, value in _extra(record).items()},
        }
        if record.exc_info:
            entry["traceback"] = encodable(self.formatException(record.exc_info))
        return orjson.dumps(entry, default=_as_text, option=orjson.OPT_SERIALIZE_NUMPY).decode()


class TextFormatter(logging.Formatter):
    """``12:00:00 info message key=value ...``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, and a traceback below it."""
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        fields = "".join(f" {name}={value}" for name, value in _extra(record).items() if value is not None)
        line = on_one_line(f"{clock} {record.levelname.lower():<7} {record.getMessage()}{fields}")
        return f"{line}\n{_indented(self.formatException(record.exc_info))}" if record.exc_info else line


def configure_logging(log_format: Literal["json", "text"], stream: TextIO = sys.stderr) -> None:
    """Send the logs of the whole process to ``stream``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    # Pillow's warnings about a client's image metadata do not belong in the log.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    for name, level in (("uvicorn.access", logging.CRITICAL), ("uvicorn.error", logging.WARNING)):
        logging.getLogger(name).setLevel(level)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    fields = {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
    if "request_id" not in fields and (request_id := REQUEST_ID.get()) is not None:
        fields["request_id"] = request_id
    return fields


def _indented(traceback: str) -> str:
    """Return a traceback of which no line looks like one of the log, whatever a client has put into its message."""
    return "\n".join(f"    {on_one_line(line)}" for line in traceback.splitlines())


def _as_text(value: object) -> str:
    return encodable(str(value))


def _iso_time(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
