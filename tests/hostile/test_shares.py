"""H6: a client that claims much and sends little, and a quiet one beside it."""

from contextlib import ExitStack

from harness.running_service import RunningService
from tests.api import pictures
from tests.api.wire import Wire
from tests.hostile.conftest import ATTACKER, KEYS, QUIET

FRAME = pictures.sample_jpegs(1)[0]


def test_bodies_that_are_claimed_and_not_sent_keep_no_other_client_out(fortress: RunningService) -> None:
    with ExitStack() as stack:
        claims = [stack.enter_context(Wire(fortress.url)) for _ in range(16)]
        for wire in claims:
            length = "Content-Length: 33554432"
            wire.head("/pose/hybrid", "Content-Type: image/jpeg", f"X-API-Key: {KEYS[0]}", length).send(b"a")
        headers = {"Content-Type": "image/jpeg", **QUIET}
        assert fortress.post("/pose?frame_number=0", content=FRAME, headers=headers).status_code == 200
        assert fortress.get("/jobs", headers=ATTACKER).status_code == 200
