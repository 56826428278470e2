"""API keys: which client a request comes from."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Self

from starlette.datastructures import Headers

from tracker_service.api.service_parameters import ServiceParameters
from tracker_service.errors import SettingsError

_SHORTEST = 16


class ApiKeys:
    """Compares keys by their SHA-256, in constant time.

    Args:
        keys: the keys; with none, every request is accepted.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = tuple(dict.fromkeys(_digest(key) for key in keys))

    @classmethod
    def of_settings(cls, settings: ServiceParameters) -> Self:
        """Return the keys of the settings and of the key file.

        Raises:
            SettingsError: the file cannot be read, or a key is too short to be one.
        """
        keys = [key.get_secret_value() for key in settings.api_keys]
        if settings.api_keys_file is not None:
            try:
                lines = settings.api_keys_file.read_text().splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"service.api_keys_file: cannot read {settings.api_keys_file}: {error}") from error
            keys += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
            if not keys:
                raise SettingsError(f"service.api_keys_file: expected a key a line in {settings.api_keys_file}")
        for key in keys:
            if len(key) < _SHORTEST:
                raise SettingsError(f"service.api_keys: expected at least {_SHORTEST} characters, got {len(key)}")
        return cls(keys)

    @property
    def required(self) -> bool:
        """Whether a request needs a key."""
        return bool(self._digests)

    def name(self, headers: Headers) -> str | None:
        """Return a name for the key in ``headers``, from which the key cannot be read, or None for no known key."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self.name_of(token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", ""))

    def name_of(self, key: str) -> str | None:
        """Return a name for a key, from which it cannot be read, or None for no known key."""
        sent = _digest(key)
        matches = [hmac.compare_digest(sent, digest) for digest in self._digests]
        return f"key-{sent.hex()[:8]}" if any(matches) else None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
