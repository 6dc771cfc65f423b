"""Write examples/corpus anew; notes and questions, which are written by hand, stay."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from examples.making import art, broken, films, listing, music, noises, papers
from examples.making.listing import OURS, Entry
from omnisearch.training.lab import Lab

CORPUS = Path(__file__).parents[1] / "corpus"
PARTS = ("photos", "pictures", "music", "recordings", "voices", "films", "papers", "questions")
_NOTES = {
    ".csv": "a table",
    ".html": "a page",
    ".json": "a glossary",
    ".md": "a note in Markdown",
    ".py": "a program",
    ".sql": "a question to a database",
    ".txt": "a note",
    ".vtt": "subtitles",
}


def make(lab: Lab, folder: Path) -> list[Entry]:
    """Write everything that is made, and the list of all files."""
    entries: list[Entry] = []
    for part in PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
        print(part)
        entries += _part(lab, folder / part, part)
    entries += [*broken.spoil(folder), *_notes(folder)]
    listing.write(folder, entries)
    return entries


def _part(lab: Lab, folder: Path, part: str) -> Iterator[Entry]:
    if part in ("films", "papers"):
        return films.shoot(lab, folder) if part == "films" else papers.write(lab, folder)
    contents: dict[str, Any] = json.loads(
        (Path(__file__).parent / "contents.json").read_text("utf-8")
    )
    if part == "photos":
        return art.take_photos(folder, contents[part])
    if part == "pictures":
        return art.take_drawings(lab, folder, contents[part])
    if part == "music":
        return music.play(lab, folder, contents[part])
    if part == "recordings":
        return noises.record(lab, folder, contents[part])
    return (
        noises.speak(folder, contents[part]) if part == "voices" else _asked(lab, folder, contents)
    )


def _asked(lab: Lab, folder: Path, contents: dict[str, Any]) -> Iterator[Entry]:
    """Write what is asked with: other drawings and other takes than those of the corpus."""
    wanted = contents["questions"]
    yield from art.take_drawings(lab, folder, wanted["pictures"], "questions")
    yield from noises.record(lab, folder, wanted["sounds"], "questions")


def _notes(folder: Path) -> Iterator[Entry]:
    for path in sorted((folder / "notes").iterdir()):
        yield Entry(f"notes/{path.name}", _NOTES[path.suffix], OURS, "written here", "")


def main() -> None:
    """Read where the laboratory is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    entries = make(Lab(parser.parse_args().lab), CORPUS)
    print(f"{len(entries)} files in {CORPUS}")


if __name__ == "__main__":
    main()
