"""What the arguments of a command are: sources, and ``key=value`` overrides of settings."""

from pathlib import Path
from typing import Any

from tracker_service.command_line.sources import expanded
from tracker_service.results.formats.registry import format_named
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import insert, is_override, parse_overrides


def split_arguments(arguments: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Return the sources, and the overrides as a nested dict; an argument that is a file is a source.

    Raises:
        SettingsError: an override has an unknown key.
    """
    overrides = [argument for argument in arguments if is_override(argument) and not Path(argument).exists()]
    return [argument for argument in arguments if argument not in overrides], parse_overrides(overrides)


def format_names(text: str | None) -> tuple[str, ...]:
    """Return the formats of results that an option names, separated by commas; none without it.

    Raises:
        SettingsError: there is no such format.
    """
    names = dict.fromkeys(name.strip() for name in (text or "").split(",") if text is not None)
    for name in names:
        format_named(name)
    return tuple(names)


def settings_and_sources(arguments: list[str], options: dict[str, Any]) -> tuple[Settings, list[str]]:
    """Return the settings and the sources to track, at least one.

    Args:
        arguments: of the command.
        options: by dotted name; they win over the overrides, None is no value.

    Raises:
        SettingsError: a setting cannot be used, or there is no source.
    """
    sources, tree = split_arguments(arguments)
    for key, value in options.items():
        if value is not None:
            insert(tree, key, value)
    settings = load_settings(tree)
    if settings.video.source is not None:
        sources.append(settings.video.source)
    return settings, expanded(sources)
