"""H2: images that take long to decode, or break the decoder, and a quiet client beside them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil

from harness.hostile_files import progressive_jpeg
from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures
from tests.hostile.conftest import ATTACKER, QUIET

JPEG = {"Content-Type": "image/jpeg"}
FRAME = pictures.sample_jpegs(1)[0]
SLOW = progressive_jpeg(2500, 2500, scans=100)


def post(service: RunningService, image: bytes, key: dict[str, str]) -> int:
    return service.post("/pose?frame_number=0", content=image, headers={**JPEG, **key}).status_code


def _is_dead(process: psutil.Process) -> bool:
    return process.status() == psutil.STATUS_ZOMBIE


def decoders(service: RunningService) -> list[psutil.Process]:
    children = psutil.Process(service.process.pid).children()
    return [child for child in children if any("images.decoder.process" in word for word in child.cmdline())]


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded(fortress: RunningService) -> None:
    image = progressive_jpeg(7000, 7000, scans=3000)
    assert post(fortress, image, ATTACKER) == 400


def test_a_quiet_client_does_not_wait_for_the_slow_images_of_another(fortress: RunningService) -> None:
    with ThreadPoolExecutor(6) as attackers:
        slow = [attackers.submit(post, fortress, SLOW, ATTACKER) for _ in range(6)]
        until(lambda: fortress.metric("phalp_frames_waiting") >= 4)
        assert post(fortress, FRAME, QUIET) == 200
        assert not all(answer.done() for answer in slow)
        assert fortress.get("/metrics").status_code == 200
        assert {answer.result() for answer in slow} == {200}


def test_decoders_that_were_killed_are_replaced(fortress: RunningService) -> None:
    assert post(fortress, FRAME, QUIET) == 200
    for decoder in decoders(fortress):
        decoder.kill()
        until(partial(_is_dead, decoder))
    assert post(fortress, FRAME, QUIET) == 200


def test_a_decoder_knows_no_secret_and_may_take_little(fortress: RunningService) -> None:
    (decoder, *_) = decoders(fortress)
    assert not {name for name in decoder.environ() if name.startswith("PHALP")}
    assert decoder.rlimit(psutil.RLIMIT_AS)[0] < 4 << 30
    assert decoder.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert decoder.rlimit(psutil.RLIMIT_CPU)[0] < 3600
