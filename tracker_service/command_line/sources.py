"""The sources of one command: patterns become the files they match, and each source gets a folder for its results."""

import glob
import os
import re
from collections.abc import Iterable, Sequence
from itertools import chain, count
from pathlib import Path

from tracker_service.errors import SettingsError
from tracker_service.types.shown_text import encodable
from tracker_service.video.live.address import is_address, shown_address

RESULTS_HOME = Path("outputs")
"""Where results go, each source in a folder of its name, when no folder is given."""

_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LONGEST_NAME = 200


def expanded(arguments: Iterable[str]) -> list[str]:
    """Return the sources that the arguments name, each once, in their order; a pattern's matches are sorted.

    Raises:
        SettingsError: a pattern matches nothing, an argument is an address, or there is no source.
    """
    found: dict[Path, str] = {}
    for argument in arguments:
        for source in _matches(argument):
            found.setdefault(Path(source).absolute(), source)
    if not found:
        raise SettingsError("source: expected at least one video or folder of images, got none")
    return list(found.values())


def result_folders(sources: Sequence[str], given: Path | None) -> list[Path]:
    """Return the folder of each source's results.

    Args:
        sources: at least one, all different.
        given: the folder that the user named: of a single source, or the one that holds the folders of several.
    """
    if given is not None and len(sources) == 1:
        return [given]
    return [(given or RESULTS_HOME) / name for name in _names(sources)]


def _matches(argument: str) -> list[str]:
    if is_address(argument):
        shown = shown_address(argument)
        raise SettingsError(f"source: expected files, got the address {shown}; `phalp-triton live` follows streams")
    if Path(argument).exists() or not glob.has_magic(argument):
        return [argument]
    matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - the results keep the form that was typed
    if not matches:
        raise SettingsError(f"source: expected files that match {argument}, got none")
    return matches


def _names(sources: Sequence[str]) -> list[str]:
    """Return short names that differ: the stem, else the whole file name, else with folders above before it."""
    paths = [Path(os.path.abspath(source)) for source in sources]  # noqa: PTH100 - "clips/.." has a name, too
    for above in range(max(len(path.parts) for path in paths)):
        for suffix in (False, True):
            names = [_fit(_name(path, above, suffix=suffix)) for path in paths]
            if len({name.casefold() for name in names}) == len(names):
                return names
    return _numbered(_fit(path.stem) for path in paths)


def _name(path: Path, above: int, *, suffix: bool) -> str:
    folders = path.parts[1:-1]
    return "-".join([*folders[max(len(folders) - above, 0) :], path.name if suffix else path.stem])


def _numbered(names: Iterable[str]) -> list[str]:
    """Return names that differ in more than their case, which some file systems ignore."""
    free: list[str] = []
    for name in names:
        taken = {each.casefold() for each in free}
        variants = chain([name], (f"{name}-{number}" for number in count(2)))
        free.append(next(each for each in variants if each.casefold() not in taken))
    return free


def _fit(name: str) -> str:
    """Return the name as every file system takes it: UTF-8, no control characters, not too long."""
    clean = _UNFIT.sub("_", encodable(name)).strip(". ")
    return clean.encode()[:_LONGEST_NAME].decode(errors="ignore") or "source"
