"""Regions of pictures from files to hits: asked for once, remembered, added, taken out again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import omnisearch as om
from omnisearch.query.lines import LINES
from omnisearch.query.regions import NEARER
from omnisearch.records import RegionSpan
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.sides import kind_of
from tests.ingest.folder import contents, write_picture, write_texts
from tests.media.test_regions import Box, overlap, photograph

pytestmark = pytest.mark.usefixtures("cache")
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
RED: Box = (0.1, 0.2, 0.2, 0.25)
BLUE: Box = (0.6, 0.55, 0.3, 0.3)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Make a picture of two things, a copy of it, a plain one, and a note."""
    folder = tmp_path / "files"
    write_texts(folder, 1)
    picture = PIL.Image.fromarray(photograph({(200, 30, 30): RED, (30, 60, 200): BLUE}))
    picture.save(folder / "things.png")
    picture.save(folder / "garden.png")
    write_picture(folder / "tiny.png", side=32)
    return folder


def boxes(col: om.Collection, name: str) -> list[Box]:
    """Give the boxes of the rows of a picture."""
    rows = [row for row in col.iterate() if row.metadata["file.name"] == name]
    return [row.span.box for row in rows if isinstance(row.span, RegionSpan)]


def test_without_being_asked_for_pictures_are_whole(source: Path, col: om.Collection) -> None:
    col.ingest(source)
    assert boxes(col, "garden.png") == boxes(col, "tiny.png") == [WHOLE]
    assert not any("image.regions" in row.metadata for row in col.iterate())


def test_regions_are_rows_of_their_picture(source: Path, col: om.Collection) -> None:
    report = col.ingest(source, regions=True)
    assert (report.stored, report.duplicate) == (3, 1)
    found = boxes(col, "garden.png")
    assert WHOLE in found and 3 <= len(found) <= 6
    assert max(overlap(RED, box) for box in found) > 0.8
    counts = {row.metadata["file.name"]: row.metadata.get("image.regions") for row in col.iterate()}
    assert counts == {"garden.png": len(found) - 1, "tiny.png": 0, "note-0.txt": None}
    rows = [row for row in col.iterate() if row.metadata["file.name"] == "garden.png"]
    assert [row.words for row in rows if row.span == RegionSpan(WHOLE)] == ["garden"]
    assert {row.words for row in rows if row.span != RegionSpan(WHOLE)} == {None}


def test_a_hit_is_a_picture_with_its_best_region(
    source: Path, col: om.Collection, tmp_path: Path
) -> None:
    col.ingest(source, regions=True)
    part = om.Image(np.full((60, 60, 3), (200, 30, 30), np.uint8))
    hits = list(col.query([part], k=10, modality="image"))
    assert len(hits) == 2 and len({hit.item for hit in hits}) == 2
    best = next(hit for hit in hits if hit.metadata["file.name"] == "garden.png")
    assert isinstance(best.span, RegionSpan) and overlap(RED, best.span.box) > 0.8
    assert best.folded == len(boxes(col, "garden.png")) - 1
    with om.Cutter() as cutter, PIL.Image.open(cutter.extract(best, tmp_path).path) as cut:
        red = np.asarray(cut.convert("RGB"))[20:-20, 20:-20]
        assert np.abs(red.astype(int) - (200, 30, 30)).max() < 20
    every = col.query([part], k=10, modality="image", group_by="none")
    assert len(every) == len(boxes(col, "garden.png")) + len(boxes(col, "tiny.png"))


def test_what_is_lacking_is_added_and_nothing_else(
    source: Path, col: om.Collection, tmp_path: Path
) -> None:
    col.ingest(source)
    picture = next(row.item for row in col.iterate() if row.metadata["file.name"] == "garden.png")
    col.update([picture], metadata=[{"price": 4, "tags": ["a", "b"]}])
    before = contents(tmp_path / "collection")
    report = col.ingest(source, regions=True)
    assert (report.seen, report.stored, report.unchanged, report.duplicate) == (4, 2, 1, 1)
    assert report.segments == len(boxes(col, "garden.png")) - 1
    after = contents(tmp_path / "collection")
    assert set(before) < set(after)
    added = [row for row in col.iterate() if row.id not in before]
    assert {row.item for row in added} == {picture}
    assert all(row.metadata["price"] == 4 and row.metadata["tags"] == ["a", "b"] for row in added)
    vectors = {row.id: row.vector for row in col.iterate(vectors=True)}
    with om.open(tmp_path / "afresh", encoder=col.encoder) as other:
        other.ingest(source, regions=True)
        same = {row.id: row.vector for row in other.iterate(vectors=True)}
    assert vectors.keys() == same.keys()
    assert all(np.all(vectors[name] == same[name]) for name in same)
    again = col.ingest(source)
    assert (again.stored, again.unchanged) == (0, 4)


def test_a_collection_remembers_it(source: Path, col: om.Collection) -> None:
    col.ingest(source, regions=True)
    other = PIL.Image.fromarray(photograph({(220, 200, 40): BLUE}))
    other.save(source / "later.png")
    col.ingest()
    assert len(boxes(col, "later.png")) > 1
    col.forget(source / "later.png")
    assert col._storing().read_ledger().regions


def test_a_picture_that_moved_meanwhile_is_one_still(source: Path, col: om.Collection) -> None:
    (source / "garden.png").unlink()
    col.ingest(source)
    (source / "things.png").rename(source / "renamed.png")
    report = col.ingest(source, regions=True)
    assert report.missing == 0
    assert len(boxes(col, "renamed.png")) > 1 and boxes(col, "things.png") == []
    assert {tuple(row.locations) for row in col.iterate() if row.modality == "image"} == {
        ("0:renamed.png",),
        ("0:tiny.png",),
    }


def test_regions_are_taken_out_again(source: Path, col: om.Collection, tmp_path: Path) -> None:
    col.ingest(source)
    before = contents(tmp_path / "collection")
    col.ingest(source, regions=True)
    report = col.ingest(regions=False)
    assert (report.stored, report.unchanged) == (0, 4)
    assert contents(tmp_path / "collection") == before
    assert col._storing().read_ledger() == Ledger(col._storing().read_ledger().roots, regions=False)


def test_near_duplicates_are_those_of_whole_pictures(source: Path, col: om.Collection) -> None:
    pixels = photograph({(200, 30, 30): RED, (30, 60, 200): BLUE})
    small = PIL.Image.fromarray(pixels).resize((560, 420))
    small.save(source / "smaller.jpg", quality=80)
    col.ingest(source, regions=True)
    part = om.Image(np.full((60, 60, 3), (200, 30, 30), np.uint8))
    assert len(col.query([part], k=10, modality="image")) == 3
    assert len(col.query([part], k=10, modality="image", collapse=True)) == 2


def test_a_question_in_words_is_told_of_parts(source: Path, col: om.Collection) -> None:
    col.ingest(source, regions=True)
    hits = col.query("a red square", k=10, modality="image", group_by="none", explain=True)
    parts = [number for number, hit in enumerate(hits, 1) if hit.span != RegionSpan(WHOLE)]
    assert len(parts) == len(boxes(col, "garden.png")) - 1
    assert [n for n, hit in enumerate(hits, 1) if "region" in hit.parts] == parts
    assert hits.plan is not None and list(hits.plan.regions) == parts
    assert f"by a part of a picture: hit {', '.join(map(str, parts))}" in (hits.explain or "")
    col.compact()
    again = col.query("a red square", k=10, modality="image", group_by="none", explain=True)
    assert again.ids == hits.ids and again.plan is not None and again.plan.regions == tuple(parts)


def test_a_part_has_to_be_nearer_than_a_whole_picture(source: Path, col: om.Collection) -> None:
    col.ingest(source, regions=True)
    now = col._storing().reading()
    learnt = col._calibrating.of(now)
    assert learnt is not None
    margin = NEARER * learnt.calibrator.scale("text").widths[LINES[kind_of("image", "content")]]
    turned = 0
    for asked in ("red", "a blue square", "grass", "a photograph", "noise", "the sky"):
        hits = col.query(asked, k=10, modality="image", group_by="none", mode="vector")
        worth = [_worth(hit, list(hits), margin) for hit in hits]
        assert worth == sorted(worth, reverse=True)
        scores = [hit.score or 0.0 for hit in hits]
        turned += scores != sorted(scores, reverse=True)
    assert turned


def _worth(hit: om.Hit, hits: list[om.Hit], margin: float) -> float:
    """Give the score by which a hit is ordered."""
    score = hit.score or 0.0
    if "region" not in hit.parts:
        return score
    own = [one for one in hits if one.item == hit.item]
    whole = next(one.score or 0.0 for one in own if "region" not in one.parts)
    best = score == max(one.score or 0.0 for one in own)
    return max(score - margin, whole) if best else score - margin
