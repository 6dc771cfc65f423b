"""What is preferred: the best of what passes are candidates too, and all that passes is surer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from omnisearch.query.candidates import Segments
from omnisearch.query.following import Led
from omnisearch.query.narrowing import Allowed, narrow
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.preferring import Favour

Positions = npt.NDArray[np.int64]


def favoured(
    favour: Favour,
    allowed: Allowed,
    before: Positions,
    best: Callable[[Allowed], Sequence[Positions]],
) -> Led:
    """Find the best of what passes; those of the candidates `before` that pass gain as well."""
    now = allowed.now
    mask = narrow(now, Wish.of(cast(QueryOptions, favour.options))).every()
    if mask is None:
        return Led.none()
    rows = [before[mask[before]], *best(allowed.within(mask))]
    keys = Segments.of(now, np.concatenate(rows)).keys
    return Led(keys, np.full(len(keys), favour.surer, np.float32))
