"""What a receiver gets: a JSON body, and headers that identify and sign it.

Headers and signature are those of Standard Webhooks (standardwebhooks.com), so that receivers can use its libraries.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from tracker_service.jobs.job import Job

_ENCODED = "whsec_"
"""Begins a secret that is written in base64."""


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One message about the end of a job.

    Attributes:
        id: the same in every try, so that a receiver recognises what it has had.
        body: JSON.
    """

    id: str
    body: bytes

    @classmethod
    def of(cls, job: Job) -> "WebhookMessage":
        """Return the message about the end of ``job``."""
        ended = datetime.fromtimestamp(job.completed_at or 0.0, UTC)
        content = {
            "type": f"job.{job.state}",
            "timestamp": ended.isoformat().replace("+00:00", "Z"),
            "data": {
                "job_id": job.id,
                "state": str(job.state),
                "video_path": job.request.shown_source,
                "queued_at": job.queued_at,
                "started_at": job.started_at,
                "completed_at": job.completed_at,
                "frames_done": job.frames_done,
                "reason": job.reason,
                "links": {"self": f"/jobs/{job.id}", "results": f"/jobs/{job.id}/results"},
            },
        }
        # A job that is resumed ends again, after another attempt.
        return cls(f"msg_{job.id}_{job.state}_{job.attempts}", orjson.dumps(content))

    def headers(self, secret: str, timestamp: int) -> dict[str, str]:
        """Return the headers of a try.

        Args:
            secret: shared with the receiver.
            timestamp: of the try, unix seconds; receivers refuse old ones.
        """
        signed = f"{self.id}.{timestamp}.".encode() + self.body
        signature = base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()
        return {
            "Content-Type": "application/json",
            "webhook-id": self.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": f"v1,{signature}",
        }


def _key(secret: str) -> bytes:
    if secret.startswith(_ENCODED):
        try:
            return base64.b64decode(secret.removeprefix(_ENCODED), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
