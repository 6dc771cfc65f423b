"""Pictures: what is given of them, what their files tell, and how they look."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import PIL.ExifTags
import PIL.Image
import pytest

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import facts
from omnisearch.media.caps import Caps
from omnisearch.media.look import apart, look
from omnisearch.moments import micros
from tests.ingest.extracting import extracted

EXIF, GPS = 0x8769, 0x8825
SMALL = Caps(side=64)


def drawn(seed: int = 0, size: tuple[int, int] = (300, 200)) -> PIL.Image.Image:
    """Some boxes of some colours."""
    random = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), random.integers(0, 255, 3), np.uint8)
    for _ in range(12):
        x, y = random.integers(0, size[0]), random.integers(0, size[1])
        w, h = random.integers(size[0] // 8, size[0] // 2), random.integers(20, size[1] // 2)
        picture[y : y + h, x : x + w] = random.integers(0, 255, 3)
    return PIL.Image.fromarray(picture)


def saved(picture: PIL.Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def tagged(tags: dict[int, Any], more: dict[int, Any], gps: dict[int, Any]) -> PIL.Image.Exif:
    exif = PIL.Image.Exif()
    exif.update(tags)
    exif.get_ifd(EXIF).update(more)
    exif.get_ifd(GPS).update(gps)
    return exif


def test_a_picture_is_one_segment() -> None:
    item, segments, end = extracted(saved(drawn()), "boats.png")
    assert item.fields["type"] == "png" and item.fields["named"] == "boats"
    assert item.fields["columns"] == {"image.width": 300, "image.height": 200}
    (one,) = segments
    assert one.fields["span"] == {"box": [0.0, 0.0, 1.0, 1.0]} and one.fields["view"] == "content"
    np.testing.assert_array_equal(one.arrays["image"], np.asarray(drawn()))
    assert one.fields["look"] == look(np.asarray(drawn()))
    assert not end.fields["truncated"]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_large_picture_comes_small(form: str) -> None:
    content = saved(drawn(size=(900, 600)), form)
    item, (one,), _ = extracted(content, "x", SMALL)
    assert one.arrays["image"].shape == (64, 96, 3) and one.arrays["image"].dtype == np.uint8
    assert item.fields["columns"]["image.width"] == 900
    wanted = np.asarray(drawn(size=(900, 600)).resize((96, 64), PIL.Image.Resampling.BOX))
    assert np.abs(one.arrays["image"].astype(int) - wanted).mean() < 5


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_turned_as_it_says(turn: int) -> None:
    picture = drawn(size=(600, 400))
    exif = PIL.Image.Exif()
    exif[0x0112] = turn
    content = saved(picture, "PNG", exif=exif)
    item, (one,), _ = extracted(content, "x.png", SMALL)
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(content)))
    assert item.fields["columns"]["image.width"] == upright.width
    wanted = np.asarray(upright.resize(one.arrays["image"].shape[1::-1], PIL.Image.Resampling.BOX))
    assert np.abs(one.arrays["image"].astype(int) - wanted).mean() < 4


def test_what_is_clear_lies_on_white_and_what_is_deep_keeps_its_range() -> None:
    clear = PIL.Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    assert (extracted(saved(clear), "x.png", SMALL)[1][0].arrays["image"] == 255).all()
    deep = PIL.Image.fromarray(np.full((400, 400), 32_768, np.uint16))
    assert (extracted(saved(deep), "x.png", SMALL)[1][0].arrays["image"] == 128).all()


def test_of_what_moves_the_first_frame_and_of_several_pages_the_first() -> None:
    frames = [PIL.Image.new("RGB", (80, 80), (n, 0, 0)) for n in (250, 20)]
    for form in ("GIF", "WEBP", "PNG"):
        content = saved(frames[0], form, save_all=True, append_images=frames[1:])
        _, (one,), end = extracted(content, "x")
        assert one.arrays["image"][..., 0].min() > 240 and not end.fields["truncated"]
    pages = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    _, (one,), end = extracted(pages, "x")
    assert one.arrays["image"][..., 0].min() > 240 and end.fields["truncated"]


def test_thin_pictures_stay_bounded() -> None:
    content = saved(PIL.Image.new("L", (60_000, 3)))
    (one,) = extracted(content, "x.png")[1]
    assert one.arrays["image"].shape == (3, 96, 3)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_too_many_pixels_are_refused_before_they_are_decoded(form: str) -> None:
    content = saved(PIL.Image.new("L", (400, 300)), form)
    with pytest.raises(MediaError, match=r"x has 400 x 300 pixels, [\d,]+ are allowed"):
        extracted(content, "x", Caps(pixels=50_000, side=64))


def test_a_jpeg_that_is_decoded_small_may_be_larger() -> None:
    content = saved(drawn(size=(1600, 1200)), "JPEG")
    (one,) = extracted(content, "x.jpg", Caps(pixels=500_000, side=64))[1]
    assert one.arrays["image"].shape == (64, 85, 3)
    progressive = saved(drawn(size=(1600, 1200)), "JPEG", progressive=True)
    with pytest.raises(MediaError, match="pixels"):
        extracted(progressive, "x.jpg", Caps(pixels=500_000, side=64))


def test_damage_is_an_error_and_never_half_a_picture() -> None:
    random = np.random.default_rng(3)
    for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        content = saved(drawn(size=(90, 70)), form)
        for cut in random.integers(12, len(content) * 3 // 4, 12):
            with pytest.raises(MediaError, match=r"^a\.\w+(: damaged| is no)") as error:
                extracted(content[:cut], f"a.{form.lower()}")
            assert "'" not in str(error.value)
        for _ in range(12):
            flipped = bytearray(content)
            flipped[random.integers(len(content))] ^= 1 << int(random.integers(8))
            try:
                (one,) = extracted(bytes(flipped), f"a.{form.lower()}")[1]
            except MediaError:
                continue
            assert one.arrays["image"].ndim == 3


def test_exif_becomes_columns() -> None:
    exif = tagged(
        {0x010F: "Canon", 0x0110: "Canon EOS R5", 0x010E: " Boats \0 at  dawn "},
        {0x9003: "2023:05:06 07:08:09", 0x9011: "+02:00"},
        {1: "S", 2: (33.0, 51.0, 35.9), 3: "E", 4: (151.0, 12.0, 40.0)},
    )
    item, _, _ = extracted(saved(drawn(), "JPEG", exif=exif), "x.jpg")
    east = timezone(timedelta(hours=2))
    assert item.fields["columns"] == {
        "image.width": 300,
        "image.height": 200,
        "image.camera": "Canon EOS R5",
        "image.title": "Boats at dawn",
        "image.latitude": -33.8599722,
        "image.longitude": 151.2111111,
        "image.taken": micros(datetime(2023, 5, 6, 7, 8, 9, tzinfo=east)),
    }
    assert item.fields["named"] == "Boats at dawn x" or item.fields["named"] == "Boats at dawn"


def test_a_time_without_a_zone_is_set_by_the_satellites() -> None:
    exif = tagged({}, {0x9003: "2023:05:06 20:00:30"}, {7: (11.0, 0.0, 28.0), 29: "2023:05:06"})
    item, _, _ = extracted(saved(drawn(), "JPEG", exif=exif), "x.jpg")
    taken = item.fields["columns"]["image.taken"]
    assert taken == micros(datetime(2023, 5, 6, 11, 0, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "tags",
    [
        {0x010E: "OLYMPUS DIGITAL CAMERA", 0x9003: "0000:00:00 00:00:00"},
        {0x010E: "   ", 0x9003: "2023:13:45 99:99:99", 0x0110: b"\xff\xfe"},
        {0x9003: "2999:01:01 00:00:00", "gps": {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (1,)}},
        {"gps": {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}},
        {"gps": {1: "N", 2: (float("nan"),), 3: "E", 4: (5.0, 0.0, 0.0)}},
        {"gps": {1: "?", 2: (5.0,), 3: "E", 4: (5.0,)}, 0x010F: 7, 0x9C9B: (1, 2)},
        {"gps": {2: "text", 4: None}},
        {"gps": 7},
    ],
    ids=str,
)
def test_what_cannot_be_is_left_out(tags: dict[Any, Any]) -> None:
    found = facts.of_picture(tags, 3, 2)
    found.pop("image.camera", None)
    assert found == {"image.width": 3, "image.height": 2}


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("D:20230506070809+02'00'".removeprefix("D:"), datetime(2023, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("2023-05-06T07:08:09.123456Z", datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2023:05:06", datetime(2023, 5, 6, tzinfo=UTC)),
        ("20230506", datetime(2023, 5, 6, tzinfo=UTC)),
        ("yesterday", None),
        ("1601-01-01", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_as_files_write_them(text: str | None, when: datetime | None) -> None:
    assert facts.moment(text) == (None if when is None else micros(when))


def test_looks_tell_the_same_picture_from_others() -> None:
    pictures = [drawn(seed, (640, 480)) for seed in range(40)]
    looks = [look(np.asarray(one)) for one in pictures]
    far = [apart(a, b) for at, a in enumerate(looks) for b in looks[:at]]
    assert min(far) > 10 and -(2**63) <= min(looks) and max(looks) < 2**63
    for one, known in zip(pictures, looks, strict=True):
        small = one.resize((200, 150), PIL.Image.Resampling.BICUBIC)
        poor = PIL.Image.open(io.BytesIO(saved(one, "JPEG", quality=30)))
        bright = one.point(lambda value: min(255, value * 1.15))
        for changed in (small, poor, bright):
            assert apart(known, look(np.asarray(changed))) <= 8
