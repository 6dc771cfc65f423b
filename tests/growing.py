"""Whether work grows as what it is given does: asked without a bound that a slow machine breaks."""

from __future__ import annotations

import time
from collections.abc import Callable

_QUICK_S = 2.0  # of this thread's processor: no need to ask
_LINEAR = 4  # times as long, four times as much takes; 16 times where it is quadratic


def grows_linearly(work: Callable[[int], object], size: int) -> bool:
    """Tell whether work of that size is quick, or hardly more than four times one of a quarter."""
    whole_s = _spent_s(work, size)
    if whole_s < _QUICK_S:
        return True
    part_s = min(_spent_s(work, size // 4) for _ in range(3))
    whole_s = min(whole_s, *(_spent_s(work, size) for _ in range(2)))
    return whole_s < 2 * _LINEAR * part_s


def _spent_s(work: Callable[[int], object], size: int) -> float:
    begun_s = time.thread_time()
    work(size)
    return time.thread_time() - begun_s
