"""``npz``: SMPL's parameters in the layout of AMASS, one person a file (https://amass.is.tue.mpg.de).

AMASS has z up: x to the right, y away from the viewer. `poses` has the 52 rotations of SMPL-H, of which the fingers are
not known; `trans` is what SMPL adds to the body, so that the pelvis is at `trans` + its rest position. Additional to
AMASS: `pelvis`, which does not depend on whose body is used, `hands`, the two joints that SMPL-H lacks, `frame_numbers`
and `present`, which is False in gaps, where the pose before stays; of the world `pelvis_deviation`, its standard
deviation, `contacts` of the left and the right foot, both NaN where that is not known, and `reliable`.
"""

import shutil
import tempfile
import zipfile
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.bodies.rotations import rotation_vectors
from tracker_service.results.formats.bodies.skeleton import rest_pose
from tracker_service.results.formats.person_files import PersonFile, write_people
from tracker_service.results.formats.recording import PersonSpan, Recording
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import Float64

_TO_Z_UP: Float64 = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
_POSES, _BETAS, _DMPLS = 156, 16, 8
_BODY = 3 * 22
"""Numbers of the pelvis and the 21 body joints that SMPL and SMPL-H share."""
_COLUMNS: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
    "poses": ((_POSES,), np.float32),
    "trans": ((3,), np.float32),
    "dmpls": ((_DMPLS,), np.float32),
    "pelvis": ((3,), np.float32),
    "hands": ((2, 3), np.float32),
    "pelvis_deviation": ((3,), np.float32),
    "contacts": ((2,), np.float32),
    "reliable": ((), np.bool_),
    "frame_numbers": ((), np.int64),
    "present": ((), np.bool_),
}


def write_amass(recording: Recording, folder: Path, body: BodyModel) -> tuple[Path, ...]:
    """Write everybody's motion; memory does not depend on the length of the video.

    Raises:
        ResultsError: a file cannot be written.
    """

    def opened(span: PersonSpan, path: Path) -> PersonFile:
        return _AmassFile(path, span, body, recording.rate)

    return write_people(recording, folder, "npz", opened)


class _AmassFile(PersonFile):
    """Keeps the arrays in files until they are put together, since an archive holds one after the other."""

    def __init__(self, path: Path, span: PersonSpan, body: BodyModel, rate: float) -> None:
        self._path, self._span, self._rate = path, span, rate
        self._rest: Float64 = body.smpl_joints(rest_pose(span.betas))[0, 0].astype(np.float64)
        self._pose: dict[str, NDArray[Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f".{path.name}", dir=path.parent))
        self._files = {name: (self._folder / f"{name}.npy").open("wb") for name in _COLUMNS}
        for name, (shape, kind) in _COLUMNS.items():
            head = {"shape": (span.length, *shape), "fortran_order": False, "descr": np.dtype(kind).str}
            np.lib.format.write_array_header_1_0(self._files[name], head)

    def add(self, frame: FrameRecord, person: PersonRecord | None) -> None:
        if person is not None:
            self._pose = self._arrays(person)
        values = {**self._pose, "frame_numbers": frame.frame_number, "present": person is not None}
        try:
            for name, (shape, kind) in _COLUMNS.items():
                self._files[name].write(np.asarray(values[name], kind).reshape(shape).tobytes())
        except OSError as error:
            raise self._failure(error) from error

    def close(self, *, complete: bool) -> None:
        partial = self._path.with_name(f"{self._path.name}{PARTIAL_SUFFIX}")
        try:
            for file in self._files.values():
                # What could not be written before cannot be written now; the caller knows already.
                with nullcontext() if complete else suppress(OSError):
                    file.close()
            if complete:
                self._put_together(partial)
                partial.replace(self._path)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _failure(self, error: OSError) -> ResultsError:
        return ResultsError(f"{self._path}: expected to write it, got {error.strerror or error}")

    def _arrays(self, person: PersonRecord) -> dict[str, NDArray[Any]]:
        placement = place(person)
        turned = _TO_Z_UP @ placement.rotation_of_pelvis(person)
        vectors = rotation_vectors(np.concatenate([turned[None], person.body_pose.astype(np.float64)]))
        pelvis, world = _TO_Z_UP @ placement.pelvis, person.world
        return {
            "poses": np.concatenate([vectors[:22].ravel(), np.zeros(_POSES - _BODY)]),
            "trans": pelvis - self._rest,
            "dmpls": np.zeros(_DMPLS),
            "pelvis": pelvis,
            "hands": vectors[22:],
            "pelvis_deviation": np.full(3, np.nan) if world is None else np.abs(_TO_Z_UP) @ world.position_deviation,
            "contacts": np.full(2, np.nan) if world is None else world.contacts,
            "reliable": np.array(world is not None and world.reliable),
        }

    def _put_together(self, path: Path) -> None:
        betas = np.concatenate([self._span.betas, np.zeros(_BETAS - len(self._span.betas), np.float32)])
        constants = {"gender": "neutral", "mocap_framerate": self._rate, "mocap_frame_rate": self._rate, "betas": betas}
        for name, value in constants.items():
            np.save(self._folder / f"{name}.npy", np.asarray(value))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in (*constants, *_COLUMNS):
                archive.write(self._folder / f"{name}.npy", f"{name}.npy")
