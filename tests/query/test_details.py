"""What stands around a segment: its neighbours in the item, and what is said around a moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from omnisearch.query.details import details
from omnisearch.query.rows import read_records
from omnisearch.query.snippets import ROOM, Snippets
from omnisearch.query.spoken import Said, around
from omnisearch.records import TimeSpan
from omnisearch.storage import changes
from omnisearch.storage.batch import Segments
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.origin import Origin

SAID = ["one and two", "three and four", None, "seven and eight", "nine and ten"]


def rows(item: str, said: list[str | None], *, gap_s: float = 0.0) -> list[tuple[str, str, dict]]:  # type: ignore[type-arg]
    """Give a content row for each window of ten seconds, and one of words where somebody speaks."""
    found = []
    for number, words in enumerate(said):
        start_s = number * (10.0 + gap_s)
        span = {"start_s": start_s, "end_s": start_s + 10.0}
        columns = {"segment.span": span, "segment.words": words or f"name of {item}"}
        found.append((f"{item}#{number}", "content", columns))
        if words:
            found.append((f"{item}#{number}~words", "words", columns))
    return found


@pytest.fixture
def now(tmp_path: Path) -> Iterator[Generation]:
    listed = [(item, *row) for item, gap_s in (("talk", 0.0), ("far", 60.0))
              for row in rows(item, list(SAID), gap_s=gap_s)]  # fmt: skip
    segments = Segments(
        ids=[name for _, name, _, _ in listed],
        items=[item for item, *_ in listed],
        views=[view for _, _, view, _ in listed],  # type: ignore[misc]
        modalities=["audio" for _ in listed],
        vectors=np.eye(len(listed), 32, dtype=np.float32),
        metadata=[columns for *_, columns in listed],
    )
    handle = Handle(tmp_path / "collection", Options())
    store = handle.for_encoding(Origin("toy aaaa 32", 32, dict), segments)
    store.write(changes.recording(segments, replacing=False))
    yield store.reading()
    handle.close()


def said(now: Generation, name: str) -> Said | None:
    position = int(now.find([name])[0])
    return around(now, position, read_records(now, np.array([position]))[0])


def test_what_is_said_before_and_behind(now: Generation) -> None:
    for name in ("talk#1", "talk#1~words"):
        assert said(now, name) == Said("one and two", "three and four", "")
    assert said(now, "talk#0") == Said("", "one and two", "three and four")
    assert said(now, "talk#4") == Said("seven and eight", "nine and ten", "")
    assert said(now, "talk#2") is None  # nobody speaks: its words are those of the name
    assert said(now, "far#1") == Said("", "three and four", "")
    assert said(now, "far#0") == Said("", "one and two", "")


def test_neighbours_in_their_order(now: Generation) -> None:
    for name in ("talk#2", "talk#2~words", "talk"):
        found = details(now, name)
        if name == "talk#2~words":
            assert found is None
            continue
        assert found is not None
        at = 0 if name == "talk" else 2
        assert (found.hit.id, found.segments) == (f"talk#{at}", 5)
        assert [one.id.removesuffix("~words") for one in found.before] == [
            f"talk#{number}" for number in range(at)
        ]
        assert [one.id.removesuffix("~words") for one in found.after] == [
            f"talk#{number}" for number in range(at + 1, min(5, at + 4))
        ]
    found = details(now, "talk#1~words")
    assert (
        found is not None
        and found.views == ("content", "words")
        and found.words == "three and four"
    )
    found = details(now, "talk#1")
    assert found is not None and found.views == ("content", "words")
    assert found.hit.span == TimeSpan(10.0, 20.0) and found.hit.snippet == "three and four"
    assert details(now, "nothing") is None


def test_a_transcript_keeps_what_is_said_here() -> None:
    long = " ".join(f"word{number}" for number in range(100))
    found = Snippets("word98 word99 today word0").spoken(Said(long, "said here today", long))
    assert len(found.text) <= ROOM
    assert found.text.startswith("… word") and found.text.endswith(" …")
    assert "word99 said here today word0 word1" in found.text
    marked = [found.text[first:behind] for first, behind in found.marks]
    assert marked == ["word98", "word99", "today", "word0"]
    short = Snippets("b").spoken(Said("", "a b", "c d"))
    assert (short.text, short.marks) == ("a b c d", ((2, 3),))
    cut = Snippets("word50").spoken(Said("x", long, "y"))
    assert "word50" in cut.text and len(cut.text) <= ROOM
