"""What the decoder of speech wrote, and how much of it is believed.

A model that has to write something writes words for silence and music too. So this one may write
asides, "(birds chirping)", which are no words; and words count only where it is fairly sure of
them, and of there being speech at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ASIDE = r"[(\[*♪][^)\]*♪]*[)\]*♪]?"  # to the end where it is not closed
# four words and more, and the same again: nobody says that, but models of speech write it
_AGAIN = r"\b((?:[\w']+\W+){3,}?[\w']+)(?:\W+\1\b)+"


@dataclass(frozen=True, slots=True)
class Doubts:
    """When what was written is not believed; tests hold both sides against these."""

    silence: float = 0.85  # this likely that nobody speaks: nothing is written
    doubtful: float = 0.5  # this likely, the words must be sure
    unsure: float = -0.8  # mean log-probability of words where silence is likely
    guessed: float = -1.6  # and of words anywhere
    words_a_second: float = 1.2  # slow speakers have 1.7; with fewer, some were passed over
    tokens_a_second: float = 8.0  # the fastest speakers have six
    circling: int = 12  # tokens that are one thing three times or more


DOUBTS = Doubts()


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for a piece, how likely nobody speaks there, and how sure it is."""

    text: str
    silence: float
    surety: float  # mean log-probability
    circled: bool = False  # it went on to write one thing again and again, which is left out

    def words(self, doubts: Doubts = DOUBTS) -> str:
        """Give the words that are believed: no asides, and no signs without a letter."""
        doubtful = self.silence > doubts.doubtful and self.surety < doubts.unsure
        if self.silence > doubts.silence or doubtful or self.surety < doubts.guessed:
            return ""
        words = " ".join(re.sub(_ASIDE, " ", self.text).split())
        return words if any(letter.isalnum() for letter in words) else ""

    def loses(self, seconds: float, doubts: Doubts = DOUBTS) -> bool:
        """Tell whether words of so many loud seconds were passed over, or written twice."""
        words = self.words(doubts)
        if not words:
            return False
        few = len(words.split()) < doubts.words_a_second * seconds
        return few or self.circled or once(words) != words


def once(words: str) -> str:
    """Give four words and more that stand there twice in a row, or oftener, only once."""
    return re.sub(_AGAIN, r"\1", words, flags=re.IGNORECASE)


def circle(tokens: list[int], least: int) -> int | None:
    """Tell where one thing was written once, if the last tokens are that thing three times."""
    for period in range(1, len(tokens) // 3 + 1):
        times = max(3, -(-least // period))
        last = tokens[-period * times :]
        if len(last) == period * times and last == last[:period] * times:
            return len(tokens) - period * (times - 1)
    return None
