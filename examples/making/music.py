"""Short tunes, played with the FluidR3 soundfont."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from examples.making import sound
from examples.making.listing import Entry
from omnisearch.training.data import packages
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.instruments import Note, Player
from omnisearch.training.data.splits import split_of
from omnisearch.training.lab import Lab

_C = 60  # the key of the middle C
_KICK, _SNARE, _HAT = 36, 38, 42


def play(lab: Lab, folder: Path, wanted: Mapping[str, list[str]]) -> Iterator[Entry]:
    """Write the pieces."""
    text = resources.files("omnisearch.training.data").joinpath("instruments.json").read_text()
    programs: list[str] = json.loads(text)["programs"]
    concepts = Concepts.load(lab)
    with _player(lab) as player:
        for name, (instrument, tune, shows) in wanted.items():
            notes = _beat() if tune == "beat" else _notes(tune)
            program = programs.index(instrument) if instrument else -1
            seconds = max(note.start + note.length for note in notes) + 1.0
            wave = player.play(program, notes, seconds)
            tags = {"title": shows, "artist": "FluidR3", "album": "Practice", "date": "2026"}
            sound.write(folder / name, wave, tags)
            by = "played here with FluidR3 by Frank Wen (fluid-soundfont-gm 3.1)"
            split = split_of(concepts.of(instrument or "drum kit"))
            yield Entry(f"music/{name}", shows, "MIT", by, split)


def _notes(tune: str) -> list[Note]:
    """Read a tune: keys above the middle C, several for a chord, none for a rest; then beats."""
    tunes = json.loads((Path(__file__).parent / "tunes.json").read_text("utf-8"))
    beat_s, notes, at = tunes[tune]["beat_s"], [], 0.05
    for keys, beats in tunes[tune]["steps"]:
        for key in [keys] if isinstance(keys, int) else keys or []:
            notes.append(Note(_C + key, at, beats * beat_s * 0.95))
        at += beats * beat_s
    return notes


def _beat() -> list[Note]:
    notes = []
    for step in range(24):
        at = 0.05 + step * 0.2
        notes.append(Note(_HAT, at, 0.1, 80))
        if step % 4 in (0, 2):
            notes.append(Note(_KICK if step % 4 == 0 else _SNARE, at, 0.15))
    return notes


@contextmanager
def _player(lab: Lab) -> Iterator[Player]:
    """Take the synthesiser out of its wheel and the soundfont out of its package."""
    font, wheel = (
        packages.obtain(lab, "debian", "fluid-soundfont-gm"),
        packages.obtain(lab, "pip", "tinysoundfont"),
    )
    with tempfile.TemporaryDirectory() as name:
        taken = Path(name)
        for inside, content in packages.members(wheel):
            (taken / inside).parent.mkdir(parents=True, exist_ok=True)
            (taken / inside).write_bytes(content)
        for _, content in packages.members(font, lambda inside: inside.endswith(".sf2")):
            (taken / "font.sf2").write_bytes(content)
        sys.path.insert(0, name)
        try:
            module = importlib.import_module("tinysoundfont")
        finally:
            sys.path.remove(name)
        yield Player(module, taken / "font.sf2")
