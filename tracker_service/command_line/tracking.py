"""Tracking the sources of one command, one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console

from tracker_service.command_line.progress import FrameCount, ProgressDisplay, progress_display
from tracker_service.command_line.reports import TrackReport, print_error
from tracker_service.errors import PhalpTritonError, SettingsError
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.result_files import RESULTS, TRACKS, VIEWER
from tracker_service.results.summary import Summary
from tracker_service.settings import Settings
from tracker_service.tracing.spans import begin
from tracker_service.types.shown_text import encodable, on_one_line
from tracker_service.wiring.convert import convert_run
from tracker_service.wiring.resumable import RESUME, kept_frames, track_resumably
from tracker_service.wiring.track import Progress, track_video
from tracker_service.wiring.viewer import write_viewer


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """How the sources of a command are tracked.

    Attributes:
        mesh: add mesh vertices to `results.ndjson` and `tracks.pkl`.
        resume: keep what is needed to go on after an interruption, and go on where there is such a thing.
        formats: other formats in which the results are written as well.
        viewer: write `viewer.html` once the results are complete.
    """

    mesh: bool = False
    resume: bool = False
    formats: tuple[str, ...] = ()
    viewer: bool = False

    def __post_init__(self) -> None:
        if self.mesh and self.resume:
            raise SettingsError("--resume: expected no --mesh beside it, because chunks hold no meshes, got both")


def track_all(
    settings: Settings, sources: Sequence[str], folders: Sequence[Path], report: TrackReport, options: TrackOptions
) -> int:
    """Track every source into its folder and return how many failed; their errors are printed.

    Args:
        settings: of all.
        sources: at least one.
        folders: of the results, one a source.
        report: tells about those that are finished.
        options: of the command.
    """
    errors, failed = Console(stderr=True), 0
    for source, folder in zip(sources, folders, strict=True):
        latest: list[Progress] = []
        try:
            with begin("track", values={"phalp.source": encodable(source)}):
                if options.resume:
                    summary = _resumed(settings, source, folder, report.console)
                else:
                    with progress_display(report.console) as display:
                        shown = _remembered(display, latest)
                        summary = track_video(settings, source, folder, mesh=options.mesh, progress=shown)
            if options.formats:
                convert_run(settings, folder, options.formats)
            if options.viewer:
                write_viewer(settings, [folder], folder / VIEWER)
        except PhalpTritonError as error:
            print_error(errors, error)
            failed += 1
        except KeyboardInterrupt:
            left = _kept(folder) if options.resume else _interrupted(latest, folder)
            errors.print(left, highlight=False, markup=False, soft_wrap=True)
            raise
        else:
            report.finished(summary, folder)
    return failed


def _resumed(settings: Settings, source: str, folder: Path, console: Console) -> Summary:
    with progress_display(console, before=kept_frames(folder)) as display:
        return track_resumably(settings, source, folder, progress=lambda frames: display.show(FrameCount(frames)))


def _kept(folder: Path) -> str:
    frames, where = kept_frames(folder), on_one_line(str(folder / RESUME))
    return f"interrupted: {where} holds {frames} finished frames; the same command goes on behind them"


def _remembered(display: ProgressDisplay, latest: list[Progress]) -> Callable[[Progress], None]:
    """Return what shows progress and keeps the newest in ``latest``."""

    def show(progress: Progress) -> None:
        latest[:] = [progress]
        display.show(progress)

    return show


def _interrupted(latest: Sequence[Progress], folder: Path) -> str:
    """Return what an interrupted run has left, read from its files, and how to go on."""
    where = on_one_line(str(folder))
    kept = [name for name in (f"{RESULTS}{PARTIAL_SUFFIX}", f"{TRACKS}{PARTIAL_SUFFIX}") if (folder / name).exists()]
    lines = folder / f"{RESULTS}{PARTIAL_SUFFIX}"
    if not lines.exists():  # it holds at least one line where it is kept
        return f"interrupted before the first frame was finished: nothing new is in {where}"
    with lines.open("rb") as file:
        written, last = max(enumerate(file, start=1))
    expected = latest[0].total if latest else None
    total = "" if expected is None else f" of about {max(expected, written)}"
    following = int(orjson.loads(last)["frame_number"]) + 1
    return (
        f"interrupted: {where} holds {' and '.join(kept)}, frames: {written}{total}. The same command begins again "
        f"and replaces them; with --start {following} and another --out it does the rest, under new identities"
    )
