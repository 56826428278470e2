"""``rrd``: joints and limbs in space and boxes in the picture for the Rerun viewer, with the extra ``rerun``.

Timelines: ``frame``, the number in the source, and ``video``, seconds. Whoever is not shown any more is cleared.
"""

from pathlib import Path

import numpy as np
import rerun as rr

from tracker_service.body.joints import BODY_25_EDGES, BODY_25_SIZE
from tracker_service.drawing.palette import track_color
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.recording import Recording, shown
from tracker_service.results.partial_file import write_whole
from tracker_service.results.records import PersonRecord

_JOINT_RADIUS, _LIMB_RADIUS = 0.02, 0.01
_EDGES = np.array(BODY_25_EDGES)


def write_rerun(recording: Recording, path: Path) -> None:
    """Write the file, which is in memory as a whole before.

    Raises:
        ResultsError: the file cannot be written.
    """
    # Rerun's own writer of files may hang where the disk is full; what it hands over in parts cannot be put together.
    stream = rr.RecordingStream("phalp-triton")
    written = rr.binary_stream(stream)
    _log(stream, recording)
    write_whole(path, written.read() or b"")


def _log(stream: rr.RecordingStream, recording: Recording) -> None:
    stream.log("world", rr.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)
    before: set[int] = set()
    for frame in recording.read():
        stream.set_time("frame", sequence=frame.frame_number)
        stream.set_time("video", duration=frame.timestamp)
        persons = shown(frame)
        here = {person.track_id for person in persons}
        for gone in before - here:
            stream.log(f"world/person_{gone}", rr.Clear(recursive=True))
            stream.log(f"picture/person_{gone}", rr.Clear(recursive=True))
        for person in persons:
            _log_person(stream, person)
        before = here


def _log_person(stream: rr.RecordingStream, person: PersonRecord) -> None:
    name, color = f"person_{person.track_id}", track_color(person.track_id)
    joints = place(person).joints(person)[:BODY_25_SIZE]
    stream.log(f"world/{name}/joints", rr.Points3D(joints, colors=color, radii=_JOINT_RADIUS))
    stream.log(f"world/{name}/limbs", rr.LineStrips3D(joints[_EDGES], colors=color, radii=_LIMB_RADIUS))
    box = rr.Boxes2D(array=person.bbox, array_format=rr.Box2DFormat.XYWH, colors=color, labels=str(person.track_id))
    stream.log(f"picture/{name}", box)
