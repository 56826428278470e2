"""Rules that say where the folders of clients are on this host."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tracker_service.errors import MediaPathError, SettingsError
from tracker_service.media.client_path import ClientPath, PathKind


@dataclass(frozen=True, slots=True)
class _Rule:
    client: ClientPath
    host: Path


class PathRules:
    """Maps paths of clients to paths of this host, and back.

    Args:
        rules: pairs of a folder as clients write it and the same folder on this host. The longest fitting folder
            wins, in both directions; of equally long ones the first. POSIX paths that no rule fits stay as they are.

    Raises:
        SettingsError: a client folder is not an absolute path.
    """

    def __init__(self, rules: Iterable[tuple[str, Path]] = ()) -> None:
        self._rules = tuple(_rule(client, host) for client, host in rules)

    @property
    def hosts(self) -> tuple[Path, ...]:
        """The folders of this host that rules lead to."""
        return tuple(rule.host for rule in self._rules)

    def to_host(self, path: ClientPath) -> Path | None:
        """Return where ``path`` is on this host; None if no rule knows. Says nothing about what is there."""
        rule = self._rule_for(path)
        if rule is not None:
            return rule.host.joinpath(*path.parts[len(rule.client.parts) :])
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
        return best.client.joined(path.relative_to(best.host).parts)

    def _rule_for(self, path: ClientPath) -> _Rule | None:
        fitting = (rule for rule in self._rules if path.begins_with(rule.client))
        return max(fitting, key=lambda rule: len(rule.client.parts), default=None)


def _rule(client: str, host: Path) -> _Rule:
    try:
        return _Rule(ClientPath.parse(client), Path(host).absolute())
    except MediaPathError as error:
        raise SettingsError(f"media.rules: {error}, got {client!r}") from error
