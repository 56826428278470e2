"""The rows of the zoo: what each odd file is, and what reading it gives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from tests.video.clips import HEIGHT, RATE, WIDTH
from tests.zoo import picture_files as pictures
from tests.zoo import video_files as videos
from tests.zoo.video_files import FRAMES, Clip

LAST = (FRAMES - 1) / RATE


SMOOTH = "scale=flags=bilinear+full_chroma_int+accurate_rnd"
"""Pictures with colours between the samples, as picture libraries show them; FFmpeg's default takes blocks."""
SQUARE = "scale=trunc(iw*sar+0.5):ih:flags=bicubic"
"""Pixels made square."""
FITTED = f"scale={WIDTH}:{HEIGHT}:flags=bicubic"
SDR = "scale=out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709:intent=relative_colorimetric"
"""HDR colours that SDR has are kept, brighter ones become white."""
ON_WHITE = "split[picture][sheet];[sheet]drawbox=c=white:t=fill[white];[white][picture]overlay=format=rgb"


@dataclass(frozen=True, slots=True)
class Row:
    """A file and what it gives.

    Attributes:
        name: of the file.
        make: writes it.
        size: width and height of the frames, pixels.
        frames: how many.
        first, last: their first and last timestamp, seconds.
        warning: part of the warnings; "" for none at all.
        error: part of the error; "" where frames come.
        shows: whether every frame must show its number (videos) or the four quarters (pictures).
        begins: number that the first frame shows.
        filters: FFmpeg's filters that show the file as it is meant, where its default does not.
        stream: the video stream that FFmpeg is told to take, None for its own choice.
        difference: largest mean difference of a frame from FFmpeg's, in 8-bit steps.
        compared: frames that FFmpeg reads, None for all.
    """

    name: str
    make: Callable[[Path], None]
    size: tuple[int, int] = (WIDTH, HEIGHT)
    frames: int = FRAMES
    first: float = 0.0
    last: float = LAST
    warning: str = ""
    error: str = ""
    shows: bool = True
    begins: int = 0
    filters: str = ""
    stream: int | None = None
    difference: float = 0.1
    compared: int | None = None


def refused(name: str, make: Callable[[Path], None], error: str) -> Row:
    """Return the row of a file that is refused."""
    return Row(name, make, frames=0, error=error)


def ended_early(name: str, clip: Clip, warning: str) -> Row:
    """Return the row of a clip whose file ends in the middle of frame 60."""
    return Row(name, videos.cut(clip, 60), frames=60, last=59 / RATE, warning=warning)


def one(name: str, make: Callable[[Path], None], **expected: object) -> Row:
    """Return the row of a single picture."""
    return Row(name, make, frames=1, last=0.0, **{"filters": SMOOTH, **expected})  # type: ignore[arg-type]


MPEG2 = Clip("mpeg2video")
MPEG4 = Clip("mpeg4")
HEVC = Clip("libx265")
VP9 = Clip("libvpx-vp9")
AV1 = Clip("libsvtav1")
PRORES = Clip("prores_ks", "yuv422p10le")
MJPEG = Clip("mjpeg", "yuvj420p", options={"strict": "unofficial"})
MJPEG_100 = replace(MJPEG, ticks=range(100), container={"movflags": "faststart"})
VP8_100 = Clip("libvpx", ticks=range(100), options={"g": "5"})
H264_100 = Clip(ticks=range(100), options={"g": "5"})
INTERLACED = Clip(options={"flags": "+ildct+ilme", "x264-params": "tff=1"})
WIDE = Clip(ratio=Fraction(4, 3))
NOT_SQUARE = "the pixels are not square"
TURNED = (HEIGHT, WIDTH)

CODECS = (
    Row("h264.mp4", Clip()),
    Row("h264.mov", Clip()),
    Row("h264.mkv", Clip()),
    Row("h264.avi", Clip()),
    Row("h264.ts", Clip()),
    Row("h264.flv", Clip()),
    Row("h264.3gp", Clip()),
    Row("hevc.mp4", HEVC),
    Row("hevc.mkv", HEVC),
    Row("mpeg4.avi", MPEG4),
    Row("mpeg4.mp4", MPEG4),
    Row("mpeg2.mpg", MPEG2),
    Row("mpeg2.ts", MPEG2),
    Row("mpeg2.vob", MPEG2),
    Row("mpeg1.mpg", Clip("mpeg1video")),
    Row("vp8.webm", Clip("libvpx")),
    Row("vp9.webm", VP9),
    Row("vp9.mp4", VP9),
    Row("av1.webm", AV1),
    Row("av1.mp4", AV1),
    Row("prores.mov", PRORES),
    Row("mjpeg.avi", MJPEG),
    Row("mjpeg.mov", MJPEG),
    Row("gif.gif", Clip("gif", "rgb8")),
    Row("ffv1.mkv", Clip("ffv1")),
    Row("rawvideo.avi", Clip("rawvideo", "bgr24")),
    Row("quicktime_animation.mov", Clip("qtrle", "rgb24")),
    Row("wmv2.wmv", Clip("wmv2")),
    Row("y4m.y4m", Clip("wrapped_avframe")),
    Row("vp9.ivf", VP9),
    Row("without_container.h264", Clip()),
    Row("without_container.hevc", HEVC),
    Row("without_container.m2v", MPEG2),
    Row("broadcast.mxf", MPEG2),
    Row("dnxhr.mov", Clip("dnxhd", "yuv422p", (256, 128), options={"profile": "dnxhr_hq"}), (256, 128)),
    Row(
        "camcorder.dv",
        Clip("dvvideo", size=(720, 576)),
        (768, 576),
        warning="720x576 are shown as 768x576",
        filters=SQUARE,
        difference=0.2,
    ),
    Row("divx.avi", Clip("msmpeg4")),
    Row("h263.3gp", Clip("h263", size=(176, 144)), (192, 144), warning="176x144 are shown as 192x144", filters=SQUARE),
    Row("cinepak.avi", Clip("cinepak", "rgb24")),
    Row("huffyuv.avi", Clip("huffyuv", "yuv422p")),
    Row("png.mov", Clip("png", "rgb24")),
)
PIXELS = (
    Row("h264_10bit.mkv", Clip(pixel_format="yuv420p10le")),
    Row("hevc_10bit.mp4", Clip("libx265", "yuv420p10le")),
    Row("hevc_12bit.mp4", Clip("libx265", "yuv420p12le")),
    Row("ffv1_16bit.mkv", Clip("ffv1", "gbrp16le")),
    Row("ffv1_grey_16bit.mkv", Clip("ffv1", "gray16le")),
    Row("prores_4444_alpha.mov", Clip("prores_ks", "yuva444p10le")),
    Row("alpha.mov", Clip("qtrle", "argb")),
    Row("vp9_444.webm", Clip("libvpx-vp9", "yuv444p")),
    Row("h264_422.mp4", Clip(pixel_format="yuv422p")),
    Row("h264_grey.mp4", Clip(pixel_format="gray")),
    Row("h264_full_range.mp4", Clip(full_range=True)),
    Row("odd_size.mkv", Clip(pixel_format="yuv444p", size=(97, 65)), (97, 65)),
    Row("odd_size.avi", Clip("ffv1", size=(51, 37)), (51, 37)),
    Row("16x16.mp4", Clip(size=(16, 16)), (16, 16)),
    Row("portrait.mp4", Clip(size=(64, 128)), (64, 128)),
    Row("turned_90.mp4", Clip(rotation=90), TURNED, shows=False),
    Row("turned_180.mp4", Clip(rotation=180), shows=False),
    Row("turned_270.mp4", Clip(rotation=-90), TURNED, shows=False),
    Row("turned_90.mkv", Clip(rotation=90), TURNED, shows=False),
)
TIMES = (
    Row("one_frame.mp4", Clip(ticks=(0,)), frames=1, last=0.0),
    Row("one_frame.mkv", Clip(ticks=(0,)), frames=1, last=0.0),
    Row("b_frames.mp4", Clip(options={"bf": "3", "x264-params": "b-adapt=0"})),
    Row("b_frames.ts", Clip(options={"bf": "3", "x264-params": "b-adapt=0"})),
    Row("b_frames.avi", Clip(options={"bf": "3", "x264-params": "b-adapt=0"})),
    Row("variable_rate.mp4", Clip(ticks=(0, 1, 2, 10, 11, 30), rate=30), last=1.0),
    Row(
        "variable_rate.mkv",
        Clip(ticks=(0, 1, 2, 10, 11, 30), rate=30),
        last=1.0,
        warning="no frame between 0.07 s (frame 2) and 0.33 s, nor in 1 other gap",
    ),
    Row("1000_a_second.mp4", Clip(rate=1000), last=0.005),
    Row("ntsc.mp4", Clip(ticks=tuple(1001 * n for n in range(FRAMES)), rate=30_000), last=5 * 1001 / 30_000),
    Row("one_a_second.mp4", Clip(rate=1), last=5.0),
    Row("starts_at_10_s.mkv", videos.starting_at(10, codec="mpeg4")),
    Row("few_frames_at_10_s.mkv", videos.starting_at(10)),
    Row("starts_at_10_s.mp4", videos.starting_at(10)),
    Row("starts_late.ts", videos.starting_at(90_000)),
    Row("starts_before_0.mp4", Clip(ticks=tuple(range(-3, 3))), frames=3, last=2 / RATE, begins=3),
    Row("starts_before_0.mkv", Clip(ticks=tuple(range(-3, 3)))),
    Row("fragmented.mp4", Clip(container={"movflags": "frag_keyframe+empty_moov"})),
    Row("index_first.mp4", Clip(container={"movflags": "faststart"})),
)
STREAMS = (
    Row("with_sound.mp4", Clip(sound=0.3)),
    Row("sound_first.mkv", Clip(sound=0.3, sound_first=True)),
    Row("longer_sound.mp4", Clip(sound=3.0)),
    Row("cover_first.mp4", videos.with_cover(picture_first=True, clip=True)),
    Row("cover_last.mp4", videos.with_cover(picture_first=False, clip=True)),
    refused("cover_only.mp4", videos.with_cover(picture_first=True, clip=False), "got a cover picture and audio only"),
    refused("sound_only.mp4", videos.sound_only, "got audio only"),
    refused("sound_only.wav", videos.content(b"RIFF\x24\0\0\0WAVEfmt "), "expected a video"),
)
SHOWN = (
    Row(
        "wide_pixels.mp4",
        WIDE,
        (128, 64),
        warning="the pixels are not square: frames of 96x64 are shown as 128x64",
        filters=SQUARE,
    ),
    Row("wide_pixels.mkv", WIDE, (128, 64), warning=NOT_SQUARE, filters=SQUARE),
    Row("wide_pixels.mov", WIDE, (128, 64), warning=NOT_SQUARE, filters=SQUARE),
    Row("wide_pixels.ts", WIDE, (128, 64), warning=NOT_SQUARE, filters=SQUARE),
    Row(
        "wide_pixels_turned.mp4",
        replace(WIDE, rotation=90),
        (64, 128),
        warning="are not square",
        shows=False,
        filters="scale=64:128:flags=bicubic",
    ),
    Row("wide_screen.mpg", replace(MPEG2, ratio=Fraction(32, 27)), (114, 64), warning=NOT_SQUARE, filters=SQUARE),
    Row(
        "hdr_pq.mp4",
        replace(HEVC, pixel_format="yuv420p10le", transfer=16),
        warning="the video is HDR (PQ)",
        filters=SDR,
        difference=2.0,
    ),
    Row(
        "hdr_hlg.mkv",
        replace(HEVC, pixel_format="yuv420p10le", transfer=18),
        warning="the video is HDR (HLG)",
        filters=SDR,
        difference=2.0,
    ),
    Row("interlaced.mp4", INTERLACED, warning="deinterlaced", filters="bwdif=mode=send_frame"),
    Row("interlaced.mkv", INTERLACED, warning="deinterlaced", filters="bwdif=mode=send_frame"),
    Row(
        "two_streams.mp4",
        videos.two_streams,
        warning="the file has 2 video streams (0: 48x32, 1: 96x64): 1 is read",
        stream=1,
    ),
    Row(
        "growing.ts",
        videos.joined(Clip(size=(48, 32)), Clip()),
        frames=2 * FRAMES,
        last=(2 * FRAMES - 1) / RATE,
        warning="the video starts at 48x32 and grows: all frames have its later size, 96x64",
        shows=False,
        filters=FITTED,
        difference=1.2,
    ),
    Row(
        "shrinking.ts",
        videos.joined(Clip(), Clip(size=(48, 32))),
        frames=2 * FRAMES,
        last=(2 * FRAMES - 1) / RATE,
        warning=f"frame {FRAMES} is 48x32: it and others of another size were scaled to 96x64",
        shows=False,
        filters=FITTED,
        difference=2.1,
    ),
)
DAMAGED = (
    refused("empty.mp4", videos.nothing, "empty file"),
    refused("noise.mp4", videos.noise, "expected a video"),
    refused("text.mp4", videos.content(b"this is no video\n" * 200), "cannot be read as one"),
    refused("page.mp4", videos.content(b"<!DOCTYPE html><html><body>404</body></html>"), "cannot be read as one"),
    refused("no_index.mp4", videos.without(b"moov", Clip()), "cannot be read as one"),
    refused("no_tracks.mp4", videos.without(b"trak", Clip()), "expected a video"),
    ended_early("cut.ts", replace(MPEG2, ticks=range(100)), ""),
    ended_early("cut.mkv", MJPEG_100, "decoding stopped at frame 60 of about 100: the file ends early"),
    ended_early("cut.webm", VP8_100, "decoding stopped at frame 60 of about 100: the file ends early"),
    ended_early("cut.flv", H264_100, "decoding stopped at frame 60 of about 100: the file ends early"),
    ended_early("cut.avi", MJPEG_100, "60 of 100 frames could be decoded"),
    ended_early("cut_index_first.mp4", MJPEG_100, "stopped at frame 60 of about 100"),
    Row("behind_rubbish.ts", videos.behind(b"\0" * 300, MPEG2)),
    Row("UPPER CASE.MP4", Clip()),
    Row("ünï %d:cödé?.mp4", Clip()),
)
PICTURES = (
    one("baseline.jpg", pictures.picture()),
    one("progressive.jpg", pictures.picture(progressive=True)),
    one("grey.jpg", pictures.picture("L"), shows=False),
    one("cmyk.jpg", pictures.picture("CMYK"), difference=1.0),
    one("upper_case.JPEG", pictures.picture()),
    *(one(f"orientation_{tag}.jpg", pictures.oriented(tag, quality=95)) for tag in pictures.TURNED),
    one("rgb.png", pictures.picture()),
    one("alpha.png", pictures.picture("RGBA")),
    one("palette.png", pictures.picture("P")),
    one("grey.png", pictures.picture("L"), shows=False),
    one("grey_16bit.png", pictures.grey_of_16_bits, shows=False, difference=0.3),
    one("two_colours.png", pictures.picture("1"), shows=False),
    one("lossy.webp", pictures.picture()),
    one("lossless.webp", pictures.picture(lossless=True)),
    one("rgb.bmp", pictures.picture()),
    one("palette.bmp", pictures.picture("P")),
    one("rgb.tif", pictures.picture()),
    one("lzw.tiff", pictures.picture(compression="tiff_lzw")),
    one("odd_size.jpg", pictures.picture(size=(97, 65)), size=(97, 65), difference=1.5),
    one("one_pixel.png", pictures.picture(size=(1, 1)), size=(1, 1), shows=False),
    one("png_called_jpg.jpg", pictures.called("PNG")),
    one("photo.heic", pictures.heic, filters="", difference=0.6),
    one("tiled.heic", pictures.tiled_heic, size=(128, 128), filters="", difference=0.6),
    one("photo.avif", pictures.picture(), difference=0.2),
    one("rgb.ppm", pictures.picture()),
    one("rgb.jp2", pictures.picture()),
    one(
        "clear.png",
        pictures.clear,
        warning="shown on white where transparent: 1 image (clear.png)",
        shows=False,
        filters=ON_WHITE,
    ),
    one("pair.mpo", pictures.several(2), warning="only the first of several pictures taken: 1 image (pair.mpo)"),
    Row("animation.webp", pictures.several(4, duration=40), frames=4, last=0.12, filters=SMOOTH, difference=0.5),
    Row("animation.png", pictures.several(4, duration=[40, 40, 120, 40]), frames=4, last=0.2, filters=SMOOTH),
    Row(
        "animation.avif",
        pictures.several(4, duration=40),
        frames=4,
        last=0.12,
        filters=SMOOTH,
        stream=1,
        difference=0.5,
    ),
    Row("pages.tif", pictures.several(4), frames=4, last=0.1, compared=1),
    refused("empty.jpg", videos.nothing, "expected"),
    refused("text.jpg", videos.content(b"hello"), "expected"),
)
JPG = pictures.picture()
FOLDERS = (
    Row("folder", pictures.folder({f"{n}.jpg": JPG for n in (1, 2, 10)}), frames=3, last=2 / 30, filters=SMOOTH),
    Row(
        "folder_mixed_kinds",
        pictures.folder({"1.jpg": JPG, "2.png": JPG, "3.webp": JPG}),
        frames=3,
        last=2 / 30,
        filters=SMOOTH,
    ),
    Row(
        "folder_with_texts",
        pictures.folder({"1.jpg": JPG, "notes.txt": videos.noise}),
        frames=1,
        last=0.0,
        warning="left out of the folder of images: 1 other file (notes.txt)",
        filters=SMOOTH,
    ),
    Row(
        "folder_with_hidden",
        pictures.folder({"1.jpg": JPG, "._1.jpg": videos.noise}),
        frames=1,
        last=0.0,
        filters=SMOOTH,
    ),
    Row(
        "folder_with_a_broken_one",
        pictures.folder({"1.jpg": JPG, "2.jpg": videos.noise, "3.jpg": JPG}),
        frames=2,
        last=2 / 30,
        warning="left out, damaged or no picture that can be read: 1 image (2.jpg)",
        filters=SMOOTH,
    ),
    Row(
        "folder_of_phones",
        pictures.folder({"1.heic": pictures.heic, "2.avif": JPG, "3.jpg": JPG}),
        frames=3,
        last=2 / 30,
        filters=SMOOTH,
        difference=1.5,
    ),
    Row(
        "folder_with_another_size",
        pictures.folder({"1.jpg": JPG, "2.jpg": JPG, "3.jpg": pictures.picture(size=(WIDTH // 2, HEIGHT // 2))}),
        frames=3,
        last=2 / 30,
        warning="fitted into 96x64, with black borders, being of another size: 1 image (3.jpg)",
        filters=f"scale={WIDTH}:{HEIGHT}:flags=bilinear+full_chroma_int+accurate_rnd",
        difference=1.0,
    ),
    Row(
        "folder_with_an_animation",
        pictures.folder({"1.webp": pictures.several(3, duration=40), "2.jpg": JPG}),
        frames=2,
        last=1 / 30,
        warning="only the first of several pictures taken: 1 image (1.webp)",
        filters=SMOOTH,
        difference=0.2,
    ),
    Row("sequence", pictures.sequence(rate=10), frames=3, last=0.2, filters=SMOOTH),
    refused("folder_of_videos", pictures.folder({"a.mp4": videos.noise}), "each video as a source"),
    refused("folder_empty", pictures.folder({}), "expected a folder of images"),
    refused("folder_of_broken_ones", pictures.folder({"1.jpg": videos.noise}), "none that can be read"),
)
ROWS = (*CODECS, *PIXELS, *TIMES, *STREAMS, *SHOWN, *DAMAGED, *PICTURES, *FOLDERS)
