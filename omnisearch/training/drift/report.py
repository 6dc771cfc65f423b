"""Stage `report`: the story of the drift as a page with tables and two plots, from JSON alone.

Nothing in it is measured here: `summary` reads the rows, `story.md` is the text around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template

from omnisearch.training.drift.plots import VARIANTS, layers_plot, retrieval_plot
from omnisearch.training.drift.stage import ROWS
from omnisearch.training.drift.summary import summarise
from omnisearch.training.lab import Lab, Options, write_bytes, write_json
from omnisearch.training.lessons import corpus
from omnisearch.training.measures import Figures

SEEDS = 3
MAIN = tuple(row.name for row in ROWS if not row.control)
CONTROLS = tuple(row for row in ROWS if row.control)


def run(lab: Lab, options: Options) -> Figures:
    """Write README.md, drift.json, retrieval.png and layers.png into the lab's folder `report`."""
    del options
    folder, found = lab.root / "report", summarise(lab)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "drift.json", found)
    retrieval_plot(found, folder / "retrieval.png")
    layers_plot(found, folder / "layers.png")
    write_bytes(folder / "README.md", page(found).encode())
    return {"variants": sorted(found), "files": sorted(path.name for path in folder.iterdir())}


def page(found: Figures) -> str:
    """Fill the tables into the story."""
    story = resources.files(__package__).joinpath("story.md").read_text("utf-8")
    parts = []
    for variant, figures in found.items():
        heads = f"## {VARIANTS[variant]} (variant {variant.upper()})"
        parts += [heads, trained(figures), table(figures), compared(figures)]
        parts += [inside(figures), vectors(figures)]
    tables = "\n\n".join(part for part in [unfinished(found), *parts] if part)
    return Template(story).substitute(tables=tables)


def unfinished(found: Figures) -> str:
    """Tell what a run that was cut lacks."""
    lacks = [f"variant {one.upper()}" for one in VARIANTS if one not in found]
    for variant, figures in found.items():
        first = figures["table"][next(iter(figures["table"]))]
        lacks += [f"{kind} ({variant.upper()})" for kind in corpus.KINDS if kind not in first]
        seeds = min(len(figures["seeds"].get(name, ())) for name in MAIN)
        if seeds < SEEDS:
            lacks.append(f"{SEEDS - seeds} of {SEEDS} seeds ({variant.upper()})")
    measured = found["a"]["seeds"] if "a" in found else {}
    absent = [row.says for row in CONTROLS if row.name not in measured]
    if absent:
        lacks.append(f"{len(absent)} of {len(CONTROLS)} controls: {'; '.join(absent)}")
    return f"**This run is not finished.** It lacks {', '.join(lacks)}." if lacks else ""


def trained(figures: Figures) -> str:
    """Tell what the specialists, the fusion and the recovery were."""
    if "steps" not in figures:
        return ""
    steps, ways = figures["steps"], figures["ways"]
    rows = steps["rows"]
    taught = [f"{kind} {steps[kind][0]} x {steps[kind][1]} of {rows[kind]:,}" for kind in rows]
    both = [f"{name} {steps[name][0]} x {steps[name][1]}" for name in ("step 1", "step 2")]
    chosen = ", ".join(f"{way} (seed {seed})" for seed, way in ways.items())
    learnt = f"Steps x rows of a batch, of training rows: {'; '.join(taught)}; {'; '.join(both)}."
    return f"{learnt} Fused by: {chosen}."


def table(figures: Figures) -> str:
    """Give R@1 / R@10 of each row and modality, with the error of R@1 and chance."""
    rows = figures["table"]
    first = rows[next(iter(rows))]
    kinds = [kind for kind in corpus.KINDS if kind in first]
    lines = [_line(["row", "seeds", *kinds]), _line(["---"] * (len(kinds) + 2))]
    for name, row in rows.items():
        cells = [_cell(row[kind]) if kind in row else "" for kind in kinds]
        lines.append(_line([row["says"], str(_seeds(figures, name)), *cells]))
    chances = [(first[kind]["r1_chance"], first[kind]["r10_chance"]) for kind in kinds]
    chance = [f"{one:.1f} / {ten:.1f}" for one, ten in chances]
    sizes = [f"{first[kind]['queries']:,} in {first[kind]['gallery']:,}" for kind in kinds]
    lines += [_line(["*chance*", "", *chance]), _line(["*queries in gallery*", "", *sizes])]
    return "\n".join(["R@1 ± standard error / R@10, in percent:", "", *lines])


def compared(figures: Figures) -> str:
    """Give what is said about audio with its interval."""
    if not figures["compared"]:
        return ""
    lines = ["| audio | points, or share | 95 % interval | queries |", "|---|---|---|---|"]
    for name, one in figures["compared"].items():
        value, low, high = (f"{100 * one[part]:.1f}" for part in ("value", "low", "high"))
        unit = " %" if "share" in name else ""
        lines.append(f"| {name} | {value}{unit} | {low} to {high} | {one['queries']:,} |")
    return "\n".join(["Paired bootstrap over queries, seeds averaged:", "", *lines])


def inside(figures: Figures) -> str:
    """Give the distance of the last states and of the output to the specialist's."""
    if "inside" not in figures:
        return ""
    heads = ["media tokens of", "model", "1 - cos before layer 1", "after the last", "Surgery L1"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for kind, models in figures["inside"].items():
        for name, one in models.items():
            layers = f"{one['layers'][0]:.4f} | {one['layers'][-1]:.4f}"
            lines.append(f"| {kind} | {name} | {layers} | {one['surgery_l1']:.4f} |")
    return "\n".join(["Against the specialist of each modality:", "", *lines])


def vectors(figures: Figures) -> str:
    """Give norms and cosines of the task vectors of the first seed."""
    if "task_vectors" not in figures:
        return ""
    parts = figures["task_vectors"]
    names = list(parts["all"]["norms"])
    lines = [_line(["part", *names, "largest cosine"]), _line(["---"] * (len(names) + 2))]
    for part, one in parts.items():
        pair, cosine = max(one["cosines"].items(), key=lambda item: abs(item[1]))
        norms = [f"{100 * one['norms'][name]:.2f} %" for name in names]
        lines.append(_line([part, *norms, f"{cosine:.3f} ({pair.replace(' ', ', ')})"]))
    title = "Norms of the task vectors as shares of the base's, first seed:"
    return "\n".join([title, "", *lines])


def _seeds(figures: Figures, name: str) -> int:
    return len(figures["seeds"]["ridge" if name.startswith("ridge") else name])


def _cell(one: Mapping[str, float]) -> str:
    return f"{one['r1']:.1f} ± {one['r1_error']:.1f} / {one['r10']:.1f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
