"""From the path that a client sends to a file of this host that may be opened."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tracker_service.errors import MediaForbiddenError, MediaPathError, SettingsError
from tracker_service.media.client_path import ClientPath
from tracker_service.media.path_rules import PathRules
from tracker_service.media.roots import MediaRoots


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that a client named and may use.

    Attributes:
        path: on this host, without links.
        shown: the path as the client wrote it.
    """

    path: Path
    shown: str


class MediaFiles:
    """The files that clients may name.

    Args:
        roots: folders of this host whose files may be opened, links resolved. Without any, nothing may be.
        rules: where clients' folders are on this host.

    Raises:
        SettingsError: a rule leads out of all roots.
    """

    def __init__(self, roots: Iterable[Path], rules: PathRules) -> None:
        self._roots = MediaRoots(roots)
        self._rules = rules
        for host in rules.hosts:
            try:
                self._roots.resolve(host)
            except MediaForbiddenError:
                raise SettingsError(f"media.rules: expected a host folder below media.roots, got {host}") from None

    def find(self, text: str) -> MediaFile:
        """Return the file that a client calls ``text``; raises as `open`."""
        found, stream = self.open(text)
        stream.close()
        return found

    def open(self, text: str) -> tuple[MediaFile, BinaryIO]:
        """Open the file that a client calls ``text``: what is put in its place afterwards is not read.

        Outside the roots the answer does not depend on what is there.

        Raises:
            MediaForbiddenError: it is outside the roots.
            MediaPathError: it is no usable path, or there is no regular file.
        """
        path = self._rules.to_host(ClientPath.parse(text))
        if path is None or not (self._roots.holds(path) or self._in_a_rule(path)):
            raise MediaForbiddenError("video path: expected a file in a folder that this service may read")
        try:
            found, opened = self._roots.regular_file(path)
            return MediaFile(found, text), os.fdopen(opened, "rb")
        except PermissionError as error:
            raise MediaPathError(f"Video file cannot be read: {text}") from error
        except OSError as error:
            raise MediaPathError(f"Video file not found: {text}") from error

    def client_name(self, path: Path, like: str | None = None) -> str | None:
        """Return what clients call a file of this host, None if they cannot see it.

        Args:
            path: absolute path on this host.
            like: a path that the client has sent; the answer is spelled like it where rules allow.
        """
        named = self._rules.to_client(path, _parsed(like))
        if named is not None:
            return named
        # A root that no rule renames is a volume which both sides see under the same name.
        return str(path) if self._roots.holds(path) else None

    def _in_a_rule(self, path: Path) -> bool:
        return any(path.is_relative_to(host) for host in self._rules.hosts)


def _parsed(text: str | None) -> ClientPath | None:
    if text is None:
        return None
    try:
        return ClientPath.parse(text)
    except MediaPathError:
        # An uploaded file is shown by its bare name.
        return None
