"""Settings of traces: where they go, and how much is traced."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Interval

from tracker_service.errors import SettingsError
from tracker_service.types.bounds import check_bounds

_MIB = 1024 * 1024


@dataclass(frozen=True)
class TracingParameters:
    """Where traces go, and how much is traced; without `otlp_url` and `span_file` nothing is.

    Attributes:
        otlp_url: address of a collector that takes OTLP over HTTP, as http://localhost:4318/v1/traces; none sends
            nothing. Needs the extra ``otel``.
        span_file: file to which finished spans are appended, one JSON object a line, for ``phalp-triton trace``; none
            writes none. Needs the extra ``otel``.
        span_file_bytes: size that it does not exceed; what comes later is lost. Raising it keeps more and takes more
            disk.
        traced_share: share of the requests and runs that are traced, where no ``traceparent`` of the caller decides.
            Raising it shows more and costs more.
        traced_windows: windows at the beginning of a video that are traced step by step; of those after them one in as
            many is. Raising it shows more of long videos and makes their traces larger.
    """

    otlp_url: str | None = None
    span_file: Path | None = None
    span_file_bytes: Annotated[int, Ge(1)] = 256 * _MIB
    traced_share: Annotated[float, Interval(ge=0, le=1)] = 1.0
    traced_windows: Annotated[int, Ge(1)] = 100

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.otlp_url is not None and not self.otlp_url.startswith(("http://", "https://")):
            raise SettingsError(f"otlp_url: expected http://HOST:4318/v1/traces, got {self.otlp_url!r}")

    @property
    def wanted(self) -> bool:
        """Whether anything is traced."""
        return self.otlp_url is not None or self.span_file is not None
