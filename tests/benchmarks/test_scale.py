"""The arithmetic of scale: it reads what is stored, names every source, and grows with the work."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scale import assumptions
from benchmarks.scale.figures import Figures
from benchmarks.scale.needs import Need, limits, needs


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures.read()


def test_every_figure_and_assumption_has_a_source(figures: Figures) -> None:
    assert all(row["source"] for row in (*figures.rows(), *assumptions.rows()))


def test_nothing_about_a_card_is_called_measured(figures: Figures) -> None:
    of_cards = [row for row in figures.rows() if row["what"].startswith("frames/s of")]
    assert len(of_cards) == len(figures.card_fps) > 0
    assert all("not measured" in row["source"] for row in of_cards)
    named = [*(row["what"] for row in needs(figures)), *(row["what"] for row in limits(figures))]
    assert all("estimated" in what for what in named if any(card in what for card in figures.card_fps))


def test_a_hundred_times_the_video_takes_a_hundred_times_the_work(figures: Figures) -> None:
    small, large = Need(1, figures), Need(100, figures)
    for name in ("rate", "cores", "kept_bytes", "jobs", "tensor_gigabits"):
        assert getattr(large, name) == pytest.approx(100 * getattr(small, name))


def test_a_limit_is_reached_exactly_at_its_hours(figures: Figures) -> None:
    found = {row["what"]: row["hours"] for row in limits(figures)}
    assert Need(found["a core beside a card"], figures).cores == pytest.approx(1)
    assert Need(found["one disk of 1 TB"], figures).kept_bytes == pytest.approx(1e12)
    assert list(found.values()) == sorted(found.values())


def test_a_dearer_frame_needs_more_machines(figures: Figures) -> None:
    dearer = replace(figures, cpu_ms=2 * figures.cpu_ms)
    assert Need(10_000, dearer).machines > Need(10_000, figures).machines


def test_a_missing_benchmark_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"simulated_gpu\.json: expected the table speed, got no file"):
        Figures.read(tmp_path)
