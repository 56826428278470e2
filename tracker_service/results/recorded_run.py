"""What a folder of results tells about the run that wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from tracker_service.errors import ResultsError
from tracker_service.results.result_files import SUMMARY


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
        path = folder / SUMMARY
        try:
            summary = orjson.loads(path.read_bytes())
        except OSError as error:
            raise ResultsError(f"results: expected {SUMMARY} in {folder}, got {error.strerror or error}") from error
        except orjson.JSONDecodeError as error:
            raise ResultsError(f"{path}: expected JSON, got {error}") from error
        if not isinstance(summary, dict) or not isinstance(summary.get("settings"), dict) or "source" not in summary:
            raise ResultsError(f"{path}: expected the source and the settings of a run, got neither or one")
        return cls(str(summary["source"]), summary["settings"])
