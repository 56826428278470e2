"""What is an address, what it is shown as, and what is refused."""

import pytest

from tracker_service.errors import SettingsError, VideoFormatError
from tracker_service.video.live.address import LiveAddress, is_address, shown_address
from tracker_service.video.live.pages import is_page
from tracker_service.video.source import open_source


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://camera/1", "rtsp://camera/1"),
        ("rtsp://admin:hunter2@10.0.0.9:8554/Streaming/101?channel=1", "rtsp://10.0.0.9:8554/Streaming/101?…"),
        ("RTSP://Camera/1", "rtsp://camera/1"),
        ("rtmp://live.example/app/stream-key-1", "rtmp://live.example/app/…"),
        ("http://cam/user=admin_password=hunter2_channel=1.sdp", "http://cam/…"),
        ("http://[::1]:8080/video.mjpg", "http://[::1]:8080/video.mjpg"),
        ("srt://host:9000?passphrase=hunter2", "srt://host:9000?…"),
    ],
)
def test_an_address_is_shown_without_what_opens_the_camera(text: str, shown: str) -> None:
    address = LiveAddress.parse(text)
    assert (address.url, address.shown) == (text, shown)


@pytest.mark.parametrize(
    ("text", "url", "scheme"),
    [
        ("-", "pipe:0", "pipe"),
        ("/dev/video3", "/dev/video3", "device"),
        ("0", "/dev/video0", "device"),
    ],
)
def test_devices_and_the_standard_input_are_sources(
    text: str, url: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    address = LiveAddress.parse(text)
    assert (address.url, address.scheme, address.ends) == (url, scheme, scheme == "pipe")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip.mp4", "expected an address, a device as /dev/video0 or 0, or -, got clip.mp4"),
        ("file:///etc/passwd", "expected one of .*, got file://"),
        ("concat://a:hunter2@b", "expected one of .*, got concat://"),
        ("rtsp://", "expected a host behind rtsp://, got none"),
        ("rtsp://user:hunter2@camera:port/1", "expected a well-formed address, got one that begins with rtsp://"),
        ("rtsp://[hunter2", "expected a well-formed address, got one that begins with rtsp://"),
    ],
)
def test_what_is_no_source_is_refused_without_showing_credentials(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        LiveAddress.parse(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["clip.mp4", "C:\\clips\\a.mp4", "C:/clips//a.mp4", "a:b", "//server/share", ""])
def test_paths_are_no_addresses(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize("text", ["rtsp://user:hunter2@camera/1", "foo://user:hunter2@bar"])
def test_an_address_is_never_taken_for_a_path(text: str) -> None:
    with pytest.raises(VideoFormatError, match="expected a file or folder, got an address") as caught:
        open_source(text)
    assert str(caught.value).startswith(shown_address(text))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://www.youtube.com/watch?v=x", True),
        ("https://youtu.be/x", True),
        ("https://m.youtube.com/x", True),
        ("https://notyoutube.com/x", False),
        ("rtsp://camera/youtube.com", False),
        ("0", False),
    ],
)
def test_pages_of_video_sites_are_known(url: str, page: bool) -> None:
    assert is_page(url) is page
