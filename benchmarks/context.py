"""Is the answer in the context, and what does one cost? `python -m benchmarks.context FOLDER`.

The questions are those of `benchmarks.questions`. An answer is there if a part of its file says it
in full, or shows it: the name of a picture without the picture is none. Times are CPU time of this
thread, of a query and of a context for the same question in turn; pictures are drawn later.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import omnisearch as om
from benchmarks.corpora.asked import KINDS, Question
from benchmarks.questions import run

BUDGETS = (1_000, 2_000)  # times and citations are those of the last
BUDGET = BUDGETS[-1]
_SEED = 9


def answered(found: om.Context, question: Question) -> bool:
    """Tell whether a part says or shows the answer."""
    return any(_is_right(part, question) for part in found.parts)


def _is_right(part: om.ContextPart, question: Question) -> bool:
    uri, item = part.citation.uri, part.citation.item
    source = item if uri is None else unquote(uri.rpartition("/")[2])
    said = " ".join(part.text.split())
    seen = part.shown or part.citation.modality != "image"
    return source == question.source and question.says in said and seen


def unreal(col: om.Collection, found: om.Context) -> int:
    """Count the citations that point nowhere: no such segment, no such file, not in its span."""
    count = 0
    for one in found.citations:
        details = col.details(one.id)
        file = None if one.uri is None else Path(unquote(one.uri.removeprefix("file://")))
        gone = file is not None and not file.is_file()
        count += details is None or gone or details.hit.item != one.item
    return count


def named(found: om.Context, rng: random.Random) -> int:
    """Count the sources that are none in a checked answer, of one that names any numbers."""
    said = " ".join(f"So it is [{rng.randrange(0, 40)}]." for _ in range(20))
    checked = found.check(said)
    return sum(not 1 <= number <= len(found.parts) for number in found.check(checked.text).cited)


def _spent_ms(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return 1_000 * (time.thread_time() - begin)


def measured(col: om.Collection, questions: Sequence[Question]) -> dict[str, Any]:
    """Ask all questions at each budget."""
    rng = random.Random(_SEED)
    there = {budget: dict.fromkeys(KINDS, 0) for budget in BUDGETS}
    spent: dict[str, list[float]] = {"query": [], "context": []}
    over = nowhere = false = 0
    tokens, parts = list[int](), list[int]()
    for one in questions:
        for budget in BUDGETS:
            found = col.context(one.text, budget_tokens=budget, **one.options)
            there[budget][one.kind] += answered(found, one)
            over += found.tokens > budget
        nowhere, false = nowhere + unreal(col, found), false + named(found, rng)
        tokens.append(found.tokens)
        parts.append(len(found.parts))
        spent["query"].append(_spent_ms(lambda: list(col.query(one.text, **one.options))))  # noqa: B023
        spent["context"].append(
            _spent_ms(lambda: col.context(one.text, budget_tokens=BUDGET, **one.options))  # noqa: B023
        )
    beyond = [b - a for a, b in zip(spent["query"], spent["context"], strict=True)]
    counts = {kind: sum(one.kind == kind for one in questions) for kind in KINDS}
    return {
        "questions": counts,
        "answer_is_there": {str(budget): there[budget] for budget in BUDGETS},
        "share": {
            str(budget): round(sum(there[budget].values()) / len(questions), 4)
            for budget in BUDGETS
        },
        "contexts_over_budget": over,
        "citations_that_point_nowhere": nowhere,
        "false_numbers_left_by_check": false,
        "median_tokens": statistics.median(tokens),
        "median_parts": statistics.median(parts),
        "query_ms_p50": round(statistics.median(spent["query"]), 2),
        "context_ms_p50": round(statistics.median(spent["context"]), 2),
        "beyond_query_ms_p50": round(statistics.median(beyond), 2),
        "beyond_query_ms_p90": round(statistics.quantiles(beyond, n=10)[-1], 2),
    }


def main() -> int:
    """Measure, print and keep."""
    return run("context", __doc__, measured)


if __name__ == "__main__":
    raise SystemExit(main())
