"""Results into files of other formats."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError
from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.recording import Recording
from tracker_service.results.formats.registry import Conversion, format_named


def convert(
    results: Path,
    names: Sequence[str],
    folder: Path,
    load_body: Callable[[], BodyModel],
    *,
    preset: SkeletonPreset = SkeletonPreset.SMPL,
    most_poses: int | None = None,
) -> tuple[Path, ...]:
    """Write results in other formats and return the paths of the files.

    Args:
        results: folder of the results.
        names: of the formats, at least one.
        folder: where the files go.
        load_body: loads the body that the results speak of; called where a format needs it.
        preset: whose names the joints of ``bvh`` have.
        most_poses: refuse results with more poses in formats that hold a whole file in memory; None for no limit.

    Raises:
        SettingsError: there is no such format; nothing is written then.
        ResultsError: there are no results, there is nobody in them, or a file cannot be written.
    """
    formats = [format_named(name) for name in names]
    recording = Recording.of(results)
    wanted = Conversion(recording, folder, load_body, preset)
    written: list[Path] = []
    for name, kind in zip(names, formats, strict=True):
        if not recording.people and not kind.may_be_empty:
            raise ResultsError(f"{recording.path}: expected people to write as {name}, got frames without anybody")
        if not kind.streams and most_poses is not None and recording.poses > most_poses:
            raise ResultsError(
                f"{name}: expected at most {most_poses} poses, since a file is in memory as a whole, "
                f"got {recording.poses}"
            )
        written += kind.write(wanted)
    return tuple(written)
