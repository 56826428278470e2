"""Which model of a name is loaded right now, as far as can be told from outside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded model.

    Attributes:
        version: of the model, the name of its folder.
        file: name of its file in that folder.
        config: how it is served; empty in this process.
        requests: how many it has answered since it was loaded; 0 in this process, which loads a model once.
    """

    version: str
    file: str
    config: bytes = b""
    requests: int = 0

    def replaced_by(self, now: "LoadedModel") -> bool:
        """Tell whether ``now``, seen later, is another model or was loaded again: its count begins anew."""
        same = (self.version, self.file, self.config) == (now.version, now.file, now.config)
        return not same or now.requests < self.requests
