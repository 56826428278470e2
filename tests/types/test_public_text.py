"""What clients may read of what is said inside the service."""

import pytest

from tracker_service.types.public_text import without_places


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("model hmr2 on Triton triton:8001: failed to connect", "model hmr2 on Triton (address): failed to connect"),
        ("ipv4:10.0.0.7:8001: Connection refused", "(address): Connection refused"),
        ("failed to connect to [::1]:8001 now", "failed to connect to (address) now"),
        ("connection to 10.0.0.7, port 5432 failed", "connection to (address), port 5432 failed"),
        ("postgresql://phalp:secret@db.internal/phalp is away", "(address) is away"),
        ("No such file: '/srv/jobs/ab12/chunks/000000.pkl'", "No such file: '000000.pkl'"),
        ("two\nlines", "two lines"),
        ("frame 12: expected 3 boxes, got 4 at 12:30", "frame 12: expected 3 boxes, got 4 at 12:30"),
        (r"C:\Users\me\clip.mov: expected a video", r"C:\Users\me\clip.mov: expected a video"),
    ],
)
def test_places_are_left_out(said: str, shown: str) -> None:
    assert without_places(said) == shown
