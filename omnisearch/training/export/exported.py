"""An exported encoder, read with NumPy, ONNX Runtime and tokenizers alone.

It shows what the files mean, and the export is checked through it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder import processor

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """What the graphs make of media: soft tokens (n, t, width) and vectors (n, width) beside."""

    soft: Floats
    beside: Mapping[str, Floats]

    def film(self) -> Seen:
        """Lay the rows, frames in order, behind each other as one film."""
        means = {name: part.mean(0, keepdims=True) for name, part in self.beside.items()}
        return Seen(self.soft.reshape(1, -1, self.soft.shape[2]), means)


@dataclass(frozen=True)
class States:
    """Unit vectors (n, width), and the last states (n, t, width) of [CLS], media, words."""

    vectors: Floats
    states: Floats
    there: npt.NDArray[np.bool_]  # (n, t)


def together(fused: Floats, beside: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Give the unit vectors of the weighted sum; of texts alone they are the fused ones.

    Media that are read without words have no vector of words beside them.
    """
    total = fused.copy()
    for name in [name for name in weights if name in beside]:
        total += np.float32(weights[name]) * beside[name]
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True))


class Exported:
    """The folder of an export."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.folder = folder
        self.threads = threads
        self.model: dict[str, Any] = json.loads((folder / "model.json").read_text("utf-8"))
        self._sessions: dict[str, Any] = {}

    def graph(self, name: str, **inputs: npt.NDArray[Any]) -> list[Floats]:
        """Run a graph."""
        if name not in self._sessions:
            import onnxruntime

            settings = onnxruntime.SessionOptions()
            settings.intra_op_num_threads = self.threads
            settings.inter_op_num_threads = 1
            processor.settle(settings)
            path = str(self.folder / self.model["graphs"][name]["file"])
            found = onnxruntime.InferenceSession(path, settings, ["CPUExecutionProvider"])
            self._sessions[name] = found
        given: list[Floats] = self._sessions[name].run(None, inputs)
        return given

    def texts(self, texts: Sequence[str]) -> Floats:
        """Give the vectors of texts."""
        return self.states(texts).vectors

    def states(self, texts: Sequence[str], soft: Floats | None = None) -> States:
        """Read texts, or soft tokens with them: what the backbone makes of every token."""
        found = [one.ids for one in self._words.encode_batch(list(texts))]
        width = max((len(ids) for ids in found), default=2)
        ids = np.zeros((len(found), width), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(found):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        if soft is None:
            soft = np.zeros((len(ids), 0, self.model["dim"]), np.float32)
        there = np.ones(soft.shape[:2], np.int64)
        vectors, states = self.graph("text", ids=ids, id_mask=mask, soft=soft, soft_mask=there)
        whole = np.concatenate([mask[:, :1], there, mask[:, 1:]], axis=1).astype(np.bool_)
        return States(vectors, states, whole)

    def media(self, kind: str, seen: Seen, texts: Sequence[str] | None = None) -> Floats:
        """Give the vectors of media, perhaps read with texts; kind is a key of `weights`."""
        read = self.states(texts or [""] * len(seen.soft), seen.soft)
        return self.weighed(kind, read.vectors, seen, texts)

    def weighed(
        self, kind: str, fused: Floats, seen: Seen, texts: Sequence[str] | None = None
    ) -> Floats:
        """Add to what was read of media what stands beside it."""
        beside = seen.beside
        if texts is not None:
            there = np.array([[bool(text.strip())] for text in texts], np.float32)
            beside = {**beside, "words": self.texts(texts) * there}
        return together(fused, beside, self.model["weights"][kind])

    def pictures(self, pixels: Floats, places: Sequence[int] | None = None) -> Seen:
        """Look at pixels (n, 3, side, side) from 0 to 255; frames of a film have places 1 to 8."""
        place = np.asarray(places if places is not None else [0] * len(pixels), np.int64)
        soft, locked, classes = self.graph("image", pixels=pixels, place=place)
        return Seen(soft, {"locked": locked, "classes": classes})

    def sounds(self, waves: Floats) -> Seen:
        """Hear waves (n, t) from -1 to 1 at the rate of the model, cut or filled with silence."""
        last, early = self.graph("audio", mel=self._spectrum(waves, self.model["audio"]["seconds"]))
        soft, locked = self.graph("sound", last=last, early=early)
        return Seen(soft, {"locked": locked})

    def transcribe(self, wave: Floats) -> str:
        """Write down speech (t,) of at most half a minute, the likeliest token each time."""
        speech, rate = self.model["speech"], self.model["audio"]["rate"]
        low, high = speech["seconds"]
        seconds = min(max(low, -(-len(wave) // rate)), high)
        sound, _ = self.graph("audio", mel=self._spectrum(wave[None], seconds))
        return str(self.spoken.decode(self.decode(sound))).strip()

    def decode(self, sound: Floats) -> list[int]:
        """Give the tokens that are heard in states (1, s, width)."""
        speech = self.model["speech"]
        layers, heads, width = speech["layers"], speech["heads"], sound.shape[2]
        past = np.zeros((layers, 2, 1, heads, 0, width // heads), np.float32)
        heard, ids = past, np.array([speech["prompt"]], np.int64)
        found: list[int] = []
        for _ in range(speech["longest"]):
            given = self.graph("speech", ids=ids, sound=sound, past=past, heard=heard)
            logits, past, heard = given
            scores = logits[0, -1, : speech["end"] + 1]
            if not found:
                scores[speech["never_first"]] = -np.inf
            best = int(scores.argmax())
            if best == speech["end"]:
                break
            found.append(best)
            ids, sound = np.array([[best]], np.int64), sound[:, :0]
        return found

    @cached_property
    def spoken(self) -> Any:  # noqa: ANN401 - a class of tokenizers, which has no types
        """The speech decoder's vocabulary."""
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self.folder / self.model["speech"]["tokenizer"]))

    @cached_property
    def _words(self) -> Any:  # noqa: ANN401
        from tokenizers import Tokenizer

        words = Tokenizer.from_file(str(self.folder / self.model["text"]["tokenizer"]))
        words.enable_truncation(self.model["text"]["longest"])
        words.no_padding()
        return words

    @cached_property
    def _filters(self) -> Floats:
        found: Floats = np.load(self.folder / self.model["audio"]["filters"])
        return found

    def _spectrum(self, waves: Floats, seconds: int) -> Floats:
        """Give the log-mel (n, bands, 100 x seconds)."""
        audio = self.model["audio"]
        window, hop, length = audio["window"], audio["hop"], audio["rate"] * seconds
        cut = waves[:, :length]
        filled = np.pad(cut, ((0, 0), (0, length - cut.shape[1])))
        edge = window // 2
        padded = np.pad(filled, ((0, 0), (edge, edge)), mode="reflect")
        views = np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)
        frames = views[:, ::hop][:, :-1] * np.hanning(window + 1)[:-1].astype(np.float32)
        power = np.abs(np.fft.rfft(frames, axis=2)).astype(np.float32) ** 2
        mel = np.log10(np.maximum(power @ self._filters.T, 1e-10)).transpose(0, 2, 1)
        loud = np.maximum(mel, mel.max((1, 2), keepdims=True) - 8)
        return np.asarray((loud + 4) / 4, np.float32)
