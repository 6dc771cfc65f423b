"""Stage `release`: the test split, touched once for each release; its figures go into the card."""

from __future__ import annotations

from collections.abc import Mapping

from omnisearch.training.exam import baseline, stage
from omnisearch.training.exam.reader import Encoder
from omnisearch.training.export import card, comparison
from omnisearch.training.export.exported import Exported
from omnisearch.training.export.places import place
from omnisearch.training.lab import Lab, Options, write_bytes


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Measure the export on the test split and write the card anew."""
    folder = place(lab, options)
    figures = comparison.measure(lab, options, Exported(folder), "test")
    figures["exam"] = stage.measure(lab, options, Encoder.load(lab, options), "test")
    figures["baseline"] = baseline.measure(lab, options, "test")
    write_bytes(folder / "MODEL_CARD.md", card.page(lab, options, folder, figures).encode())
    return figures
