"""The rate of image folders: the setting, MOTChallenge's ``seqinfo.ini``, else 30 frames a second."""

from pathlib import Path

import pytest
from PIL import Image

from tests.video.clips import index_image, read_index
from tracker_service.errors import SettingsError, VideoFormatError
from tracker_service.settings import load_settings
from tracker_service.video.source import open_source
from tracker_service.wiring.track import open_video


def sequence(folder: Path, info: str | None, images: str = "img1") -> Path:
    """Write a sequence of three images as the MOTChallenge lays it out."""
    (folder / images).mkdir(parents=True)
    for number in range(3):
        Image.fromarray(index_image(number)).save(folder / images / f"{number:06d}.jpg")
    if info is not None:
        (folder / "seqinfo.ini").write_text(f"[Sequence]\nname=PETS\n{info}\n")
    return folder


@pytest.mark.parametrize("given", ["", "img1"])
def test_a_sequence_folder_or_its_images_come_at_the_rate_of_the_sequence(tmp_path: Path, given: str) -> None:
    folder = sequence(tmp_path / "PETS", "imDir=img1\nframeRate=7\nseqLength=3")
    with open_source(folder / given) as source:
        assert source.info.name == (given or "PETS")
        assert source.info.fps == pytest.approx(7)
        frames = list(source)
        assert source.warnings == ()
    assert [read_index(frame.image) for frame in frames] == [0, 1, 2]
    assert [frame.timestamp for frame in frames] == pytest.approx([0, 1 / 7, 2 / 7])


@pytest.mark.parametrize(
    ("info", "images", "rate"), [("imDir=left\nframeRate=14.5", "left", 14.5), ("", "img1", 30), (None, "img1", 30)]
)
def test_the_images_are_where_the_sequence_says_or_in_img1(
    tmp_path: Path, info: str | None, images: str, rate: float
) -> None:
    with open_source(sequence(tmp_path / "s", info, images)) as source:
        assert source.info.fps == pytest.approx(rate)
        assert len(list(source)) == 3


def test_the_setting_wins_over_the_sequence(tmp_path: Path) -> None:
    folder = sequence(tmp_path / "s", "frameRate=7")
    for settings, rate in ((load_settings(), 7), (load_settings({"video": {"fps": 12.5}}), 12.5)):
        with open_video(settings, str(folder)) as source:
            assert source.info.fps == pytest.approx(rate)


def test_another_folder_beside_the_sequences_images_keeps_its_own_rate(tmp_path: Path) -> None:
    folder = sequence(sequence(tmp_path / "s", "frameRate=7"), None, "masks")
    with open_source(folder / "masks") as source:
        assert source.info.fps == pytest.approx(30)


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ("frameRate=fast", "frameRate of more than 0 and at most 1000, got 'fast'"),
        ("frameRate=0", "frameRate of more than 0"),
        ("frameRate=nan", "frameRate of more than 0"),
        ("imDir=../other\nframeRate=7", "imDir to name a folder beside it"),
        ("imDir=img2", "imDir to name a folder beside it, got 'img2'"),
        ("[", "expected a section"),
        ("no setting", "expected a section"),
    ],
)
def test_a_sequence_file_that_cannot_be_used_is_refused(tmp_path: Path, info: str, message: str) -> None:
    with pytest.raises(VideoFormatError, match=rf"seqinfo\.ini: .*{message}") as refusal:
        open_source(sequence(tmp_path / "s", info))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("rate", [0, -5, 1001])
def test_a_rate_that_cannot_be_used_is_refused(rate: float) -> None:
    with pytest.raises(SettingsError, match="fps"):
        load_settings({"video": {"fps": rate}})
