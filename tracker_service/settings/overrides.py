"""``key=value`` overrides with upstream's configuration names, so that a `track.py` command line works here."""

import logging
import re
from collections.abc import Iterable
from typing import Any

import orjson

from tracker_service.errors import SettingsError
from tracker_service.settings.known_names import did_you_mean, dotted_keys
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
    "hmr2.",
    "pose_predictor.",
    "ava_config.",
    "hmr.",
    "post_process.",
    "SMPL.",
    "MODEL.",
    "EXTRA.",
    "hydra.",
)
_NAMES_WEIGHTS = re.compile(r"checkpoint|weights|hmar_path|config_path|ckpt")


def is_override(argument: str) -> bool:
    """Tell whether a command line argument has the form ``key=value``."""
    return _OVERRIDE.match(argument) is not None


def parse_overrides(arguments: Iterable[str]) -> dict[str, Any]:
    """Turn ``a.b=value`` arguments into a nested dict for `load_settings`; the last of equal keys wins.

    Keys of upstream that steer nothing here are accepted with one logged warning for all of them.

    Raises:
        SettingsError: an argument is not ``key=value`` or the key is unknown; the message offers the nearest key.
    """
    known = {*setting_keys(), *OTHER_NAMES}
    tree: dict[str, Any] = {}
    without_effect: dict[str, None] = {}
    for argument in arguments:
        match = _OVERRIDE.match(argument)
        if match is None:
            raise SettingsError(f"override: expected key=value, got {argument!r}")
        key, value = match.groups()
        if _has_no_effect(key):
            without_effect[key] = None
            continue
        if key not in known:
            raise SettingsError(f"override: unknown key {key!r}{did_you_mean(key, known)}")
        insert(tree, key, _value(key, value))
    _warn_of(list(without_effect))
    return tree


def insert(tree: dict[str, Any], key: str, value: object) -> None:
    """Set the dotted ``key`` in a nested dict."""
    *groups, leaf = key.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[leaf] = value


def setting_keys() -> list[str]:
    """Return all dotted keys of the settings tree."""
    return dotted_keys(Settings.model_fields)


def _value(key: str, text: str) -> object:
    """Return the text, None, or for lists and objects what their JSON says (``media.roots=["/videos"]``)."""
    if not text.startswith(("[", "{")):
        return None if text in {"null", "None", "~"} else text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"setting {key}: expected JSON, got {text!r} ({error})") from error


def _warn_of(keys: list[str]) -> None:
    """Say once which of the given keys steer nothing, and where weights go where one of them names some."""
    if keys:
        _logger.warning("override %s %s no effect here", ", ".join(keys), "has" if len(keys) == 1 else "have")
    if any(_NAMES_WEIGHTS.search(key) for key in keys):
        _logger.warning(
            "weights are not read while tracking: python -m export turns them into models beforehand "
            "(export hmr2 --checkpoint FILE, docs/models.md), and model_set=full runs those"
        )


def _has_no_effect(key: str) -> bool:
    group, dot, name = key.rpartition(".")
    return key.startswith(_GROUPS_WITHOUT_EFFECT) or name in _WITHOUT_EFFECT.get(group + dot, "").split()
