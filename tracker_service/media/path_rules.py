"""Rules that say where the folders of clients are on this host."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tracker_service.errors import MediaPathError, SettingsError
from tracker_service.media.client_path import ClientPath, PathKind
from tracker_service.media.drive_path import DrivePath


@dataclass(frozen=True, slots=True)
class _Rule:
    client: ClientPath
    drive: DrivePath | None
    host: Path

    def below(self, path: ClientPath) -> tuple[str, ...] | None:
        """Return the names of ``path`` below the client's folder; None where it is not in it."""
        if path.begins_with(self.client):
            return path.parts[len(self.client.parts) :]
        drive = DrivePath.of(path)
        return None if drive is None or self.drive is None else drive.below(self.drive)

    def client_folder(self, like: ClientPath | None) -> ClientPath:
        """Return the client's folder, in the notation of ``like`` where both are on the same drive."""
        if like is None or self.drive is None or like.begins_with(self.client):
            return self.client
        drive = DrivePath.of(like)
        if drive is None or drive.letter != self.drive.letter:
            return self.client
        return replace(drive.root, parts=(*drive.root.parts, *self.drive.parts))


class PathRules:
    """Maps paths of clients to paths of this host, and back.

    Args:
        rules: pairs of a folder as clients write it and the same folder on this host. A folder on a drive of Windows
            covers all notations for it (`DrivePath`). The innermost fitting folder wins, in both directions; of equal
            ones that in the notation of the path, then the first. POSIX paths that no rule fits stay as they are.

    Raises:
        SettingsError: a client folder is not an absolute path.
    """

    def __init__(self, rules: Iterable[tuple[str, Path]]) -> None:
        self._rules = tuple(_rule(client, host) for client, host in rules)

    @property
    def hosts(self) -> tuple[Path, ...]:
        """The folders of this host that rules lead to."""
        return tuple(rule.host for rule in self._rules)

    def to_host(self, path: ClientPath) -> Path | None:
        """Return where ``path`` is on this host; None if no rule knows. Says nothing about what is there."""
        rule = self._rule_for(path)
        if rule is not None:
            return rule.host.joinpath(*(rule.below(path) or ()))
        return Path("/", *path.parts) if path.kind is PathKind.POSIX else None

    def to_client(self, path: Path, like: ClientPath | None = None) -> str | None:
        """Return ``path`` as clients write it; None if no rule leads to a folder above it.

        Args:
            path: absolute path on this host.
            like: a path of the same client; the rule that fits it is preferred, so that a Windows client gets Windows
                paths.
        """
        fitting = [rule for rule in self._rules if path.is_relative_to(rule.host)]
        if not fitting:
            return None
        own = None if like is None else self._rule_for(like)
        same_kind = [rule for rule in fitting if like is not None and rule.client.kind is like.kind]
        candidates = [own] if own is not None and own in fitting else same_kind or fitting
        best = max(candidates, key=lambda rule: len(rule.host.parts))
        return best.client_folder(like).joined(path.relative_to(best.host).parts)

    def _rule_for(self, path: ClientPath) -> _Rule | None:
        fitting = [(len(below), rule) for rule in self._rules if (below := rule.below(path)) is not None]
        nearest = min(fitting, key=lambda found: (found[0], not path.begins_with(found[1].client)), default=None)
        return None if nearest is None else nearest[1]


def _rule(client: str, host: Path) -> _Rule:
    try:
        parsed = ClientPath.parse(client)
        return _Rule(parsed, DrivePath.of(parsed), Path(host).absolute())
    except MediaPathError as error:
        raise SettingsError(f"media.rules: {error}, got {client!r}") from error
