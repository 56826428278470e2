"""Keys by which clients repeat a request for a job without getting a second one (``Idempotency-Key``).

The id of such a job is derived from client and key, so that repeating finds the job without a table of keys: whatever
was done before a crash is found under the same id.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tracker_service.jobs.chunks.chunk import sync_folder
from tracker_service.jobs.folder import JobDefinition
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import JobRequest

_SECRET_BYTES = 32
_ID_CHARACTERS = 32


class IdempotencyKeys:
    """Derives the ids of jobs from keys.

    Args:
        folder: of the store; holds the secret that keeps ids unguessable, shared by all hosts of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._secret: bytes | None = None

    def job_id(self, client: str, key: str) -> str:
        """Return the id of the job that ``client`` asks for with ``key``."""
        if self._secret is None:
            self._secret = self._read_secret()
        text = f"{client}\0{key}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, text, hashlib.sha256).hex()[:_ID_CHARACTERS]

    def _read_secret(self) -> bytes:
        path = self._folder / "job_ids.secret"
        if not path.exists():
            own = self._folder / f"{path.name}.{secrets.token_hex(8)}"
            with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(secrets.token_bytes(_SECRET_BYTES))
                stream.flush()
                os.fsync(stream.fileno())
            with suppress(FileExistsError):  # another host was first
                path.hardlink_to(own)
            own.unlink()
            sync_folder(self._folder)
        return path.read_bytes()


def asks_for_the_same(earlier: JobDefinition, request: JobRequest) -> bool:
    """Tell whether a request is the one that a job was made from; an upload is compared by size and beginning."""
    if not request.delete_source:
        return earlier.request == request
    if replace(earlier.request, source=request.source) != request:
        return False
    now = SourceIdentity.of(request.source)
    return (now.size, now.head) == (earlier.identity.size, earlier.identity.head)
