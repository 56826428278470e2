"""The server process: listens at once, prints its address, and drains before it ends."""

import asyncio
import logging
import os
import signal
import socket
import sys
from ipaddress import ip_address
from types import FrameType
from typing import Any

import prometheus_client
import uvicorn
from fastapi import FastAPI

from tracker_service.api.app import create_app
from tracker_service.api.connections.http_protocol import limited_protocol
from tracker_service.api.connections.open_connections import OpenConnections, connections_possible
from tracker_service.api.connections.trusted_proxies import TrustedProxies
from tracker_service.api.http.logs import configure_logging
from tracker_service.api.service import Service
from tracker_service.api.service_parameters import Limits
from tracker_service.api.startup.model_loading import OpenClient
from tracker_service.errors import SettingsError
from tracker_service.process.memory import keep_freed_memory
from tracker_service.process.private_files import keep_files_private
from tracker_service.settings import Settings
from tracker_service.tracing.traced_process import traced_process
from tracker_service.wiring.models import open_client as client_of_settings

_KEEP_ALIVE_SECONDS = 75
"""Above the idle time after which proxies and Node's agents drop a connection, so that they are the ones to do it."""
_SOCKET_MESSAGE_BYTES = 8 * 1024 * 1024
"""A frame on a socket; a camera's JPEG of 4K takes two."""
_SWITCH_SECONDS = 0.001
"""Computing threads release the interpreter lock this often, so that the event loop stays responsive."""
_CONNECTION_CLOSE_SECONDS = 2
_TICK_SECONDS = 0.1
"""Longest wait for the end of the stop between two updates of the ``Date`` header."""
_logger = logging.getLogger(__name__)


def serve(settings: Settings, *, open_client: OpenClient = client_of_settings) -> None:
    """Run the service until a signal stops it; prints one line with its address once it listens.

    The first SIGTERM or SIGINT lets running work finish within ``service.drain_seconds``, the second ends at once.

    Raises:
        SettingsError: a setting cannot be used, or the address cannot be listened on.
    """
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
    configure_logging(settings.service.log_format)
    keep_freed_memory()
    if settings.service.private_files:
        keep_files_private()
    # What uvicorn restores once it has stopped: a second signal that comes after that ends the process, too, where
    # Python's own handler would let its end break off with an error.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app = create_app(settings, open_client=open_client)
    proxies = TrustedProxies(settings.service.proxies)
    listener = _listen(settings.service.host, settings.service.port)
    _warn_without_keys(settings.service.host, keys=app.state.service.keys.required)
    sys.setswitchinterval(_SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        http=_protocol(settings.limits, proxies),
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies.names),
        loop="auto",
        ws="websockets-sansio",
        ws_max_size=_SOCKET_MESSAGE_BYTES,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_CONNECTION_CLOSE_SECONDS,
    )
    with traced_process(settings.telemetry, "service"):
        _Server(config, app, listener).run(sockets=[listener])
    service: Service = app.state.service
    if service.cannot_end or service.store_calls.stuck:
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)  # threads that wait for a database that is away would be waited for


def _protocol(limits: Limits, proxies: TrustedProxies) -> Any:
    connections = connections_possible(limits.connections)
    of_an_address = min(limits.address_connections, max(1, connections // 2))
    return limited_protocol(
        OpenConnections(connections, of_an_address, proxies),
        head_bytes=limits.head_bytes,
        head_seconds=limits.head_seconds,
    )


def _warn_without_keys(host: str, *, keys: bool) -> None:
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not (keys or loopback):
        _logger.warning("service.host: %s is reached by other machines, and no service.api_keys are set", host)


class _Server(uvicorn.Server):
    """A server that goes on listening while it drains."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, listener: socket.socket) -> None:
        super().__init__(config)
        self._service: Service = app.state.service
        self._listener = listener
        self._asked_to_stop = False
        self._stop: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self._listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            sys.stdout.write(f"listening on http://{shown}:{port}\n")
            sys.stdout.flush()

    async def on_tick(self, counter: int) -> bool:
        if self._asked_to_stop and self._stop is None:
            self._stop = self._service.stop()
        if self._stop is not None:
            await asyncio.wait({self._stop}, timeout=_TICK_SECONDS)
            self.should_exit = self._stop.done()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._asked_to_stop:
            signal.signal(sig, signal.SIG_DFL)
            os.kill(os.getpid(), sig)
        self._asked_to_stop = True


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise SettingsError(f"service: cannot listen on {host}:{port}: {error.strerror or error}") from error
    return listener
