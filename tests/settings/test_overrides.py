"""Settings and ``key=value`` overrides."""

import logging
from pathlib import Path

import pytest

from tracker_service.errors import SettingsError
from tracker_service.media.media_parameters import PathRule
from tracker_service.settings import load_settings
from tracker_service.settings.overrides import is_override, parse_overrides, setting_keys


def test_upstream_names_reach_the_settings() -> None:
    settings = load_settings(
        parse_overrides(["phalp.low_th_c=0.5", "video.start_frame=50", "render.type=HUMAN_BBOX", "+use_gt=true"])
    )
    assert settings.phalp.low_th_c == 0.5
    assert settings.video.start_frame == 50
    assert settings.render.type == "HUMAN_BBOX"
    assert settings.phalp.use_gt is True


def test_lists_and_objects_are_given_as_json() -> None:
    rules = '[{"client": "C:/Users", "host": "/videos/users"}]'
    media = load_settings(parse_overrides(['media.roots=["/videos", "/more"]', f"media.rules={rules}"])).media
    assert media.roots == (Path("/videos"), Path("/more"))
    assert media.rules == (PathRule(client="C:/Users", host=Path("/videos/users")),)


def test_a_list_that_is_no_json_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"media\.roots: expected JSON"):
        parse_overrides(["media.roots=[/videos]"])


def test_the_last_of_equal_keys_wins_and_null_means_the_default() -> None:
    tree = parse_overrides(["phalp.n_init=3", "phalp.n_init=2", "phalp.predict=null"])
    settings = load_settings(tree)
    assert settings.phalp.n_init == 2
    assert settings.phalp.predict == "APL"


def test_overrides_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHALP_TRITON_PHALP__N_INIT", "9")
    monkeypatch.setenv("PHALP_TRITON_PHALP__MAX_AGE_TRACK", "20")
    settings = load_settings(parse_overrides(["phalp.n_init=2"]))
    assert settings.phalp.n_init == 2
    assert settings.phalp.max_age_track == 20


def test_upstreams_device_chooses_what_runs_the_models() -> None:
    assert load_settings(parse_overrides(["device=cuda"])).inference.device == "cuda"


@pytest.mark.parametrize(
    "argument", ["render.colors=slahmr", "hmr.hmar_path=/x", "video.extract_video=false", "seed=1"]
)
def test_keys_that_steer_nothing_here_are_accepted_with_a_warning(
    argument: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse_overrides([argument]) == {}
    assert "has no effect here" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["phalp.low_th=0.5"], r"unknown key 'phalp\.low_th'; did you mean phalp\.low_th_c\?"),
        (["nonsense"], "expected key=value, got 'nonsense'"),
        (["zzz.qqq=1"], "unknown key 'zzz.qqq'$"),
        (["phalp.low_th_c=high"], r"setting phalp\.low_th_c: .*valid number.*got 'high'"),
        (["phalp.low_th_c=2"], r"setting phalp\.low_th_c: .*less than or equal to 1, got '2'"),
        (
            ["inference.device=npu"],
            r"^setting inference\.device: input should be 'auto', 'cpu', [^;]* or 'directml', got 'npu'$",
        ),
        (["phalp.n_init=0", "pipeline.window=0"], r"phalp\.n_init.*; setting pipeline\.window"),
    ],
)
def test_a_bad_override_says_what_was_expected(arguments: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(parse_overrides(arguments))


@pytest.mark.parametrize(
    ("argument", "expected"),
    [("phalp.n_init=3", True), ("a=b=c", True), ("video.mp4", False), ("./a=b.mp4", False), ("--out=x", False)],
)
def test_overrides_are_distinguished_from_file_names(argument: str, expected: bool) -> None:
    assert is_override(argument) is expected


def test_every_documented_key_can_be_given() -> None:
    keys = setting_keys()
    assert {"model_set", "phalp.low_th_c", "video.source", "render.enable", "pipeline.window"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_upstreams_keys_without_effect_are_named_once_and_weights_have_their_place_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        parse_overrides(["seed=1", "hmr2.checkpoint=/x.ckpt", "seed=2"])
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "override seed, hmr2.checkpoint have no effect here",
        "weights are not read while tracking",
    ]
    assert "export hmr2 --checkpoint FILE" in caplog.text


def test_an_unknown_key_of_the_library_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match=r"unknown key 'phalp\.ninit'; did you mean phalp\.n_init\?"):
        load_settings({"phalp": {"ninit": 3}})


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("PHALP_TRITON_PHALP_N_INIT", "PHALP_TRITON_PHALP__N_INIT"),
        ("PHALP_TRITON_PHALP__NINIT", "PHALP_TRITON_PHALP__N_INIT"),
        ("PHALP_TRITON_MODELSET", "PHALP_TRITON_MODEL_SET"),
        ("phalp_triton_service_port", "PHALP_TRITON_SERVICE__PORT"),
    ],
)
def test_a_misspelt_variable_is_an_error_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, nearest: str
) -> None:
    monkeypatch.setenv(variable, "3")
    with pytest.raises(SettingsError, match=rf"environment: unknown setting {variable}; did you mean {nearest}\?"):
        load_settings()


def test_variables_of_the_export_and_those_that_kubernetes_adds_for_services_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    for name in ("EXPORT_WEIGHTS", "SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT_8000_TCP_ADDR", "TRITON_PORT", "PORT"):
        monkeypatch.setenv(f"PHALP_TRITON_{name}", "tcp://10.0.0.1:8000")
    assert load_settings().service.port == 8000


def test_a_group_may_come_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHALP_TRITON_PHALP", '{"n_init": 3}')
    assert load_settings().phalp.n_init == 3
