"""Held: requests whose length can be read in two ways are never two requests."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from harness.running_service import RunningService
from tests.api.wire import Wire
from tests.hostile.conftest import KEYS

KEY = f"X-API-Key: {KEYS[0]}\r\n"
HIDDEN = f"GET /hidden HTTP/1.1\r\nHost: x\r\n{KEY}\r\n"
POST = f"POST /pose HTTP/1.1\r\nHost: x\r\n{KEY}Content-Type: image/jpeg\r\n"
CHUNKED, LENGTH = "Transfer-Encoding: chunked\r\n", f"Content-Length: {len(HIDDEN)}\r\n"
CHUNK = f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n0\r\n\r\n"
REQUESTS = {
    "length and chunks": f"{POST}{LENGTH}{CHUNKED}\r\n0\r\n\r\n{HIDDEN}",
    "chunks and length": f"{POST}{CHUNKED}Content-Length: 4\r\n\r\n{CHUNK}",
    "two lengths": f"{POST}Content-Length: 0\r\n{LENGTH}\r\n{HIDDEN}",
    "two lengths in one": f"{POST}Content-Length: 0, {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    "a length with a sign": f"{POST}Content-Length: +{len(HIDDEN)}\r\n\r\n{HIDDEN}",
    "a negative length": f"{POST}Content-Length: -1\r\n\r\n{HIDDEN}",
    "a hexadecimal length": f"{POST}Content-Length: 0x10\r\n\r\n{HIDDEN}",
    "a length of spaces": f"{POST}Content-Length: 1 2\r\n\r\n{HIDDEN}",
    "a space before the colon": f"{POST}Content-Length : {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    "a folded length": f"{POST}Content-Length:\r\n {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    "chunked, misspelt": f"{POST}Transfer-Encoding: xchunked\r\n\r\n{CHUNK}",
    "chunked, not last": f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n{CHUNK}",
    "chunked twice": f"{POST}{CHUNKED}{CHUNKED}\r\n{CHUNK}",
    "chunked behind a tab": f"{POST}Transfer-Encoding:\tchunked\r\n\r\n{CHUNK}",
    "chunked behind a line feed": f"{POST}X: y\nTransfer-Encoding: chunked\r\n\r\n{CHUNK}",
    "a size with a sign": f"{POST}{CHUNKED}\r\n+{CHUNK}",
    "a size that overflows": f"{POST}{CHUNKED}\r\n1{'0' * 16}\r\n{HIDDEN}",
    "a size with an underscore": f"{POST}{CHUNKED}\r\n0_{CHUNK}",
    "a chunk without its end": f"{POST}{CHUNKED}\r\n1\r\nab{HIDDEN}",
    "lines without carriage returns": f"{POST}{CHUNKED}\r\n".replace("\r\n", "\n") + CHUNK,
    "a null in a header": f"{POST}X: a\0b\r\n{LENGTH}\r\n{HIDDEN}",
    "a carriage return in a header": f"{POST}X: a\rContent-Length: 0\r\n{LENGTH}\r\n{HIDDEN}",
    "a header without a name": f"{POST}: {len(HIDDEN)}\r\n{LENGTH}\r\n{HIDDEN}",
    "no version": f"POST /pose\r\n{LENGTH}\r\n{HIDDEN}",
    "an old version with chunks": f"POST /pose HTTP/1.0\r\nHost: x\r\n{KEY}{CHUNKED}\r\n{CHUNK}",
    "a version of its own": f"POST /pose HTTP/1.1\r1\r\nHost: x\r\n{LENGTH}\r\n{HIDDEN}",
    "a get with a body": f"GET /livez HTTP/1.1\r\nHost: x\r\n{LENGTH}\r\n{HIDDEN}",
    "an upgrade": f"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n{LENGTH}\r\n{HIDDEN}",
}


def _received(service: RunningService, request: str) -> bytes:
    """Return all that comes until the service, which is left waiting for the rest of a request, hangs up."""
    received = b""
    with Wire(service.url) as wire, suppress(ConnectionError):
        wire.send(request.encode("latin-1")).send(b"GET")
        while True:
            received += wire.more()
    return received


def test_a_request_within_a_request_is_not_answered(fortress: RunningService) -> None:
    with ThreadPoolExecutor(8) as clients:
        answers = clients.map(lambda request: _received(fortress, request), REQUESTS.values())
        received = dict(zip(REQUESTS, answers, strict=True))
    assert not {name: answer for name, answer in received.items() if b" 404 " in answer}
    assert not {name: answer for name, answer in received.items() if b" 500 " in answer}


@pytest.mark.parametrize("body", ["", HIDDEN])
def test_a_request_behind_another_one_is_answered(fortress: RunningService, body: str) -> None:
    """What the test above looks for is there when it should be."""
    request = f"{POST}Content-Length: {len(body)}\r\n\r\n{body}{HIDDEN}"
    assert b" 404 " in _received(fortress, request)
