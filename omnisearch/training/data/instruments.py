"""Musical instruments of the FluidR3 soundfont, its drums, and the free samples of Sonic Pi.

The soundfont is played by TinySoundFont, which is taken out of its wheel: it declares a need for a
sound card that nothing here has.
"""

from __future__ import annotations

import importlib
import io
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from omnisearch.training.data import manifest, packages, tables
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.made import distinct, once, pick, seeded
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.synthesis import Wave, pcm, resample
from omnisearch.training.lab import Lab, Options

TUNES = (
    "a low note",
    "a high note",
    "a single note",
    "a chord",
    "a slow melody",
    "a fast melody",
    "a rising scale",
    "a falling scale",
    "an arpeggio",
    "repeated notes",
)
BEATS = ("a single hit", "a steady beat", "a fast roll")
_RATE, _DRUM_BANK, _DRUMS = 48_000, 128, 9
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12)
_FLUID: tuple[packages.Kind, str] = ("debian", "fluid-soundfont-gm")
_PLAYER: tuple[packages.Kind, str] = ("pip", "tinysoundfont")
_SONIC: tuple[packages.Kind, str] = ("debian", "sonic-pi-samples")
# a loop cut from a record that its maker did not free, whatever the file says
_DOUBTFUL = ("loop_amen",)
_PREFIXES = {
    "ambi": "ambient sound",
    "bass": "synthesizer bass",
    "bd": "bass drum",
    "drum": "drum",
    "elec": "electronic sound",
    "glitch": "glitch sound",
    "guit": "guitar",
    "loop": "loop",
    "mehackit": "gadget",
    "misc": "sound",
    "perc": "percussion",
    "sn": "snare drum",
    "tabla": "tabla drum",
    "vinyl": "record player",
}


Words = Mapping[str, Any]


@dataclass(frozen=True)
class Note:
    """One key, pressed at a time in seconds for a while."""

    key: int
    start: float
    length: float
    force: int = 100


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write instruments, drums and effects."""
    named, seed, schema = Concepts.load(lab), options.seed, tables.SOUNDS
    text = resources.files(__package__).joinpath("instruments.json").read_text("utf-8")
    words: Words = json.loads(text)

    def playing(rows: Rows) -> Callable[[], Iterator[tables.Row]]:
        return lambda: _play(lab, lambda player: rows(player, words, named, seed))

    drums = len(words["drums"]) * len(BEATS)
    figures = {
        "instruments": once(lab, "sounds-instruments", schema, 1280, playing(programs)),
        "drums": once(lab, "sounds-drums", schema, drums, playing(percussion)),
        "effects": once(lab, "sounds-effects", schema, 128, lambda: effects(lab, named)),
    }
    by = "FluidR3 by Frank Wen"
    for stem in ("sounds-instruments", "sounds-drums"):
        manifest.record(lab, stem, [_FLUID, _PLAYER], "MIT", by)
    manifest.record(lab, "sounds-effects", [_SONIC], "CC0-1.0", "samples of Sonic Pi under CC0")
    return figures


Rows = Callable[["Player", Words, Concepts, int], Iterator[tables.Row]]


class Player:
    """A synthesiser with one soundfont."""

    def __init__(self, module: ModuleType, soundfont: Path) -> None:
        self._synth = module.Synth(samplerate=_RATE)
        self._font = self._synth.sfload(str(soundfont))

    def play(self, program: int, notes: list[Note], seconds: float = 4.0) -> Wave:
        """Play notes with a program, or with the drums where it is negative."""
        channel = _DRUMS if program < 0 else 0
        bank, preset = (_DRUM_BANK, 0) if program < 0 else (0, program)
        self._synth.sounds_off()
        self._synth.program_select(channel, self._font, bank, preset, program < 0)
        turns = [(note.start, True, note) for note in notes]
        turns += [(note.start + note.length, False, note) for note in notes]
        pieces, now = [], 0
        for at, on, note in sorted(turns, key=lambda turn: turn[:2]):
            until = min(round(at * _RATE), round(seconds * _RATE))
            pieces.append(self._generate(until - now))
            now = until
            if on:
                self._synth.noteon(channel, note.key, note.force)
            else:
                self._synth.noteoff(channel, note.key)
        pieces.append(self._generate(round(seconds * _RATE) - now))
        return resample(np.concatenate(pieces), _RATE)

    def _generate(self, samples: int) -> Wave:
        if samples <= 0:
            return np.zeros(0)
        stereo = np.frombuffer(self._synth.generate(samples), np.float32).reshape(-1, 2)
        return np.asarray(stereo.mean(axis=1, dtype=np.float64))


def _play(lab: Lab, rows: Callable[[Player], Iterator[tables.Row]]) -> Iterator[tables.Row]:
    font = packages.obtain(lab, *_FLUID)
    wheel = packages.obtain(lab, *_PLAYER)
    with tempfile.TemporaryDirectory(dir=lab.packages, prefix=".play-") as name:
        folder = Path(name)
        for inside, content in packages.members(wheel):
            target = folder / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        for _, content in packages.members(font, lambda inside: inside.endswith(".sf2")):
            (folder / "font.sf2").write_bytes(content)
        sys.path.insert(0, name)
        try:
            module = importlib.import_module("tinysoundfont")
        finally:
            sys.path.remove(name)
        yield from rows(Player(module, folder / "font.sf2"))


def tune(kind: str, rng: np.random.Generator) -> list[Note]:
    """Write down what is played; a tune starts on a key of the middle."""
    root = int(rng.integers(52, 68))
    octave = {"a low note": -24, "a high note": 24}.get(kind, 0)
    if kind.endswith("note"):
        return [Note(root + octave, 0.05, 2.5, int(rng.integers(70, 120)))]
    if kind == "a chord":
        return [
            Note(root + step, 0.05, 3.0) for step in pick(rng, ((0, 4, 7), (0, 3, 7), (0, 5, 9)))
        ]
    steps = {
        "a rising scale": _SCALE,
        "a falling scale": _SCALE[::-1],
        "an arpeggio": (0, 4, 7, 12, 7, 4, 0, 4),
        "repeated notes": (0,) * int(rng.integers(5, 11)),
        "a slow melody": tuple(int(step) for step in rng.choice(_SCALE, 4)),
        "a fast melody": tuple(int(step) for step in rng.choice(_SCALE, 18)),
    }[kind]
    every = 3.6 / len(steps)
    return [Note(root + step, 0.05 + n * every, every * 0.9) for n, step in enumerate(steps)]


def programs(player: Player, words: Words, named: Concepts, seed: int) -> Iterator[tables.Row]:
    """Yield every program with every tune."""
    for number, (kind, (program, name)) in enumerate(product(TUNES, enumerate(words["programs"]))):
        family, other = words["families"][program // 8], words["others"].get(name, name)
        rng = seeded(seed, "tune", name, kind)
        article = "" if name.endswith("s") else "an " if name[0] in "aeiou" else "a "
        captions = [
            f"{article}{name} playing {kind}",
            f"{kind} on {article or 'the '}{name}",
            f"the sound of {article}{name}",
            other,
            name,
            f"{name}, {family}",
        ]
        wave = player.play(program, tune(kind, rng))
        yield _row(
            "instrument", f"fluidr3/{program:03d}/{number // 128}", name, captions, wave, named
        )


def percussion(player: Player, words: Words, named: Concepts, seed: int) -> Iterator[tables.Row]:
    """Yield every key of the drum kit with every rhythm."""
    for (place, kind), (key, name) in product(enumerate(BEATS), words["drums"].items()):
        rng = seeded(seed, "drum", name, kind)
        every = {"a single hit": 9.0, "a steady beat": float(rng.uniform(0.4, 0.7))}.get(kind, 0.09)
        starts = np.arange(0.1, 3.8, every)
        notes = [Note(int(key), float(at), every * 0.8) for at in starts]
        captions = [f"{kind} on a {name}", f"the sound of a {name}", name, f"{name}, drum kit"]
        wave = player.play(-1, notes)
        yield _row("drum", f"fluidr3/drum-{key}/{place}", name, captions, wave, named)


def effects(lab: Lab, named: Concepts) -> Iterator[tables.Row]:
    """Yield the samples of Sonic Pi that are CC0 by their own entry in the copyright file."""
    archive = packages.obtain(lab, *_SONIC)
    free = cc0(packages.member(archive, "usr/share/doc/sonic-pi-samples/copyright").decode())
    for inside, content in packages.members(archive, lambda inside: inside.endswith(".flac")):
        name = Path(inside).stem
        if name in free and not name.startswith(_DOUBTFUL):
            title, captions = effect_words(name, named.wordnet.senses)
            yield _row("effect", f"sonic-pi/{name}", title, captions, decode(content), named)


def cc0(copyright_file: str) -> set[str]:
    """Read which samples a machine-readable copyright file puts under CC0."""
    found = set[str]()
    for stanza in re.split(r"\n\s*\n", copyright_file):
        fields = dict(re.findall(r"(?m)^(Files|License):\s*((?:.|\n[ \t])*)", stanza))
        if fields.get("License", "").strip() in ("CC0", "CC0-1.0"):
            found.update(re.findall(r"(\w+)\.flac", fields.get("Files", "")))
    return found


def effect_words(name: str, known: Callable[[str], object]) -> tuple[str, list[str]]:
    """Turn a file name like `ambi_glass_rub` into a title and captions of words that are known."""
    prefix, _, rest = name.partition("_")
    about = _PREFIXES.get(prefix, prefix)
    words = [word for word in re.findall(r"[a-z]+", rest) if len(word) > 2 and known(word)]
    plain = " ".join(words)
    if not plain:
        return about, [f"a {about}", f"the sound of a {about}", about]
    title = plain if prefix in ("misc", "perc", "elec") else f"{plain} {about}"
    return title, [title, f"{about}: {plain}", f"the sound of {plain}", f"{plain} {about}"]


def decode(content: bytes) -> Wave:
    """Decode an audio file to 16 kHz mono."""
    import av

    with av.open(io.BytesIO(content), mode="r") as container:
        resampler = av.AudioResampler("flt", "mono", 48_000)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        frames += resampler.resample(None)
    samples = np.concatenate([frame.to_ndarray().ravel() for frame in frames])
    return resample(samples.astype(np.float64)[: 4 * _RATE], _RATE)


def _row(
    kind: str, row_id: str, title: str, captions: list[str], wave: Wave, named: Concepts
) -> tables.Row:
    concept = named.of(title)
    return {
        "id": row_id,
        "concept": concept,
        "kind": kind,
        "source": row_id.partition("/")[0],
        "title": title,
        "captions": distinct(captions),
        "pcm": pcm(wave),
        "split": split_of(concept),
        "licence": "CC0-1.0" if kind == "effect" else "MIT",
    }
