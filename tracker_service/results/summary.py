"""``summary.json``: what a run did, for machines and, as text, for the terminal."""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

from tracker_service.results.advice import advice_for_nobody, advice_on_places, advice_on_quality
from tracker_service.results.statistics.frames import FrameStatistics, TrackSummary
from tracker_service.results.statistics.quality import QualityCounts
from tracker_service.results.statistics.timeline import Timeline
from tracker_service.results.statistics.world import WorldCounts
from tracker_service.types import DroppedDetections
from tracker_service.types.shown_text import encodable, on_one_line

_VERSIONED = (
    "phalp-triton",
    "numpy",
    "scipy",
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime-directml",
    "av",
    "opencv-python-headless",
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished run.

    Attributes:
        source: the video or folder, as it was given.
        model_set: name of the model set.
        runs_on: device of each model, by the model's name: cpu, cuda, openvino …
        frames: frames written.
        duration: seconds of video between the first and the last frame.
        elapsed: seconds the run took.
        tracks: one entry per person, in order of id.
        seen, predicted, lost: person-frames of each state.
        second_look: person-frames of the seen ones that only a second look found.
        dropped: boxes that each gate removed.
        stages: busy seconds per stage; stages overlap, so they may add up to more than ``elapsed``.
        busy: share of the time in which each overlapped part of the pipeline worked; the largest bounds the speed.
        peak_memory: largest resident memory of the process, bytes.
        quality: what the poses are good for.
        world: how many places in the world can be relied on.
        settings: the settings of the run, as given to the pipeline.
        warnings: what the user should know, such as a video that broke in the middle.
        versions: versions of Python and of the packages that decide the numbers.
        timeline: when each person was seen, predicted or lost; ``summary.html`` shows it.
    """

    source: str
    model_set: str
    runs_on: Mapping[str, str]
    frames: int
    duration: float
    elapsed: float
    tracks: tuple[TrackSummary, ...]
    seen: int
    predicted: int
    dropped: DroppedDetections
    stages: Mapping[str, float]
    busy: Mapping[str, float]
    peak_memory: int
    quality: QualityCounts = field(default_factory=QualityCounts)
    world: WorldCounts = field(default_factory=WorldCounts)
    lost: int = 0
    second_look: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def fps(self) -> float:
        """Frames per second of the whole run; 0 where no time was measured."""
        return self.frames / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def coverage(self) -> float | None:
        """Mean coverage of the tracks; None where there are none."""
        return sum(track.coverage for track in self.tracks) / len(self.tracks) if self.tracks else None

    @classmethod
    def of_run(
        cls,
        statistics: FrameStatistics,
        *,
        source: str,
        model_set: str,
        runs_on: Mapping[str, str],
        elapsed: float,
        stages: Mapping[str, float],
        busy: Mapping[str, float],
        settings: Mapping[str, Any],
        warnings: tuple[str, ...] = (),
    ) -> "Summary":
        """Combine what was counted over the frames with what only the caller knows."""
        return cls(
            source=source,
            model_set=model_set,
            runs_on=dict(runs_on),
            frames=statistics.frames,
            duration=statistics.duration,
            elapsed=elapsed,
            tracks=statistics.tracks(),
            seen=statistics.seen,
            predicted=statistics.predicted,
            lost=statistics.lost,
            second_look=statistics.second_look,
            dropped=statistics.dropped,
            stages=dict(stages),
            busy=dict(busy),
            peak_memory=peak_memory(),
            quality=statistics.quality,
            world=statistics.world,
            settings=dict(settings),
            warnings=warnings,
            versions=installed_versions(),
            timeline=statistics.timeline,
        )

    def to_json(self) -> bytes:
        """Return the summary as indented JSON; the derived figures are included."""
        record = asdict(replace(self, timeline=Timeline()))
        del record["timeline"]
        record |= {"people": len(self.tracks), "fps": self.fps, "coverage": self.coverage}
        record |= {"quality": self.quality.to_json(), "world": self.world.to_json()}
        record["advice"] = [advice for _, advice in self._advice_on_people()]
        tracks = [asdict(track) | {"coverage": track.coverage} for track in self.tracks]
        return orjson.dumps(_encodable(record | {"tracks": tracks}), default=str, option=orjson.OPT_INDENT_2)

    def _states_text(self) -> str:
        again = f" ({self.second_look} by a second look)" if self.second_look else ""
        lost = f", {self.lost} lost" if self.lost else ""
        return f"{self.seen} seen{again}, {self.predicted} predicted{lost}"

    def text(self) -> str:
        """Return a few plain lines for the terminal."""
        rows = [
            ("source", self.source),
            ("frames", f"{self.frames} ({self.duration:.1f} s of video)"),
            ("people", f"{len(self.tracks)}: {self._states_text()} person-frames"),
            ("coverage", _coverage_text(self.coverage)),
            *([("poses", _quality_text(self.quality))] if self.quality.judged else []),
            *([("places", _places_text(self.world))] if self.world.placed else []),
            (
                "dropped boxes",
                ", ".join(f"{count} {gate.replace('_', ' ')}" for gate, count in asdict(self.dropped).items()),
            ),
            ("speed", f"{self.fps:.1f} frames/s ({self.elapsed:.1f} s)"),
            ("time per stage", _stage_text(self.stages)),
            ("slowest part", _busiest_text(self.busy)),
            ("peak memory", f"{self.peak_memory / 2**20:.0f} MiB"),
            ("model set", self.model_set),
            ("runs on", _device_text(self.runs_on)),
            *(("warning", warning) for warning in self.warnings),
            *self.advice(),
        ]
        return "\n".join(f"{name:<15} {on_one_line(value)}" for name, value in rows)

    def advice(self) -> list[tuple[str, str]]:
        """Return what to try where nobody was found or many poses cannot be used, each with its heading."""
        if self.tracks:
            return self._advice_on_people()
        phalp = self.settings.get("phalp")
        if not isinstance(phalp, Mapping):
            return []
        advice = advice_for_nobody(self.dropped, phalp)
        return [("nobody found", f"try {advice}")] if advice else []

    def _advice_on_people(self) -> list[tuple[str, str]]:
        advice = [*advice_on_quality(self.quality), *advice_on_places(self.world)]
        return [("advice", line) for line in advice]


def installed_versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that decide the numbers."""
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for name in _VERSIONED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def peak_memory() -> int:
    """Return the largest resident memory this process has had, in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage there: on Linux a child starts with the peak of the process that forked it.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _coverage_text(coverage: float | None) -> str:
    return "none" if coverage is None else f"{coverage:.1%} of the frames between first and last sighting"


def _quality_text(quality: QualityCounts) -> str:
    judged = quality.to_json()["seen"]
    share = judged["usable"] / max(sum(judged.values()), 1)
    return f"{share:.0%} usable: " + ", ".join(f"{count} {usability}" for usability, count in judged.items())


def _places_text(world: WorldCounts) -> str:
    focal = "" if world.assumed < world.placed else "; the focal length is not known, so distances are rough"
    return f"{world.reliable / world.placed:.0%} of {world.placed} reliable{focal}"


def _encodable(value: Any) -> Any:
    """Return a JSON value in which names of files that are not UTF-8 can be written."""
    match value:
        case str():
            return encodable(value)
        case Mapping():
            return {name: _encodable(each) for name, each in value.items()}
        case list() | tuple():
            return [_encodable(each) for each in value]
        case _:
            return value


def _device_text(runs_on: Mapping[str, str]) -> str:
    devices = set(runs_on.values())
    if len(devices) == 1:
        return devices.pop()
    return ", ".join(f"{model} on {device}" for model, device in runs_on.items()) or "not known"


def _stage_text(stages: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stages.items()) or "not measured"


def _busiest_text(busy: Mapping[str, float]) -> str:
    if not busy:
        return "not measured"
    part = max(busy, key=lambda name: busy[name])
    return f"{part}, busy {busy[part]:.0%} of the time"
