"""The files that clients name by path: from their spelling to a file of this host, and back."""

from tracker_service.media.files import MediaFile, MediaFiles
from tracker_service.media.path_rules import PathRules
from tracker_service.media.roots import open_regular

__all__ = ["MediaFile", "MediaFiles", "PathRules", "open_regular"]
