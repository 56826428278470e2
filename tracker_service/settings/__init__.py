"""The settings tree."""

from tracker_service.settings.tree import Settings, load_settings

__all__ = ["Settings", "load_settings"]
