import numpy as np
import pytest

from tests.people.golden import golden
from tracker_service.people.boxes import expand_sizes, squares


def test_sizes_are_expanded_as_the_reference_does() -> None:
    table = golden("tables")
    np.testing.assert_allclose(expand_sizes(table["expand_wh_in"]), table["expand_wh_out"], rtol=1e-6)


@pytest.mark.parametrize(
    ("box", "margin", "aspect", "side"),
    [
        ([0, 0, 100, 50], 1.0, (192, 256), 400 / 3),
        ([0, 0, 50, 100], 1.0, (192, 256), 100.0),
        ([0, 0, 75, 100], 1.0, (192, 256), 100.0),
        ([0, 0, 100, 50], 1.25, None, 125.0),
        ([0, 0, 50, 100], 1.25, None, 125.0),
        ([0, 0, 100, 50], 1.5, (192, 256), 200.0),
        ([10, 10, 10, 10], 1.25, None, 1.0),
    ],
)
def test_squares_have_the_side_of_the_padded_box(
    box: list[float], margin: float, aspect: tuple[int, int] | None, side: float
) -> None:
    square = squares(np.array([box]), margin=margin, aspect=aspect)
    assert square.sides[0] == pytest.approx(side)
    np.testing.assert_allclose(square.centers[0], [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    assert square.angles[0] == 0


def test_no_boxes_give_no_squares() -> None:
    assert len(squares(np.zeros((0, 4), np.float32))) == 0
