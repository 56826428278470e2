"""Getting the authors' files: every way it goes wrong has its own message, and a resumed download is whole."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from export import weights_command
from export.download import download
from export.errors import DownloadError, MissingFileError, UnreadableFileError
from export.placing import fetch, place
from export.weights import FILES, HMR2_CHECKPOINT, SMPL, Status, WeightFile, locate, status
from export.weights_command import weights

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
MEMBER = "logs/model.ckpt"


def _archive(name: str = MEMBER) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"./{name}")
        entry.size = len(CONTENT)
        archive.addfile(entry, io.BytesIO(CONTENT))
    return buffer.getvalue()


class _Files(BaseHTTPRequestHandler):
    """A file server with one bad habit per path."""

    protocol_version = "HTTP/1.1"
    ranges: list[str]

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        if asked:
            self.ranges.append(asked)
        body = {"/archive": _archive(), "/broken": _archive()[:2000], "/other": _archive("readme.txt")}.get(
            self.path, CONTENT
        )
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.path != "/no-ranges" else 0
        if self.path == "/gone":
            self._answer(404, b"gone", "text/plain")
        elif self.path == "/login":
            self._answer(200, b"<html>Sign in</html>", "text/html; charset=utf-8")
        elif self.path == "/disguised":
            self._answer(200, b"\n<!DOCTYPE html><title>Sign in</title>", "application/octet-stream")
        elif self.path == "/cut":
            self._answer(200, body[: len(body) // 2], "application/octet-stream", announced=len(body))
        elif start >= len(body):
            self._answer(416, b"", "text/plain")
        else:
            self._answer(206 if start else 200, body[start:], "application/octet-stream")

    def _answer(self, code: int, body: bytes, kind: str, announced: int | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(announced or len(body)))
        if code == 416:
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002
        pass


@contextmanager
def _server() -> Iterator[tuple[str, list[str]]]:
    ranges: list[str] = []
    handler = type("Handler", (_Files,), {"ranges": ranges})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", ranges
        finally:
            server.shutdown()
            thread.join()


def test_file_arrives_whole_and_leaves_no_part(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with _server() as (url, _):
        download([f"{url}/file"], tmp_path / "f", sha256=DIGEST, progress=lambda *step: seen.append(step))
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("path", ["file", "no-ranges"])
def test_broken_download_is_continued_or_started_anew(tmp_path: Path, path: str) -> None:
    with _server() as (url, ranges):
        with pytest.raises(DownloadError, match=r"truncated after 512000 of 1024000 bytes"):
            download([f"{url}/cut"], tmp_path / "f", sha256=DIGEST)
        assert not (tmp_path / "f").exists()
        download([f"{url}/{path}"], tmp_path / "f", size=len(CONTENT), sha256=DIGEST)
    assert ranges == ["bytes=512000-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_part_that_is_already_complete_is_taken(tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT)
    with _server() as (url, _):
        download([f"{url}/file"], tmp_path / "f", sha256=DIGEST)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_part_that_is_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT + b"more")
    with _server() as (url, _):
        with pytest.raises(DownloadError, match="another file: expected 1024000 bytes, got 1024004"):
            download([f"{url}/file"], tmp_path / "f")
        download([f"{url}/file"], tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "size", "digest", "message"),
    [
        ("gone", None, None, r"dead link \(HTTP status 404\)"),
        ("login", None, None, "a web page came instead of the file"),
        ("disguised", None, None, "a web page came instead of the file"),
        ("cut", None, None, "truncated after"),
        ("file", len(CONTENT) + 1, None, "truncated: expected 1024001 bytes, got 1024000"),
        ("file", len(CONTENT) - 1, None, "another file: expected 1023999 bytes"),
        ("file", None, "0" * 64, "wrong hash: expected sha256 0000"),
    ],
)
def test_each_failure_has_its_own_message(
    tmp_path: Path, path: str, size: int | None, digest: str | None, message: str
) -> None:
    with _server() as (url, _), pytest.raises(DownloadError, match=message):
        download([f"{url}/{path}"], tmp_path / "f", size=size, sha256=digest)
    assert not (tmp_path / "f").exists()


def test_unreachable_server_and_strange_scheme_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"2 address.*no answer.*expected an http\(s\) address"):
        download(["http://127.0.0.1:9/file", "ftp://127.0.0.1/file"], tmp_path / "f")


def test_second_mirror_helps_out(tmp_path: Path) -> None:
    with _server() as (url, _):
        download([f"{url}/gone", f"{url}/login", f"{url}/file"], tmp_path / "f", sha256=DIGEST)
    assert (tmp_path / "f").read_bytes() == CONTENT


def _packed(url: str, digest: str = DIGEST) -> WeightFile:
    return WeightFile("model.ckpt", "test", "none", (url,), MEMBER, len(CONTENT), digest, ("epoch=3.ckpt",))


def test_member_of_an_archive_is_unpacked_and_the_archive_removed(tmp_path: Path) -> None:
    with _server() as (url, _):
        fetch(_packed(f"{url}/archive"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.ckpt"]
    assert (tmp_path / "model.ckpt").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "digest", "message"),
    [
        ("broken", DIGEST, "expected a whole archive"),
        ("other", DIGEST, "expected logs/model.ckpt in the archive"),
        ("archive", "1" * 64, "wrong hash"),
    ],
)
def test_archive_that_is_not_the_right_one(tmp_path: Path, path: str, digest: str, message: str) -> None:
    with _server() as (url, _), pytest.raises(DownloadError, match=message):
        fetch(_packed(f"{url}/{path}", digest), tmp_path)
    assert not (tmp_path / "model.ckpt").exists()


def test_licensed_file_is_never_downloaded(tmp_path: Path) -> None:
    assert SMPL.urls == ()
    with pytest.raises(DownloadError, match="register at"):
        fetch(SMPL, tmp_path)


def test_hand_placed_file_is_found_by_alias_at_any_depth(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "logs"
    cache.mkdir(parents=True)
    (cache / "epoch=3.ckpt").write_bytes(CONTENT)
    folder = tmp_path / "weights"
    assert place(_packed(""), tmp_path / "cache", folder) == folder / "model.ckpt"
    assert (folder / "model.ckpt").read_bytes() == CONTENT
    assert place(_packed(""), folder, folder) == folder / "model.ckpt"
    assert place(replace(_packed(""), name="absent", aliases=()), tmp_path / "cache", folder) is None


@pytest.mark.parametrize(
    ("content", "size", "message"),
    [
        (CONTENT[:-1], len(CONTENT), "truncated or another file"),
        (CONTENT[:-1] + b"x", len(CONTENT), "wrong hash"),
        (b"<!DOCTYPE html>", None, "got a web page"),
    ],
)
def test_hand_placed_file_is_checked(tmp_path: Path, content: bytes, size: int | None, message: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "model.ckpt").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        place(replace(_packed(""), size=size), tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_status_and_location_of_files(tmp_path: Path) -> None:
    file = _packed("")
    assert status(file, tmp_path) is Status.ABSENT
    with pytest.raises(MissingFileError, match="weights --download"):
        locate(file, tmp_path)
    path = tmp_path / "model.ckpt"
    path.write_bytes(CONTENT[:10])
    assert status(file, tmp_path) is Status.WRONG_SIZE
    with pytest.raises(UnreadableFileError, match="expected 1024000 bytes, got 10"):
        locate(file, tmp_path)
    path.write_bytes(CONTENT)
    assert status(file, tmp_path) is Status.PRESENT
    assert status(file, tmp_path, verify=True) is Status.VERIFIED
    assert status(replace(file, sha256="2" * 64), tmp_path, verify=True) is Status.WRONG_HASH
    assert locate(file, tmp_path) == path


def test_table_is_complete() -> None:
    names = [file.name for file in FILES]
    assert len(set(names)) == len(names)
    for file in FILES:
        assert file.purpose
        assert file.licence
        assert file.urls or file.by_hand
        assert file.sha256 is None or len(file.sha256) == 64
        assert all(url.startswith("https://") for url in file.urls)


def test_command_lists_places_and_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHALP_TRITON_EXPORT_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.command()(weights)
    listing = CliRunner().invoke(app, [])
    assert listing.exit_code == 0
    assert all(file.name in listing.output for file in FILES)
    assert "register at" in listing.output.replace("\n", " ")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "fmap_256.npy").write_bytes(b"anything")
    placed = CliRunner().invoke(app, ["--from", str(tmp_path / "mine")])
    assert placed.exit_code == 0
    assert "placed fmap_256.npy" in placed.output
    (tmp_path / "mine" / HMR2_CHECKPOINT.aliases[0]).write_bytes(b"too short")
    refused = CliRunner().invoke(app, ["--from", str(tmp_path / "mine")])
    assert refused.exit_code == 2
    assert "truncated or another file" in refused.output


def _invoke(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(weights)
    return CliRunner().invoke(app, arguments)


def test_command_downloads_what_is_missing_and_names_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    with _server() as (url, ranges):
        wanted = [
            _packed(f"{url}/archive"),
            WeightFile("mirrored.npy", "test", "none", (f"{url}/gone", f"{url}/file")),
            WeightFile("gone.npy", "test", "none", (f"{url}/gone",)),
            WeightFile("login.npy", "test", "none", (f"{url}/login",)),
            WeightFile("cut.npy", "test", "none", (f"{url}/cut",)),
            WeightFile("wrong.npy", "test", "none", (f"{url}/file",), sha256="0" * 64),
            SMPL,
        ]
        monkeypatch.setattr(weights_command, "FILES", wanted)
        first = _invoke("--folder", str(tmp_path), "--download")
        monkeypatch.setattr(weights_command, "FILES", [replace(wanted[4], urls=(f"{url}/file",))])
        second = _invoke("--folder", str(tmp_path), "--download")
    assert first.exit_code == 2
    for message in (
        "dead link (HTTP status 404)",
        "a web page came",
        "truncated after",
        "wrong hash: expected sha256 0",
    ):
        assert first.output.count(message) == 1, message
    assert "register at" in first.output
    assert second.exit_code == 0
    assert ranges == ["bytes=512000-"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.npy", "mirrored.npy", "model.ckpt"]
    assert all(path.read_bytes() == CONTENT for path in tmp_path.iterdir())


def test_command_replaces_a_file_whose_hash_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.ckpt").write_bytes(CONTENT[::-1])
    with _server() as (url, _):
        monkeypatch.setattr(weights_command, "FILES", [_packed(f"{url}/archive")])
        assert _invoke("--folder", str(tmp_path), "--verify").exit_code == 2
        assert _invoke("--folder", str(tmp_path), "--verify", "--download").exit_code == 0
    assert (tmp_path / "model.ckpt").read_bytes() == CONTENT
