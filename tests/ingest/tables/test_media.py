"""Media of rows: by path below a folder, as bytes, as base64; decoded where files are."""

import base64
import io
import json
import os
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import omnisearch as om
from tests.ingest.folder import write_picture, write_sound
from tests.ingest.tables.counting import Counting

pytestmark = pytest.mark.slow  # each begins a decoder or two
COLUMNS = {"id": "id", "text": "text", "image": "photo"}
WHOLE = om.RegionSpan((0.0, 0.0, 1.0, 1.0))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_picture(tmp_path / "photos" / "a.png", seed=1)
    return tmp_path / "photos" / "a.png"


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def reasons(report: om.IngestReport) -> list[str]:
    return [one.reason for one in report.failures]


def test_a_picture_and_its_words_are_one_segment(
    tmp_path: Path, photo: Path, col: om.Collection
) -> None:
    table = lines(tmp_path / "t.jsonl", {"id": "a", "text": "a lake", "photo": "photos/a.png"})
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.stored, report.segments, dict(report.types)) == (1, 1, {"png": 1})
    rows = {one.id: one for one in col.iterate()}
    assert set(rows) == {"a", "a~words"}
    assert {one.view for one in rows.values()} == {"content", "words"}
    assert all(one.words == "a lake" and one.span == WHOLE for one in rows.values())
    told = rows["a"].metadata
    assert (told["image.width"], told["file.column"]) == (64, "photo+text")
    (hit,) = col.query(text="lake", k=3)
    assert (hit.id, hit.item, hit.modality, hit.folded) == ("a", "a", "image", 0)


def test_bytes_and_base64_give_what_the_file_gives(
    tmp_path: Path, photo: Path, col: om.Collection, counting: Counting
) -> None:
    raw = photo.read_bytes()
    plain = base64.b64encode(raw).decode()
    cells = ["photos/a.png", photo.as_uri(), str(photo), plain, f"data:image/png;base64,{plain}"]
    rows = [{"id": str(at), "photo": cell} for at, cell in enumerate(cells)]
    table = lines(tmp_path / "t.jsonl", *rows)
    columns = {"id": "id", "image": "photo"}
    assert col.ingest_table(table, columns=columns).stored == len(cells)
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    given = [{"bytes": raw, "path": "a.png"}, {"bytes": None, "path": "photos/a.png"}]
    both = pa.table({"id": ["0", "s"], "photo": pa.array(given, picture)})
    pq.write_table(both, tmp_path / "t.parquet")
    pq.write_table(pa.table({"id": ["b"], "photo": [raw]}), tmp_path / "b.parquet")
    done = counting.encoded
    report = col.ingest_table(tmp_path / "t.parquet", columns=columns)
    assert (report.stored, report.updated, counting.encoded) == (1, 1, done + 1)
    assert col.ingest_table(tmp_path / "b.parquet", columns=columns).stored == 1
    looks = {tuple(one.vector) for one in col.iterate(vectors=True) if one.vector is not None}
    assert len(looks) == 1 and col.count() == len(cells) + 2


def test_several_media_are_segments_of_their_own(
    tmp_path: Path, photo: Path, col: om.Collection
) -> None:
    write_sound(tmp_path / "tone.wav")
    row = {"id": "a", "text": "both", "photo": ["photos/a.png", "photos/a.png"], "tone": "tone.wav"}
    columns = {**COLUMNS, "audio": "tone"}
    report = col.ingest_table(lines(tmp_path / "t.jsonl", row), columns=columns)
    assert (report.stored, report.segments) == (1, 4)
    rows = list(col.iterate())
    assert {one.item for one in rows} == {"a"} and len({one.id for one in rows}) == len(rows)
    assert sorted(str(one.metadata["file.column"]) for one in rows) == [
        "photo",
        "photo",
        "text",
        "tone",
    ]
    again = col.ingest_table(lines(tmp_path / "t.jsonl", {**row, "photo": None}), columns=columns)
    assert again.stored == 1 and col.count() == 2
    assert col.delete(["a"]) == 2


def test_a_picture_that_changed_is_encoded_again(
    tmp_path: Path, photo: Path, col: om.Collection
) -> None:
    table = lines(tmp_path / "t.jsonl", {"id": "a", "photo": "photos/a.png"})
    columns = {"id": "id", "image": "photo"}
    col.ingest_table(table, columns=columns)
    os.utime(photo, (1, 1))
    assert col.ingest_table(table, columns=columns).unchanged == 1
    write_picture(photo, seed=2, side=32)
    assert col.ingest_table(table, columns=columns).stored == 1
    (row,) = col.iterate()
    assert row.metadata["image.width"] == 32


def test_no_path_leads_out_and_nothing_is_fetched(
    tmp_path: Path, photo: Path, col: om.Collection
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.png").symlink_to("../photos/a.png")
    (inner / "away").symlink_to(photo.parent)
    os.mkfifo(inner / "pipe.png")
    cells = ["../photos/a.png", str(photo), "link.png", "away/a.png", "https://x.org/a.png"]
    cells += ["s3://b/a.png", "file://host/a.png", "pipe.png", "none.png", "a\0b", "inner"]
    rows = [{"id": str(at), "photo": cell} for at, cell in enumerate(cells)]
    columns = {"id": "id", "image": "photo"}
    report = col.ingest_table(lines(inner / "t.jsonl", *rows), columns=columns)
    assert (report.stored, report.failed) == (0, len(cells))
    told = reasons(report)
    parts = ["leads out of", "leads out of", "symlink", "symlink", *["nothing is fetched"] * 3]
    parts += ["special file", "is not there", "is no path", "is not there"]
    for at, part in enumerate(parts):
        where = f"line {at + 1}, column 'photo': "
        assert told[at].startswith(where) and part in told[at], told[at]
    table = lines(inner / "u.jsonl", {"id": "0", "photo": "photos/a.png"})
    assert col.ingest_table(table, columns=columns, folder=tmp_path).stored == 1
    followed = lines(tmp_path / "v.jsonl", {"id": "l", "photo": "inner/link.png"})
    assert col.ingest_table(followed, columns=columns, follow_symlinks=True).stored == 1


def test_what_is_no_picture_is_told(tmp_path: Path, photo: Path, col: om.Collection) -> None:
    (tmp_path / "page.jpg").write_text("<html><body>404 not found</body></html>")
    (tmp_path / "broken.png").write_bytes(photo.read_bytes()[:60])
    (tmp_path / "empty.png").write_bytes(b"")
    cells: list[Any] = [
        "page.jpg",
        "broken.png",
        "empty.png",
        7,
        {"x": 1},
        "data:image/png;base64,?",
    ]
    rows = [{"id": str(at), "photo": cell} for at, cell in enumerate(cells)]
    report = col.ingest_table(
        lines(tmp_path / "t.jsonl", *rows), columns={"id": "id", "image": "photo"}
    )
    assert (report.stored, report.failed) == (0, len(cells))
    told = reasons(report)
    assert "page.jpg is text (text), not image" in told[0]
    assert "no medium" in told[3] and "bytes or path belong" in told[4] and "data: URI" in told[5]


def test_a_row_that_fails_keeps_what_was_stored(
    tmp_path: Path, photo: Path, col: om.Collection
) -> None:
    table = lines(tmp_path / "t.jsonl", {"id": "a", "photo": "photos/a.png"})
    columns = {"id": "id", "image": "photo"}
    col.ingest_table(table, columns=columns)
    photo.write_bytes(photo.read_bytes()[:50])
    report = col.ingest_table(table, columns=columns)
    assert (report.failed, report.missing, col.count()) == (1, 0, 1)


def test_pictures_and_samples_of_a_program(col: om.Collection) -> None:
    """As `datasets` gives them: a picture of PIL, samples with their rate."""
    tone = np.sin(np.arange(16_000) / 6).astype(np.float32)
    rows = [
        {"id": "p", "photo": Image.new("RGB", (40, 30), "red")},
        {"id": "c", "photo": Image.new("CMYK", (40, 30))},
        {"id": "s", "tone": {"array": tone, "sampling_rate": 16_000, "path": None}},
        {"id": "x", "tone": {"array": tone, "sampling_rate": "high"}},
        {"id": "b", "tone": {"bytes": _wave(tone), "path": None}},
    ]
    report = col.ingest_table(rows, columns={"id": "id", "image": "photo", "audio": "tone"})
    assert (report.stored, report.failed) == (4, 1)
    assert "row 4, column 'tone': an array" in reasons(report)[0]
    stored = {one.item: one.metadata for one in col.iterate()}
    assert stored["p"]["image.width"] == 40 and stored["s"]["audio.seconds"] == 1.0
    assert {one.item: one.span for one in col.iterate()}["b"] == om.TimeSpan(0.0, 1.0)


def test_paths_of_a_program_need_a_folder(photo: Path, col: om.Collection) -> None:
    rows = [{"id": "a", "photo": photo.name}, {"id": "b", "photo": photo}]
    columns = {"id": "id", "image": "photo"}
    report = col.ingest_table(rows, columns=columns)
    assert report.failed == 2 and "give folder=" in reasons(report)[0]
    assert col.ingest_table(rows, columns=columns, folder=photo.parent).stored == 2


def _wave(samples: np.ndarray) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((samples * 8_000).astype("<i2").tobytes())
    return out.getvalue()
