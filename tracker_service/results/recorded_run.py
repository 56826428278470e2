"""What a folder of results tells about the run that wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import orjson

from tracker_service.errors import ResultsError
from tracker_service.results.ndjson import read_results
from tracker_service.results.result_files import RESULTS, SUMMARY
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.results.summary import Summary


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """The source and the settings of a finished run.

    Attributes:
        source: the video or folder, as it was given.
        settings: the settings of the run, as a nested dict.
    """

    source: str
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read ``summary.json`` in ``folder``.

        Raises:
            ResultsError: it is missing, or does not hold the source and the settings of a run.
        """
        path, summary = folder / SUMMARY, _summary_of(folder)
        if not isinstance(summary, dict) or not isinstance(summary.get("settings"), dict) or "source" not in summary:
            raise ResultsError(f"{path}: expected the source and the settings of a run, got neither or one")
        return cls(str(summary["source"]), summary["settings"])


def recorded_summary(folder: Path) -> Summary:
    """Return the summary of a finished run: its people counted from all frames, the rest as the run noted it.

    Raises:
        ResultsError: the run is not complete, or a file is damaged.
    """
    record, statistics = _summary_of(folder), FrameStatistics()
    for frame in read_results(folder / RESULTS):
        statistics.add(frame)
    try:
        summary = Summary.of_run(
            statistics,
            source=str(record["source"]),
            model_set=str(record["model_set"]),
            runs_on=record.get("runs_on", {}),
            elapsed=float(record["elapsed"]),
            stages=record["stages"],
            busy=record.get("busy", {}),
            settings=record["settings"],
            warnings=tuple(record["warnings"]),
        )
        return replace(summary, peak_memory=int(record["peak_memory"]), versions=record["versions"])
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{folder / SUMMARY}: expected the summary of a run, got {error!r}") from error


def _summary_of(folder: Path) -> Any:
    path = folder / SUMMARY
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise ResultsError(f"results: expected {SUMMARY} in {folder}, got {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise ResultsError(f"{path}: expected JSON, got {error}") from error
