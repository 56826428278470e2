"""The table of failures: ``failures.ndjson`` beside the folders of results, one video a line."""

from collections.abc import Iterable

import orjson

from tracker_service.bulk.storage import Place
from tracker_service.bulk.work import Outcome
from tracker_service.types.shown_text import encodable

FAILURES = "failures.ndjson"


def write_failures(out: Place, outcomes: Iterable[Outcome]) -> None:
    """Write the failures among the outcomes; an empty file where there is none. Raises `StorageError`."""
    out.child(FAILURES).write(b"".join(_line(outcome) for outcome in outcomes if outcome.state == "failed"))


def _line(outcome: Outcome) -> bytes:
    task = outcome.task
    record = {"video": task.address, "name": task.name, "reason": outcome.reason, "attempts": task.attempt}
    shown = {name: encodable(value) if isinstance(value, str) else value for name, value in record.items()}
    return orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)
