"""How the corpus is made: the same bytes each time, and the tables name what is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.making import listing, papers, sound
from examples.making.listing import OURS, Entry
from omnisearch.media import audio, document
from tests.examples.test_corpus import CORPUS, listed

MAKING = Path(listing.__file__).parent


@pytest.mark.parametrize("end", sorted(sound.CODECS))
def test_a_sound_is_written_the_same_each_time(end: str, tmp_path: Path) -> None:
    wave = np.sin(np.arange(24_000) / 7)
    for name in ("one", "other"):
        sound.write(tmp_path / f"{name}{end}", wave, {"title": "a tone"})
    first, second = (tmp_path / f"{name}{end}" for name in ("one", "other"))
    assert first.read_bytes() == second.read_bytes()
    heard = audio.read(first)
    assert heard.rate == 16_000 and heard.seconds == pytest.approx(1.55, abs=0.1)
    assert 0.6 < np.abs(heard.samples).max() < 1.2  # AAC overshoots


def test_a_paper_has_its_words_on_their_pages() -> None:
    blocks: list[Any] = [
        [["h", "First (of two)"], ["p", "a longer line of words " * 9]],
        [["table", [["part", "tool"], ["chain", "oil"]]], ["bars", "Rain", [["May", 4]]]],
    ]
    made = papers.written("Two pages", [papers.filled(None, page) for page in blocks])
    assert document.pages(made) == 2
    assert document.page(made, 1).words.startswith("First (of two) a longer line")
    assert {"chain", "oil", "Rain", "May", "4"} <= set(document.page(made, 2).words.split())


def test_every_file_of_the_tables_is_in_the_corpus() -> None:
    contents = json.loads((MAKING / "contents.json").read_text("utf-8"))
    asked = contents.pop("questions")
    names = {f"{part}/{name}" for part, table in contents.items() for name in table}
    names |= {f"questions/{name}" for table in asked.values() for name in table}
    for part in ("films", "papers"):
        names |= {f"{part}/{name}" for name in json.loads((MAKING / f"{part}.json").read_text())}
    assert names <= set(listed())


def test_a_file_without_a_source_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "found.txt").write_text("words")
    with pytest.raises(LookupError, match=r"notes/found\.txt"):
        listing.write(tmp_path, [])
    entry = Entry("notes/found.txt", "a note", OURS, "written here", "")
    listing.write(tmp_path, [entry])
    last = (tmp_path / "LICENCES.md").read_text("utf-8").splitlines()[-1]
    assert last == "| notes/found.txt | a note | Apache-2.0 | written here |  |"


def test_halves_and_the_copy_come_from_files_that_are_whole() -> None:
    copied = (CORPUS / "photos/IMG_2041 (1).jpg").read_bytes()
    assert copied == (CORPUS / "photos/IMG_2041.jpg").read_bytes()
    whole = (CORPUS / "papers/house-rules.pdf").read_bytes()
    assert (CORPUS / "papers/scan-0003.pdf").read_bytes() == whole[: len(whole) // 2]
