"""What a failed request means: which of our errors it is, and whether asking again can help."""

from dataclasses import dataclass
from enum import Enum, auto

from tritonclient.utils import InferenceServerException

from tracker_service.errors import (
    InferenceError,
    InferenceFailedError,
    InferenceOverloadedError,
    InferenceTimeoutError,
    InferenceUnavailableError,
    ModelContractError,
    ModelNotFoundError,
)


class Remedy(Enum):
    """What may make the same request succeed."""

    NONE = auto()
    RETRY = auto()
    RELOAD = auto()
    """The server is loading the model, or may restart its process; not waited for as long."""
    REGISTER = auto()
    """The server was restarted and does not know our shared memory."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request.

    Attributes:
        error: what the caller gets when no retry succeeds.
        remedy: what may help.
        reason: what came, without our words around it.
        answered: the server itself ended the request, so it is alive and no longer touches the request's memory.
    """

    error: InferenceError
    remedy: Remedy
    reason: str
    answered: bool


def classify(error: InferenceServerException, model: str, address: str, *, known: bool) -> Failure:
    """Return what ``error`` of a request for ``model`` means.

    Args:
        error: what tritonclient raised.
        model: name of the model.
        address: the server, for the message.
        known: whether this server has answered for the model before.
    """
    code = str(error.status() or "").removeprefix("StatusCode.")
    text = _one_line(str(error.message()))
    kind, remedy, answered, prefix = _meaning(code, text, known=known)
    error_text = f"model {model} on Triton {address}: {prefix}{text}"
    return Failure(kind(error_text), remedy, text, answered)


def _meaning(code: str, text: str, *, known: bool) -> tuple[type[InferenceError], Remedy, bool, str]:
    """Return error class, remedy, whether the server answered, and words to put before the server's own."""
    if "shared memory region" in text and code in ("NOT_FOUND", "INVALID_ARGUMENT"):
        return InferenceUnavailableError, Remedy.REGISTER, True, ""
    if code == "UNAVAILABLE" and ("maximum queue size" in text or "Request timeout expired" in text):
        return InferenceOverloadedError, Remedy.RETRY, True, "the queue is full: "
    if code == "NOT_FOUND":
        # "No available versions" is a model between unload and load, or one that failed to load.
        away = known or "no available versions" in text
        return ModelNotFoundError, Remedy.RELOAD if away else Remedy.NONE, True, ""
    if code == "INTERNAL" and "Stub process" in text:
        # A python-based model whose process died: it answers this until somebody reloads it.
        return InferenceFailedError, Remedy.RELOAD, True, ""
    if code == "INVALID_ARGUMENT" and "does not exist in request" in text:
        # The server lost an input: all are checked before they are sent, and it refuses a request without one in other
        # words. Whether it still reads the memory is not known.
        return InferenceFailedError, Remedy.RELOAD, False, ""
    # Anything not listed: messages above a proxy's limit, servers that are not Triton.
    return _BY_CODE.get(code, (InferenceFailedError, Remedy.NONE, False, f"{code or 'error'}: "))


_BY_CODE: dict[str, tuple[type[InferenceError], Remedy, bool, str]] = {
    "UNAVAILABLE": (InferenceUnavailableError, Remedy.RETRY, False, "no connection: "),
    "DEADLINE_EXCEEDED": (InferenceTimeoutError, Remedy.RETRY, False, "no answer in time: "),
    "CANCELLED": (InferenceUnavailableError, Remedy.RETRY, False, "the server cancelled: "),
    "INVALID_ARGUMENT": (ModelContractError, Remedy.NONE, True, ""),
    "INTERNAL": (InferenceFailedError, Remedy.NONE, True, ""),
}


def _one_line(text: str) -> str:
    line = " ".join(text.replace("[request id: <id_unknown>]", "").split())
    # gRPC repeats the address in front of the reason.
    return line.rsplit("Failed to connect to remote host: ", 1)[-1][:300]
