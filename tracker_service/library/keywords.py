"""Settings by keyword: ``track("clip.mp4", n_init=3, model_set="full", render={"fps": 25})``."""

import difflib
from collections.abc import Mapping
from typing import Any

from tracker_service.errors import SettingsError
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.other_names import OTHER_NAMES
from tracker_service.settings.overrides import insert, setting_keys


def settings_of(settings: Settings | None, changes: Mapping[str, Any]) -> Settings:
    """Return the settings with changes by keyword.

    Args:
        settings: what the changes are made to; None takes the defaults and the environment.
        changes: values by the last part of their name (``n_init``), or groups as dictionaries (``phalp={...}``). A
            name that several groups have must be given in its group.

    Raises:
        SettingsError: there is no such setting, the name stands for several, or the value cannot be used.
    """
    if settings is not None and not changes:
        return settings
    tree: dict[str, Any] = {} if settings is None else settings.model_dump(exclude_unset=False)
    for name, value in changes.items():
        if name in Settings.model_fields and isinstance(value, Mapping):
            for leaf, inner in value.items():
                insert(tree, f"{name}.{leaf}", inner)
        else:
            insert(tree, _key(name), value)
    return load_settings(tree)


def _key(name: str) -> str:
    """Return the dotted key of a setting that is named by its last part."""
    keys = {key: key for key in setting_keys()} | OTHER_NAMES
    found = sorted({present for key, present in keys.items() if name in {key, key.rpartition(".")[2]}})
    if len(found) == 1:
        return found[0]
    if found:
        groups = " or ".join(f"{key.partition('.')[0]}={{{name!r}: ...}}" for key in found)
        raise SettingsError(f"setting {name}: expected one meaning, got {len(found)}: say {groups}")
    near = difflib.get_close_matches(name, [key.rpartition(".")[2] for key in keys], n=1, cutoff=0.5)
    raise SettingsError(
        f"setting: expected a known name, got {name!r}" + (f"; did you mean {near[0]}?" if near else "")
    )
