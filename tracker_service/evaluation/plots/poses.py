"""How far poses are off an exact ground truth: who was found when, the error over time, its distribution."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tracker_service.drawing.palette import track_color
from tracker_service.evaluation.plots.figure import MOST_PEOPLE, band, name_rows, panels, save
from tracker_service.evaluation.poses.evaluation import VISIBLE, PoseMatches
from tracker_service.evaluation.poses.person_matches import PersonMatches
from tracker_service.evaluation.poses.truth import PoseTruth
from tracker_service.types import Bool, Float64, PersonState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = {PersonState.SEEN: "#1f9d78", PersonState.PREDICTED: "#8d7bd0", PersonState.LOST: "#9aa3ad"}
_PA = 1
"""Column of PA-MPJPE among the errors of a match."""


def plot_poses(matches: PoseMatches, truth: PoseTruth, path: Path) -> None:
    """Draw three panels: bands of the people, PA-MPJPE over time, and its cumulative distribution.

    Raises:
        ResultsError: the picture cannot be written, or matplotlib is missing.
    """
    rows = np.argsort([-len(person.frames) for person in matches.people], kind="stable")[:MOST_PEOPLE]
    shown = np.sort(rows).tolist()
    figure, (bands, errors, distribution) = panels((1.2 + 0.25 * len(shown), 2.8, 2.8))
    _draw_bands(bands, matches, truth, shown)
    _draw_errors(errors, matches, truth, shown)
    _draw_distribution(distribution, matches)
    save(figure, path)


def _draw_bands(axes: "Axes", matches: PoseMatches, truth: PoseTruth, shown: Sequence[int]) -> None:
    in_view, visible = truth.in_view, truth.visibility >= VISIBLE
    kinds: dict[str, tuple[str, list[Bool]]] = {
        "missed while visible": ("#e8a33a", []),
        "missed while hidden": ("#e6e8ec", []),
        **{f"matched, {state}": (color, []) for state, color in _COLORS.items()},
    }
    for person in shown:
        found = {state: _frames_of(matches.people[person], state, truth.number_of_frames) for state in _COLORS}
        missed = in_view[:, person] & ~np.any(list(found.values()), axis=0)
        kinds["missed while visible"][1].append(missed & visible[:, person])
        kinds["missed while hidden"][1].append(missed & ~visible[:, person])
        for state, frames in found.items():
            kinds[f"matched, {state}"][1].append(frames)
    for label, (color, rows) in kinds.items():
        named: str | None = label
        for row, frames in enumerate(rows):
            band(axes, row, frames, color, named if frames.any() else None)
            named = None if frames.any() else named
    name_rows(axes, [str(truth.ids[person]) for person in shown], truth.number_of_frames)
    axes.set_ylabel("person of the truth")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8, ncols=len(kinds), loc="lower left", bbox_to_anchor=(0, 1))


def _draw_errors(axes: "Axes", matches: PoseMatches, truth: PoseTruth, shown: Sequence[int]) -> None:
    for person in shown:
        values = np.full(truth.number_of_frames, np.nan)
        values[matches.people[person].frames] = _millimetres(matches.people[person].errors)
        color = tuple(part / 255 for part in track_color(int(truth.ids[person])))
        axes.plot(values, color=color, linewidth=1, label=f"person {truth.ids[person]}")
        unseen = ~_frames_of(matches.people[person], PersonState.SEEN, truth.number_of_frames)
        axes.plot(np.where(unseen, values, np.nan), ".", color=color, markersize=4)
    axes.set_xlim(0, max(truth.number_of_frames, 1))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("frame; dots: predicted, not seen")
    axes.set_ylabel("PA-MPJPE, mm")
    if shown:
        axes.legend(frameon=False, fontsize=8, ncols=4)


def _draw_distribution(axes: "Axes", matches: PoseMatches) -> None:
    for state, color in _COLORS.items():
        errors = np.sort(np.concatenate([[], *(_millimetres(each.errors_of(state)) for each in matches.people)]))
        if len(errors):
            share = np.arange(1, len(errors) + 1) / len(errors)
            label = f"{state}: {len(errors)} matches, median {np.median(errors):.0f} mm"
            axes.step(errors, share, where="post", color=color, label=label)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1)
    axes.set_xlabel("PA-MPJPE, mm")
    axes.set_ylabel("share of matches up to it")
    if axes.lines:
        axes.legend(frameon=False, fontsize=8, loc="lower right")


def _frames_of(person: PersonMatches, state: PersonState, frames: int) -> Bool:
    """Return the frames, (T,), in which the person was matched in this state."""
    matched = np.zeros(frames, np.bool_)
    matched[[number for number, of in zip(person.frames, person.states, strict=True) if of is state]] = True
    return matched


def _millimetres(errors: Float64) -> Float64:
    return 1000 * errors[:, _PA]
