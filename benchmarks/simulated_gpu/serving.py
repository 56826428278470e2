"""A real tritonserver whose models answer after a card's time."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]

from benchmarks.simulated_gpu.stand_ins import MODELS
from harness.triton.environment import server_environment
from harness.triton.repository import MODEL_REPOSITORY, read_config
from harness.triton.server import TritonServer

CARDS = Path(__file__).with_name("cards.json")
_SOURCES = {
    "model.py": CARDS.with_name("backend.py"),
    "card.py": CARDS.with_name("card.py"),
    "recordings.py": CARDS.parents[1] / "feed" / "recordings.py",
}


class Served(NamedTuple):
    """A running server and the folder of its card."""

    server: TritonServer
    card_folder: Path


@contextmanager
def serving(card: str, recordings: Path) -> Iterator[Served]:
    """Serve the full models with the committed batching, one instance each, on one simulated card.

    Args:
        card: its name in `cards.json`.
        recordings: the answers of the models.
    """
    with tempfile.TemporaryDirectory(prefix="phalp-card-") as name:
        folder = Path(name)
        shutil.copy(CARDS, folder / CARDS.name)
        for model in MODELS:
            _write_model(folder / "models" / model, model, card, recordings, folder)
        with TritonServer(server_environment(), folder / "models", folder / "log") as server:
            yield Served(server, folder)


def _write_model(target: Path, model: str, card: str, recordings: Path, folder: Path) -> None:
    config = read_config(MODEL_REPOSITORY / model / "config.pbtxt")
    config.backend = "python"
    for field in ("optimization", "model_warmup", "instance_group", "default_model_filename"):
        config.ClearField(field)
    config.instance_group.add(kind="KIND_CPU", count=1)
    if model == "appearance":
        # Texture maps are not recorded, and nobody asks for them.
        del config.output[1:]
    values = {
        "recordings": str(recordings),
        "cards": str(folder / CARDS.name),
        "card": card,
        "card_folder": str(folder),
    }
    for key, value in values.items():
        config.parameters[key].string_value = value
    version = target / "1"
    version.mkdir(parents=True)
    (target / "config.pbtxt").write_text(text_format.MessageToString(config))
    for name, source in _SOURCES.items():
        shutil.copy(source, version / name)
