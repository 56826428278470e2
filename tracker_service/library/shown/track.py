"""One person of a run: when they were seen, and how they stood from time to time."""

import numpy as np

from tracker_service.library.recorded_track import Track
from tracker_service.library.shown.figures import DASHES, css_color, skeleton
from tracker_service.results.report.bands import EVIDENCE_TEXT, evidence_class, timeline_svg
from tracker_service.results.report.parts import legend
from tracker_service.results.report.style import STYLE
from tracker_service.results.statistics.timeline import Evidence

_FIGURES = 8
_CELL = 120
"""Width and height of the place of one figure, in units of the drawing."""


def track_html(track: Track) -> str:
    """Return the track for a notebook."""
    totals = {evidence: track.timeline.total(track.track_id, evidence) for evidence in Evidence}
    counted = [(evidence_class(kind), f"{count} {EVIDENCE_TEXT[kind]}") for kind, count in totals.items() if count]
    span = f"frames {track.frame_numbers[0]} to {track.frame_numbers[-1]}"
    return (
        f'<div class="phalp-triton"><style>{STYLE}</style>'
        f"<p>Person {track.track_id}: in {len(track)} frames, {span}</p>"
        f"{legend(counted)}{timeline_svg(track.timeline, [track.track_id])}{_figures(track)}</div>"
    )


def _figures(track: Track) -> str:
    """Return figures at equal distances of the track, with the number of the frame of each."""
    rows = np.unique(np.linspace(0, len(track) - 1, _FIGURES).round().astype(int))
    cells = "".join(_figure(track, row, column) for column, row in enumerate(rows.tolist()))
    return f'<svg viewBox="0 0 {_FIGURES * _CELL} {_CELL + 16}" style="display:block;width:100%">{cells}</svg>'


def _figure(track: Track, row: int, column: int) -> str:
    _, _, width, height = track.boxes[row].tolist()
    scale = 0.9 * _CELL / max(width, height, 1.0)
    middle = track.boxes[row, :2] + track.boxes[row, 2:] / 2
    place = np.array([(column + 0.5) * _CELL, 0.5 * _CELL])
    joints = (track.joints_2d[row] - middle) * scale + place
    figure = skeleton(joints, css_color(track.track_id), 2.5, DASHES[track.states[row]])
    number = int(track.frame_numbers[row])
    return f'{figure}<text class="time" x="{place[0]:.0f}" y="{_CELL + 12}" text-anchor="middle">{number}</text>'
