"""Which URLs may be called, and what a receiver can check."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tracker_service.errors import SettingsError, WebhookForbiddenError
from tracker_service.jobs.job import Job, JobRequest, JobState
from tracker_service.jobs.webhooks.destination import AllowedDestinations, Destination
from tracker_service.jobs.webhooks.message import WebhookMessage
from tracker_service.jobs.webhooks.outbox import Attempts, Outbox
from tracker_service.settings import load_settings

ALLOWED = AllowedDestinations(["https://backend.example.com/hooks", "http://10.0.0.7:8080", "https://[::1]/"])


@pytest.mark.parametrize(
    ("url", "destination"),
    [
        ("https://backend.example.com/hooks", ("https", "backend.example.com", 443, "/hooks", "")),
        ("https://BACKEND.example.com:443/hooks/pose?a=b", ("https", "backend.example.com", 443, "/hooks/pose", "a=b")),
        ("http://10.0.0.7:8080", ("http", "10.0.0.7", 8080, "/", "")),
        ("https://[::1]/x", ("https", "::1", 443, "/x", "")),
    ],
)
def test_a_url_below_an_allowed_one_may_be_called(url: str, destination: tuple[Any, ...]) -> None:
    assert ALLOWED.check(url) == Destination(*destination)


@pytest.mark.parametrize(
    "url",
    [
        "https://backend.example.com/",
        "https://backend.example.com/hooksmith",
        "https://backend.example.com/hooks/../admin",
        "https://backend.example.com/hooks/%2e%2e/admin",
        "https://backend.example.com/hooks//x",
        "http://backend.example.com/hooks",
        "https://backend.example.com:444/hooks",
        "https://backend.example.com.evil.example/hooks",
        "https://backend.example.com@evil.example/hooks",
        "https://user:word@backend.example.com/hooks",
        "https://backend.example.com/hooks#x",
        "https://backend.example.com\\@evil.example/hooks",
        "http://10.0.0.7/",
        "http://169.254.169.254/latest/meta-data",
        "ftp://backend.example.com/hooks",
        "file:///etc/passwd",
        "https:///hooks",
        "https://[::1/hooks",
        "https://backend.example.com:x/hooks",
        "https://backend.example.com/hooks/\r\nX: y",
        "https://backend.example.com/hooks/ä",
        "https://backend.example.com/hooks/" + "a" * 2100,
        "hooks",
    ],
)
def test_every_other_url_is_refused(url: str) -> None:
    with pytest.raises(WebhookForbiddenError, match="webhook: expected"):
        ALLOWED.check(url)


def test_settings_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"webhooks\.secret: expected at least 16 characters"):
        load_settings({"webhooks": {"allow": ["https://a.example"]}})
    with pytest.raises(SettingsError, match=r"webhooks\.allow: webhook: expected http"):
        AllowedDestinations(["a.example"])


def test_the_signature_is_that_of_standard_webhooks() -> None:
    message = WebhookMessage("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
    headers = message.headers("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1614265330)
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_may_be_any_text() -> None:
    message = WebhookMessage("msg_1", b"{}")
    assert message.headers("any text, even ü", 1) != message.headers("whsec_no base64", 1)


def test_a_message_tells_which_job_ended_how() -> None:
    job = Job(
        "id", JobRequest(Path("/host/a.mp4"), r"C:\a.mp4"), JobState.FAILED, Path("/host/id"), 1.0, 2.0, 3.5, 7,
        attempts=2, reason="the decoder crashed",
    )  # fmt: skip
    message = WebhookMessage.of(job)
    assert message == WebhookMessage.of(job)
    told = orjson.loads(message.body)
    assert message.id == "msg_id_failed_2"
    assert (told["type"], told["timestamp"]) == ("job.failed", "1970-01-01T00:00:03.500000Z")
    assert told["data"]["video_path"] == r"C:\a.mp4"
    assert told["data"]["reason"] == "the decoder crashed"
    assert "/host" not in message.body.decode()


def test_a_job_in_the_outbox_is_taken_by_one_and_postponed(tmp_path: Path) -> None:
    outbox, other = Outbox(tmp_path), Outbox(tmp_path)
    outbox.add("a")
    assert set(other.waiting()) == {"a"}
    with outbox.take("a") as entry:
        assert entry is not None
        assert entry.attempts() == Attempts()
        with other.take("a") as taken:
            assert taken is None
        entry.postpone(Attempts(3, 12.5))
    outbox.add("a")
    with other.take("a") as entry:
        assert entry is not None
        assert entry.attempts() == Attempts(3, 12.5)
        entry.remove()
    with outbox.take("a") as entry:
        assert entry is None


def test_a_note_that_a_crash_has_cut_off_counts_as_no_try(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    (tmp_path / "a.json").write_bytes(b'{"failed":')
    with outbox.take("a") as entry:
        assert entry is not None
        assert entry.attempts() == Attempts()
