"""Whatever a client sends, only regular files below the roots are opened, and nothing outside can be sensed."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.media.conftest import Volumes, build_volumes
from tracker_service.errors import MediaPathError
from tracker_service.media import MediaFiles, PathRules

_BASE = "<base>"
_PIECES = st.sampled_from(
    [
        *("/", "\\", "//", "\\\\", ".", "..", "../", "..\\", " ", "", "\0", "%2e%2e", "%2f", ":", "~", "$", "?", "*"),
        *("C:", "c:", "D:", "Users", "me", "ME", "clips", "clip.mov", "mnt", "c", "wsl$", "Ubuntu", "home", "nas"),
        *("videos", "media", "shared", "secret", "out", "out.mov", "up", "loop", "inside.mov", "device", "pipe"),
        *("dangling.mov", "deep/er", "\\\\?\\", "\\\\.\\", "UNC", "etc/passwd", "proc/self/root", "dev", "\u2025"),
        *("\uff0e\uff0e", "\u2215", "\ud800", _BASE, _BASE + "/shared", _BASE + "/media", _BASE + "/secret"),
    ]
)
_PATHS = st.lists(_PIECES | st.text(max_size=3), max_size=12).map("".join) | st.lists(_PIECES, max_size=8).map("/".join)


@pytest.fixture(scope="session")
def bare_volumes(tmp_path_factory: pytest.TempPathFactory) -> Volumes:
    """The same volumes on a host where nothing exists outside the roots."""
    return build_volumes(tmp_path_factory.mktemp("volumes"), secrets=False)


def _outcome(volumes: Volumes, sent: str) -> str:
    base = str(volumes.media.parent)
    try:
        return str(volumes.files().find(sent.replace(_BASE, base)).path).replace(base, _BASE)
    except MediaPathError as error:
        return f"{type(error).__name__}: {error}".replace(base, _BASE)


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=_PATHS)
@example(sent=_BASE + "/shared/out/clip.mov")
@example(sent=_BASE + "/shared/up/secret/clip.mov")
@example(sent=_BASE + "/shared/inside.mov")
@example(sent=r"C:\Users\me\clip.mov")
def test_no_path_escapes_the_roots(volumes: Volumes, sent: str) -> None:
    try:
        found = volumes.files().find(sent.replace(_BASE, str(volumes.media.parent)))
    except MediaPathError:
        return
    real = Path(os.path.realpath(found.path))
    assert real == found.path
    assert real.is_file()
    assert real.is_relative_to(volumes.media) or real.is_relative_to(volumes.shared)


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=_PATHS)
@example(sent=_BASE + "/secret/clip.mov")
@example(sent=_BASE + "/secret")
@example(sent=_BASE + "/shared/out")
@example(sent=_BASE + "/shared/out.mov")
@example(sent=_BASE + "/shared/out/clip.mov")
@example(sent=_BASE + "/shared/up/secret/clip.mov/x")
def test_the_answer_does_not_tell_what_exists_outside_the_roots(
    volumes: Volumes, bare_volumes: Volumes, sent: str
) -> None:
    assert _outcome(volumes, sent) == _outcome(bare_volumes, sent)


def test_a_folder_exchanged_for_a_link_while_files_are_opened_lets_nothing_out(tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret"
    for folder in (root / "real", secret):
        folder.mkdir(parents=True)
        (folder / "clip.mov").write_text(folder.name)
    switch, stop = root / "switch", threading.Event()

    def exchange() -> None:
        for name, target in (("a", root / "real"), ("b", secret)):
            (root / name).symlink_to(target)
        while not stop.is_set():
            for name in ("a", "b"):
                os.link(root / name, root / "next", follow_symlinks=False)
                (root / "next").replace(switch)
                (root / "next").unlink(missing_ok=True)

    thread = threading.Thread(target=exchange)
    thread.start()
    files, found, refused = MediaFiles([root], PathRules([])), set(), 0
    try:
        for _ in range(2000):
            try:
                found.add(files.find(f"{switch}/clip.mov").path)
            except MediaPathError:
                refused += 1
    finally:
        stop.set()
        thread.join()
    assert refused > 0
    assert found == {root / "real" / "clip.mov"}
