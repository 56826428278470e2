"""The formats by name, and what is known of each before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError, SettingsError
from tracker_service.results.formats.amass import write_amass
from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.bvh import write_bvh
from tracker_service.results.formats.coco import write_coco
from tracker_service.results.formats.glb import write_glb
from tracker_service.results.formats.opensim import write_mot, write_trc
from tracker_service.results.formats.recording import Recording
from tracker_service.results.formats.tables import write_long_table, write_wide_table

STEM = "results"
"""Name without suffix of a file that holds everybody."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a format is written from.

    Attributes:
        recording: the results.
        folder: where the files go.
        load_body: loads the body that the results speak of; called by formats that need one.
        preset: whose names the joints of ``bvh`` have.
    """

    recording: Recording
    folder: Path
    load_body: Callable[[], BodyModel]
    preset: SkeletonPreset = SkeletonPreset.SMPL

    def file_of(self, suffix: str) -> Path:
        """Return the path of a file that holds everybody."""
        return self.folder / f"{STEM}.{suffix}"


@dataclass(frozen=True, slots=True)
class Format:
    """A format of other programs.

    Attributes:
        media_type: of its file.
        write: writes the files and returns their paths.
        one_a_person: whether everybody has a file of their own.
        may_be_empty: whether results without anybody make a file.
        streams: whether memory is independent of the length of the video.
    """

    media_type: str
    write: Callable[[Conversion], tuple[Path, ...]]
    one_a_person: bool = False
    may_be_empty: bool = False
    streams: bool = True


def format_named(name: str) -> Format:
    """Return a format.

    Raises:
        SettingsError: there is no such format.
    """
    if name not in FORMATS:
        raise SettingsError(f"format: expected one of {', '.join(FORMATS)}, got {name!r}")
    return FORMATS[name]


def _glb(wanted: Conversion) -> tuple[Path, ...]:
    path = wanted.file_of("glb")
    write_glb(wanted.recording, path, wanted.load_body())
    return (path,)


def _bvh(wanted: Conversion) -> tuple[Path, ...]:
    return write_bvh(wanted.recording, wanted.folder, wanted.load_body(), wanted.preset)


def _npz(wanted: Conversion) -> tuple[Path, ...]:
    return write_amass(wanted.recording, wanted.folder, wanted.load_body())


def _trc(wanted: Conversion) -> tuple[Path, ...]:
    return write_trc(wanted.recording, wanted.folder)


def _mot(wanted: Conversion) -> tuple[Path, ...]:
    return write_mot(wanted.recording, wanted.folder)


def _without_body(suffix: str, write: Callable[[Recording, Path], None]) -> Callable[[Conversion], tuple[Path, ...]]:
    def written(wanted: Conversion) -> tuple[Path, ...]:
        path = wanted.file_of(suffix)
        write(wanted.recording, path)
        return (path,)

    return written


def _usd(wanted: Conversion) -> tuple[Path, ...]:
    try:
        from tracker_service.results.formats.usd import write_usd
    except ImportError as error:
        raise _missing("usd", "usd") from error
    path = wanted.file_of("usd")
    write_usd(wanted.recording, path, wanted.load_body())
    return (path,)


def _rrd(wanted: Conversion) -> tuple[Path, ...]:
    try:
        from tracker_service.results.formats.rerun import write_rerun
    except ImportError as error:
        raise _missing("rrd", "rerun") from error
    path = wanted.file_of("rrd")
    write_rerun(wanted.recording, path)
    return (path,)


def _missing(name: str, extra: str) -> ResultsError:
    return ResultsError(f"{name}: expected its library, which `pip install 'phalp-triton[{extra}]'` adds, got none")


FORMATS = MappingProxyType(
    {
        "glb": Format("model/gltf-binary", _glb),
        "bvh": Format("text/plain", _bvh, one_a_person=True),
        "npz": Format("application/octet-stream", _npz, one_a_person=True),
        "csv": Format("text/csv", _without_body("csv", write_long_table), may_be_empty=True),
        "wide.csv": Format("text/csv", _without_body("wide.csv", write_wide_table), may_be_empty=True),
        "coco.json": Format("application/json", _without_body("coco.json", write_coco), may_be_empty=True),
        "trc": Format("text/tab-separated-values", _trc, one_a_person=True),
        "mot": Format("text/tab-separated-values", _mot, one_a_person=True),
        "usd": Format("model/vnd.usd", _usd, streams=False),
        "rrd": Format("application/octet-stream", _rrd, may_be_empty=True, streams=False),
    }
)
"""The formats by name, which is the suffix of their files."""
