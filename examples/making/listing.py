"""Every file of the corpus as a line of LICENCES.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_SPLITS = {"train": "learnt from", "validation": "held out", "test": "held out", "": ""}
OURS = "Apache-2.0"


@dataclass(frozen=True)
class Entry:
    """One file: what it is, under which licence, by whom, whether the encoder learnt from it."""

    path: str
    shows: str
    licence: str
    by: str
    split: str


def listed(entries: Iterable[Entry]) -> str:
    """Give the lines of a table."""
    head = "| file | what it is | licence | from | omni-mini |\n| --- | --- | --- | --- | --- |\n"
    lines = [
        f"| {one.path} | {one.shows} | {one.licence} | {one.by} | {_SPLITS[one.split]} |\n"
        for one in sorted(entries, key=lambda entry: entry.path)
    ]
    return head + "".join(lines)


def write(folder: Path, entries: list[Entry]) -> None:
    """Write LICENCES.md; a file that is there and not listed is an error."""
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    missing = files - {one.path for one in entries} - BESIDE
    if missing:
        raise LookupError(f"nothing says where these come from: {sorted(missing)}")
    intro = (Path(__file__).parent / "licences.md").read_text("utf-8")
    (folder / "LICENCES.md").write_text(intro + listed(entries), "utf-8")


BESIDE = {"LICENCES.md", "questions.json", ".omnisearchignore"}
