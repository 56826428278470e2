"""How the benchmark of the clients counts frames in the wrong video."""

from benchmarks.client_behaviour.client import Outcome
from benchmarks.client_behaviour.situations import Tally


def outcomes(*videos: int | None) -> list[Outcome]:
    """Frames answered in these videos, None for lost ones, each with a pose."""
    return [Outcome(number, video, video is not None, 1, 0.1) for number, video in enumerate(videos)]


def test_two_videos_apart_have_no_frame_in_the_wrong_one() -> None:
    tally = Tally(8)
    tally.add(outcomes(1, 1, 1, 1), outcomes(2, 2, 2, 2))
    row = tally.row("apart")
    assert (row["wrong"], row["lost"], row["pose"]) == (0, 0, "8 of 8")


def test_a_frame_among_those_of_another_video_is_in_the_wrong_one() -> None:
    tally = Tally()
    tally.add(outcomes(1, 1, 1, 2), outcomes(2, 2, 2, None))
    row = tally.row("mixed")
    assert (row["wrong"], row["lost"]) == (1, 1)


def test_two_videos_in_one_are_half_wrong() -> None:
    tally = Tally()
    tally.add(outcomes(1, 1, 1), outcomes(1, 1, 1))
    assert tally.row("one")["wrong"] == 3


def test_a_video_split_in_two_has_no_frame_among_those_of_another() -> None:
    tally = Tally()
    tally.add(outcomes(1, 1, 3), outcomes(2, 2, 2))
    assert tally.row("split")["wrong"] == 0
