"""A frame with its people: boxes and skeletons where they are in the picture, and a line about each."""

from dataclasses import dataclass

import numpy as np

from tracker_service.library.shown.figures import DASHES, css_color, skeleton
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.results.report.parts import table
from tracker_service.results.report.style import STYLE
from tracker_service.types import Float32, FrameResult, PersonState, TrackedPerson
from tracker_service.types.quality import PoseQuality

_WIDEST = 640
"""Pixels on the screen."""


@dataclass(frozen=True, slots=True)
class _Person:
    """What is shown of a person, whether the run has just found them or they were read back."""

    track_id: int
    state: PersonState
    found_by: str
    score: float
    quality: PoseQuality | None
    box: tuple[float, ...]
    joints: Float32

    @classmethod
    def of(cls, person: TrackedPerson | PersonRecord) -> "_Person":
        if isinstance(person, PersonRecord):
            box, joints, score = person.bbox, person.keypoints_2d, person.confidence
        else:
            box = np.concatenate([person.box[:2], person.box[2:] - person.box[:2]])
            joints, score = person.joints_2d, person.score
        shown = str(person.found_by).replace("_", " ") if person.state is PersonState.SEEN else ""
        return cls(person.track_id, person.state, shown, score, person.quality, tuple(box.tolist()), joints)

    @property
    def row(self) -> tuple[object, ...]:
        """The line of the table."""
        quality = self.quality
        pose = "not judged" if quality is None else str(quality.usability)
        if quality is not None and quality.reasons:
            pose += f" ({', '.join(str(reason).replace('_', ' ') for reason in quality.reasons)})"
        return self.track_id, self.state, self.found_by, f"{self.score:.2f}", pose


def frame_html(frame: FrameResult | FrameRecord) -> str:
    """Return the frame for a notebook; there is no picture behind it, because results do not keep pictures."""
    people = [_Person.of(person) for person in frame.persons]
    count = f"{len(people)} {'person' if len(people) == 1 else 'people'}"
    rows = table(("person", "state", "found by", "score", "pose"), (person.row for person in people))
    return (
        f'<div class="phalp-triton"><style>{STYLE}</style><p>Frame {frame.frame_number}, {frame.timestamp:.2f} s: '
        f"{count}{', first of a new shot' if frame.shot else ''}</p>"
        f"{_picture(frame, people)}{rows if people else ''}</div>"
    )


def _picture(frame: FrameResult | FrameRecord, people: list[_Person]) -> str:
    """Return the drawing; nothing where the size of the frame is not known."""
    width, height = frame.width, frame.height
    if not width or not height:
        return ""
    line = max(width, height) / 320
    shown = "".join(_figure(person, line) for person in people)
    return (
        f'<svg viewBox="0 0 {width} {height}" style="display:block;width:100%;max-width:{_WIDEST}px">'
        f'<rect width="{width}" height="{height}" fill="#20262e"/>{shown}</svg>'
    )


def _figure(person: _Person, line: float) -> str:
    left, top, width, height = person.box
    color, dashes = css_color(person.track_id), DASHES[person.state]
    opacity = 1 if person.state is PersonState.SEEN else 0.6
    return (
        f'<g opacity="{opacity}"><rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'fill="none" stroke="{color}" stroke-width="{line:.1f}" stroke-dasharray="{dashes}"/>'
        f"{skeleton(person.joints, color, 1.5 * line, dashes)}"
        f'<text x="{left:.0f}" y="{max(top - 2 * line, 10 * line):.0f}" font-size="{10 * line:.0f}" '
        f'fill="{color}" style="font-family:sans-serif">{person.track_id}</text></g>'
    )
