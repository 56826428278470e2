"""Settings of the HTTP service: where it listens, what it accepts, sessions, jobs, media folders."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from tracker_service.settings.group import Group

_MIB = 1024 * 1024


class ServiceSettings(Group):
    """Where the service listens and how it behaves as a process."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535, description="0 takes a free port")
    log_format: Literal["json", "text"] = "json"
    drain_seconds: float = Field(default=30.0, ge=0, description="time for running work after a stop signal")
    api_keys: tuple[SecretStr, ...] = ()
    api_keys_file: Path | None = Field(default=None, description="one key a line; a secret file of the deployment")
    cors_origins: tuple[str, ...] = ()


class LimitSettings(Group):
    """What is refused; raising a limit lets more in and costs memory, disk or time."""

    body_bytes: int = Field(default=32 * _MIB, ge=1, description="JSON bodies")
    image_pixels: int = Field(default=50_000_000, ge=1, description="read from the image's header")
    upload_bytes: int = Field(default=32 * 1024 * _MIB, ge=1, description="uploaded videos")
    video_seconds: float = Field(default=6 * 3600.0, gt=0)
    video_pixels: int = Field(default=4096 * 2304, ge=1, description="of one frame of a video")
    client_requests: int = Field(default=16, ge=1, description="requests of one client at the same time")
    frames_waiting: int = Field(default=128, ge=1, description="frames of all clients accepted and not yet answered")
    request_seconds: float = Field(default=60.0, gt=0, description="time for the answer to one frame")
    body_seconds: float = Field(default=30.0, gt=0, description="silence of a client that is sending a body")


class SessionSettings(Group):
    """Sessions of single frames."""

    gap_seconds: float = Field(
        default=2.0, gt=0, description="quiet time after which missing frames are skipped; raising it orders more"
    )
    wait_seconds: float = Field(
        default=20.0, gt=0, description="longest that an early frame waits for missing ones; raising it orders more"
    )
    expiry_seconds: float = Field(default=600.0, gt=0, description="idle time after which a session is forgotten")
    max_sessions: int = Field(default=200, ge=1, description="the one longest idle goes first")
    history: int = Field(default=300, ge=1, description="answered frames kept per session for retries and late frames")
    workers: int = Field(default=2, ge=1, description="batches of frames computed at the same time")


class JobSettings(Group):
    """Video jobs; `database_url` may also come from the environment variable DATABASE_URL."""

    folder: Path = Path("outputs/jobs")
    database_url: SecretStr | None = Field(
        default=None, description="postgresql://…, for several hosts; without it a SQLite file in `folder`"
    )
    executor_id: str | None = Field(default=None, description="name of this service; None: host name and a number")
    concurrency: int = Field(default=1, ge=1, description="jobs computed at the same time on this host")
    queue_length: int = Field(default=100, ge=0, description="jobs that may wait; beyond it new ones get 503")
    client_jobs: int = Field(default=50, ge=1, description="unfinished jobs of one client")
    client_bytes: int | None = Field(default=None, ge=1, description="disk used by the jobs of one client")
    chunk_frames: int = Field(
        default=240, ge=1, description="frames between two restart points; raising it loses more when a worker dies"
    )
    chunk_attempts: int = Field(default=3, ge=1, description="times the computing of one chunk may die")
    stall_seconds: float = Field(
        default=300.0, gt=0, description="silence after which a worker is taken for hung and restarted"
    )
    free_bytes: int = Field(default=512 * _MIB, ge=0, description="disk space that jobs leave free")
    poll_seconds: float = Field(default=0.5, gt=0, description="how often the queue and the disk are looked at")
    retention_seconds: float = Field(default=7 * 86400.0, gt=0, description="age at which finished jobs are removed")
    retention_bytes: int | None = Field(default=None, ge=1, description="disk used by finished jobs; the oldest go")


class PathRule(Group):
    """Paths of a client that begin with ``client`` are found under ``host`` (`C:/Users/me` under `/media/me`)."""

    client: str
    host: Path


class MediaSettings(Group):
    """Which files may be opened by path."""

    roots: tuple[Path, ...] = ()
    rules: tuple[PathRule, ...] = ()
