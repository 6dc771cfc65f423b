"""The model card: its tables are made from the figures that the stages wrote, never by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from omnisearch.training import stored
from omnisearch.training.lab import Lab, Options

Figures = Mapping[str, Any]
_LOST = 1.5  # points of R@10 that rounding may cost on sets of 250 queries or more
_ENOUGH = 250


def page(
    lab: Lab,
    options: Options,
    folder: Path,
    found: Figures,
    graphs: Mapping[str, Figures] | None = None,
) -> str:
    """Fill the tables into the text."""
    model = json.loads((folder / "model.json").read_text("utf-8"))
    if graphs is None:
        graphs = stored.figures(lab, f"export-{options.run}")["graphs"]
    calibrated = stored.figures(lab, f"calibrate-{options.run}")
    source = resources.files(__package__).joinpath("model_card.md")
    examined, plain = _examined(lab, options, found)
    return Template(source.read_text("utf-8")).substitute(
        parameters=_sized(folder),
        fingerprint=model["fingerprint"],
        run=options.run,
        found=retrieval(found),
        exam=exam(examined, plain),
        folder=folder_of(examined.get("folder", {})),
        phases=phases(stored.figures(lab, f"phases-{options.run}")["validation"]["after"]),
        weights=weights(calibrated["weights"]),
        calibration=calibration(calibrated["pairs"]),
        reranker=reranker(_kept(lab, f"rerank-{options.run}")),
        files=files(folder, graphs),
        data=data(json.loads((folder / "data.json").read_text("utf-8"))),
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def retrieval(found: Figures) -> str:
    """Give R@1 and R@10 with error, chance and counts, and what rounding cost."""
    rows, warned = [], []
    for kind, one in found["kinds"].items():
        small = one["int8"]
        rows.append([f"text → {kind}", *_recalls(small), f"{one['lost_r10']:.1f}"])
        if one["lost_r10"] > _LOST and small["queries"] >= _ENOUGH:
            warned.append(f"Rounding costs text → {kind} {one['lost_r10']:.1f} points.")
    head = [*_HEAD, "R@10 lost by int8"]
    title = f"Split: **{found['split']}**, from the encoded bytes on; percent ± standard error."
    return "\n\n".join([title, table(head, rows), *warned])


# figure → how it is called; the last of them that a row has is the one whose chance is told
_MEASURES = {"r1": "R@1", "mrr": "MRR", "r10": "R@10", "map": "mAP", "accuracy": "accuracy"}


def exam(found: Figures, plain: Figures) -> str:
    """Give a table for each part of the exam, beside the simplest recipe where it was asked."""
    if not found:
        return "Not examined: run `omnisearch train exam`."
    parts = [f"Split: **{found['split']}**; float32, values ± standard errors."]
    for name, rows in found.items():
        if name not in ("split", "folder") and rows:
            parts.append(f"**{name.capitalize()}**\n\n{_part(rows, plain.get(name, {}))}")
    return "\n\n".join(parts)


def folder_of(found: Figures) -> str:
    """Give every question over an ordinary folder, with the failures."""
    if not found:
        return "Not asked: `omnisearch train release` asks it, once."
    lines = []
    for question, one in found.items():
        first = "<br>".join(f"**{x}**" if x in one["right"] else x for x in one["found"])
        lines.append([question, str(one["rank"]), first])
    among = next(iter(found.values()))["gallery"]
    head = ["question", f"rank of the right one of {among:,}", "what comes first"]
    return table(head, lines)


def _part(rows: Figures, plain: Figures) -> str:
    """Give a table with those measures that some row has."""
    told = {row: one for row, one in rows.items() if _MEASURES.keys() & one.keys()}
    used = [name for name in _MEASURES if any(name in one for one in told.values())]
    beside = {row: _valued(plain[row], used[-1]) for row in told if used[-1] in plain.get(row, {})}
    head = ["", *(_MEASURES[name] for name in used), "chance", "queries", "gallery"]
    lines = []
    for row, one in told.items():
        last = [name for name in used if name in one][-1]
        chance = f"{one[f'{last}_chance']:.3g}" if f"{last}_chance" in one else ""
        counts = [f"{one[name]:,}" if name in one else "" for name in ("queries", "gallery")]
        line = [row, *(_valued(one, name) for name in used), chance, *counts]
        lines.append([*line, beside.get(row, "")] if beside else line)
    if beside:
        head.append(f"{_MEASURES[used[-1]]} of the simplest recipe")
    return table(head, lines)


def _valued(one: Figures, name: str) -> str:
    if name not in one:
        return ""
    digits = 3 if name == "mrr" else 1
    error = f" ± {one[f'{name}_error']:.{digits}f}" if f"{name}_error" in one else ""
    return f"{one[name]:.{digits}f}{error}"


def _examined(lab: Lab, options: Options, found: Figures) -> tuple[Figures, Figures]:
    """Give what was examined with the figures, or else what the stages found on validation."""
    if "exam" in found:
        return found["exam"], found.get("baseline", {})
    return _kept(lab, f"exam-{options.run}"), _kept(lab, "baseline")


def _kept(lab: Lab, stage: str) -> Figures:
    """Give the figures of a stage, which need not have run."""
    path = lab.figures / f"{stage}.json"
    found: Figures = stored.table(path) if path.exists() else {}
    return found


_HEAD = ["query → target", "R@1", "R@10", "chance R@10", "queries", "gallery"]


def _recalls(one: Figures) -> list[str]:
    both = [f"{one[f'r{k}']:.1f} ± {one[f'r{k}_error']:.1f}" for k in (1, 10)]
    return [*both, f"{one['r10_chance']:.1f}", f"{one['queries']:,}", f"{one['gallery']:,}"]


def phases(found: Figures) -> str:
    """Give mixed search, wishes and composed queries of the fused encoder on validation."""
    rows = []
    for name, says in (("mixed", "among everything"), ("wished", "with a wish, among everything")):
        for kind, one in found.get(name, {}).items():
            if isinstance(one, Mapping):
                rows.append([f"text → {kind}, {says}", *_recalls(one)])
    for name in ("composed", "captioned"):
        for way, one in found.get(name, {}).items():
            rows.append([f"{name}: {way}", *_recalls(one)])
    title = "The fused encoder without what stands beside it, float32, on validation."
    return f"{title}\n\n{table(_HEAD, rows)}"


def weights(found: Mapping[str, Figures]) -> str:
    """Give the chosen weights and what they change on validation."""
    rows = []
    for kind, one in found.items():
        chosen = one["weights"]
        numbers = [f"{chosen[name]:g}" if name in chosen else "" for name in ("locked", "classes")]
        both = [f"{one[part]['r1']:.1f} / {one[part]['r10']:.1f}" for part in ("without", "with")]
        error = f"{one['with']['r10_error']:.1f}"
        rows.append([kind, *numbers, *both, error, f"{one['with']['queries']:,}"])
    names = ["without: R@1 / R@10", "with: R@1 / R@10", "error of R@10", "queries"]
    return table(["target", "locked head", "classes", *names], rows)


def calibration(found: Mapping[str, Figures]) -> str:
    """Give how far probabilities are off for each two modalities."""
    rows = []
    for name, one in found.items():
        counts = [f"{one['queries']:,}", f"{one['gallery']:,}", f"{100 * one['right']:.1f}"]
        names = ("calibration_error", "brier", "brier_of_the_rate")
        rows.append([name.replace(" ", " → "), *counts, *(f"{one[key]:.3f}" for key in names)])
    head = ["pair", "queries", "gallery", "% of hits right", "error", "Brier", "Brier of the rate"]
    return table(head, rows)


def reranker(found: Figures) -> str:
    """Give what a reranker changes at rank 1, what it costs, and whether it is worth a graph."""
    if not found:
        return "Not tried: run `omnisearch train rerank`."
    rows = []
    for way, ones in (("reranker", found), ("MaxSim of states, untrained", found["maxsim"])):
        for name in ("image", "mixed"):
            one = ones[name]
            recalls = [f"{one[key]:.1f}" for key in _RERANKED]
            gain = f"{one['gain']:+.1f} ({one['low']:+.1f} to {one['high']:+.1f})"
            rows.append([way, name, *recalls, gain, f"{one['queries']:,}"])
    head = ["", "index", "R@1", "its order alone", "both", "best order", _GAIN, "queries"]
    told = "It ships." if found["ships"] else "It does not ship."
    learnt, tried = (_counted(found[name]) for name in ("learnt_from", "tried_on"))
    told += f" Learnt from {found['queries']:,} questions over {learnt}; tried on {tried}."
    return f"{told}\n\n{table(head, rows)}\n\n{_costs(found['cost'])}"


_RERANKED = ("r1_before", "r1_alone", "r1_after", "in_list")
_GAIN = "gain (95 % interval)"


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in found.items())


def _costs(found: Figures) -> str:
    """Give what 50 candidates cost, by how their tokens are had."""
    rows = [
        [kind, *(f"{found[part][kind]:.0f}" for part in ("judge", "again", "kept")), f"{size:,}"]
        for kind, size in found["bytes"].items()
    ]
    head = ["50 of", "judged, ms", "read again, ms", "kept in a file, ms", "bytes of each, kept"]
    return table(head, rows)


def files(folder: Path, graphs: Mapping[str, Figures]) -> str:
    """Give each file's size and how near int8 graphs are to float32."""
    rows = []
    for file in sorted(folder.iterdir()):
        near = graphs.get(file.stem, {}).get("int8", {}) if file.suffix == ".onnx" else {}
        cosines = ", ".join(f"{name} {one['cosine']:.4f}" for name, one in near.items())
        rows.append([file.name, f"{file.stat().st_size / 1e6:.2f}", cosines])
    return table(["file", "MB", "mean cosine of int8 to float32"], rows)


def data(entries: Sequence[Figures]) -> str:
    """Give what was learnt from; NOTICE names who made it."""
    rows = []
    for entry in entries:
        counts = [f"{entry['counts'].get(split, 0):,}" for split in _SPLITS]
        rows.append([entry["item"], entry["licence"], *counts])
    return table(["item", "licence", *_SPLITS], rows)


_SPLITS = ("train", "validation", "test")


def _sized(folder: Path) -> str:
    whole = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    spoken = [file for file in folder.iterdir() if file.name.startswith("speech")]
    return f"{whole:.0f} MB, of which {sum(f.stat().st_size for f in spoken) / 1e6:.0f} for speech."
