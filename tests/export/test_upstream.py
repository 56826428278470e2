"""The comparison with the authors' package, against a stand-in of the same layout: that it compares, and notices."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from export.commands import verify as verify_command
from export.graphs.parity import references, table
from export.graphs.served_graph import ServedGraph
from export.hmr2.graph import served
from export.hmr2.upstream import compare_with_upstream, installed
from export.settings import ExportSettings
from tests.export import unfolded_hmr2
from tests.export.golden import golden_weights, small_hmr2

FILES = {
    "hmr2/__init__.py": "",
    "hmr2/models/__init__.py": "",
    "hmr2/models/backbones/__init__.py": "from tests.export.unfolded_hmr2 import create_backbone",
    "hmr2/models/heads/__init__.py": "from tests.export.unfolded_hmr2 import build_smpl_head",
    "yacs/__init__.py": "",
    "yacs/config.py": """
class CfgNode(dict):
    def __init__(self, content):
        super().__init__({k: CfgNode(v) if isinstance(v, dict) else v for k, v in content.items()})
    def __getattr__(self, name):
        return self[name]
""",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Packages `hmr2` and `yacs` as the authors' installation has them, as far as the comparison asks for them."""
    for name, content in FILES.items():
        path = tmp_path / "packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in {"hmr2", "yacs"}]:
        del sys.modules[name]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    state = {**golden_weights("hmr2_small"), "smpl.v_template": torch.zeros(6890, 3)}
    torch.save({"state_dict": state}, tmp_path / "hmr2.ckpt")
    return tmp_path / "hmr2.ckpt"


@pytest.fixture(scope="module")
def graph() -> ServedGraph:
    return served(small_hmr2())


@pytest.mark.usefixtures("package")
def test_our_network_equals_the_published_one_unfolded(graph: ServedGraph, checkpoint: Path) -> None:
    assert installed()
    rows = compare_with_upstream(graph, checkpoint, references(graph, (1, 3)))
    assert {(row.file, row.batch) for row in rows} == {("upstream", 1), ("upstream", 3)}
    assert {row.output for row in rows} == set(graph.outputs)
    assert all(row.passed for row in rows), table(rows)
    assert max(row.maximum for row in rows if row.unit == "mm") < 0.02


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("slot", [0.0, 0.99])
def test_difference_in_the_authors_modules_is_noticed(
    graph: ServedGraph, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, slot: float
) -> None:
    monkeypatch.setattr(unfolded_hmr2, "CLASS_SLOT", slot)
    rows = compare_with_upstream(graph, checkpoint, references(graph, (1,)))
    assert not all(row.passed for row in rows)


@pytest.mark.usefixtures("package")
def test_difference_in_the_weights_is_noticed(graph: ServedGraph, tmp_path: Path) -> None:
    state = golden_weights("hmr2_small")
    state["smpl_head.deccam.bias"] = state["smpl_head.deccam.bias"] + 0.001
    torch.save({"state_dict": state}, tmp_path / "other.ckpt")
    rows = compare_with_upstream(graph, tmp_path / "other.ckpt", references(graph, (1,)))
    assert [row.output for row in rows if not row.passed] == ["pred_cam"]


@pytest.mark.parametrize("present", [True, False])
def test_verify_compares_with_the_package_where_it_is_installed(
    graph: ServedGraph, checkpoint: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, present: bool
) -> None:
    if present:
        request.getfixturevalue("package")
    settings = ExportSettings(repository=checkpoint.parent / "repository")
    (settings.repository / "hmr2" / "1").mkdir(parents=True)
    monkeypatch.setattr(verify_command, "graph_of", lambda *_: graph)
    app = typer.Typer()
    app.command()(verify_command.verify)
    arguments = ["hmr2", "--repository", str(settings.repository), "--checkpoint", str(checkpoint)]
    result = CliRunner().invoke(app, arguments)
    assert ("upstream" in result.output and "joints_3d" in result.output) is present
    assert ("the authors' package is not installed" in result.output) is not present
    assert result.exit_code == (0 if present else 1)  # nothing was exported, so nothing else was compared
