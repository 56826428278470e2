"""Settings of webhooks."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt
from pydantic import SecretStr

from tracker_service.errors import SettingsError
from tracker_service.types.bounds import check_bounds

_SHORTEST_SECRET = 16


@dataclass(frozen=True)
class WebhookParameters:
    """Who may be told of the end of a job, and how often that is tried.

    Attributes:
        allow: beginnings of URLs that may be called, as ``https://backend.example.com/hooks``; none allows no webhook.
        secret: signs every delivery, so that receivers know who calls; ``whsec_`` and base64, or any text.
        answer_seconds: time for a receiver to answer. Raising it tolerates slower ones.
        first_retry_seconds: pause after the first failed try; it doubles with each further one.
        longest_retry_seconds: longest pause. Raising it calls broken receivers less often and notices later that they
            are back.
        give_up_seconds: time after the end of a job in which it is tried. Raising it survives longer outages.
    """

    allow: tuple[str, ...] = ()
    secret: SecretStr | None = None
    answer_seconds: Annotated[float, Gt(0)] = 10.0
    first_retry_seconds: Annotated[float, Gt(0)] = 5.0
    longest_retry_seconds: Annotated[float, Gt(0)] = 3600.0
    give_up_seconds: Annotated[float, Ge(0)] = 3 * 86400.0

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.allow and (self.secret is None or len(self.secret.get_secret_value()) < _SHORTEST_SECRET):
            raise SettingsError(
                f"webhooks.secret: expected at least {_SHORTEST_SECRET} characters where webhooks.allow has an entry"
            )
