"""What is counted over a whole run, also when several workers shared it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tracker_service.results.statistics.frames import FrameStatistics


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The run so far.

    Attributes:
        statistics: of the frames in committed chunks.
        elapsed: seconds that workers spent on them.
        stages: busy seconds by stage.
        warnings: what the user should know about the source.
        runs_on: device of each model, of the worker that computed last.
    """

    statistics: FrameStatistics = field(default_factory=FrameStatistics)
    elapsed: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    runs_on: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "statistics": self.statistics.state(),
            "elapsed": self.elapsed,
            "stages": dict(self.stages),
            "warnings": list(self.warnings),
            "runs_on": dict(self.runs_on),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild what `to_json` took apart."""
        return cls(
            FrameStatistics.restore(values["statistics"]),
            float(values["elapsed"]),
            {str(stage): float(seconds) for stage, seconds in values["stages"].items()},
            tuple(values["warnings"]),
            values.get("runs_on", {}),  # earlier versions did not note it
        )

    def later(self, elapsed: float, stages: Mapping[str, float], warnings: tuple[str, ...]) -> "RunRecord":
        """Return the record after ``elapsed`` more seconds, ``stages`` of them busy, and with these warnings."""
        summed = {name: self.stages.get(name, 0.0) + stages.get(name, 0.0) for name in {**self.stages, **stages}}
        return replace(self, elapsed=self.elapsed + elapsed, stages=summed, warnings=warnings)
