"""The rows of the drift table, brought together over seeds, with intervals.

Seeds are averaged query by query; queries are what is drawn again for the intervals, so these do
not tell how far seeds are apart: what each seed gives is kept beside its mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnisearch.evaluation import retrieval
from omnisearch.training import measures
from omnisearch.training.drift.stage import GRAFTED, ROWS
from omnisearch.training.lab import Lab, LabError
from omnisearch.training.measures import Figures

Kept = Mapping[str, Sequence[Figures]]  # row → its files, one for each seed
_RESAMPLES = 5000
_RIDGE = ("to the expert", "to the captions")


def summarise(lab: Lab) -> Figures:
    """Give for each variant the table, the comparisons, and the insides."""
    found = {variant: _variant(rows) for variant, rows in _read(lab).items()}
    if not found:
        raise LabError(f"{lab.figures / 'drift'} has no rows: run `omnisearch train drift` first")
    return found


def _read(lab: Lab) -> dict[str, dict[str, list[Figures]]]:
    kept: dict[str, dict[str, list[Figures]]] = {}
    for path in sorted((lab.figures / "drift").glob("*.json")):
        row: Figures = json.loads(path.read_text("utf-8"))
        kept.setdefault(row["variant"], {}).setdefault(row["row"], []).append(row)
    return kept


def _variant(rows: Kept) -> Figures:
    known = [row for row in ROWS if row.name in rows]
    table = {row.name: {"says": row.says, **_table_row(rows[row.name])} for row in known}
    for name in _RIDGE:
        if "ridge" in rows:
            files = [{**row, "test": {GRAFTED: row["test"][name]}} for row in rows["ridge"]]
            table[f"ridge {name}"] = {"says": f"fused, ridge map {name}", **_table_row(files)}
    seeds = {name: [row["seed"] for row in files] for name, files in rows.items()}
    compared = {name: value for name, value in _compared(rows)}
    return {"seeds": seeds, "table": table, "compared": compared, **_inside(rows)}


def _table_row(files: Sequence[Figures]) -> Figures:
    kinds = files[0]["test"]
    return {kind: _over_seeds([row["test"][kind] for row in files]) for kind in kinds}


def _over_seeds(seeds: Sequence[Figures]) -> Figures:
    """Average over seeds; the error is that of the mean over queries."""
    first, found = seeds[0], dict[str, Any]()
    for k in (1, 5, 10):
        each = [float(seed[f"r{k}"]) for seed in seeds]
        found[f"r{k}"] = round(float(np.mean(each)), 2)
        found[f"r{k}_error"] = measures.percent(retrieval.standard_error(_hits(seeds, k)))
        found[f"r{k}_seeds"] = each
        found[f"r{k}_chance"] = first[f"r{k}_chance"]
    found["mrr"] = round(float(np.mean([seed["mrr"] for seed in seeds])), 4)
    return {"queries": first["queries"], "gallery": first["gallery"], **found}


def _hits(seeds: Sequence[Figures], k: int) -> NDArray[np.float64]:
    return np.asarray(np.mean([measures.hits(seed, k) for seed in seeds], axis=0))


def _compared(rows: Kept) -> Iterator[tuple[str, Figures]]:
    """Compare audio between rows, over the seeds that both have."""
    for k in (1, 10):
        for name, left, right in (
            ("drop by fusion", "specialist", "fused"),
            ("drop under the base", "specialist", "base"),
            ("gain by step 1", "step-1", "fused"),
            ("gain by step 2", "step-2", "step-1"),
            ("gain by mere training", "specialist-more", "specialist"),
        ):
            sides = _columns(rows, (left, right), k)
            if len(sides):
                yield f"{name}, R@{k}", _interval(sides, lambda m: m[..., 0] - m[..., 1])
        sides = _columns(rows, ("step-1", "fused", "specialist-more"), k)
        if len(sides) and _interval(sides, _gap)["low"] > 0:  # else a share of nothing
            yield f"recovered share, R@{k}", _interval(sides, _share)


def _gap(means: NDArray[np.floating]) -> NDArray[np.floating]:
    """Give what fusion took from the specialist with the same extra steps."""
    return np.asarray(means[..., 2] - means[..., 1])


def _share(means: NDArray[np.floating]) -> NDArray[np.floating]:
    """Give (step 1 - fused) / (specialist with the same extra steps - fused)."""
    gap = _gap(means)
    return np.asarray((means[..., 0] - means[..., 1]) / np.where(gap > 0, gap, np.nan))


def _columns(rows: Kept, names: Sequence[str], k: int) -> NDArray[np.float64]:
    """Give which queries are answered by each row in each seed, (seeds, queries, rows)."""
    by_seed = [{row["seed"]: row for row in rows.get(name, ())} for name in names]
    seeds = sorted(set.intersection(*(set(files) for files in by_seed)))
    each = [[measures.hits(files[seed]["test"][GRAFTED], k) for files in by_seed] for seed in seeds]
    return np.array(each).swapaxes(1, 2) if seeds else np.empty((0, 0, len(names)))


def _interval(
    sides: NDArray[np.float64], statistic: Callable[[NDArray[np.floating]], Any]
) -> Figures:
    """Give the statistic of the mean over seeds with its interval over queries, and each seed's."""
    columns = sides.mean(0)
    found = asdict(retrieval.bootstrap(columns, statistic, 0, _RESAMPLES))
    each = [float(statistic(one.mean(0))) for one in sides]
    told = {name: round(value, 4) for name, value in found.items()}
    shown = [round(one, 4) if np.isfinite(one) else None for one in each]
    return {**told, "seeds": shown, "queries": columns.shape[0]}


def _inside(rows: Kept) -> Figures:
    files = rows.get("geometry", ())
    if not files:
        return {}
    kinds = files[0]["inside"]
    inside = {
        kind: {name: _mean([row["inside"][kind][name] for row in files]) for name in kinds[kind]}
        for kind in kinds
    }
    first = {name: files[0][name] for name in ("task_vectors", "steps")}
    ways = {str(row["seed"]): row["steps"]["way"] for row in files}
    return {"inside": inside, **first, "ways": ways}


def _mean(each: Sequence[Figures]) -> Figures:
    layers = np.mean([one["layers"] for one in each], axis=0)
    surgery = float(np.mean([one["surgery_l1"] for one in each]))
    return {"layers": np.round(layers, 6).tolist(), "surgery_l1": round(surgery, 6)}
