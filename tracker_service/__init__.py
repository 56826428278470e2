"""Video in, 3D people tracks out: HMR2 and PHALP as a library, a command line and a service.

    import tracker_service as ts

    for frame in ts.track("clip.mp4"):
        print(frame.frame_number, [person.track_id for person in frame.persons])

The names in ``__all__`` are public and keep their meaning; everything below the package may change with any version.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker_service.errors import PhalpTritonError
    from tracker_service.library.live_tracker import LiveTracker, open_tracker
    from tracker_service.library.reading import read_results
    from tracker_service.library.recorded_track import Track
    from tracker_service.library.run import Run, read_run
    from tracker_service.library.tracked_video import TrackedVideo, track
    from tracker_service.results.records import FrameRecord, PersonRecord
    from tracker_service.settings import Settings, load_settings
    from tracker_service.types import Detections, FrameResult, PersonState, TrackedPerson

__all__ = [
    "Detections",
    "FrameRecord",
    "FrameResult",
    "LiveTracker",
    "PersonRecord",
    "PersonState",
    "PhalpTritonError",
    "Run",
    "Settings",
    "Track",
    "TrackedPerson",
    "TrackedVideo",
    "load_settings",
    "open_tracker",
    "read_results",
    "read_run",
    "track",
]

_HOMES = {
    "errors": ("PhalpTritonError",),
    "library.live_tracker": ("LiveTracker", "open_tracker"),
    "library.reading": ("read_results",),
    "library.recorded_track": ("Track",),
    "library.run": ("Run", "read_run"),
    "library.tracked_video": ("TrackedVideo", "track"),
    "results.records": ("FrameRecord", "PersonRecord"),
    "settings": ("Settings", "load_settings"),
    "types": ("Detections", "FrameResult", "PersonState", "TrackedPerson"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: importing one room must not load all of them, nor numpy too early."""
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
