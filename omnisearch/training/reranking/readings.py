"""What the graphs that ship make of queries and candidates: all that a reranker may look at.

No checkpoint is needed. Of a candidate are kept the last states of its tokens and, of media, the
soft tokens and the vectors that stand beside; what was read once is kept in the laboratory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.training.export.exported import Exported, Floats, Seen
from omnisearch.training.export.places import place
from omnisearch.training.lab import Lab, Options, whole
from omnisearch.training.lessons import media
from omnisearch.training.lessons.pairs import Pairs, Rows, Side
from omnisearch.training.towers.audio import clip

LONGEST = 48  # states of a candidate; words of longer pages and texts are left to its vector
WORDS = 24  # of a query
ORIGINS = ("state", "soft", "locked", "classes", "vector")  # what a token is
_NONE = -1  # no token: filled up
_BATCH = 8
_TEXTS = 64
Half = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Readings:
    """Vectors (n, width), and tokens (n, t, width) whose origin tells what each is."""

    vectors: Floats
    tokens: Half
    origins: npt.NDArray[np.int8]  # (n, t), numbers in ORIGINS, or -1 where none is

    def __len__(self) -> int:
        return len(self.vectors)

    def take(self, rows: Rows) -> Readings:
        """Keep some rows, no wider than they need."""
        origins = self.origins[rows]
        width = int((origins >= 0).sum(1).max(initial=1))
        return Readings(self.vectors[rows], self.tokens[rows, :width], origins[:, :width])

    def save(self, path: Path) -> None:
        """Write them whole or not at all."""
        with whole(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Readings:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as found:
            return cls(**{one.name: found[one.name] for one in fields(cls)})


def exported(lab: Lab, options: Options) -> Exported:
    """Open the export of this run, or else what is installed."""
    own = place(lab, options)
    if (own / "model.json").exists():
        return Exported(own)
    return Exported(Path(str(resources.files("omnisearch").joinpath("weights/omni-mini"))))


def candidates(lab: Lab, graphs: Exported, split: str, pairs: Pairs) -> Readings:
    """Read the candidates of some pairs, unless that was done before."""
    path = lab.features / f"read-{split}-{pairs.name}-{_digest(graphs, pairs)}.npz"
    if not path.exists():
        _read(lab, graphs, pairs).save(path)
    return Readings.load(path)


def texts(graphs: Exported, said: Sequence[str], longest: int) -> Readings:
    """Read texts; those of like length together."""
    order = np.argsort([len(one) for one in said], kind="stable")
    parts = []
    for at in range(0, len(order), _TEXTS):
        read = graphs.states([said[row] for row in order[at : at + _TEXTS]])
        kept, there = read.states[:, :longest], read.there[:, :longest]
        parts.append(Readings(read.vectors, kept.astype(np.float16), _state(there)))
    return _joined(parts).take(np.argsort(order))


def prepared(lab: Lab, graphs: Exported, pairs: Pairs) -> tuple[Callable[[], Readings], Readings]:
    """Give what reads all candidates once more from decoded media or words, and what it gives."""
    side, kind = pairs.candidate, pairs.name
    if side.places is None:
        again = partial(texts, graphs, _words(side) or [], LONGEST)
    else:
        content = [_decoded(kind, one) for one in media.content(lab, kind, side.places)]
        again = partial(_all, graphs, kind, content, _words(side))
    return again, again()


def _read(lab: Lab, graphs: Exported, pairs: Pairs) -> Readings:
    side, kind = pairs.candidate, pairs.name
    said = _words(side)
    if side.places is None:
        return texts(graphs, said or [], LONGEST)
    content, parts = media.content(lab, kind, side.places), []
    with lab.progress(f"read {kind}", len(side), "rows") as bar:
        for at in range(0, len(side), _BATCH):
            some = [_decoded(kind, one) for one in content[at : at + _BATCH]]
            parts.append(_all(graphs, kind, some, said and said[at : at + _BATCH]))
            bar.update(len(some))
    return _joined(parts)


def _all(
    graphs: Exported, kind: str, content: Sequence[Floats], said: list[str] | None
) -> Readings:
    """Read decoded media."""
    parts = []
    for at in range(0, len(content), _BATCH):
        seen = _seen(graphs, kind, content[at : at + _BATCH])
        parts.append(_media(graphs, kind, seen, said and said[at : at + _BATCH]))
    return _joined(parts)


def _words(side: Side) -> list[str] | None:
    return None if side.texts is None else [one[0] for one in side.texts]


def _decoded(kind: str, one: Any) -> Floats:  # noqa: ANN401 - bytes, or those of each frame
    """Give a picture's pixels (1, ...), a film's (frames, ...), or a sound's samples."""
    if kind == "audio":
        return clip(one)
    return media.decoded(one if kind == "video" else [one])


def _seen(graphs: Exported, kind: str, some: Sequence[Floats]) -> Seen:
    """Look at or listen to some media of a kind."""
    if kind == "audio":
        return graphs.sounds(np.stack(some))
    if kind != "video":
        return graphs.pictures(np.concatenate(some))
    films = [graphs.pictures(one, range(1, len(one) + 1)).film() for one in some]
    names = films[0].beside
    beside = {name: np.concatenate([film.beside[name] for film in films]) for name in names}
    return Seen(np.concatenate([film.soft for film in films]), beside)


def _media(graphs: Exported, kind: str, seen: Seen, words: Sequence[str] | None) -> Readings:
    """Read media, perhaps with words, and lay beside the states what they were read from."""
    read = graphs.states(words or [""] * len(seen.soft), seen.soft)
    vectors = graphs.weighed(kind, read.vectors, seen, words)
    parts = [(read.states[:, :LONGEST], "state"), (seen.soft, "soft")]
    parts += [(seen.beside[name][:, None], name) for name in ORIGINS if name in seen.beside]
    parts.append((vectors[:, None], "vector"))
    origins = np.concatenate(
        [np.full(one.shape[:2], ORIGINS.index(name), np.int8) for one, name in parts], axis=1
    )
    there = read.there[:, :LONGEST]
    origins[:, : there.shape[1]][~there] = _NONE
    return Readings(vectors, np.concatenate([x for x, _ in parts], 1).astype(np.float16), origins)


def _state(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    return np.where(there, np.int8(ORIGINS.index("state")), np.int8(_NONE))


def _joined(parts: Sequence[Readings]) -> Readings:
    """Lay readings below each other, with what is none at the end of each row."""
    longest = max(int((one.origins >= 0).sum(1).max()) for one in parts)
    packed = [_packed(one, longest) for one in parts]
    columns = zip(*((one.vectors, one.tokens, one.origins) for one in packed), strict=True)
    return Readings(*(np.concatenate(column) for column in columns))


def _packed(one: Readings, longest: int) -> Readings:
    order = np.argsort(one.origins < 0, axis=1, kind="stable")
    tokens = np.take_along_axis(one.tokens, order[:, :, None], 1)[:, :longest]
    origins = np.take_along_axis(one.origins, order, 1)[:, :longest]
    short = longest - tokens.shape[1]
    return Readings(
        one.vectors,
        np.pad(tokens, ((0, 0), (0, max(0, short)), (0, 0))),
        np.pad(origins, ((0, 0), (0, max(0, short))), constant_values=_NONE),
    )


def _digest(graphs: Exported, pairs: Pairs) -> str:
    """Tell readings from those by other graphs or of other rows."""
    side = pairs.candidate
    rows = [] if side.places is None else side.places.tolist()
    told = [graphs.model["fingerprint"], LONGEST, rows, list(side.texts or ()), [*pairs.concepts]]
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()
