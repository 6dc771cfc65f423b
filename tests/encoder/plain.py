"""What toy encoders have alike: passages are whole, nothing is known, no parts are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.parts import Part

Vector = npt.NDArray[np.float32]


class Plain:
    """The half of an encoder that toys need not say."""

    def joins(self, parts: Sequence[Part]) -> bool:
        return False

    def passages(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def known(self) -> Mapping[str, Vector]:
        return {}
