"""What clients send that is wrong: each kind has its status, and the service goes on."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from PIL import Image

from harness.running_service import ROOT, RunningService
from tests.api import pictures
from tests.api.wire import Wire

JPEG = pictures.sample_jpegs(1)[0]
PNG = pictures.converted("RGB", "PNG")
GOOD = pictures.base64_of(JPEG)


def small(kind: str) -> bytes:
    return pictures.saved(Image.new("RGB", (8, 8)), kind)


def sent_json(**fields: Any) -> dict[str, Any]:
    return {"content": orjson.dumps(fields), "headers": {"Content-Type": "application/json"}}


def sent_text(text: str | bytes, kind: str = "application/json") -> dict[str, Any]:
    return {"content": text, "headers": {"Content-Type": kind}}


def sent_image(data: bytes) -> dict[str, Any]:
    return sent_json(image_base64=pictures.base64_of(data))


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("nothing", sent_text(""), 400, "body: expected JSON"),
    ("no JSON", sent_text("frame=1"), 400, "body: expected JSON"),
    ("half JSON", sent_text('{"image_base64": "abc'), 400, "body: expected JSON"),
    ("no UTF-8", sent_text(b'{"image_base64": "\xff\xfe"}'), 400, "body: expected JSON"),
    ("NaN", sent_text(f'{{"image_base64": "{GOOD}", "frame_number": NaN}}'), 400, "body: expected JSON"),
    ("deeply nested", sent_text("[" * 100_000), 400, "body: expected JSON"),
    ("a list", sent_text("[1]"), 422, "body: expected a JSON object"),
    ("a number", sent_text("1"), 422, "body: expected a JSON object"),
    ("no image", sent_json(frame_number=1), 400, "image_base64: expected a JPEG or PNG in base64, got none"),
    ("null image", sent_json(image_base64=None), 400, "image_base64: expected a JPEG or PNG in base64, got none"),
    ("image a number", sent_json(image_base64=5), 422, "image_base64: input should be a valid string"),
    ("image a list", sent_json(image_base64=[GOOD]), 422, "image_base64: input should be a valid string"),
    ("empty image", sent_json(image_base64=""), 400, "0 bytes that are no image"),
    ("broken base64", sent_json(image_base64=GOOD[:1001] + "*" + GOOD[1001:]), 400, "expected base64"),
    ("broken padding", sent_json(image_base64=GOOD.rstrip("=")[:-1]), 400, "image"),
    ("data: without comma", sent_json(image_base64="data:image/jpeg;base64"), 400, "expected data:image/...;base64"),
    ("text as image", sent_image(b"hello"), 400, "expected JPEG or PNG, got 5 bytes that are no image"),
    ("truncated JPEG", sent_image(JPEG[: len(JPEG) // 3]), 400, "expected a complete file"),
    ("truncated PNG", sent_image(PNG[: len(PNG) // 2]), 400, "expected a complete file"),
    ("bomb", sent_image(pictures.bomb()), 413, "at most 50000000 pixels, got 20000x20000"),
    ("GIF", sent_image(small("GIF")), 415, "expected JPEG or PNG, got GIF"),
    ("WebP", sent_image(small("WEBP")), 415, "expected JPEG or PNG, got WebP"),
    (
        "frame a word",
        sent_json(image_base64=GOOD, frame_number="five"),
        422,
        "frame_number: input should be a valid int",
    ),
    ("frame a float", sent_json(image_base64=GOOD, frame_number=1.5), 422, "frame_number: input should be a valid int"),
    ("frame negative", sent_json(image_base64=GOOD, frame_number=-1), 422, "frame_number: input should be greater"),
    (
        "frame huge",
        sent_text(f'{{"image_base64": "{GOOD}", "frame_number": {10**30}}}'),
        422,
        "frame_number: unable to parse input string as an integer",
    ),
    (
        "frame beyond JSON's integers",
        sent_json(image_base64=GOOD, frame_number=2**53),
        422,
        "frame_number: input should be less",
    ),
    ("frame infinite", sent_text(f'{{"image_base64": "{GOOD}", "frame_number": 1e999}}'), 400, "body: expected JSON"),
    (
        "visualize a word",
        sent_json(image_base64=GOOD, visualize="perhaps"),
        422,
        "visualize: input should be a valid bool",
    ),
    ("session a number", sent_json(image_base64=GOOD, session_id=5), 422, "session_id: input should be a valid string"),
    ("session empty", sent_json(image_base64=GOOD, session_id=""), 422, "session_id: string should match"),
    ("session too long", sent_json(image_base64=GOOD, session_id="x" * 129), 422, "session_id: string should match"),
    (
        "session of control characters",
        sent_json(image_base64=GOOD, session_id="a\nb"),
        422,
        "session_id: string should",
    ),
    ("other content type", sent_text("x", "text/plain"), 415, "content-type: expected application/json"),
    ("bare GIF", sent_text(small("GIF"), "image/jpeg"), 415, "expected JPEG or PNG, got GIF"),
    ("bare truncated JPEG", sent_text(JPEG[:2000], "image/jpeg"), 400, "expected a complete file"),
    ("form without image", {"files": {"photo": small("PNG")}}, 400, "image: expected a file of this name"),
    ("form with a text as image", {"data": {"image": "x"}, "files": {"other": b"x"}}, 400, "got 1 bytes that are no"),
    ("form with two images", {"files": [("image", JPEG), ("image", JPEG)]}, 400, "image: expected one file"),
    ("form with bad fields", {"files": {"image": JPEG}, "data": {"frame_number": "x"}}, 422, "frame_number: input"),
    ("half a form", sent_text(b"--x\r\n", "multipart/form-data; boundary=x"), 400, "form: expected a complete form"),
    ("a form without boundary", sent_text(b"x", "multipart/form-data"), 400, "boundary"),
    ("fields unknown", {**sent_image(JPEG), "params": {"fields": "keypoints,nonsense"}}, 422, "nonsense"),
    (
        "visualize no flag",
        {**sent_image(JPEG), "params": {"visualize": "perhaps"}},
        422,
        "visualize: input",
    ),
    (
        "misspelt JSON field",
        sent_json(image_base64=GOOD, frame_nr=1),
        422,
        "'frame_nr' is unknown; did you mean frame_n",
    ),
    ("query field in JSON", sent_json(image_base64=GOOD, fields="x"), 422, "'fields' is expected in the query"),
    (
        "misspelt form field",
        {"files": {"image": JPEG}, "data": {"visualise": "1"}},
        422,
        "'visualise' is unknown; did you mean visualize?",
    ),
    (
        "misspelt query parameter",
        {**sent_image(JPEG), "params": {"sessionId": "a"}},
        422,
        "'sessionId' is unknown; did you mean session_id?",
    ),
    ("body field in query", {**sent_image(JPEG), "params": {"image_base64": "x"}}, 422, "is expected in the body"),
    ("unknown and like nothing", sent_json(image_base64=GOOD, xyz=1), 422, "'xyz' is unknown; expected frame_number, "),
    ("query no number", {**sent_image(JPEG), "params": {"frame_number": "x"}}, 422, "frame_number: input should be"),
]


@pytest.mark.parametrize(("request_parts", "status", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
@pytest.mark.parametrize("route", ["/pose/hybrid", "/pose"])
def test_bad_input_is_refused_in_the_shape_that_clients_read(
    service: RunningService, route: str, request_parts: dict[str, Any], status: int, message: str
) -> None:
    answer = service.post(route, **request_parts)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert set(told) == {"error", "request_id"}
    assert message in told["error"]
    assert told["request_id"] == answer.headers["x-request-id"]
    assert "\n" not in told["error"]
    assert len(told["error"]) < 500
    assert str(ROOT) not in told["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/pose/hybrid/", 404), ("GET", "/pose/hybrid", 405), ("DELETE", "/health", 405)],
)
def test_unknown_routes_and_methods_keep_the_shape(
    service: RunningService, method: str, path: str, status: int
) -> None:
    with service.client() as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert isinstance(answer.json()["error"], str)


def test_a_decompression_bomb_is_refused_without_being_decoded(service: RunningService) -> None:
    def peak() -> int:
        status = Path(f"/proc/{service.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024

    service.post("/pose/hybrid", **sent_image(small("GIF")))
    before = peak()
    for _ in range(3):
        assert service.post("/pose/hybrid", **sent_image(pictures.bomb())).status_code == 413
    assert peak() - before < 40_000_000  # 20,000 x 20,000 pixels are 50 MB even at one bit each


def test_a_length_of_two_gigabytes_is_refused_before_anything_is_sent(service: RunningService) -> None:
    with Wire(service.url) as wire:
        answer = wire.head("/pose/hybrid", "Content-Type: application/json", f"Content-Length: {2 << 30}").answer()
        assert answer.status == 413
        assert "expected at most 33554432 bytes, got 2147483648" in str(answer.json()["error"])
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "1e9", "99999999999999999999999"])
def test_an_invalid_content_length_is_refused(service: RunningService, length: str) -> None:
    with Wire(service.url) as wire:
        wire.head("/pose/hybrid", "Content-Type: application/json", f"Content-Length: {length}")
        assert wire.answer().status in (400, 413)


def test_a_client_that_expects_100_continue_is_refused_without_it(service: RunningService) -> None:
    with Wire(service.url) as wire:
        wire.head("/pose/hybrid", "Content-Type: text/plain", "Content-Length: 5000", "Expect: 100-continue")
        assert wire.answer().status == 415


def test_a_client_that_is_still_sending_can_read_the_error(service: RunningService) -> None:
    body = b"x" * 20_000_000
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        answer = client.post("/pose/hybrid", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_garbage_on_a_connection_does_not_affect_others(service: RunningService) -> None:
    with Wire(service.url) as wire:
        assert wire.send(b"\x16\x03\x01\x02\x00 no HTTP at all\r\n\r\n").answer().status == 400
    assert service.get("/health").status_code == 200
