"""H3, H4: request heads that are endless or never complete, and more connections than the service can hold."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from harness.running_service import RunningService
from harness.waiting import until
from tests.api.wire import Wire

PIECE = b"a" * 65_536


@contextmanager
def half_open(service: RunningService, connections: int) -> Iterator[list[socket.socket]]:
    """Connections that have sent the beginning of a request."""
    address = urlsplit(service.url)
    with ExitStack() as stack:
        sockets = []
        for _ in range(connections):
            opened = stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0), 30))
            opened.sendall(b"GET /livez HTTP/1.1\r\nX: ")
            sockets.append(opened)
        yield sockets


def answers_livez(service: RunningService) -> bool:
    return service.get("/livez").status_code == 200


def ended(connection: socket.socket) -> bool:
    """Read until the other side closes."""
    with suppress(ConnectionError):
        while connection.recv(65_536):
            pass
    return True


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: ",
        b"GET /",
        b"GET /livez HTTP/1.1\r\n",
        b"POST /pose HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"POST /pose HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ],
    ids=["header", "path", "name", "extension", "trailer"],
)
def test_what_has_no_end_is_cut_off_after_some_kilobytes(fortress: RunningService, begin: bytes) -> None:
    sent = 0
    with Wire(fortress.url) as wire, suppress(ConnectionError):
        wire.send(begin)
        while sent < 64_000_000:
            wire.send(PIECE)
            sent += len(PIECE)
    assert sent < 16_000_000  # what the buffers of the sockets hold
    assert answers_livez(fortress)


def test_a_head_that_is_too_large_gets_431(fortress: RunningService) -> None:
    with Wire(fortress.url) as wire:
        answer = wire.head("/livez", f"X-Big: {'a' * 20_000}", method="GET").answer()
        assert answer.status == 431
        assert wire.closed()


def test_many_headers_that_are_too_large_together_get_431(fortress: RunningService) -> None:
    with Wire(fortress.url) as wire:
        assert (
            wire.head("/livez", *(f"X-{number}: aaaaaaaa" for number in range(2000)), method="GET").answer().status
            == 431
        )


def test_a_head_that_does_not_come_complete_gets_408(fortress: RunningService) -> None:
    with Wire(fortress.url) as wire:
        assert wire.send(b"GET /livez HTTP/1.1\r\nX: ").answer().status == 408
        assert wire.closed()


def test_a_connection_that_sends_nothing_is_closed(fortress: RunningService) -> None:
    with Wire(fortress.url) as wire:
        assert wire.answer().status == 408
        assert wire.closed()


def test_a_second_request_that_does_not_come_complete_gets_408(fortress: RunningService) -> None:
    with Wire(fortress.url) as wire:
        assert wire.head("/livez", method="GET").answer().status == 200
        assert wire.send(b"GET /livez HTTP/1.1\r\n").answer().status == 408


def test_connections_beyond_the_limit_end_the_oldest_ones_and_health_answers(fortress: RunningService) -> None:
    with half_open(fortress, 100) as sockets:
        assert answers_livez(fortress)
        assert all(ended(connection) for connection in sockets[:50])
    until(lambda: answers_livez(fortress))


def test_with_few_files_health_is_answered_under_many_half_open_connections(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A process that may open 256 files, as H4 has it."""
    limited = RunningService(
        tmp_path_factory.mktemp("few_files"), command=("-m", "tests.hostile.few_files"), forked=True
    )
    with limited.start(ready=False), half_open(limited, 240):
        assert answers_livez(limited)
