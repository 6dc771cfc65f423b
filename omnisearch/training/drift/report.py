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
HARDLY = 0.5  # of the best seed
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
        parts += [heads, trained(figures), table(figures), by_seed(figures), uneven(figures)]
        parts += [compared(figures), inside(figures), vectors(figures)]
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
        lines.append(_line([row["says"], _counted(figures, name), *cells]))
    chances = [(first[kind]["r1_chance"], first[kind]["r10_chance"]) for kind in kinds]
    chance = [f"{one:.1f} / {ten:.1f}" for one, ten in chances]
    sizes = [f"{first[kind]['queries']:,} in {first[kind]['gallery']:,}" for kind in kinds]
    lines += [_line(["*chance*", "", *chance]), _line(["*queries in gallery*", "", *sizes])]
    title = "Means of the seeds, R@1 ± standard error over queries / R@10, in percent:"
    return "\n".join([title, "", *lines])


def by_seed(figures: Figures) -> str:
    """Give R@1 of each seed: rows of fewer seeds compare with these, and seeds are far apart."""
    rows = figures["table"]
    kinds = [kind for kind in corpus.KINDS if kind in rows[next(iter(rows))]]
    lines = [_line(["row", "seeds", *kinds]), _line(["---"] * (len(kinds) + 2))]
    for name, row in rows.items():
        cells = [_each(row[kind]["r1_seeds"]) if kind in row else "" for kind in kinds]
        lines.append(_line([row["says"], ", ".join(map(str, _seeds(figures, name))), *cells]))
    return "\n".join(["R@1 of each seed, in the order of the seeds:", "", *lines])


def uneven(figures: Figures) -> str:
    """Name the specialists that learnt less than half of what another seed's did."""
    row, found = figures["table"].get("specialist", {}), []
    for kind in [kind for kind in corpus.KINDS if kind in row]:
        each = row[kind]["r1_seeds"]
        for seed, one in zip(_seeds(figures, "specialist"), each, strict=True):
            if one < max(each) * HARDLY:
                told = f"({one:.1f}, not {max(each):.1f})"
                found.append(f"the {kind} specialist of seed {seed} {told}")
    if not found:
        return ""
    means = "The means above hold it, and whatever was fused with it."
    return f"**Not every seed worked.** This hardly learnt: {'; '.join(found)}. {means}"


def compared(figures: Figures) -> str:
    """Give what is said about audio with its interval."""
    if not figures["compared"]:
        return ""
    heads = ["audio", "points, or share", "95 % interval", "each seed", "queries"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for name, one in figures["compared"].items():
        value, low, high = (f"{100 * one[part]:.1f}" for part in ("value", "low", "high"))
        unit = " %" if "share" in name else ""
        each = _each([None if one is None else 100 * one for one in one["seeds"]])
        cells = [name, f"{value}{unit}", f"{low} to {high}", each, f"{one['queries']:,}"]
        lines.append(_line(cells))
    title = "Seeds averaged; the interval is a paired bootstrap over queries, not over seeds:"
    return "\n".join([title, "", *lines])


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


def _seeds(figures: Figures, name: str) -> list[int]:
    found: list[int] = figures["seeds"]["ridge" if name.startswith("ridge") else name]
    return found


def _counted(figures: Figures, name: str) -> str:
    """Count the seeds of a row, and name them where others have more."""
    own, most = _seeds(figures, name), max(map(len, figures["seeds"].values()))
    return f"{len(own)}" if len(own) == most else f"{len(own)} (seed {', '.join(map(str, own))})"


def _each(values: Sequence[float | None]) -> str:
    return ", ".join("none" if one is None else f"{one:.1f}" for one in values)


def _cell(one: Mapping[str, float]) -> str:
    return f"{one['r1']:.1f} ± {one['r1_error']:.1f} / {one['r10']:.1f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
