"""API keys, request ids, compression, and pages of other origins."""

import gzip
from collections.abc import Iterator

import pytest

from harness.running_service import RunningService
from tests.api import pictures

JPEG = pictures.sample_jpegs(1)[0]
IMAGE = {"Content-Type": "image/jpeg"}
KEYS = ("first-key-of-the-tests", "second-key-of-the-tests")
ORIGIN = "https://viewer.example"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("locked")
    (folder / "keys").write_text(f"# two keys\n{KEYS[0]}\n\n")
    settings = (
        "sessions.gap_seconds=0.2",
        f"service.api_keys_file={folder / 'keys'}",
        f'service.cors_origins=["{ORIGIN}"]',
    )
    keys = f'["{KEYS[1]}"]'
    with RunningService(
        folder, *settings, environment={"PHALP_TRITON_SERVICE__API_KEYS": keys}, forked=True
    ) as service:
        yield service


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong-key-of-the-tests"}, 401),
        ({"Authorization": f"Basic {KEYS[0]}"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"X-API-Key": KEYS[0][:-1]}, 401),
        ({"X-API-Key": "# two keys"}, 401),
        ({"Authorization": f"Bearer {KEYS[0]}"}, 200),
        ({"Authorization": f"bearer {KEYS[1]}"}, 200),
        ({"X-API-Key": KEYS[0]}, 200),
        ({"X-API-Key": KEYS[1]}, 200),
    ],
)
def test_frames_need_a_key(locked: RunningService, headers: dict[str, str], status: int) -> None:
    answer = locked.post("/pose", content=JPEG, headers={**IMAGE, **headers})
    assert answer.status_code == status
    if status == 401:
        assert "expected an API key" in answer.json()["error"]
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz", "/metrics", "/api/pose/health"])
def test_probes_need_no_key(locked: RunningService, path: str) -> None:
    assert locked.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/warmup", "/jobs", "/nothing"])
def test_every_other_route_needs_a_key(locked: RunningService, path: str) -> None:
    assert locked.get(path).status_code == 401


def test_clients_with_different_keys_have_different_sessions(locked: RunningService) -> None:
    answers = [
        locked.post(
            "/pose", params={"frame_number": number}, content=JPEG, headers={**IMAGE, "X-API-Key": key, **session}
        ).json()
        for session in ({}, {"X-Session-Id": "same"})
        for number, key in ((3, KEYS[0]), (2, KEYS[1]))
    ]
    assert [answer["session"]["late"] for answer in answers] == [False] * 4
    assert [answer["session"]["id"] for answer in answers[2:]] == ["same", "same"]


def test_keys_do_not_appear_in_the_log(locked: RunningService) -> None:
    locked.post("/pose", content=JPEG, headers={**IMAGE, "X-API-Key": KEYS[0]})
    assert locked.log_lines("key-")
    assert not any(key in locked.log() for key in KEYS)


def test_pages_of_the_configured_origin_are_allowed(locked: RunningService) -> None:
    ask = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    with locked.client() as client:
        preflight = client.options("/pose/hybrid", headers=ask)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        refused = client.post("/pose", content=JPEG, headers={**IMAGE, "Origin": ORIGIN})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == ORIGIN
        other = client.get("/health", headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers


def test_pages_of_other_origins_are_off_by_default(service: RunningService) -> None:
    ask = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    with service.client() as client:
        assert client.options("/pose/hybrid", headers=ask).status_code == 405
        assert "access-control-allow-origin" not in client.get("/health", headers={"Origin": ORIGIN}).headers


@pytest.mark.parametrize(
    ("given", "taken"),
    [("abc-123:x", True), ("", False), ("with space", False), ("x" * 65, False), ("<script>", False)],
)
def test_a_request_id_is_kept_or_made(service: RunningService, given: str, taken: bool) -> None:
    answer = service.get("/livez", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is taken
    assert answer.headers["x-request-id"]


def test_large_answers_are_compressed_for_clients_that_ask(service: RunningService) -> None:
    def size(encoding: str) -> tuple[str | None, int, bytes]:
        headers = {**IMAGE, "Accept-Encoding": encoding, "X-Session-Id": "gzip"}
        with service.client() as client, client.stream("POST", "/pose/hybrid", content=JPEG, headers=headers) as answer:
            raw = b"".join(answer.iter_raw())
            return answer.headers.get("content-encoding"), int(answer.headers["content-length"]), raw

    plain, packed = size("identity"), size("gzip")
    assert plain[0] is None
    assert packed[0] == "gzip"
    assert packed[1] == len(packed[2]) < 0.6 * plain[1]
    assert len(gzip.decompress(packed[2])) == pytest.approx(len(plain[2]), abs=20)


def test_small_answers_are_not_compressed(service: RunningService) -> None:
    assert "content-encoding" not in service.get("/health", headers={"Accept-Encoding": "gzip"}).headers


def test_the_log_line_of_a_frame_has_its_outcome(service: RunningService) -> None:
    answer = service.post(
        "/pose/hybrid",
        params={"frame_number": 0, "session_id": "logged"},
        content=JPEG,
        headers={**IMAGE, "X-Request-Id": "logged-request"},
    )
    assert answer.status_code == 200
    (entry,) = service.log_entries("logged-request")
    assert entry["message"] == "POST /pose/hybrid 200"
    assert entry["session"].endswith("logged")
    assert entry["frame"] == 0
    assert entry["detected"] >= 1
    assert entry["tracking_confidence"] == 1.0
    assert entry["error"] is None
    assert entry["ms"] > 0
