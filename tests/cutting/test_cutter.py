"""Where a moment is written, and what is not cut at all: nothing is lost, and nothing is left."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import omnisearch as om
from tests.cutting.hits import hit, photo

pytestmark = pytest.mark.slow


def test_nothing_is_overwritten_unasked(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.jpg", "image", None, photo())
    target = tmp_path / "out.png"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        cutter.extract(one, target)
    assert target.read_text() == "mine"
    cutter.extract(one, target, force=True)
    assert target.read_bytes().startswith(b"\x89PNG")
    folder = tmp_path / "out"
    folder.mkdir()
    names = [cutter.extract(one, folder).path.name for _ in range(3)]
    assert names == ["a.png", "a-2.png", "a-3.png"]
    (folder / "link.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(FileExistsError):
        cutter.extract(one, folder / "link.png")
    assert sorted(path.name for path in folder.iterdir()) == [
        "a-2.png",
        "a-3.png",
        "a.png",
        "link.png",
    ]
    assert (folder / "a.png").stat().st_mode & 0o111 == 0


def test_names_that_are_picked_are_tame(tmp_path: Path, cutter: om.Cutter) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for number, name in enumerate([b"-rf \x1b[31m\n.jpg", b"\xff\xfe.jpg", b"\xe6\x9d\xb1" * 80]):
        one = hit(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)), "image", None, photo())
        made = cutter.extract(one, folder).path
        assert made.parent == folder and made.name.isprintable(), number
        assert made.name[0] not in "-." and len(os.fsencode(made.name)) < 120


def test_a_file_that_has_changed_is_not_cut(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.jpg", "image", None, photo())
    content = bytearray((tmp_path / "a.jpg").read_bytes())
    content[-40] ^= 1
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(om.errors.MediaError, match=r"a\.jpg has changed since it was taken in"):
        cutter.extract(one, tmp_path / "b.png")
    (tmp_path / "a.jpg").unlink()
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(om.errors.MediaError, match="has changed since"):
        cutter.thumbnail(one)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(om.errors.MediaError, match=r"a\.jpg does not open"):
        cutter.thumbnail(one)


def test_another_copy_will_do(tmp_path: Path, cutter: om.Cutter) -> None:
    there = hit(tmp_path / "there.jpg", "image", None, photo())
    gone = f"file://{tmp_path}/gone.jpg"
    one = om.Hit(
        **{
            **{name: getattr(there, name) for name in om.Hit.__slots__},
            "uri": gone,
            "locations": (gone, *there.locations),
        }
    )
    picture = cutter.thumbnail(one)
    assert picture is not None and picture.size == (256, 171)


def test_a_file_that_was_found_missing_is_named(tmp_path: Path, cutter: om.Cutter) -> None:
    metadata = {"file.name": "a\n.jpg", "file.missing": datetime(2026, 5, 1, 10, 30, tzinfo=UTC)}
    one = om.Hit("7#1", "7", None, (), "image", "content", None, None, None, {}, 0, None, metadata)
    told = r"^a\\u000a\.jpg is missing since 2026-05-01 10:30 UTC: bring it back as it was, and"
    for cut in (lambda: cutter.thumbnail(one), lambda: cutter.extract(one, tmp_path / "b.png")):
        with pytest.raises(om.errors.MediaError, match=told):
            cut()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("modality", "content"),
    [
        ("image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x02"),
        ("image", b"no picture"),
        ("video", b"\0\0\0\x18ftypisom" + bytes(1000)),
        ("document", b"%PDF-1.4\n%%EOF"),
        ("audio", b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(40)),
    ],
)
def test_hostile_files_are_refused_and_leave_nothing(
    tmp_path: Path, cutter: om.Cutter, modality: str, content: bytes
) -> None:
    span = om.PageSpan(1) if modality == "document" else om.TimeSpan(0, 1)
    one = hit(tmp_path / "bad", modality, None if modality == "image" else span, content)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(om.errors.MediaError):
        cutter.extract(one, out)
    assert not list(out.iterdir())


def test_what_cannot_be_made_is_said(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.jpg", "image", None, photo())
    with pytest.raises(om.errors.QueryError, match=r"no mp4 is made of image; give one of \.png"):
        cutter.extract(one, tmp_path / "a.mp4")
    with pytest.raises(om.errors.QueryError, match="nothing without an ending"):
        cutter.extract(one, tmp_path / "a")
    with pytest.raises(om.errors.QueryError, match="around is for sounds and films"):
        cutter.extract(one, tmp_path / "a.png", around_s=1)
    own = om.Hit("7", "7", None, (), None, "content", None, 0.5, None, {}, 0, None, {})
    with pytest.raises(om.errors.QueryError, match="a vector of your own"):
        cutter.extract(own, tmp_path)
    record = om.Hit("sku", "sku", None, (), "image", "content", None, 0.5, None, {}, 0, None, {})
    with pytest.raises(om.errors.QueryError, match="sku belongs to no file"):
        cutter.thumbnail(record)
