"""Whether the texts of a run are in a language that the encoder knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from omnisearch.encoder.omni_mini import OmniMini
from omnisearch.ingest.language import is_english

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder

_SHARE = 0.2  # of the passages; below, names and quotations may be all
_FEWEST = 5  # passages in another language
_JUDGED = 8  # passages of one file


class Languages:
    """Counts passages that are English and such that are not; from any thread."""

    def __init__(self) -> None:
        self._english = self._others = 0

    @property
    def heard(self) -> bool:
        """Tell whether any passage was in another language."""
        return self._others > 0

    def hear(self, words: str, number: int) -> None:
        """Judge a passage, the number-th of its file."""
        if number >= _JUDGED:
            return
        english = is_english(words)
        self._english += english is True
        self._others += english is False

    def warnings(self, encoder: Callable[[], Encoder] | None) -> list[str]:
        """Warn where much of the text is none that the encoder has learnt."""
        judged = self._english + self._others
        if encoder is None or self._others < max(_SHARE * judged, _FEWEST):
            return []
        loaded = encoder()
        if not isinstance(loaded.model, OmniMini):  # others tell no languages
            return []
        share = round(100 * self._others / judged)
        return [
            f"{share} % of the text is not English, the only language that {loaded.name} knows: "
            "words are still found by their letters; for more, use a multilingual --encoder"
        ]
