"""Everything that reads bytes from outside either understands them or raises its own error, whatever they are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from tests.hostile.mutations import ODD_VALUES, fuzzed, mutated, with_odd_values
from tests.results.frames import frame_result
from tracker_service.api.frames.request_body import FrameFields, RawBody
from tracker_service.api.http.upload_form import UploadForm
from tracker_service.api.jobs.options import job_options, video_path_of
from tracker_service.errors import (
    DamagedResultsError,
    JobError,
    LiveForbiddenError,
    MediaPathError,
    ResultsError,
    SettingsError,
    TrackerStateError,
)
from tracker_service.jobs.chunks.chunk import Chunk, ChunkFiles
from tracker_service.jobs.chunks.seal import FileSeal
from tracker_service.jobs.folder import JobDefinition, JobFolder
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.messages import FrameCounts
from tracker_service.live.source_rules import SourceRules
from tracker_service.media import PathRules
from tracker_service.media.client_path import ClientPath
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.border_file import load_border, save_border
from tracker_service.pipeline.tracking import Border
from tracker_service.results.ndjson import read_results
from tracker_service.results.person_json import frame_bytes
from tracker_service.settings import load_settings
from tracker_service.settings.overrides import parse_overrides, setting_keys

KIND = "multipart/form-data; boundary=XX"
FORM = (
    b'--XX\r\nContent-Disposition: form-data; name="max_frames"\r\n\r\n8\r\n'
    b"--XX\r\nContent-Disposition: form-data; name=\"video\"; filename*=UTF-8''a%20b.mp4\r\n\r\ncontent\r\n--XX--\r\n"
)
FORM_TOKENS = (b"--XX", b"\r\n", b"\r\n\r\n", b'"', b";", b"filename*0*=", b"filename*=a'b'%ff", b"\\", b"=", b":")
TEXT = st.text(max_size=40)
RESULTS = b"".join(frame_bytes(frame_result(number)) + b"\n" for number in range(3))
MANIFEST = asdict(
    Chunk(2, 8, 400, (0, 100, 220), 0.5, False, FrameCounts(2, 2, 2), {"results.ndjson": FileSeal(220, "ab" * 16)})
)
DEFINITION = {
    "request": asdict(JobRequest(Path("/videos/a.mp4"), "a.mp4")),
    "identity": asdict(SourceIdentity.of(Path(__file__))),
    "chunk_frames": 8,
    "settings": {},
}


@contextmanager
def refused_with(*status: int) -> Iterator[None]:
    """Let errors with one of these statuses pass."""
    try:
        yield
    except HTTPException as error:
        if error.status_code not in status:
            raise


def _json(value: Any) -> bytes:
    return json.dumps(value, default=str).encode()


@fuzzed
@given(body=mutated(FORM, FORM_TOKENS), cut=st.integers(0, 100), kind=st.just(KIND) | mutated(KIND.encode()))
def test_a_form_is_a_file_and_short_fields_or_status_400(body: bytes, cut: int, kind: str | bytes) -> None:
    with refused_with(400):
        form = UploadForm(kind if isinstance(kind, str) else kind.decode("latin-1"), "video")
        pieces = [*form.feed(body[:cut]), *form.feed(body[cut:])]
        assert sum(map(len, pieces)) <= len(body)
        assert form.file_name is None or (form.file_name.isprintable() and "/" not in form.file_name)
        assert len(form.fields) <= 32


@fuzzed
@given(
    values=st.dictionaries(st.sampled_from(["max_frames", "overlay", "refine", "priority", "webhook", "x"]), ODD_VALUES)
)
def test_options_of_a_video_are_in_range_or_status_422(values: dict[str, Any]) -> None:
    with refused_with(422):
        options = job_options(values, overlay=True)
        assert options.max_frames is None or options.max_frames >= 1
        assert 0 <= options.priority <= 200


@fuzzed
@given(
    body=mutated(b'{"image_base64": "aGVsbG8=", "frame_number": 1, "session_id": "a", "visualize": false}')
    | with_odd_values({"image_base64": "aGVsbG8=", "frame_number": 1}).map(_json)
)
@example(body=b'{"image_base64": "data:,\\ud800"}')
def test_json_of_a_frame_is_an_image_or_status_400_or_422(body: bytes) -> None:
    with refused_with(400, 422):
        parsed = RawBody(body, True, FrameFields()).parse()
        assert 0 <= parsed.fields.frame_number < 2**53
    with refused_with(400, 422):
        path, _ = video_path_of(body)
        assert path


@fuzzed
@given(
    client=TEXT | st.sampled_from(["C:\\Users\\me", "/mnt/c/x", "\\\\nas\\share", "/"]),
    sent=TEXT | st.sampled_from(["c:/users/ME/a", "/mnt/c/x/../y", "\\\\NAS\\share\\..\\..\\etc"]),
)
def test_a_rule_leads_below_its_folder_and_no_path_upwards(client: str, sent: str) -> None:
    host = Path("/srv/videos")
    try:
        rules, path = PathRules([(client, host)]), ClientPath.parse(sent)
    except (SettingsError, MediaPathError):
        return
    found = rules.to_host(path)
    assert found is None or ".." not in found.parts
    assert found is None or found.is_relative_to(host) or found == Path("/", *path.parts)


@fuzzed
@given(lines=mutated(RESULTS, (b"\n", b"NaN", b"1e999", b"null", b"[]", b"{", b'""', b"-1")))
def test_lines_of_results_are_frames_in_order_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, lines: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.ndjson"
    path.write_bytes(lines)
    with suppress(ResultsError):
        frames = [frame.frame_number for frame in read_results(path)]
        assert not frames or frames == list(range(frames[0], frames[0] + len(frames)))


@pytest.fixture(scope="module")
def border(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("borders") / "border.npz"
    save_border(path, Border(5, Tracker(TrackerParameters()).snapshot(), (frame_result(4),)), {"a": 1})
    return path


@fuzzed
@given(data=st.data())
def test_a_border_is_what_was_written_or_a_damaged_one(border: Path, data: st.DataObject) -> None:
    damaged = border.with_name("damaged.npz")
    damaged.write_bytes(data.draw(mutated(border.read_bytes(), (b"PK\x03\x04", b"\xff\xff\xff\xff", b"(1000000000,)"))))
    with suppress(TrackerStateError):
        read, _ = load_border(damaged)
        Tracker.restore(read.tracker, TrackerParameters())


@fuzzed
@given(key=st.sampled_from(setting_keys()) | TEXT, value=TEXT | ODD_VALUES.map(repr))
@example(key="model_set", value="[]")
def test_an_override_is_a_setting_or_an_error(key: str, value: str) -> None:
    with suppress(SettingsError, ValidationError):
        load_settings(parse_overrides([f"{key}={value}"]))


@fuzzed
@given(
    address=mutated(
        b"rtsp://user:secret@10.0.0.7:554/live?a=b#c", (b"@", b"\\", b"//", b"evil.example", b"\t", b"]", b"[")
    )
)
@example(address=b"rtsp://10.0.0.7.evil.example/")
@example(address=b"rtsp://10.0.0.evil.example/")
@example(address=b"rtsp://10.0.0.7\\@evil.example/")
@example(address=b"rtsp://10.0.0.7\t.evil.example/")
def test_an_address_that_is_read_is_of_the_network_that_was_named(address: bytes) -> None:
    text = address.decode("latin-1")
    try:
        allowed = SourceRules(["rtsp://10.0.0.*"]).check(text)
    except LiveForbiddenError:
        return
    *network, last = allowed.host.split(".")
    assert network == ["10", "0", "0"]
    assert last.isascii()
    assert last.isdecimal()
    assert "secret" not in allowed.shown
    assert allowed.url.isprintable()


@fuzzed
@given(content=mutated(_json(MANIFEST)) | with_odd_values(MANIFEST).map(_json))
def test_a_manifest_is_a_chunk_or_damaged(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    files = ChunkFiles(tmp_path_factory.getbasetemp())
    (files.folder / "000002.json").write_bytes(content)
    with suppress(DamagedResultsError):
        chunk = files.read(2)
        assert chunk.lines >= 0
        assert chunk.first_byte + chunk.bytes >= 0
        assert all(isinstance(seal.digest, str) for seal in chunk.files.values())


@fuzzed
@given(content=mutated(_json(DEFINITION)) | with_odd_values(DEFINITION).map(_json))
def test_the_definition_of_a_job_is_one_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = JobFolder(tmp_path_factory.getbasetemp())
    folder.definition.write_bytes(content)
    folder.status.write_bytes(content)
    assert folder.read_status().attempts >= 0
    with suppress(JobError):
        assert JobDefinition.read(folder).request.priority is not None
