"""Which paths of clients lead to which files."""

import os
from pathlib import Path

import pytest

from tests.media.conftest import Volumes
from tracker_service.errors import MediaForbiddenError, MediaPathError, SettingsError
from tracker_service.media import MediaFiles, PathRules


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\Users\me\clip.mov", "media/me/clip.mov"),
        (r"c:\Users\me\clip.mov", "media/me/clip.mov"),
        (r"C:\USERS\ME\clip.mov", "media/me/clip.mov"),
        ("C:/Users/me/clip.mov", "media/me/clip.mov"),
        (r"C:/Users\me//.\clip.mov", "media/me/clip.mov"),
        (r"\\?\C:\Users\me\clip.mov", "media/me/clip.mov"),
        (r"C:\Users\me\deep\er\clip.mov", "media/me/deep/er/clip.mov"),
        (r"C:\Users\me\clips\clip.mov", "media/clips/clip.mov"),
        ("/mnt/c/Users/me/clip.mov", "media/me/clip.mov"),
        ("/mnt/C/users/ME/clip.mov", "media/me/clip.mov"),
        ("/mnt/c/Users/me/clips/clip.mov", "media/clips/clip.mov"),
        ("/c/Users/me/clip.mov", "media/me/clip.mov"),
        ("/C/Users/me/clip.mov", "media/me/clip.mov"),
        ("/cygdrive/c/Users/me/clip.mov", "media/me/clip.mov"),
        (r"\\wsl$\Ubuntu\mnt\c\Users\me\clip.mov", "media/me/clip.mov"),
        (r"\\wsl$\Ubuntu\home\me\clip.mov", "media/wsl/clip.mov"),
        (r"\\wsl.localhost\Ubuntu\home\me\clip.mov", "media/wsl/clip.mov"),
        ("//wsl$/ubuntu/home/me/clip.mov", "media/wsl/clip.mov"),
        (r"\\NAS\Videos\clip.mov", "media/nas/clip.mov"),
        (r"\\?\UNC\nas\videos\clip.mov", "media/nas/clip.mov"),
        ("{shared}/clip.mov", "shared/clip.mov"),
        ("{shared}/ünï cödé 😀.mov", "shared/ünï cödé 😀.mov"),
        ("{shared}/inside.mov", "media/me/clip.mov"),
        ("{shared}/missing.mov", MediaPathError),
        ("{shared}/dangling.mov", MediaPathError),
        ("{shared}/loop", MediaPathError),
        ("{shared}/clip.mov/more", MediaPathError),
        ("{shared}", MediaPathError),
        ("{media}/me", MediaPathError),
        ("{shared}/pipe", MediaPathError),
        ("{shared}/../shared/clip.mov", MediaPathError),
        (r"C:\Users\me\..\you\clip.mov", MediaPathError),
        ("{shared}/clip.mov\0.txt", MediaPathError),
        ("{shared}/clip\n.mov", MediaPathError),
        ("{shared}/\ud800.mov", MediaPathError),
        ("{shared}/" + "a" * 256, MediaPathError),
        ("{shared}/" + "a/" * 3000, MediaPathError),
        ("{shared}" + "/a" * 1900, MediaPathError),
        ("", MediaPathError),
        ("   ", MediaPathError),
        ("clip.mov", MediaPathError),
        ("./clip.mov", MediaPathError),
        ("C:clip.mov", MediaPathError),
        (r"C:\Users\me\clip.mov:stream", MediaPathError),
        (r"\\.\PhysicalDrive0", MediaPathError),
        (r"\\nas", MediaPathError),
        ("file:///etc/passwd", MediaPathError),
        ("http://example.org/clip.mov", MediaPathError),
        ("{shared}/out.mov", MediaForbiddenError),
        ("{shared}/out/clip.mov", MediaForbiddenError),
        ("{shared}/out/missing.mov", MediaForbiddenError),
        ("{shared}/up/secret/clip.mov", MediaForbiddenError),
        ("{shared}/device", MediaForbiddenError),
        ("{secret}/clip.mov", MediaForbiddenError),
        ("{secret}/missing.mov", MediaForbiddenError),
        ("{shared}suffix/clip.mov", MediaForbiddenError),
        ("/etc/passwd", MediaForbiddenError),
        ("/dev/zero", MediaForbiddenError),
        ("/proc/self/environ", MediaForbiddenError),
        ("/", MediaForbiddenError),
        (r"D:\clip.mov", MediaForbiddenError),
        (r"C:\Users\you\clip.mov", MediaForbiddenError),
        (r"C:\Users\mean\clip.mov", MediaForbiddenError),
        ("/mnt/d/Users/me/clip.mov", MediaForbiddenError),
        ("/mnt/c/Users/you/clip.mov", MediaForbiddenError),
        ("/mnt/Users/me/clip.mov", MediaForbiddenError),
        ("/cc/Users/me/clip.mov", MediaForbiddenError),
        ("/mnt/c/Users/me/../you/clip.mov", MediaPathError),
    ],
)
def test_a_path_leads_to_its_file_or_to_an_error(
    volumes: Volumes, path: str, expected: str | type[MediaPathError]
) -> None:
    sent = path.format(shared=volumes.shared, media=volumes.media, secret=volumes.secret) if "{" in path else path
    if isinstance(expected, str):
        found = volumes.files().find(sent)
        assert found.path == volumes.media.parent / expected
        assert found.shown == sent
    else:
        with pytest.raises(MediaPathError) as error:
            volumes.files().find(sent)
        assert error.type is expected
        assert "\n" not in str(error.value)


def test_a_missing_file_inside_the_roots_is_reported_under_the_clients_own_name(volumes: Volumes) -> None:
    with pytest.raises(MediaPathError) as error:
        volumes.files().find(r"C:\Users\me\missing.mov")
    assert str(error.value) == r"Video file not found: C:\Users\me\missing.mov"


def test_a_file_that_may_not_be_read_is_reported_under_the_clients_own_name(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    hidden = tmp_path / "hidden.mov"
    hidden.touch(mode=0)
    with pytest.raises(MediaPathError, match="cannot be read"):
        MediaFiles([tmp_path], PathRules([])).find(str(hidden))


def test_without_roots_no_path_is_opened(volumes: Volumes) -> None:
    with pytest.raises(MediaForbiddenError):
        MediaFiles([], PathRules([])).find(str(volumes.shared / "clip.mov"))


def test_a_root_that_is_a_link_holds_what_it_points_to(volumes: Volumes, tmp_path: Path) -> None:
    link = tmp_path / "videos"
    link.symlink_to(volumes.shared)
    found = MediaFiles([link], PathRules([])).find(f"{link}/clip.mov")
    assert found.path == volumes.shared / "clip.mov"


def test_a_root_that_appears_later_is_used(tmp_path: Path) -> None:
    files = MediaFiles([tmp_path / "volume"], PathRules([]))
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume" / "clip.mov").touch()
    assert files.find(f"{tmp_path}/volume/clip.mov").path == tmp_path / "volume" / "clip.mov"


def test_a_rule_that_leads_out_of_the_roots_is_refused_at_the_start(volumes: Volumes) -> None:
    with pytest.raises(SettingsError, match=r"below media\.roots"):
        MediaFiles([volumes.media], PathRules([("C:/", volumes.secret)]))


def test_a_rule_for_a_relative_client_folder_is_refused_at_the_start(volumes: Volumes) -> None:
    with pytest.raises(SettingsError, match=r"media\.rules"):
        PathRules([("videos", volumes.media)])


@pytest.mark.parametrize(
    "client", ["C:/Users/me", "c:\\USERS\\me\\", "/mnt/c/Users/me", "/c/Users/me", "/cygdrive/C/users/me"]
)
def test_a_rule_in_any_notation_for_a_windows_folder_covers_all_others(volumes: Volumes, client: str) -> None:
    files = MediaFiles([volumes.media], PathRules([(client, volumes.media / "me")]))
    for sent in (r"C:\Users\me\clip.mov", r"c:\users\ME\clip.mov", "/mnt/c/Users/me/clip.mov", "/c/Users/me/clip.mov"):
        assert files.find(sent).path == volumes.media / "me" / "clip.mov"


def test_of_two_rules_for_a_folder_the_one_in_the_paths_notation_wins(volumes: Volumes) -> None:
    files = MediaFiles(
        [volumes.media],
        PathRules([("C:/Users/me", volumes.media / "clips"), ("/mnt/c/Users/me", volumes.media / "me")]),
    )
    assert files.find("/mnt/c/Users/me/clip.mov").path == volumes.media / "me" / "clip.mov"
    assert files.find("C:/Users/me/clip.mov").path == volumes.media / "clips" / "clip.mov"


@pytest.mark.parametrize(
    ("host", "like", "expected"),
    [
        ("media/clips/jobs/a.pkl", r"C:\Users\me\clips\clip.mov", r"C:\Users\me\clips\jobs\a.pkl"),
        ("media/me/a.pkl", r"c:/users/me/clip.mov", r"C:\Users\me\a.pkl"),
        ("media/me/a.pkl", "/mnt/c/Users/me/clip.mov", "/mnt/c/Users/me/a.pkl"),
        ("media/me/jobs/a.pkl", "/C/users/me/clip.mov", "/C/Users/me/jobs/a.pkl"),
        ("media/clips/a.pkl", "/mnt/c/Users/me/clip.mov", "/mnt/c/Users/me/clips/a.pkl"),
        ("media/clips/a.pkl", r"C:\Users\me\clip.mov", r"C:\Users\me\clips\a.pkl"),
        ("media/wsl/a.pkl", r"\\wsl.localhost\Ubuntu\home\me\clip.mov", r"\\wsl$\ubuntu\home\me\a.pkl"),
        ("media/nas/a.pkl", None, r"\\nas\videos\a.pkl"),
        ("media/nas/a.pkl", "clip.mov", r"\\nas\videos\a.pkl"),
        ("shared/jobs/a.pkl", "{shared}/clip.mov", "{shared}/jobs/a.pkl"),
        ("shared/jobs/a.pkl", r"C:\Users\me\clip.mov", "{shared}/jobs/a.pkl"),
        ("media/unmapped/a.pkl", None, "{media}/unmapped/a.pkl"),
        ("secret/a.pkl", r"C:\Users\me\clip.mov", None),
        ("mediaother/a.pkl", None, None),
    ],
)
def test_a_result_is_named_as_the_client_sees_it(
    volumes: Volumes, host: str, like: str | None, expected: str | None
) -> None:
    def filled(text: str | None) -> str | None:
        return None if text is None else text.format(shared=volumes.shared, media=volumes.media)

    name = volumes.files().client_name(volumes.media.parent / host, filled(like))
    assert name == filled(expected)
