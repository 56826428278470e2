"""Reading published PyTorch checkpoints: nothing foreign is executed, nothing is silently ignored.

Training frameworks leave objects of their own in a checkpoint (PyTorch Lightning stores the Hydra configuration, which
consists of omegaconf classes). They are not needed, so the loader puts inert placeholders in their place. Only the
modules in `INERT_MODULES` and the names in `INERT_NAMES` are treated so; any other class or function is refused.
"""

import logging
import pickle
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self
from zipfile import is_zipfile

import torch
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from export.errors import (
    MissingFileError,
    MissingTensorError,
    TensorShapeError,
    UnexpectedTensorError,
    UnreadableFileError,
    UnsafePickleError,
)
from export.files import is_web_page

INERT_MODULES = ("omegaconf", "yacs.config")
"""Configuration packages whose objects are replaced by placeholders."""
_MAPPINGS = "yacs.config"
INERT_NAMES = ("typing.Any", *(f"builtins.{name}" for name in ("dict", "list", "tuple", "int", "float", "str", "bool")))
"""Types that those objects mention (as the type of an entry); they are not needed either."""
_EMPTY_DICTS = ("collections.defaultdict",)
_FOREIGN = re.compile(r"GLOBAL ([\w.]+)")
"""The name in the refusal of PyTorch's own restricted unpickler."""

Shape = tuple[int, ...]
_logger = logging.getLogger(__name__)


class Inert:
    """Stands in for an object that is not needed; takes any arguments and any state and keeps nothing."""

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Accept the arguments of any class."""
        return object.__new__(cls)

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        """Accept the arguments of any class."""

    def __setstate__(self, state: object) -> None:
        """Drop the state."""


class InertMapping:
    """Stands in for an object that is a dictionary, as yacs's are; PyTorch fills no dictionaries but of known kinds."""

    def __new__(cls, *_args: object) -> OrderedDict[object, object]:  # type: ignore[misc]
        """Make one that PyTorch fills."""
        return OrderedDict()


def _empty_dict(*_args: object) -> dict[object, object]:
    return {}


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the dictionary in a checkpoint file; tensors stay on disk until they are used (memory-mapped).

    Raises:
        MissingFileError: no such file.
        UnreadableFileError: truncated, an HTML page, or no checkpoint at all.
        UnsafePickleError: it holds a class or function that is not on the list; the message names it.
    """
    if not path.is_file():
        raise MissingFileError(f"checkpoint: expected a file, got {path}")
    if is_web_page(path):
        raise UnreadableFileError(f"{path}: expected a PyTorch checkpoint, got an HTML page (a login or error page?)")
    try:
        with _placeholders(path):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))
    except pickle.UnpicklingError as error:
        if foreign := _FOREIGN.search(str(error)):
            raise _refused(path, foreign[1]) from error
        raise _unreadable(path, error) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(content, dict):
        raise UnreadableFileError(f"{path}: expected a dictionary, got {type(content).__name__}")
    return content


def _placeholders(path: Path) -> AbstractContextManager[object]:
    """Allow placeholders for the harmless configuration classes in ``path``; refuse all others by name."""
    if not is_zipfile(path):  # the container before PyTorch 1.6; its loader refuses every foreign class itself
        return nullcontext()
    allowed: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = []
    for name in sorted(set(get_unsafe_globals_in_checkpoint(path))):
        if name in _EMPTY_DICTS:
            allowed.append((_empty_dict, name))
        elif name in INERT_NAMES or name.rpartition(".")[0].startswith(INERT_MODULES):
            allowed.append((InertMapping if name.startswith(_MAPPINGS) else Inert, name))
        else:
            raise _refused(path, name)
    return safe_globals(allowed)


def _refused(path: Path, name: str) -> UnsafePickleError:
    return UnsafePickleError(
        f"{path}: expected tensors and configuration objects of {', '.join(INERT_MODULES)}, got {name}, "
        "which is not loaded"
    )


def _unreadable(path: Path, error: Exception) -> UnreadableFileError:
    reason = str(error).strip().partition("\n")[0][:160] or type(error).__name__
    return UnreadableFileError(
        f"{path}: expected a whole PyTorch checkpoint, got {path.stat().st_size} bytes that cannot be read ({reason})"
    )


def state_dict(content: Mapping[str, Any], key: str, path: Path) -> dict[str, Any]:
    """Return the tensors of a checkpoint by name: its entry ``key``, or all of it where they lie bare.

    Raises:
        UnreadableFileError: it holds no tensors under names; the message says what it holds.
    """
    bare = key not in content and any(isinstance(value, torch.Tensor) for value in content.values())
    state = dict(content) if bare else content.get(key)
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        got = _some(sorted(map(repr, content))) or "nothing"
        raise UnreadableFileError(f"{path}: expected an entry {key!r} with the tensors by name, got {got}")
    return state


def take_tensors(
    state: Mapping[str, Any], expected: Mapping[str, Shape], ignored: Sequence[str]
) -> dict[str, torch.Tensor]:
    """Return the expected tensors of a checkpoint, each checked; logs how many are ignored, by pattern.

    Args:
        state: what the checkpoint holds.
        expected: shape of every tensor the model needs, by its published name.
        ignored: shell patterns of names that may be there and are not used.

    Raises:
        MissingTensorError: names up to three missing tensors.
        UnexpectedTensorError: names up to three tensors that are neither expected nor ignored.
        TensorShapeError: names the tensor, the expected shape and the given one.
    """
    missing = [name for name in expected if name not in state]
    if missing:
        raise MissingTensorError(f"checkpoint: expected {len(expected)} tensors, missing {_some(missing)}")
    rest = {
        name: next((pattern for pattern in ignored if fnmatchcase(name, pattern)), None)
        for name in state
        if name not in expected
    }
    unknown = [name for name, pattern in rest.items() if pattern is None]
    if unknown:
        raise UnexpectedTensorError(
            f"checkpoint: expected the model's tensors and {', '.join(ignored) or 'nothing else'}, got {_some(unknown)}"
        )
    left = ", ".join(f"{count} {pattern}" for pattern, count in Counter(rest.values()).items())
    _logger.info("checkpoint: %d tensors used; ignored: %s", len(expected), left or "none")
    return {name: _checked(name, state[name], shape) for name, shape in expected.items()}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _checked(name: str, tensor: object, shape: Shape) -> torch.Tensor:
    if not isinstance(tensor, torch.Tensor):
        raise TensorShapeError(f"checkpoint, {name}: expected a tensor, got {type(tensor).__name__}")
    if tuple(tensor.shape) != shape:
        raise TensorShapeError(f"checkpoint, {name}: expected shape {shape}, got {tuple(tensor.shape)}")
    if not tensor.is_floating_point():
        raise TensorShapeError(f"checkpoint, {name}: expected floating-point numbers, got {tensor.dtype}")
    return tensor.detach().float()
