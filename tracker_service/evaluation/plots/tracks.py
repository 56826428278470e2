"""How people of a MOT ground truth were followed: their ids over time, what went wrong when, scores by overlap."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tracker_service.drawing.palette import track_color
from tracker_service.evaluation.box_overlap import LEAST_OVERLAP
from tracker_service.evaluation.clear_matches import ABSENT, MISSED, ClearMatches
from tracker_service.evaluation.mot_metrics import FramePair, hota_curves, metric_input
from tracker_service.evaluation.plots.figure import MOST_PEOPLE, band, name_rows, panels, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MISSED = "#d8dbe0"
_COLUMNS = 400
"""Columns of the curve of errors; each is a mean over its frames."""


def plot_tracks(pairs: list[FramePair], path: Path, *, iou: float = LEAST_OVERLAP) -> None:
    """Draw three panels: ids of each person, misses and false people, HOTA by overlap.

    Args:
        pairs: who is compared, of `compared`.
        path: picture to write; see `tracker_service.evaluation.plots.figure.SUFFIXES`.
        iou: smallest overlap of a match in the first two panels.

    Raises:
        ResultsError: the picture cannot be written, or a package is missing.
    """
    matches = ClearMatches.of(pairs, iou=iou)
    people = min(len(matches.truth_ids), MOST_PEOPLE)
    figure, (bands, errors, curves) = panels((1.2 + 0.22 * people, 2.2, 2.8))
    _draw_bands(bands, matches, people)
    _draw_errors(errors, matches)
    _draw_curves(curves, pairs)
    save(figure, path)


def _draw_bands(axes: "Axes", matches: ClearMatches, people: int) -> None:
    present = (matches.matched != ABSENT).sum(axis=0)
    shown = np.sort(np.argsort(-present, kind="stable")[:people])
    for row, person in enumerate(shown.tolist()):
        ids = matches.matched[:, person]
        band(axes, row, ids == MISSED, _MISSED)
        for track_id in np.unique(ids[ids > MISSED]).tolist():
            band(axes, row, ids == track_id, tuple(part / 255 for part in track_color(track_id)))
        for frame in matches.switches(person).tolist():
            axes.plot([frame, frame], [row - 0.45, row + 0.45], color="black", linewidth=1.2)
    name_rows(axes, [str(matches.truth_ids[person]) for person in shown], len(matches.matched))
    axes.set_ylabel("person of the truth")
    hidden = len(matches.truth_ids) - people
    more = f"; {hidden} people in fewer frames are left out" if hidden else ""
    axes.set_title(
        f"Colour: id of the results. Grey: missed. Black line: the id switches{more}.", fontsize=9, loc="left"
    )


def _draw_errors(axes: "Axes", matches: ClearMatches) -> None:
    frames = len(matches.matched)
    step = max(1, -(-frames // _COLUMNS))
    starts = np.arange(0, frames, step)
    sizes = np.diff(np.append(starts, frames))
    if frames:
        for label, values, color in (
            ("missed people", (matches.matched == MISSED).sum(axis=1), "#d1495b"),
            ("false people", matches.false, "#2f7fe0"),
        ):
            means = np.add.reduceat(values.astype(np.float64), starts) / sizes
            axes.step(starts, means, where="post", label=label, color=color, linewidth=1)
        axes.legend(frameon=False, fontsize=8)
    axes.set_xlim(0, max(frames, 1))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("frame" if step == 1 else f"frame; means over {step}")
    axes.set_ylabel("people")


def _draw_curves(axes: "Axes", pairs: list[FramePair]) -> None:
    overlaps, curves = hota_curves(metric_input(pairs))
    for name, values in curves.items():
        axes.plot(overlaps, values, marker="o", markersize=3, label=f"{name}, mean {values.mean():.3f}")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("overlap (IoU) from which a box counts as found")
    axes.legend(frameon=False, fontsize=8)
