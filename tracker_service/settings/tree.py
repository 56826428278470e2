"""One tree of settings, read once at the edge.

Sources, later wins: defaults of the rooms, values that suit the model set, environment
(``PHALP_TRITON_PHALP__N_INIT=3``), ``key=value`` overrides of the command line.
"""

import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tracker_service.errors import SettingsError
from tracker_service.model_sets import COLOUR_SCALE, LITE, model_set
from tracker_service.settings.groups import (
    ApiSettings,
    BulkSettings,
    CameraSettings,
    InferenceSettings,
    JobSettings,
    LimitSettings,
    LiveSettings,
    MediaSettings,
    PhalpSettings,
    PipelineSettings,
    QualitySettings,
    RefinementSettings,
    RenderSettings,
    SecondLookSettings,
    ServiceSettings,
    SessionSettings,
    TelemetrySettings,
    VideoSettings,
    WebhookSettings,
)
from tracker_service.settings.known_names import check_environment, did_you_mean, dotted_keys
from tracker_service.settings.other_names import OTHER_NAMES, with_present_names

_PREFIX, _DELIMITER = "PHALP_TRITON_", "__"


class _ModelSetDefaults(PydanticBaseSettingsSource):
    """Values of ``phalp`` that suit the chosen models: the weakest source but for the defaults of the rooms."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Return nothing: all values come at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        given = self.current_state.get("phalp")
        if given is not None and not isinstance(given, Mapping):
            return {}
        name = self.current_state.get("model_set", LITE.name)
        if not isinstance(name, str):
            return {}  # the error that follows says so
        defaults = dict(model_set(name).defaults)
        if given is not None and given.get("appearance") == "color":
            defaults["appearance_scale"] = COLOUR_SCALE
        return {"phalp": defaults}


class Settings(BaseSettings):
    """All settings; frozen, unknown names are errors. Groups are explained where they are declared.

    Attributes:
        model_set: the models to run.
        detect_shots: look for shot changes.
        overwrite: replace results that are there.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter=_DELIMITER, extra="forbid", frozen=True)

    model_set: str = LITE.name
    detect_shots: bool = False
    overwrite: bool = True
    phalp: PhalpSettings = PhalpSettings()
    camera: CameraSettings = CameraSettings()
    second_look: SecondLookSettings = SecondLookSettings()
    quality: QualitySettings = QualitySettings()
    video: VideoSettings = VideoSettings()
    render: RenderSettings = RenderSettings()
    refinement: RefinementSettings = RefinementSettings()
    inference: InferenceSettings = InferenceSettings()
    pipeline: PipelineSettings = PipelineSettings()
    service: ServiceSettings = ServiceSettings()
    api: ApiSettings = ApiSettings()
    limits: LimitSettings = LimitSettings()
    sessions: SessionSettings = SessionSettings()
    live: LiveSettings = LiveSettings()
    jobs: JobSettings = JobSettings()
    bulk: BulkSettings = BulkSettings()
    webhooks: WebhookSettings = WebhookSettings()
    media: MediaSettings = MediaSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @model_validator(mode="before")
    @classmethod
    def _present_names(cls, values: Any) -> Any:
        return with_present_names(values) if isinstance(values, dict) else values

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the model set's values behind what the user gives."""
        return init_settings, env_settings, _ModelSetDefaults(settings_cls)


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Build the settings from environment and a nested dict of overrides; None stands for the default.

    Raises:
        SettingsError: a name is unknown, also that of a variable of the environment, or a value cannot be used; one
            line that names the key, what was expected and what came, or the nearest known name.
    """
    keys = dotted_keys(Settings.model_fields)
    check_environment(os.environ, _PREFIX, _DELIMITER, [*keys, *OTHER_NAMES])
    try:
        return Settings(**_without_nulls(overrides or {}))
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(dict(problem), keys) for problem in error.errors())) from error


def _without_nulls(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_nulls(value) if isinstance(value, Mapping) else value
        for name, value in tree.items()
        if value is not None
    }


def _describe(problem: dict[str, Any], keys: list[str]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"setting: unknown key {key!r}{did_you_mean(key, keys)}"
    return f"setting {key}: {problem['msg'][:1].lower()}{problem['msg'][1:]}, got {problem.get('input')!r}"
