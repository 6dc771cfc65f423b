"""Is a long sound asked with by the mean of its windows? `python -m benchmarks.windows --lab lab`.

Recordings of a minute are made of held-out clips. A piece of one, cut where no window begins, with
noise over it, asks for its recording; three clips of one kind, one behind the other, ask for others
of that kind.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import omnisearch as om
from omnisearch.ingest.extraction.sound import RATE, windows

Floats = npt.NDArray[np.float32]
_RECORDINGS, _CLIPS, _PIECE_S = 60, 15, 25.0
_NOISE_DB = 20.0  # the noise is so far below the sound
_OTHERS = 6  # clips of a kind that are looked for
Way = Callable[[Floats, Floats], float]  # windows asked with, windows of an item -> a score
WAYS: dict[str, Way] = {
    "mean": lambda asked, item: float((item @ _unit(asked.mean(axis=0))).max()),
    "best window": lambda asked, item: float((asked @ item.T).max()),
    "mean of each window's best": lambda asked, item: float((asked @ item.T).max(axis=1).mean()),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/windows.json"))
    options = parser.parse_args()
    path = options.lab / "data" / "sounds-procedural.arrow"
    if not path.exists():
        print(f"no laboratory at {options.lab}: run `omnisearch train data`", file=sys.stderr)
        return 2
    encoder, rng, kinds = om.Encoder.load(), np.random.default_rng(0), clips(path)
    told = {
        "encoder": str(encoder.space),
        "a piece finds its recording": _ranked(*pieces(encoder, kinds, rng)),
        "clips of a kind find others": _ranked(*alike(encoder, kinds, rng)),
    }
    options.out.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    print(json.dumps(told, indent=1))
    return 0


def clips(path: Path) -> dict[str, list[Floats]]:
    """Read the held-out clips of each kind."""
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
        held = table.filter(pc.equal(table["split"], "test"))
        found: dict[str, list[Floats]] = {}
        for kind, pcm in zip(held["concept"].to_pylist(), held["pcm"].to_pylist(), strict=True):
            samples: Floats = np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768)
            found.setdefault(kind, []).append(samples)
    return found


def pieces(
    encoder: om.Encoder, kinds: dict[str, list[Floats]], rng: np.random.Generator
) -> tuple[list[Floats], list[Floats], list[set[int]]]:
    """Make recordings, and a piece of each."""
    every = [clip for some in kinds.values() for clip in some]
    sounds = [
        np.concatenate([every[at] for at in rng.choice(len(every), _CLIPS, replace=False)])
        for _ in range(_RECORDINGS)
    ]
    asked = []
    for sound in sounds:
        length = round(_PIECE_S * RATE)
        start = int(rng.integers(0, len(sound) - length))
        piece = sound[start : start + length]
        loud = float(np.sqrt(np.mean(piece**2))) * 10 ** (-_NOISE_DB / 20)
        noise = rng.normal(0, loud, length)
        asked.append((piece + noise).astype(np.float32))
    right = [{at} for at in range(len(sounds))]
    return (
        [_encoded(encoder, one) for one in asked],
        [_encoded(encoder, one) for one in sounds],
        right,
    )


def alike(
    encoder: om.Encoder, kinds: dict[str, list[Floats]], rng: np.random.Generator
) -> tuple[list[Floats], list[Floats], list[set[int]]]:
    """Take clips of each kind apart: three that ask, and others to be found."""
    asked, items, right = list[Floats](), list[Floats](), list[set[int]]()
    for some in kinds.values():
        order = rng.permutation(len(some))
        asked.append(_encoded(encoder, np.concatenate([some[at] for at in order[:3]])))
        first = len(items)
        items += [_encoded(encoder, some[at]) for at in order[3 : 3 + _OTHERS]]
        right.append(set(range(first, len(items))))
    return asked, items, right


def _encoded(encoder: om.Encoder, samples: Floats) -> Floats:
    parts = [om.Audio((one, RATE)) for _, one in windows([samples])]
    return np.concatenate([encoder.encode([part]) for part in parts])


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _ranked(
    asked: Sequence[Floats], items: Sequence[Floats], right: Sequence[set[int]]
) -> dict[str, dict[str, float]]:
    """Tell for each way how often a right item is first, and what share of them is found."""
    found = {}
    for name, way in WAYS.items():
        first, share = list[bool](), list[float]()
        for query, wanted in zip(asked, right, strict=True):
            scores = np.array([way(query, item) for item in items])
            order = np.argsort(-scores, kind="stable").tolist()
            first.append(order[0] in wanted)
            share.append(len(wanted & set(order[: max(10, len(wanted))])) / len(wanted))
        found[name] = {
            "questions": len(asked),
            "items": len(items),
            "first": round(100 * float(np.mean(first)), 1),
            "recall_at_10": round(100 * float(np.mean(share)), 1),
        }
    return found


if __name__ == "__main__":
    sys.exit(main())
