"""The full model set at reduced size, made by running the commands of docs/models.md on synthetic authors' files."""

import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

import export.body.build
import export.commands.weights
import export.hmr_family.loading
from export.__main__ import app
from export.hmr_family.detection import Family
from export.weights.published import FILES, WeightFile
from harness.command_line import CommandLine
from harness.triton.repository import make_quick
from tests.export.authors_files import HMR2_SIZES, draw_depths_in_fewer_tiers, write_by_hand, write_downloads
from tests.export.full_set.runs import FRAMES, GATES, Run, track
from tests.export.tiny_detector import SIZE
from tracker_service.model_sets import FULL

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs" / "models.md"
COMMITTED = ROOT / "model_repository"


@dataclass(frozen=True, slots=True)
class FullSet:
    """What the documented commands made.

    Attributes:
        weights: the weights folder.
        repository: the model repository.
        outputs: what each command printed, in order.
    """

    weights: Path
    repository: Path
    outputs: dict[str, str]


def documented_commands(program: str) -> list[list[str]]:
    """Return the arguments of every command line in docs/models.md that begins with ``program``."""
    lines = [line.partition(" #")[0].strip() for line in DOCUMENT.read_text().splitlines()]
    return [shlex.split(line.removeprefix(program)) for line in lines if line.startswith(f"{program} ")]


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="session")
def served_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with everything that may be downloaded."""
    folder = tmp_path_factory.mktemp("downloads")
    write_downloads(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _reduced(file: WeightFile, address: str) -> WeightFile:
    """The same file from the local server, of any size."""
    urls = (f"{address}/{file.name}",) if file.urls else ()
    return replace(file, urls=urls, member=None, size=None, sha256=None)


@pytest.fixture(scope="session")
def full_set(served_files: str, tmp_path_factory: pytest.TempPathFactory) -> FullSet:
    """The full set, exported as docs/models.md says; only sizes, addresses and folders are others."""
    folder = tmp_path_factory.mktemp("full_set")
    by_hand = folder / "by_hand"
    write_by_hand(by_hand)
    made = FullSet(folder / "weights", folder / "repository", {})
    files = {file.name: _reduced(file, served_files) for file in FILES}
    load = partial(export.hmr_family.loading.load, sizes=HMR2_SIZES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHALP_TRITON_EXPORT_WEIGHTS", str(made.weights))
        patch.setenv("PHALP_TRITON_EXPORT_REPOSITORY", str(made.repository))
        patch.setenv("COLUMNS", "200")
        patch.setattr(export.commands.weights, "FILES", tuple(files.values()))
        patch.setattr(export.body.build, "EXTRA_JOINTS", files["SMPL_to_J19.pkl"])
        patch.setitem(export.hmr_family.loading.CHECKPOINTS, Family.HMR2, files["hmr2.ckpt"])
        patch.setattr(export.hmr_family.loading, "load", load)
        draw_depths_in_fewer_tiers(patch)
        for arguments in documented_commands("python -m export"):
            command = " ".join(arguments)
            given = [str(by_hand) if argument == "FOLDER" else argument for argument in arguments]
            size = ["--size", str(SIZE)] if command == "detector" else []
            result = CliRunner().invoke(app, [*given, *size])
            assert result.exit_code == 0, f"{command}: {result.output}{result.exception!r}"
            made.outputs[command] = result.output
    return made


@pytest.fixture(scope="session")
def repository(full_set: FullSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported full set with its configs, finding people with the lite detector: a random one finds nobody."""
    folder = tmp_path_factory.mktemp("served") / "models"
    shutil.copytree(full_set.repository, folder)
    for config in COMMITTED.glob("*/config.pbtxt"):
        if (folder / config.parent.name).is_dir():
            shutil.copy2(config, folder / config.parent.name)
    assert FULL.hmr_with_appearance is not None
    shutil.copytree(COMMITTED / FULL.hmr_with_appearance, folder / FULL.hmr_with_appearance)
    shutil.rmtree(folder / "detector" / "1")
    shutil.copytree(COMMITTED / "detector_lite" / "1", folder / "detector" / "1")
    config = COMMITTED / "detector_lite" / "config.pbtxt"
    served = folder / "detector" / "config.pbtxt"
    served.write_text(config.read_text().replace('"detector_lite"', '"detector"'))
    make_quick(served)
    return folder


@pytest.fixture(scope="session")
def embedded(
    command_line: CommandLine, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Run]:
    """Give the run of the sample with the models in the process, for a value of `phalp.predict`; each is made once."""

    @cache
    def run(predict: str) -> Run:
        chosen = () if predict == "APL" else (f"phalp.predict={predict}",)  # APL is what the full set has by itself
        options = ("--inference", "embedded", *GATES, *chosen)
        return track(command_line, repository, tmp_path_factory.mktemp(predict), *options, frames=FRAMES[predict])

    return run
