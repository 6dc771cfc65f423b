"""What the speech decoder writes down, made once for each clip and kept beside the features.

A clip is known by its samples. It is filled up to ten seconds, since in shorter windows Whisper
repeats itself. A single word is said twice, since it understands little that it hears once. Where
it takes silence or noise for speech, nothing is written down.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import torch
from tokenizers import Tokenizer
from torch import Tensor

from omnisearch.training.data import tables
from omnisearch.training.export.speech import CachedDecoder, empty
from omnisearch.training.export.stage import preprocessing
from omnisearch.training.lab import Lab
from omnisearch.training.towers import frozen
from omnisearch.training.towers.audio import Floats, clip, spectrum

VERSION = 1  # of what is done here: another number makes all transcripts anew
RATE = 16_000
LONGEST = 48  # tokens: nobody says more in four seconds
# Whisper's own rule: no speech is likely, and what was written all the same is unlikely
SILENT, UNSURE = 0.6, -1.0
NO_SPEECH = "<|nocaptions|>"
# a clip that is loud for less than this is said twice, with a pause (seconds)
SHORT, PAUSE = 1.25, 0.5
_FRAME = 320  # samples whose loudness is measured
_BATCH = 16
_ASIDE = r"[(\[*♪][^)\]*♪]*[)\]*♪]?"  # (birds chirping)
# what was said several times, or what Whisper repeats when it hears nothing more
_AGAIN = r"\b(\w[^.?!]*?)(?:[\s,.!?-]+\1\b)+"
SCHEMA = pa.schema(
    [
        pa.field("clip", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("silence", pa.float64(), nullable=False),
        pa.field("surety", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Heard:
    """What was written down, how likely there was no speech, and the mean log-probability."""

    text: str
    silence: float
    surety: float

    @property
    def spoken(self) -> str:
        """The words, or nothing where they are made up or tell of a sound; no word is repeated."""
        if self.silence > SILENT and self.surety < UNSURE:
            return ""
        words = re.sub(_ASIDE, " ", self.text)
        return " ".join(re.sub(_AGAIN, r"\1", words, flags=re.IGNORECASE).split())


class Transcripts:
    """Transcripts of clips, from the cache or made now."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        weights = (frozen.folder(lab) / "speech.safetensors").read_bytes()
        digest = hashlib.blake2b(weights, digest_size=6)
        digest.update(f"{VERSION}".encode())
        self.path = lab.features / f"transcripts-{digest.hexdigest()}.arrow"
        self._known = self._read()

    def of(self, pcms: Sequence[bytes]) -> list[Heard]:
        """Give what is said in clips of int16 samples."""
        names = [hashlib.blake2b(pcm, digest_size=12).hexdigest() for pcm in pcms]
        wanted = dict(zip(names, pcms, strict=True))
        fresh = [name for name in wanted if name not in self._known]
        with self.lab.progress("transcripts", len(fresh), "clips") as bar:
            for at in range(0, len(fresh), _BATCH):
                some = fresh[at : at + _BATCH]
                waves = np.stack([repeated(clip(wanted[name])) for name in some])
                self._known.update(zip(some, self.writer.hear(waves), strict=True))
                bar.update(len(some))
                if at // _BATCH % 8 == 7 or at + _BATCH >= len(fresh):
                    self._write()
        return [self._known[name] for name in names]

    @cached_property
    def writer(self) -> Writer:
        """The decoder, read when there is something to hear."""
        return Writer(self.lab)

    def _read(self) -> dict[str, Heard]:
        if not self.path.exists():
            return {}
        return {
            row["clip"]: Heard(row["text"], row["silence"], row["surety"])
            for row in tables.read(self.path).to_pylist()
        }

    def _write(self) -> None:
        tables.write(
            self.path,
            SCHEMA,
            ({"clip": name, **vars(heard)} for name, heard in self._known.items()),
        )


def repeated(wave: Floats) -> Floats:
    """Say a single word a second time after a pause; anything longer is said once."""
    start, stop = loud(wave)
    pause = np.zeros(int(PAUSE * RATE), np.float32)
    again = wave if stop - start <= SHORT * RATE else np.zeros_like(wave)
    return np.concatenate([wave, pause, again])


def loud(wave: Floats) -> tuple[int, int]:
    """Give where a clip begins and ends to be loud: nearer to its loudest than to its quietest."""
    frames = wave[: len(wave) // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = 10 * np.log10(np.square(frames).mean(1) + 1e-9)
    low, high = np.percentile(level, [10, 99])
    on = np.flatnonzero(level >= max(high - 25, (low + high) / 2))
    return int(on[0]) * _FRAME, int(on[-1] + 1) * _FRAME


class Writer:
    """Whisper, the likeliest token each time, several clips at once."""

    def __init__(self, lab: Lab) -> None:
        self.tower, decoder = frozen.load_audio(lab)
        self.decoder = CachedDecoder(decoder).eval()
        self.settings = preprocessing(lab)["speech"]
        path = frozen.folder(lab) / self.settings["tokenizer"]
        # tiny towers speak no language: their words are the numbers of tokens
        self.tokenizer = Tokenizer.from_file(str(path)) if path.exists() else None
        self.silence = None if self.tokenizer is None else self.tokenizer.token_to_id(NO_SPEECH)
        self.seconds = self.settings["seconds"]  # at least and at most

    @torch.no_grad()
    def states(self, waves: Floats) -> Tensor:
        """Give the states (n, s, width) of waves, which are filled up with silence."""
        least, most = (int(bound) * RATE for bound in self.seconds)
        cut = waves[:, :most]
        mel = spectrum(np.pad(cut, ((0, 0), (0, max(0, least - cut.shape[1])))))
        last: Tensor = self.tower.states(torch.from_numpy(mel))[0]
        return last

    def hear(self, waves: Floats) -> list[Heard]:
        """Write down what is said in waves (n, t)."""
        tokens, surety, silence = self.greedy(self.states(waves))
        return [
            Heard(self.text(some), round(float(none), 4), round(float(sure), 4))
            for some, sure, none in zip(tokens, surety, silence, strict=True)
        ]

    @torch.no_grad()
    def greedy(self, sound: Tensor) -> tuple[list[list[int]], Tensor, Tensor]:
        """Give tokens, their mean log-probability, and how likely there was no speech."""
        n, end = len(sound), self.settings["end"]
        ids = torch.tensor([self.settings["prompt"]] * n)
        past = heard = empty(self.decoder.decoder, n)
        logits, past, heard = self.decoder(ids, sound, past, heard)
        silence = torch.zeros(n)
        if self.silence is not None:
            silence = logits[:, 0].softmax(1)[:, self.silence]
        logits[:, -1, self.settings["never_first"]] = -torch.inf
        found: list[list[int]] = [[] for _ in range(n)]
        total, alive = torch.zeros(n), torch.ones(n, dtype=torch.bool)
        for _ in range(min(LONGEST, self.settings["longest"])):
            sure, best = logits[:, -1, : end + 1].log_softmax(1).max(1)
            total += sure * alive
            alive &= best != end
            for row in torch.nonzero(alive).flatten().tolist():
                found[row].append(int(best[row]))
            if not alive.any():
                break
            logits, past, heard = self.decoder(best[:, None], sound[:, :0], past, heard)
        lengths = torch.tensor([len(some) + 1 for some in found])
        return found, total / lengths, silence

    def tokens(self, text: str) -> list[int]:
        """Give the tokens of a text as it is heard; tiny towers know none."""
        if self.tokenizer is None:
            return [1 + ord(letter) % (self.settings["end"] - 1) for letter in text[:4]]
        found: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return found

    def text(self, tokens: Sequence[int]) -> str:
        """Give the words of tokens."""
        if self.tokenizer is None:
            return " ".join(map(str, tokens))
        return str(self.tokenizer.decode(list(tokens))).strip()
