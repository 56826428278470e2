"""Delivers messages: one request, no redirects."""

import http.client
import ssl
import time
from dataclasses import dataclass

from tracker_service.jobs.webhooks.destination import Destination
from tracker_service.jobs.webhooks.message import WebhookMessage

_USER_AGENT = "phalp-triton"
_READ_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended.

    Attributes:
        accepted: the receiver has answered with a status from 200 to 299.
        gone: it has answered 410: it will never want this again.
        problem: what went wrong, None where nothing did.
    """

    accepted: bool
    gone: bool = False
    problem: str | None = None


def deliver(destination: Destination, message: WebhookMessage, secret: str, seconds: float) -> Outcome:
    """Post a message once.

    Args:
        destination: where it goes.
        message: what is posted.
        secret: signs it.
        seconds: time for connecting, and for each piece of the answer.
    """
    target = destination.path + (f"?{destination.query}" if destination.query else "")
    headers = {**message.headers(secret, int(time.time())), "User-Agent": _USER_AGENT, "Connection": "close"}
    connection = _connection(destination, seconds)
    try:
        connection.request("POST", target, message.body, headers)
        answer = connection.getresponse()
        answer.read(_READ_BYTES)
    except (OSError, http.client.HTTPException) as error:
        return Outcome(accepted=False, problem=f"{type(error).__name__}: {error}")
    finally:
        connection.close()
    if 200 <= answer.status < 300:
        return Outcome(accepted=True)
    return Outcome(accepted=False, gone=answer.status == 410, problem=f"status {answer.status}")


def _connection(destination: Destination, seconds: float) -> http.client.HTTPConnection:
    if destination.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(destination.host, destination.port, timeout=seconds, context=context)
    return http.client.HTTPConnection(destination.host, destination.port, timeout=seconds)
