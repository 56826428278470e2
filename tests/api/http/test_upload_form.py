"""Forms parsed while they arrive."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from tracker_service.api.http.upload_form import UploadForm

TYPE = "multipart/form-data; boundary=XX"


def _part(disposition: str, content: bytes, *more: str) -> bytes:
    headers = "\r\n".join((f"Content-Disposition: form-data; {disposition}", *more))
    return f"--XX\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def _take(form: UploadForm, body: bytes, cuts: list[int] | None = None) -> bytes:
    places = [0, *sorted(set(cuts or [])), len(body)]
    pieces = [body[start:end] for start, end in pairwise(places)]
    return b"".join(piece for part in pieces for piece in form.feed(part))


@settings(max_examples=200)
@given(
    content=st.binary(max_size=200) | st.sampled_from([b"\r\n--X", b"--XX", b"\r\n--XX", b"\r\n\r\n", b"-" * 50]),
    cuts=st.lists(st.integers(0, 400), max_size=20),
    value=st.text(max_size=20).filter(lambda text: "\r" not in text and "\n" not in text),
)
def test_a_form_is_parsed_the_same_however_it_is_split(content: bytes, cuts: list[int], value: str) -> None:
    if b"\r\n--XX" in content:
        content = content.replace(b"--XX", b"")
    fields = _part('name="max_frames"', value.encode())
    body = fields + _part('name="video"; filename="clip.mp4"', content) + b"--XX--\r\n"
    form = UploadForm(TYPE, "video")
    assert _take(form, body, [cut for cut in cuts if cut < len(body)]) == content
    assert form.fields == {"max_frames": value}
    assert form.file_name == "clip.mp4"
    assert form.complete


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("/etc/passwd", "passwd"),
        (r"..\..\clip.mp4", "clip.mp4"),
        (r"C:\\Users\\me\\clip.mp4", "clip.mp4"),
        ("ünï cödé.mp4", "ünï cödé.mp4"),
        ("", "video"),
        ("..", ".."),
        ("\t\x07", "video"),
        ("a" * 400, "a" * 255),
    ],
)
def test_the_files_name_is_shown_without_folders_and_control_characters(sent: str, shown: str) -> None:
    form = UploadForm(TYPE, "video")
    form.feed(_part(f'name="video"; filename="{sent}"', b"x") + b"--XX--\r\n")
    assert form.file_name == shown


@pytest.mark.parametrize(
    ("disposition", "shown"),
    [
        ('name="video"', "video"),
        ("name=video", "video"),
        ("name=\"video\"; filename*=UTF-8''na%C3%AFve%20clip.mp4", "naïve clip.mp4"),
        ("name=\"video\"; filename*=utf-8'en'%2Fetc%2Fpasswd", "passwd"),
        ("name=\"video\"; filename*=ISO-8859-1''caf%E9.mp4", "café.mp4"),
        ('name="video"; filename="plain.mp4"; filename*=UTF-8\'\'other.mp4', "plain.mp4"),
        ("name=\"video\"; filename*=no-such-charset''a%E9.mp4", "a"),
        ('name="video"; filename*=broken', "broken"),
    ],
)
def test_the_part_of_the_files_name_is_the_file_however_it_is_named(disposition: str, shown: str) -> None:
    form = UploadForm(TYPE, "video")
    assert _take(form, _part(disposition, b"\x00\xff") + b"--XX--\r\n") == b"\x00\xff"
    assert form.file_name is not None
    assert form.file_name.startswith(shown)
    assert form.fields == {}


def test_a_file_of_another_name_is_no_text_even_if_it_has_only_an_extended_file_name() -> None:
    form = UploadForm(TYPE, "video")
    body = _part("name=\"picture\"; filename*=UTF-8''a.jpg", b"jpeg") + _part('name="video"', b"mp4")
    assert _take(form, body + b"--XX--\r\n") == b"mp4"
    assert (form.skipped, form.fields) == (["picture"], {})


def test_files_of_other_names_are_skipped() -> None:
    form = UploadForm(TYPE, "video")
    body = _part('name="picture"; filename="a.jpg"', b"jpeg") + _part('name="video"; filename="a.mp4"', b"mp4")
    assert _take(form, body + b"--XX--\r\n") == b"mp4"


@pytest.mark.parametrize(
    ("content_type", "body", "problem"),
    [
        ("application/json", b"", "boundary"),
        ("multipart/form-data", b"", "boundary"),
        ("multipart/form-data; boundary=" + "x" * 300, b"", "boundary"),
        (TYPE, b"{}", "form"),
        (TYPE, b"--YY\r\n\r\n", "form"),
        (TYPE, _part('name="video"; filename="a"', b"1") + _part('name="video"; filename="b"', b"2"), "one file"),
        (TYPE, b"".join(_part(f'name="f{n}"', b"1") for n in range(40)), "at most 32 fields"),
        (TYPE, _part('name="max_frames"', b"1" * 5000), "at most 4096 bytes"),
        (TYPE, b"--XX\r\n" + b"A" * 100_000, "form"),
        (TYPE, b"--XX\r\nX: " + b"a" * 100_000, "form"),
        (TYPE, b"--XX\r\n" + b"a: b\r\n" * 1000, "form"),
    ],
)
def test_a_broken_or_excessive_form_is_refused(content_type: str, body: bytes, problem: str) -> None:
    with pytest.raises(HTTPException, match=problem) as refused:
        UploadForm(content_type, "video").feed(body)
    assert refused.value.status_code == 400
