"""Settings of the HTTP service: where it listens and what it refuses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Interval
from pydantic import SecretStr

from tracker_service.types.bounds import check_bounds

_MIB = 1024 * 1024


@dataclass(frozen=True)
class ServiceParameters:
    """Where the service listens and how it behaves as a process.

    Attributes:
        host: address to listen on; 0.0.0.0 for all.
        port: port to listen on; 0 takes a free one.
        log_format: json for machines, text for people.
        drain_seconds: time for running work after a stop signal. Raising it loses less and stops later.
        api_keys: keys of clients; none lets everybody in.
        api_keys_file: more keys, one a line; a secret file of the deployment.
        cors_origins: origins whose pages may ask from a browser.
        hosts: further names by which clients may call a service without keys, beside addresses and names of the local
            network; "*" for every name. Raising their number lets pages of those names reach it through a browser.
        private_files: let nobody but the service's user read new files of jobs, uploads and sessions. Without it the
            process's umask counts, for clients that read results from a shared folder as another user.
        proxies: addresses or networks of proxies whose X-Forwarded-For is believed; "*" for everybody, where only a
            proxy can connect.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Interval(ge=0, le=65535)] = 8000
    log_format: Literal["json", "text"] = "json"
    drain_seconds: Annotated[float, Ge(0)] = 30.0
    api_keys: tuple[SecretStr, ...] = ()
    api_keys_file: Path | None = None
    cors_origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    private_files: bool = True
    proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class Limits:
    """What is refused; raising a limit lets more in and costs memory, disk or time.

    Attributes:
        body_bytes: size of JSON bodies, images and forms with an image; beyond it 413.
        image_pixels: pixels of an image, read from its header; beyond it 413.
        upload_bytes: size of uploaded videos; beyond it 413.
        video_seconds: length of a video, or of the part up to ``max_frames``; beyond it 422. A video of unknown length
            is read up to it, and so is one that says less than it holds.
        video_frames: frames of a video, or of the part up to ``max_frames``; beyond it 422. Whatever a video says of
            itself, nothing behind it is read.
        video_pixels: pixels of one frame of a video; beyond it 413.
        meshes: meshes that one JSON answer holds, one for each person of each frame. `POST /pose/video` leaves those
            beyond it out, and all of videos with more frames, unless they are asked for; a finished job's result
            refuses them with 422.
        export_poses: poses of all people together in results that are written in a format whose file is in memory as a
            whole (usd, rrd); beyond it 422.
        export_seconds: time for writing results in another format; beyond it 422.
        client_requests: requests of one client at the same time, waiting ones included; beyond it 429.
        frames_waiting: frames of all clients that wait for their turn or their answer, each holds a connection; beyond
            it 503.
        request_seconds: time for the answer to one frame, the wait for models that are being loaded included; then 503,
            or 408 if its body has not arrived. It should stay below the clients' own timeout (120 s). Raising it
            answers more of long queues.
        body_seconds: silence of a client that is sending a body; then 408.
        body_rate: bytes a second that must come of a body, counted from ``body_seconds`` on; fewer give 408. Raising it
            refuses slower clients, and lets no one hold a place for as long with a few bytes.
        database_seconds: time for a call of the jobs' database; then 503. Raising it bears a slower database.
        connections: open connections of everybody, fewer where the process may open fewer files. At the limit the
            oldest one without a running request is closed for a new one; where there is none the new one gets 503.
        address_connections: open connections of one address; beyond it 503, likewise. Proxies of ``service.proxies``
            have no such limit.
        head_bytes: size of a request's line and headers, and of trailers; beyond it 431.
        head_seconds: time for them, from the connection or the first byte on; then 408.
    """

    body_bytes: Annotated[int, Ge(1)] = 32 * _MIB
    image_pixels: Annotated[int, Ge(1)] = 50_000_000
    upload_bytes: Annotated[int, Ge(1)] = 32 * 1024 * _MIB
    video_seconds: Annotated[float, Gt(0)] = 6 * 3600.0
    video_frames: Annotated[int, Ge(1)] = 3_000_000
    video_pixels: Annotated[int, Ge(1)] = 4096 * 2304
    meshes: Annotated[int, Ge(0)] = 600
    export_poses: Annotated[int, Ge(1)] = 200_000
    export_seconds: Annotated[float, Gt(0)] = 3600.0
    client_requests: Annotated[int, Ge(1)] = 256
    frames_waiting: Annotated[int, Ge(1)] = 512
    request_seconds: Annotated[float, Gt(0)] = 115.0
    body_seconds: Annotated[float, Gt(0)] = 30.0
    body_rate: Annotated[int, Ge(0)] = 2048
    database_seconds: Annotated[float, Gt(0)] = 10.0
    connections: Annotated[int, Ge(1)] = 4096
    address_connections: Annotated[int, Ge(1)] = 1024
    head_bytes: Annotated[int, Ge(1024)] = 65_536
    head_seconds: Annotated[float, Gt(0)] = 10.0

    def __post_init__(self) -> None:
        check_bounds(self)
