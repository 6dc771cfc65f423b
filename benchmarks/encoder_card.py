"""Does the runtime find what the model card says? `python -m benchmarks.encoder_card --lab lab`.

The held-out rows of a laboratory are encoded from their bytes, as users' files are, and texts ask
for them. The card's own figures come from the laboratory's reader of the same graphs; a point of
difference in R@1 or R@10 is allowed.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import omnisearch as om
from omnisearch.training.export.comparison import ROWS
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus, media
from omnisearch.training.lessons.pairs import Pairs, same
from omnisearch.training.measures import of_scores

CARD = Path("docs/omni-mini/figures/release-b0.json")
ALLOWED = 1.0  # points
_RATE = 16_000
_SPLIT = "test"
Part = om.Text | om.Image | om.Audio | om.Video | om.Document


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--kind", action="append", choices=[*ROWS], help="only these")
    options = parser.parse_args()
    if not (options.lab / "data").is_dir():
        print(f"no laboratory at {options.lab}: run `omnisearch train data`", file=sys.stderr)
        return 2
    card = json.loads(CARD.read_text("utf-8"))["kinds"]
    encoder, far = om.Encoder.load(), 0
    for kind in options.kind or ROWS:
        found, told = measure(encoder, Lab(options.lab), kind), card[kind]["int8"]
        for name in ("r1", "r10"):
            difference = found[name] - told[name]
            far += abs(difference) > ALLOWED
            print(f"{kind:9}{name:4} here {found[name]:6.2f}  card {told[name]:6.2f}")
    print(f"{far} figures are more than {ALLOWED} from the card")
    return min(1, far)


def measure(encoder: om.Encoder, lab: Lab, kind: str) -> dict[str, Any]:
    """Ask the first wording of each concept for rows of one kind."""
    pairs = corpus.load(lab, kind, _SPLIT).sample(ROWS[kind])
    rows = pairs.wanted()
    texts = pairs.query.texts
    assert texts is not None
    asked = encoder.encode([texts[row][0] for row in rows])
    vectors = [encoder.encode(some) for some in batches(parts(lab, pairs))]
    relevant = same([pairs.concepts[row] for row in rows], pairs.concepts)
    return dict(of_scores(asked, np.concatenate(vectors), relevant))


def parts(lab: Lab, pairs: Pairs) -> Iterator[Part]:
    """Give the candidates as parts, from their encoded bytes."""
    side, kind = pairs.candidate, pairs.name
    words = [None] * len(side) if side.texts is None else [one[0] for one in side.texts]
    content: Sequence[Any] = [None] * len(side)
    if side.places is not None:
        content = media.content(lab, kind, side.places)
    for one, said in zip(content, words, strict=True):
        yield part(kind, one, said)


def part(kind: str, content: Any, words: str | None) -> Part:  # noqa: ANN401
    """Make one part."""
    match kind:
        case "image":
            return om.Image(content)
        case "audio":
            return om.Audio((np.frombuffer(content, "<i2"), _RATE))
        case "video":
            return om.Video([Image.open(io.BytesIO(frame)) for frame in content])
        case "document":
            return om.Document(Image.open(io.BytesIO(content)), words=words)
    assert words is not None
    return om.Text(words)


def batches(some: Iterator[Part], size: int = 64) -> Iterator[list[Part]]:
    """Cut into lists."""
    held: list[Part] = []
    for one in some:
        held.append(one)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held


if __name__ == "__main__":
    sys.exit(main())
