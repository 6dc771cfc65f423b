"""What does it win to take the words of a question for options, and what does it lose?

`python -m benchmarks.routed FOLDER` asks the questions of benchmarks/questions.py in words alone
(benchmarks/corpora/worded.toml). `--choosing` compares settings on the half that is for choosing.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import omnisearch as om
from benchmarks.corpora.worded import Worded, worded
from benchmarks.following import Numbers, gains
from benchmarks.questions import keep, prepared, right_segments
from omnisearch.evaluation.retrieval import paired_bootstrap
from omnisearch.routing import settings
from omnisearch.routing.settings import CHOSEN, Settings

_AT = (1, 3, 10)
_DEEP = 30
_ALL = frozenset(("dates", "columns", "kinds", "extremes", "folders"))
_SURER = (None, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
VARIANTS: Mapping[str, Settings] = {
    "chosen": CHOSEN,
    **{f"kinds {surer}": replace(CHOSEN, kinds=surer) for surer in _SURER},
    **{f"dates {surer}": replace(CHOSEN, dates=surer) for surer in _SURER},
    **{f"columns {surer}": replace(CHOSEN, columns=surer) for surer in _SURER},
    **{
        f"within {odds}": replace(CHOSEN, within=odds)
        for odds in (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
    },
    **{
        f"without the words of {name}": replace(CHOSEN, strip=CHOSEN.strip | {name})
        for name in sorted(_ALL - CHOSEN.strip)
    },
    **{
        f"with the words of {name}": replace(CHOSEN, strip=CHOSEN.strip - {name})
        for name in sorted(CHOSEN.strip)
    },
}


class Asking:
    """A collection, questions whose right answers are known, and the day of asking."""

    def __init__(self, col: om.Collection, asked: Sequence[Worded], today: date) -> None:
        self.col, self.asked, self.today = col, asked, today
        self._right = right_segments(col, [one.question for one in asked])

    def places(self, **options: Any) -> tuple[Numbers, Numbers]:  # noqa: ANN401
        """Give how far up the first right segment of each stands, and milliseconds of each."""
        found, spent = [], []
        for one, right in zip(self.asked, self._right, strict=True):
            begin = time.process_time()
            ids = self.col.query(one.question.text, k=_DEEP, group_by="none", **options).ids
            spent.append(1e3 * (time.process_time() - begin))
            found.append(next((at for at, name in enumerate(ids) if name in right), _DEEP))
        return np.array(found, np.float64), np.array(spent)

    def routed(self) -> tuple[Numbers, Numbers]:
        """Give the same where words are taken for options."""
        return self.places(route="auto", today=self.today)

    def of(self, half: str) -> Asking:
        """Ask those of one half alone."""
        return Asking(self.col, [one for one in self.asked if one.half == half], self.today)


def compared(asking: Asking) -> dict[str, Any]:
    """Compare with and without, for each kind of question and for all."""
    asking.routed()  # what is loaded once
    (plain, plain_ms), (routed, routed_ms) = asking.places(), asking.routed()
    kinds = np.array([one.kind for one in asking.asked])
    told = {
        kind: _compared(plain[kinds == kind], routed[kinds == kind])
        for kind in dict.fromkeys(kinds.tolist())
    }
    told["all"] = _compared(plain, routed)
    more = np.median(routed_ms - plain_ms), np.percentile(routed_ms - plain_ms, 95)
    told["cpu_ms"] = {
        "plain": round(float(np.median(plain_ms)), 2),
        "more, median": round(float(more[0]), 2),
        "more, 95 in 100": round(float(more[1]), 2),
    }
    return told


def _compared(plain: Numbers, routed: Numbers) -> dict[str, Any]:
    differs = paired_bootstrap(gains(routed), gains(plain), seed=1)
    return {
        "questions": len(plain),
        "plain": {f"at_{k}": int((plain < k).sum()) for k in _AT},
        "routed": {f"at_{k}": int((routed < k).sum()) for k in _AT},
        "better": int((routed < plain).sum()),
        "worse": int((routed > plain).sum()),
        "ndcg_10": {
            "gain": round(differs.value, 4),
            "low": round(differs.low, 4),
            "high": round(differs.high, 4),
        },
    }


def chosen(asking: Asking) -> dict[str, Any]:
    """Give nDCG@10 of each kind of question under each setting, on the half for choosing."""
    half, told = asking.of("choosing"), dict[str, Any]()
    kinds = np.array([one.kind for one in half.asked])
    for name, variant in VARIANTS.items():
        with patch.object(settings, "CHOSEN", variant):
            found = gains(half.routed()[0])
        each = {kind: float(found[kinds == kind].mean()) for kind in dict.fromkeys(kinds.tolist())}
        each["all"] = float(found.mean())
        told[name] = {kind: round(value, 4) for kind, value in each.items()}
    return told


def main() -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routed", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--choosing", action="store_true", help="compare settings, and keep none")
    given = parser.parse_args()
    place, questions = prepared(given.folder)
    with om.open(place, create=False, mode="r") as col:
        today, asked = worded(col, questions)
        asking = Asking(col, asked, today)
        if given.choosing:
            print(json.dumps(chosen(asking), indent=1))
            return 0
        told = {half: compared(asking.of(half)) for half in ("choosing", "telling")}
        told["settings on the half for choosing"] = chosen(asking)
    keep("routed", told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
