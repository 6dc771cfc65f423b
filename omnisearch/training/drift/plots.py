"""The two plots of the drift, as PNG: what is found along the recipe, and what happens inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from omnisearch.training.drift.stage import GEOMETRY, GRAFTED
from omnisearch.training.measures import Figures

PATH = ("specialist", "base", "fused", "step-1", "step-2")
VARIANTS = {"a": "Projectors from random init", "b": "Bootstrapped projectors"}
COLOURS = {
    "text": "#7a7a7a",
    "image": "#2f6db3",
    "audio": "#d1495b",
    "video": "#5a9e6f",
    "document": "#b58a2f",
}
STEPS = {"base": "#9a9a9a", "fused": "#d1495b", "step-1": "#2f6db3", "step-2": "#5a9e6f"}


def retrieval_plot(found: Figures, path: Path) -> None:
    """Draw R@10 of each modality along the recipe."""
    figure, axes = _panels(found, "R@10 on held-out concepts, percent")
    for axis, figures in zip(axes, found.values(), strict=True):
        steps = [name for name in PATH if name in figures["table"]]
        for kind, colour in COLOURS.items():
            rows = [figures["table"][name].get(kind) for name in steps]
            if not all(rows):
                continue
            width = 2.6 if kind == GRAFTED else 1.3
            heights = [row["r10"] for row in rows]
            axis.plot(steps, heights, color=colour, linewidth=width, marker="o", label=kind)
            for place, row in enumerate(rows):
                axis.plot([place] * len(row["r10_seeds"]), row["r10_seeds"], ".", color=colour,
                          alpha=0.35, markersize=4)  # fmt: skip
        axis.set_ylim(bottom=0)
    _save(figure, path)


def layers_plot(found: Figures, path: Path) -> None:
    """Draw how the audio tokens turn away from the specialist's, layer by layer."""
    figure, axes = _panels(found, "1 - cos of audio tokens to the specialist's")
    for axis, figures in zip(axes, found.values(), strict=True):
        models = figures.get("inside", {}).get(GRAFTED, {})
        for name in ("base", *GEOMETRY):
            if name in models:
                depth = models[name]["layers"]
                axis.plot(range(len(depth)), depth, color=STEPS[name], marker="o", label=name)
                axis.set_xticks(range(len(depth)))
        axis.set_xlabel("after layer (0 is the projector)")
        axis.set_ylim(bottom=0)
    _save(figure, path)


def _panels(found: Figures, label: str) -> tuple[Figure, Sequence[Axes]]:
    figure, axes = plt.subplots(
        1, len(found), figsize=(5.2 * len(found), 3.9), sharey=True, squeeze=False
    )
    for axis, variant in zip(axes[0], found, strict=True):
        axis.set_title(VARIANTS[variant], fontsize=11)
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        axis.set_axisbelow(True)
    axes[0][0].set_ylabel(label)
    return figure, list(axes[0])


def _save(figure: Figure, path: Path) -> None:
    last = figure.axes[-1]
    if last.get_legend_handles_labels()[0]:
        last.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
