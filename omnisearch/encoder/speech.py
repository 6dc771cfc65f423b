"""What is said in a recording, written down piece by piece, the likeliest token each time.

Pieces are cut at pauses. One whose words were passed over, or went round in circles, is cut again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder import pauses
from omnisearch.encoder.pauses import PAUSES, Span
from omnisearch.encoder.spectrum import Spectrum
from omnisearch.encoder.written import DOUBTS, Doubts, Written, circle, once

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles

Floats = npt.NDArray[np.float32]
NO_SPEECH = "<|nocaptions|>"
# pieces are made as loud as most speech is, so that a whisper is understood as well
_PEAK, _LEAST = 0.5, 1e-6
_LEAD_S = 0.3  # of quiet before the first word: without it, that word is often misheard
_UNCUT_S = 4.0  # a piece that is shorter is not cut again


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words, from when to when; confidence is the mean probability of their tokens."""

    start_s: float
    end_s: float
    text: str
    confidence: float


class Speech:
    """Writes down speech; graphs and words are opened when something sounds."""

    def __init__(self, files: ModelFiles, doubts: Doubts = DOUBTS) -> None:
        self._files, self._doubts = files, doubts
        self._settings: dict[str, Any] = files.model["speech"]
        self.rate: int = files.model["audio"]["rate"]
        # the decoder reads the whole piece at each token, so the shortest that it knows is quickest
        self._longest_s, self._most_s = (int(bound) for bound in self._settings["seconds"])

    def transcribe(self, wave: Floats) -> list[Spoken]:
        """Give what is said in samples (t,) of any length, in order."""
        return [spoken for span in self.pieces(wave) for spoken in self._spoken(wave, span)]

    def pieces(self, wave: Floats) -> list[Span]:
        """Give what is written down at once, in samples: some seconds between pauses."""
        longest = round((self._longest_s - _LEAD_S) * self.rate)
        near = PAUSES.apart_s * self.rate
        found: list[Span] = []
        for stretch in pauses.stretches(wave, self.rate):
            for start, end in pauses.cut(wave, self.rate, stretch, longest):
                if found and start - found[-1][1] < near and end - found[-1][0] <= longest:
                    found[-1] = (found[-1][0], end)
                else:
                    found.append((start, end))
        return found

    def write(self, wave: Floats) -> Written:
        """Write down a piece of at most half a minute, whoever or whatever is heard there."""
        length_s = len(wave) / self.rate
        seconds = min(max(self._longest_s, int(np.ceil(length_s))), self._most_s)
        loud = wave * np.float32(_PEAK / max(float(np.abs(wave).max(initial=0)), _LEAST))
        states = self._files.run("audio", ["last"], mel=self._spectrum([loud], seconds))[0]
        most = round(self._doubts.tokens_a_second * length_s) + 8
        return self._decode(states, min(most, self._settings["longest"]))

    def _spoken(self, wave: Floats, span: Span) -> list[Spoken]:
        """Give what is said in a piece, or in parts of it where the whole is not believed."""
        start, end = span
        loud_s = (end - start) / self.rate - 2 * PAUSES.margin_s
        lead_s = _LEAD_S - PAUSES.margin_s if start else _LEAD_S
        lead = np.zeros(round(lead_s * self.rate), np.float32)
        written = self.write(np.concatenate([lead, wave[start:end]]))
        if loud_s > _UNCUT_S and written.loses(loud_s, self._doubts):
            parts = pauses.cut(wave, self.rate, span, round(0.6 * (end - start)))
            return [spoken for part in parts for spoken in self._spoken(wave, part)]
        words = once(written.words(self._doubts))
        if not words:
            return []
        confidence = float(np.exp(written.surety))
        return [Spoken(start / self.rate, end / self.rate, words, confidence)]

    def _decode(self, states: Floats, most: int) -> Written:
        """Write at most so many tokens for the states (1, s, width) of a sound.

        Keys and values of the sound are computed once and given again with each token.
        """
        settings, end = self._settings, self._settings["end"]
        logits, past, heard = self._begin(states)
        silence = 0.0 if self._nobody is None else float(np.exp(_sure(logits[0, 0], self._nobody)))
        if silence > self._doubts.silence:
            return Written("", silence, 0.0)
        logits[0, -1, settings["never_first"]] = -np.inf
        tokens: list[int] = []
        sureties: list[float] = []
        kept = None
        while True:
            scores = logits[0, -1, : end + 1]
            best = int(scores.argmax())
            sureties.append(_sure(scores, best))
            if best == end or len(tokens) == most:
                break
            tokens.append(best)
            kept = circle(tokens, self._doubts.circling)
            if kept is not None:
                break
            ids, none = np.array([[best]], np.int64), states[:, :0]
            logits, past = self._files.run(
                "speech", ["logits", "past_after"], ids=ids, sound=none, past=past, heard=heard
            )
        text = str(self._words.decode(tokens[:kept])).strip()
        return Written(text, silence, float(np.mean(sureties[:kept])), kept is not None)

    def _begin(self, states: Floats) -> list[Floats]:
        """Read the sound and the prompt: logits, and keys and values of both."""
        settings = self._settings
        width = states.shape[2] // settings["heads"]
        none = np.zeros((settings["layers"], 2, 1, settings["heads"], 0, width), np.float32)
        prompt = np.array([settings["prompt"]], np.int64)
        outputs = ["logits", "past_after", "heard_after"]
        return self._files.run("speech", outputs, ids=prompt, sound=states, past=none, heard=none)

    @cached_property
    def _spectrum(self) -> Spectrum:
        return Spectrum(self._files)

    @cached_property
    def _words(self) -> Any:  # noqa: ANN401 - a class of tokenizers, which has no types
        from tokenizers import Tokenizer

        return Tokenizer.from_str(self._files.read(self._settings["tokenizer"]).decode("utf-8"))

    @cached_property
    def _nobody(self) -> int | None:
        """The token that stands for nobody speaking, where the vocabulary has it."""
        token: int | None = self._words.token_to_id(NO_SPEECH)
        return token


def _sure(scores: Floats, token: int) -> float:
    """Give the log-probability of a token."""
    top = scores.max()
    return float(scores[token] - top - np.log(np.exp(scores - top).sum()))
