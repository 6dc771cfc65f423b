"""Does `follow` find what takes two steps, and what does it cost the rest?

`python -m benchmarks.following FOLDER` asks the questions of benchmarks/questions.py. Half of each
kind was looked at when the gain of a name was chosen; figures are told of the other half too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import omnisearch as om
from benchmarks.corpora.asked import KINDS, Question
from benchmarks.questions import right_segments, run
from omnisearch.evaluation.retrieval import paired_bootstrap

_AT = (1, 3, 10, 30)
_DEEP = 10
Numbers = npt.NDArray[np.float64]


def places(col: om.Collection, asked: Sequence[Question], follow: bool) -> tuple[Numbers, float]:
    """Give how far up the first right segment of each question stands, and milliseconds of one."""
    wanted, found, spent = right_segments(col, asked), [], 0.0
    for question, right in zip(asked, wanted, strict=True):
        begin = time.process_time()
        hits = col.query(
            question.text, k=_AT[-1], group_by="none", follow=follow, **question.options
        )
        names = hits.ids
        spent += time.process_time() - begin
        found.append(next((at for at, name in enumerate(names) if name in right), _AT[-1]))
    return np.array(found, np.float64), 1e3 * spent / len(asked)


def gains(found: Numbers) -> Numbers:
    """Give nDCG@10 of each question, which has one right answer."""
    return np.where(found < _DEEP, 1 / np.log2(found + 2), 0.0)


def measured(col: om.Collection, asked: Sequence[Question]) -> dict[str, Any]:
    """Compare with and without, for each kind, and for the half that nothing was chosen on."""
    places(col, asked, follow=False)  # what is loaded once
    (plain, plain_ms), (led, led_ms) = (places(col, asked, follow) for follow in (False, True))
    kinds = np.array([question.kind for question in asked])
    unseen = np.arange(len(asked)) % 2 == 1
    told: dict[str, Any] = {}
    for kind in KINDS:
        here = kinds == kind
        told[kind] = {
            "questions": int(here.sum()),
            "plain": {f"at_{k}": int((plain[here] < k).sum()) for k in _AT},
            "follow": {f"at_{k}": int((led[here] < k).sum()) for k in _AT},
            "ndcg_10": _differs(led[here], plain[here]),
            "ndcg_10_unseen": _differs(led[here & unseen], plain[here & unseen]),
        }
    others = kinds != "hop"
    told["others"] = _differs(led[others], plain[others])
    told["all_unseen"] = _differs(led[unseen], plain[unseen])
    told["cpu_ms"] = {"plain": round(plain_ms, 2), "follow": round(led_ms, 2)}
    return told


def _differs(led: Numbers, plain: Numbers) -> dict[str, float]:
    """Give the mean difference with its 95 % interval."""
    found = paired_bootstrap(gains(led), gains(plain), seed=1)
    return {"gain": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4)}


def main() -> int:
    """Measure, print and keep."""
    return run("following", __doc__, measured)


if __name__ == "__main__":
    raise SystemExit(main())
