"""Curves of what spoilt pictures cost, as a picture; needs matplotlib, which the extra ``evaluate`` brings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

_LINES = {"found": "share found", "error": "error, box given", "found_error": "error, found"}


def draw_curves(rows: Sequence[dict[str, Any]], path: Path, title: str) -> None:
    """Draw one diagram for each change in ``rows`` and write them to ``path``."""
    changes = list(dict.fromkeys(row["change"] for row in rows))
    figure, axes = plt.subplots(1, len(changes), figsize=(4 * len(changes), 3.2), squeeze=False)
    for place, change in zip(axes[0], changes, strict=True):
        chosen = sorted((row for row in rows if row["change"] == change), key=lambda row: float(row["amount"]))
        for name, label in _LINES.items():
            values = [float("nan") if row[name] is None else row[name] for row in chosen]
            place.plot([row["amount"] for row in chosen], values, marker="o", label=label)
        place.set_xlabel(change)
        place.set_ylim(0, 1.05)
        place.grid(visible=True, alpha=0.3)
    axes[0][0].set_title(title)
    axes[0][-1].legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
