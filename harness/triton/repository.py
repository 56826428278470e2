"""Model repositories for the test server: the committed configs, with built models where they exist, else stand-ins."""

import shutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]
from tritonclient.grpc import model_config_pb2

from harness.triton import graphs

MODEL_REPOSITORY = Path(__file__).resolve().parents[2] / "model_repository"
LITE_MODELS = ("detector_lite", "hmr_lite", "person_finder")
"""Their graphs are committed, and so compute in earnest where the others have stand-ins."""


def read_config(path: Path) -> model_config_pb2.ModelConfig:
    """Parse a config.pbtxt; fields that Triton does not know are errors."""
    return text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())


def served_models() -> tuple[str, ...]:
    """Return the names of all models with a committed config, but for `ensembles` and `packages`."""
    names = {path.parent.name for path in MODEL_REPOSITORY.glob("*/config.pbtxt")}
    return tuple(sorted(names - set(ensembles()) - set(packages())))


@cache
def ensembles() -> tuple[str, ...]:
    """Return the names of the ensembles, which have a config and an empty version."""
    return _of_platform("ensemble")


@cache
def packages() -> tuple[str, ...]:
    """Return the names of the models that are packages of AOTInductor, which the test server does not know."""
    return _of_platform("torch_aoti")


def _of_platform(platform: str) -> tuple[str, ...]:
    configs = sorted(MODEL_REPOSITORY.glob("*/config.pbtxt"))
    return tuple(path.parent.name for path in configs if read_config(path).platform == platform)


def built_models() -> tuple[str, ...]:
    """Return the names of the models that have a config and a model file."""
    return tuple(name for name in served_models() if (MODEL_REPOSITORY / name / "1" / "model.onnx").is_file())


def variants() -> tuple[tuple[str, Path], ...]:
    """Return (model, config file) of every committed config of a model that the test server runs."""
    paths = [*MODEL_REPOSITORY.glob("*/config.pbtxt"), *MODEL_REPOSITORY.glob("*/configs/*.pbtxt")]
    named = ((path.relative_to(MODEL_REPOSITORY).parts[0], path) for path in sorted(paths))
    return tuple((name, path) for name, path in named if read_config(path).platform not in ("ensemble", "torch_aoti"))


def build_repository(
    target: Path, models: Iterable[str] | None = None, *, scripts: bool = False, quick: bool = False
) -> Path:
    """Copy the committed configs of ``models`` (default: all) to ``target`` and put model files beside them.

    A model that was built (``model_repository/<name>/1/model.onnx``) is copied, another gets its stand-in; with
    ``scripts`` also a TorchScript stand-in. A ``quick`` server is ready sooner: of each model it has one instance that
    has computed the smallest batch, but not the largest, a hundred pictures of the lite ones.
    """
    for name in models or served_models():
        source, folder = MODEL_REPOSITORY / name, target / name
        folder.mkdir(parents=True)
        shutil.copy2(source / "config.pbtxt", folder)
        if (source / "configs").is_dir():
            shutil.copytree(source / "configs", folder / "configs")
        if name in ensembles() or (source / "1" / "model.onnx").is_file():
            shutil.copytree(source / "1", folder / "1")
        else:
            graphs.write(name, folder / "1" / "model.onnx")
        if scripts:
            from harness.triton.scripted import write_script  # importing torch takes seconds

            write_script(name, folder / "1" / "model.pt")
        if quick:
            for path in folder.rglob("*.pbtxt"):
                make_quick(path)
    return target


def choose_variant(repository: Path, model: str, variant: str) -> None:
    """Make ``configs/<variant>.pbtxt`` of a model its config, as `--model-config-name` would."""
    shutil.copyfile(repository / model / "configs" / f"{variant}.pbtxt", repository / model / "config.pbtxt")


def make_quick(path: Path) -> None:
    """Change a config to one instance, and to the smallest batch alone at the start."""
    config = read_config(path)
    for group in config.instance_group:
        group.count = 1
    smallest = [warmup for warmup in config.model_warmup if warmup.batch_size == 1]
    del config.model_warmup[:]
    config.model_warmup.extend(smallest)
    path.write_text(text_format.MessageToString(config))


def set_parameters(repository: Path, model: str, values: Mapping[str, str]) -> None:
    """Add ``parameters`` to a model's config, for the settings of the test backends."""
    path = repository / model / "config.pbtxt"
    config = read_config(path)
    for key, value in values.items():
        config.parameters[key].string_value = value
    path.write_text(text_format.MessageToString(config))
