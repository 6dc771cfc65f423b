"""What is a question worth that was expanded, or respelt, and does a rule hold back what it means?

`python -m benchmarks.rewriting FOLDER [--large PLACE]` asks what benchmarks/questions.py asks, and
examples of WordNet for the passages that define their words. Of each set every other question
was looked at while numbers were chosen; the others tell. PLACE has what `benchmarks.query --path`
made: there only milliseconds are taken; without it those that were kept stay.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import omnisearch as om
from benchmarks import query
from benchmarks.corpora import glosses
from benchmarks.corpora.typos import mistyped
from benchmarks.questions import keep, prepared, right_segments
from omnisearch.evaluation.retrieval import paired_bootstrap

RESULT = Path(__file__).with_name("results") / "rewriting.json"
_DEEP, _SEED, _MOST = 10, 9, 500
_AT = (0.2, 0.3, 0.5, 0.7, 0.9)
_WAYS: Mapping[str, dict[str, Any]] = {
    "words": {"expand": "words"},
    "vectors": {"expand": "vectors"},
    "neighbours": {"expand": "neighbours"},
    "words and vectors": {"expand": ["words", "vectors"]},
}
_OFF: dict[str, Any] = {"spelling": "off"}
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """A question with its own options, and the segments that answer it."""

    text: str
    right: frozenset[str]
    options: Mapping[str, Any]


def gains(col: om.Collection, asked: Sequence[Asked], **options: Any) -> tuple[Numbers, float]:  # noqa: ANN401
    """Give nDCG@10 of each question, with one right answer, and milliseconds of CPU of one."""
    found, spent = [], 0.0
    for one in asked:
        begin = time.process_time()
        hits = col.query(one.text, k=_DEEP, group_by="none", **{**one.options, **options})
        names = hits.ids
        spent += time.process_time() - begin
        place = next((at for at, name in enumerate(names) if name in one.right), None)
        found.append(0.0 if place is None else 1 / np.log2(place + 2))
    return np.array(found), 1e3 * spent / len(asked)


def _differs(new: Numbers, old: Numbers) -> dict[str, Any]:
    """Give the mean difference with its 95 % interval, for both halves, and wins and losses."""
    told: dict[str, Any] = {"better": int((new > old).sum()), "worse": int((new < old).sum())}
    for name, half in (("chosen_on", slice(0, None, 2)), ("told_of", slice(1, None, 2))):
        found = paired_bootstrap(new[half], old[half], seed=1)
        told[name] = {
            "plain": round(float(old[half].mean()), 4),
            "gain": round(found.value, 4),
            "low": round(found.low, 4),
            "high": round(found.high, 4),
        }
    return told


def expanding(col: om.Collection, asked: Sequence[Asked]) -> dict[str, Any]:
    """Compare each way of expanding with the question as it is."""
    gains(col, asked, **_OFF)  # what is loaded once
    plain, plain_ms = gains(col, asked, **_OFF)
    told: dict[str, Any] = {"questions": len(asked), "plain_ms": round(plain_ms, 2)}
    for name, options in _WAYS.items():
        found, ms = gains(col, asked, **_OFF, **options)
        told[name] = {**_differs(found, plain), "more_ms": round(ms - plain_ms, 2)}
    return told


def spelling(col: om.Collection, asked: Sequence[Asked]) -> dict[str, Any]:
    """Compare repaired words with words as they are, mistyped and as they were written."""
    rng = np.random.default_rng(_SEED)
    wrong = [Asked(mistyped(one.text, rng) or one.text, one.right, one.options) for one in asked]
    told: dict[str, Any] = {}
    for name, some in (("mistyped", wrong), ("as written", list(asked))):
        plain, plain_ms = gains(col, some, **_OFF)
        found, ms = gains(col, some, spelling="repair")
        hits = [col.query(one.text, k=1, **one.options) for one in some]
        said = [any(": asked with " in remark for remark in one.remarks) for one in hits]
        told[name] = {
            "respelt": sum(bool(one.spelling) for one in hits),
            "encoded_so": sum(said),
            **_differs(found, plain),
            "more_ms": round(ms - plain_ms, 2),
        }
    return told


def screening(col: om.Collection, asked: Sequence[Asked]) -> dict[str, Any]:
    """Count what rules hold back that are questions: their answers, and others."""
    told: dict[str, Any] = {}
    for at in _AT:
        held, right, there = 0, 0, 0
        for one in asked:
            rule = [om.Rule("allow", one.text, at=at)]
            near = col.query(one.text, k=_MOST, group_by="none", policy=rule, **_OFF).ids
            held += len(near)
            right += len(one.right.intersection(near))
            there += len(one.right)
        told[str(at)] = {
            "held_back": held,
            "of_them_answers": round(right / max(held, 1), 3),
            "of_answers": round(right / there, 3),
        }
    return told


def cost(place: Path) -> dict[str, Any]:
    """Take milliseconds of CPU in a large collection: what each adds to a question, in turns."""
    rng = np.random.default_rng(_SEED)
    ways: dict[str, dict[str, Any]] = {
        **_WAYS,
        "deny": {"policy": [om.Rule("deny", "a red car on the beach")]},
        "spelling": {"spelling": "repair"},
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    with om.open(place, create=False, mode="r") as col:
        texts = query.sentences()[: query.QUESTIONS]
        for number, text in enumerate([*texts[:5], *texts]):
            wrong = mistyped(text, rng) or text
            for name, options in ways.items():
                asked = wrong if name == "spelling" else text
                spent = []
                for some in (_OFF, {**_OFF, **options}):
                    begin = time.process_time()
                    _ = col.query(asked, **some).ids
                    spent.append(1e3 * (time.process_time() - begin))
                if number >= 5:  # before, what is loaded once
                    took[name].append(spent[1] - spent[0])
        rows = col.count()
    medians = {name: round(float(np.median(one)), 2) for name, one in took.items()}
    return {"rows": rows, "more_ms": medians}


def measured(folder: Path) -> dict[str, Any]:
    """Measure both sets."""
    place, questions = prepared(folder)
    with om.open(place, create=False, mode="r") as col:
        rights = right_segments(col, questions)
        pairs = zip(questions, rights, strict=True)
        mixed = [Asked(one.text, right, one.options) for one, right in pairs]
        told = {"questions": _all(col, mixed)}
    place, examples = glosses.prepared(folder)
    with om.open(place, create=False, mode="r") as col:
        some = [Asked(text, frozenset([name]), {}) for text, name in examples]
        return {**told, "glosses": _all(col, some)}


def _all(col: om.Collection, asked: Sequence[Asked]) -> dict[str, Any]:
    free = [one for one in asked if not one.options]
    return {
        "expanding": expanding(col, asked),
        "spelling": spelling(col, asked),
        "screening": screening(col, free),
    }


def main() -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rewriting", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--large", type=Path)
    given = parser.parse_args()
    told = measured(given.folder)
    kept = json.loads(RESULT.read_text("utf-8"))["large"]
    told["large"] = kept if given.large is None else cost(given.large)
    keep("rewriting", told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
