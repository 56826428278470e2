"""One tree of settings, read once at the edge; the rooms get their own small parameter objects from it.

Sources, later wins: defaults, environment (``PHALP_TRITON_PHALP__N_INIT=3``), ``key=value`` overrides of the command
line.
"""

from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tracker_service.errors import SettingsError
from tracker_service.settings.serving import (
    JobSettings,
    LimitSettings,
    MediaSettings,
    ServiceSettings,
    SessionSettings,
)
from tracker_service.settings.tracking import (
    InferenceSettings,
    PhalpSettings,
    PipelineSettings,
    RefinementSettings,
    RenderSettings,
    VideoSettings,
)


class Settings(BaseSettings):
    """All settings; frozen, unknown names are errors."""

    model_config = SettingsConfigDict(
        env_prefix="PHALP_TRITON_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    model_set: str = "lite"
    detect_shots: bool = False
    use_gt: bool = False
    overwrite: bool = True
    phalp: PhalpSettings = PhalpSettings()
    video: VideoSettings = VideoSettings()
    render: RenderSettings = RenderSettings()
    refinement: RefinementSettings = RefinementSettings()
    inference: InferenceSettings = InferenceSettings()
    pipeline: PipelineSettings = PipelineSettings()
    service: ServiceSettings = ServiceSettings()
    limits: LimitSettings = LimitSettings()
    sessions: SessionSettings = SessionSettings()
    jobs: JobSettings = JobSettings()
    media: MediaSettings = MediaSettings()


def load_settings(overrides: dict[str, Any] | None = None) -> Settings:
    """Build the settings from environment and a nested dict of overrides.

    Raises:
        SettingsError: a value cannot be used; one line that names the key, what was expected and what came.
    """
    try:
        return Settings(**(overrides or {}))
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(dict(problem)) for problem in error.errors())) from error


def _describe(problem: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    return f"setting {key}: {problem['msg'][:1].lower()}{problem['msg'][1:]}, got {problem.get('input')!r}"
