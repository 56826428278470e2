"""``key=value`` overrides with upstream's configuration names, so that a `track.py` command line works here."""

import difflib
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import orjson

from tracker_service.errors import SettingsError
from tracker_service.settings.other_names import OTHER_NAMES
from tracker_service.settings.tree import Settings

_OVERRIDE = re.compile(r"^\+{0,2}([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)=(.*)$", re.DOTALL)
_logger = logging.getLogger(__name__)

# Keys of PHALP's configuration (``phalp/configs/base.py``) that steer parts which do not exist here.
_WITHOUT_EFFECT = {
    "": "seed track_dataset base_tracker train debug task_id num_tasks verbose video_seq hmr_type expand_bbox_shape",
    "video.": "extract_video base_path useffmpeg",
    "phalp.": "encode_type detector shot",
    "render.": "up_scale res side_view_each metallicfactor roughnessfactor colors head_mask head_mask_path "
    "output_resolution blur_faces show_keypoints",
}
_GROUPS_WITHOUT_EFFECT = (
    "pose_predictor.",
    "ava_config.",
    "hmr.",
    "post_process.",
    "SMPL.",
    "MODEL.",
    "EXTRA.",
    "hydra.",
)


def is_override(argument: str) -> bool:
    """Tell whether a command line argument has the form ``key=value``."""
    return _OVERRIDE.match(argument) is not None


def parse_overrides(arguments: Iterable[str]) -> dict[str, Any]:
    """Turn ``a.b=value`` arguments into a nested dict for `load_settings`; the last of equal keys wins.

    Keys of upstream that steer nothing here are accepted with a logged warning.

    Raises:
        SettingsError: an argument is not ``key=value`` or the key is unknown; the message offers the nearest key.
    """
    known = {*setting_keys(), *OTHER_NAMES}
    tree: dict[str, Any] = {}
    for argument in arguments:
        match = _OVERRIDE.match(argument)
        if match is None:
            raise SettingsError(f"override: expected key=value, got {argument!r}")
        key, value = match.groups()
        if _has_no_effect(key):
            _logger.warning("override %s has no effect here", key)
            continue
        if key not in known:
            raise SettingsError(f"override: unknown key {key!r}{_nearest(key, known)}")
        insert(tree, key, _value(key, value))
    return tree


def insert(tree: dict[str, Any], key: str, value: object) -> None:
    """Set the dotted ``key`` in a nested dict."""
    *groups, leaf = key.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[leaf] = value


def setting_keys() -> list[str]:
    """Return all dotted keys of the settings tree."""
    keys: list[str] = []
    for name, field in Settings.model_fields.items():
        group = field.annotation
        keys += [f"{name}.{leaf.name}" for leaf in fields(group)] if is_dataclass(group) else [name]
    return keys


def _value(key: str, text: str) -> object:
    """Return the text, None, or for lists and objects what their JSON says (``media.roots=["/videos"]``)."""
    if not text.startswith(("[", "{")):
        return None if text in {"null", "None", "~"} else text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"setting {key}: expected JSON, got {text!r} ({error})") from error


def _has_no_effect(key: str) -> bool:
    group, dot, name = key.rpartition(".")
    return key.startswith(_GROUPS_WITHOUT_EFFECT) or name in _WITHOUT_EFFECT.get(group + dot, "").split()


def _nearest(key: str, known: Iterable[str]) -> str:
    candidates: Sequence[str] = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {candidates[0]}?" if candidates else ""
