"""The timeline of a run as SVG: one band a person."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from html import escape

from tracker_service.drawing.palette import track_color
from tracker_service.results.statistics.timeline import Evidence, Timeline

MOST_BANDS = 100
"""People who get a band; those in the most frames. More are not taken in, and would make the page heavy."""
EVIDENCE_TEXT = {
    Evidence.SEEN: "seen",
    Evidence.SECOND_LOOK: "found by a second look",
    Evidence.DOUBTFUL: "seen, pose doubtful or unusable",
    Evidence.PREDICTED: "predicted, not seen",
    Evidence.LOST: "lost: shown, but the evidence speaks against it",
}

_BAND, _ROW, _LABEL, _WIDTH = 14, 20, 62, 1000
"""Height of a band and of a row, width of the names and of the whole, in units of the drawing."""
_TICKS = 9
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
"""Seconds between two times on the axis: the first that needs at most `_TICKS` of them."""


def evidence_class(evidence: Evidence) -> str:
    """Return the CSS class that colours this evidence."""
    return evidence.name.lower().replace("_", "-")


def timeline_svg(timeline: Timeline, track_ids: Sequence[int]) -> str:
    """Return the bands of people, at most `MOST_BANDS`, as an SVG element; its colours are those of the page's style.

    The height of a colour is its share of the frames, at least one unit, so that a single predicted frame is seen
    among hundreds; what is left empty is the share of the frames without the person.
    """
    most = sorted(track_ids, key=lambda track_id: -_frames_with(timeline, track_id))[:MOST_BANDS]
    rows = sorted(most)
    height = len(rows) * _ROW + 24
    scale = (_WIDTH - _LABEL) / max(timeline.frames, 1)
    parts = [
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="When each person was seen">',
        '<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="hatch-ground" width="4" height="4"/><rect class="hatch-line" width="1.6" height="4"/>'
        "</pattern></defs>",
    ]
    for row, track_id in enumerate(rows):
        parts += _band(timeline, track_id, scale, row * _ROW)
    return "".join([*parts, *_axis(timeline, scale, height), "</svg>"])


def _frames_with(timeline: Timeline, track_id: int) -> int:
    return sum(sum(part.counts) for part in timeline.bins(track_id))


def _band(timeline: Timeline, track_id: int, scale: float, top: int) -> Iterator[str]:
    color = "rgb({},{},{})".format(*track_color(track_id))
    totals = ", ".join(
        f"{frames} {text}" for evidence, text in EVIDENCE_TEXT.items() if (frames := timeline.total(track_id, evidence))
    )
    yield f"<g><title>{escape(f'Person {track_id}: {totals} (frames)')}</title>"
    yield f'<circle cx="8" cy="{top + 10}" r="5" fill="{color}"/>'
    yield f'<text class="name" x="18" y="{top + 14}">{track_id}</text>'
    yield f'<rect class="ground" x="{_LABEL}" y="{top + 3}" width="{_WIDTH - _LABEL}" height="{_BAND}"/>'
    outlines: dict[Evidence, list[str]] = {}
    for first, end, heights in _runs(timeline, track_id):
        left = _LABEL + first * timeline.frames_per_bin * scale
        right = _LABEL + min(end * timeline.frames_per_bin, timeline.frames) * scale
        bottom = top + 3 + _BAND
        for evidence, units in zip(Evidence, heights, strict=True):
            if units:
                bottom -= units
                outlines.setdefault(evidence, []).append(
                    f"M{left:.1f} {bottom}h{right - left:.1f}v{units}h{left - right:.1f}z"
                )
    for evidence, outline in outlines.items():
        yield f'<path class="{evidence_class(evidence)}" d="{"".join(outline)}"/>'
    yield "</g>"


def _runs(timeline: Timeline, track_id: int) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield the first bin, the one behind the last and the heights of consecutive bins that look the same."""
    run: tuple[int, int, tuple[int, ...]] | None = None
    for part in timeline.bins(track_id):
        heights = _heights(part.counts, timeline.frames_in(part.index))
        if run is not None and run[1] == part.index and run[2] == heights:
            run = (run[0], part.index + 1, heights)
            continue
        if run is not None:
            yield run
        run = (part.index, part.index + 1, heights)
    if run is not None:
        yield run


def _heights(counts: Sequence[int], frames: int) -> tuple[int, ...]:
    """Return the height of each evidence in whole units: none vanishes, and together they stay within the band."""
    heights = [max(1, round(_BAND * count / frames)) if count else 0 for count in counts]
    while sum(heights) > _BAND:
        heights[heights.index(max(heights))] -= 1
    return tuple(heights)


def _axis(timeline: Timeline, scale: float, height: int) -> Iterator[str]:
    for shot in timeline.shots:
        x = _LABEL + shot * timeline.frames_per_bin * scale
        yield f'<path class="shot" d="M{x:.1f} 0v{height - 22}"><title>new shot</title></path>'
    for index, seconds in _ticks(timeline.times):
        x = _LABEL + index * timeline.frames_per_bin * scale
        yield f'<path class="tick" d="M{x:.1f} {height - 22}v5"/>'
        yield f'<text class="time" x="{x:.1f}" y="{height - 4}">{clock(seconds)}</text>'


def _ticks(times: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Yield round times and the bin that each is in; at most `_TICKS`."""
    if not times:
        return
    start, duration = times[0], times[-1] - times[0]
    step = next((step for step in _STEPS if duration <= step * (_TICKS - 1)), max(duration / (_TICKS - 1), 1e-3))
    for tick in range(int(duration / step) + 1):
        yield bisect_right(times, start + tick * step) - 1, tick * step


def clock(seconds: float) -> str:
    """Return a time as people read it: ``4.2 s``, ``1:04``, ``2:01:04``."""
    if seconds < 60:
        return f"{round(seconds, 1):g} s"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
