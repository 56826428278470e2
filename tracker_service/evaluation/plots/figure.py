"""An empty figure, a band in it, and the file that it becomes."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tracker_service.errors import ResultsError, SettingsError
from tracker_service.types import Bool

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
MOST_PEOPLE = 40
"""People of the ground truth who get a band or a curve; more are not told apart."""
_INCHES, _DOTS = 10.0, 110


def check_plot_file(path: Path) -> None:
    """Raise `SettingsError` unless the file has one of `SUFFIXES`."""
    if path.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"--plot: expected a name that ends in {', '.join(SUFFIXES)}, got {path}")


def panels(heights: Iterable[float]) -> "tuple[Figure, list[Axes]]":
    """Return a figure with one panel a height, in inches, from top to bottom.

    Raises:
        ResultsError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ResultsError(
            f"evaluate: expected the package matplotlib (pip install 'phalp-triton[evaluate]'), got: {error}"
        ) from error
    sizes = list(heights)
    figure = Figure(figsize=(_INCHES, sum(sizes)), dpi=_DOTS, layout="constrained")
    return figure, [*figure.subplots(len(sizes), squeeze=False, height_ratios=sizes)[:, 0]]


def save(figure: "Figure", path: Path) -> None:
    """Write the figure in the format of the file's suffix.

    Raises:
        ResultsError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as error:
        raise ResultsError(f"{path}: expected to write the picture, got {error.strerror or error}") from error


def band(axes: "Axes", row: int, frames: Bool, color: str | tuple[float, ...], label: str | None = None) -> None:
    """Fill a row of the panel where ``frames``, (T,), is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if len(starts):
        spans = [(float(start), float(end - start)) for start, end in zip(starts, ends, strict=True)]
        axes.broken_barh(spans, (row - 0.4, 0.8), facecolors=color, linewidth=0, label=label)


def name_rows(axes: "Axes", names: Iterable[str], frames: int) -> None:
    """Name the rows of bands from top to bottom, and span the frames."""
    labels = list(names)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(0, max(frames, 1))
    axes.set_xlabel("frame")
