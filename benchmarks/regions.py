"""Are small things in pictures found by regions? python -m benchmarks.regions [--split test].

Pictures of `corpora/scattered.py` and ordinary pictures, one thing on white each, are taken in
without regions and then with them, and things are asked for by their names. Needs a laboratory with
pictures. With --cost, what a question costs is measured in `regions_cost.py` instead.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import omnisearch as om
from benchmarks import regions_cost
from benchmarks.corpora import scattered
from benchmarks.corpora.scattered import overlap
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.sentences import is_thing
from omnisearch.training.data.sprites import Bank
from omnisearch.training.lab import Lab

if TYPE_CHECKING:
    from omnisearch.records import Box
    from omnisearch.training.data.splits import Split

RESULT = Path(__file__).with_name("results") / "regions.json"
SEEDS = {"validation": 1, "test": 2}
# Drawings that look like what they show; line icons on a photograph are hardly seen
SOURCES = (
    "fluent-emoji",
    "fluent-emoji-3d",
    "fluent-emoji-flat",
    "noto",
    "twemoji",
    "emojione",
    "openclipart",
)
OVERLAPS = 0.3
EACH = 3  # pictures of a thing
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that was written, what it shows, and where."""

    file: str
    concept: str
    question: str
    box: Box


def bank_of(lab: Lab) -> Bank:
    """Gather the drawings whose names are those of things."""
    concepts = Concepts.load(lab)
    above = {one.offset: one.hypernyms for one in concepts.wordnet.synsets()}

    @lru_cache(None)
    def good(title: str) -> bool:
        senses = concepts.wordnet.senses(concepts.of(title))
        return bool(senses) and is_thing(senses[0], above)

    return Bank.gather([lab.data / f"pictures-{name}.arrow" for name in SOURCES], good, EACH)


def write_scattered(bank: Bank, split: Split, folder: Path) -> list[Shown]:
    """Write photographs with small things in them."""
    found = []
    for number, one in enumerate(scattered.pictures(bank, split, SEEDS[split])):
        name = f"{number:04d}.jpg"
        one.image.save(folder / name, quality=90)
        found.append(Shown(name, one.concept, one.question, one.box))
    return found


def write_ordinary(bank: Bank, split: Split, folder: Path) -> list[Shown]:
    """Write pictures of one thing each, as they came."""
    questions: dict[str, str] = {}
    found = []
    for number, (title, concept, content) in enumerate(bank.entries[split]):
        name = f"{number:04d}.png"
        (folder / name).write_bytes(content)
        question = questions.setdefault(concept, title)
        found.append(Shown(name, concept, question, WHOLE))
    return found


def measure(col: om.Collection, shown: Sequence[Shown]) -> dict[str, Any]:
    """Ask for each thing by its name: how many of its pictures are among ten, and where."""
    by_name = {one.file: one for one in shown}
    questions = {one.concept: one.question for one in shown}
    found, sure, right = list[float](), list[float](), list[bool]()
    shares = []
    for concept, question in questions.items():
        hits = list(col.query(text=question, k=10, modality="image"))
        own = [(hit, by_name[name]) for hit, name in _named(hits)]
        good = [(hit, one) for hit, one in own if one.concept == concept]
        found += [overlap(_box(hit), one.box) for hit, one in good]
        shares.append(len(good) / min(10, sum(one.concept == concept for one in shown)))
        sure.append(float(hits[0].confidence or 0))
        right.append(own[0][1].concept == concept)
    stats = col.stats()
    return {
        "questions": len(questions),
        "R@10": _r(np.mean(shares)),
        "standard error": _r(np.std(shares) / len(shares) ** 0.5),
        f"boxes that overlap {OVERLAPS}": _r(np.mean(np.array(found) >= OVERLAPS)),
        "first hits: confidence, right": [_r(np.mean(sure)), _r(np.mean(right))],
        "rows": stats["segments"],
    }


def _named(hits: Sequence[om.Hit]) -> Iterator[tuple[om.Hit, str]]:
    return ((hit, (hit.uri or "").rpartition("/")[2]) for hit in hits)


def _box(hit: om.Hit) -> Box:
    return hit.span.box if isinstance(hit.span, om.RegionSpan) else WHOLE


def _r(value: Any) -> float:  # noqa: ANN401
    return round(float(value), 3)


Writing = Callable[[Bank, "Split", Path], list[Shown]]


def compared(bank: Bank, split: Split, writing: Writing, place: Path) -> dict[str, Any]:
    """Measure without regions, add them, and measure again."""
    folder = place / "files"
    folder.mkdir(parents=True)
    shown = writing(bank, split, folder)
    found: dict[str, Any] = {"pictures": len(shown)}
    with om.open(place / "collection") as col:
        for title, regions in (("whole", False), ("regions", True)):
            report = col.ingest(folder, regions=regions, ocr=False, jobs=1)
            if report.failed:
                raise SystemExit(f"{report.failed} pictures could not be taken in")
            found[title] = measure(col, shown)
    found["rows with regions / without"] = _r(found["regions"]["rows"] / found["whole"]["rows"])
    return found


def main() -> None:
    """Read the command line, print the figures and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--split", choices=sorted(SEEDS), default="test")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--rows", type=int, default=40_000, help="segments, with --cost")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    kept = json.loads(given.out.read_text("utf-8")) if given.out.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        if given.cost:
            kept["cost of a question"] = regions_cost.measure(Path(name), given.rows)
        else:
            bank = bank_of(Lab(given.lab))
            kept[given.split] = {
                "small things": compared(bank, given.split, write_scattered, Path(name, "small")),
                "ordinary": compared(bank, given.split, write_ordinary, Path(name, "ordinary")),
            }
    told = json.dumps(kept, indent=1)
    print(told)
    given.out.write_text(told + "\n", "utf-8")


if __name__ == "__main__":
    main()
