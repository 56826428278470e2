import pytest


@pytest.fixture(autouse=True)
def quiet_av1_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    # SVT-AV1 prints its configuration to stderr whatever FFmpeg's log level is.
    monkeypatch.setenv("SVT_LOG", "1")
