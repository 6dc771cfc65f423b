"""One chunk of rows through a frozen tower, with ONNX Runtime on one thread."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image, ImageEnhance

from omnisearch.training import stored
from omnisearch.training.data import tables
from omnisearch.training.lab import Lab
from omnisearch.training.towers import audio
from omnisearch.training.towers.audio import clip, spectrum
from omnisearch.training.towers.image import SIDE

VERSION = 1  # of what is done here: another number makes all features anew
_BATCH = 16  # pictures or sounds at once; they stay in the processor's cache
_TEXTS = 64

# kind of file → ending of the file of features → reader
KINDS = {
    "pictures": {"": "picture", ".view1": "view"},
    "pages": {"": "picture"},
    "videos": {"": "film", ".sound": "sound"},
    "sounds": {"": "sound"},
}
_TOWERS = {"picture": "image", "view": "image", "film": "image", "sound": "audio", "text": "text"}
_WEIGHTS = {"image": "image", "audio": "speech", "text": "minilm"}
# what each reader looks at; features hold while these columns do
COLUMNS = {
    "picture": ["image"],
    "view": ["image", "id", "title", "split"],
    "film": ["frames"],
    "sound": ["pcm"],
    "text": ["text"],
}
Features = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Chunk:
    """Rows of a file that one process works on."""

    root: Path
    stem: str
    reader: str
    start: int
    stop: int


def tower(lab: Lab, reader: str) -> Path:
    """Give the graph that a reader uses."""
    return lab.models / "towers" / f"{_TOWERS[reader]}.onnx"


def weights(lab: Lab, reader: str) -> Path:
    """Give the checkpoint of that graph, whose bytes are the same each time it is made."""
    return lab.models / "towers" / f"{_WEIGHTS[_TOWERS[reader]]}.safetensors"


def extract(chunk: Chunk) -> Features:
    """Make the features of a chunk."""
    lab = Lab(chunk.root)
    folder = lab.features if chunk.reader == "text" else lab.data
    table = tables.read(folder / f"{chunk.stem}.arrow").slice(chunk.start, chunk.stop - chunk.start)
    return READERS[chunk.reader](table, tower(lab, chunk.reader))


@cache
def _session(path: Path):  # type: ignore[no-untyped-def] # noqa: ANN202
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as raised

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    except (raised.Fail, raised.InvalidGraph, raised.InvalidProtobuf, raised.NoSuchFile) as error:
        raise stored.damaged(path, type(error).__name__) from error


def _run(path: Path, x: npt.NDArray[np.float32]) -> Features:
    session = _session(path)
    (name,) = (one.name for one in session.get_inputs())
    parts = [session.run(None, {name: x[at : at + _BATCH]})[0] for at in range(0, len(x), _BATCH)]
    return np.asarray(np.concatenate(parts).astype(np.float16))


def _pictures(table: pa.Table, path: Path) -> Features:
    return _run(path, np.stack([pixels(_open(image)) for image in table["image"].to_pylist()]))


def _views(table: pa.Table, path: Path) -> Features:
    """Look again at pictures of the training set, changed; rows of others are zeros."""
    rows = [row for row, split in enumerate(table["split"].to_pylist()) if split == "train"]
    chosen = table.take(rows)
    columns = (chosen[name].to_pylist() for name in ("image", "id", "title"))
    seen = [
        pixels(changed(_open(image), _seed(name), mirror=not _has_sides(title)))
        for image, name, title in zip(*columns, strict=True)
    ]
    blank = np.zeros((1, 3, SIDE, SIDE), np.float32)
    made = _run(path, np.stack(seen) if seen else blank)
    found = np.zeros((len(table), *made.shape[1:]), np.float16)
    if rows:
        found[rows] = made
    return found


def _films(table: pa.Table, path: Path) -> Features:
    films = table["frames"].to_pylist()
    seen = np.stack([pixels(_open(frame)) for film in films for frame in film])
    made = _run(path, seen)
    return made.reshape(len(films), -1, *made.shape[1:])


def _sounds(table: pa.Table, path: Path) -> Features:
    """Hear each clip; rows without sound are zeros."""
    clips = table["pcm"].to_pylist()
    length = audio.RATE * audio.SECONDS
    waves = np.stack([np.zeros(length, np.float32) if one is None else clip(one) for one in clips])
    made = np.concatenate(
        [_run(path, spectrum(waves[at : at + _BATCH])) for at in range(0, len(waves), _BATCH)]
    )
    made[[one is None for one in clips]] = 0
    return made


def _vectors(table: pa.Table, path: Path) -> Features:
    """Encode texts; those of like length together."""
    ids, mask = _words(path.parent / "tokenizer.json").encode(table["text"].to_pylist())
    lengths = mask.sum(1).numpy()
    order = np.argsort(lengths, kind="stable")
    session = _session(path)
    found: Features | None = None
    for at in range(0, len(order), _TEXTS):
        some = order[at : at + _TEXTS]
        width = max(2, int(lengths[some].max()))
        inputs = {"ids": ids[some, :width].numpy(), "mask": mask[some, :width].numpy()}
        vectors = session.run(None, inputs)[0]
        if found is None:
            found = np.zeros((len(order), vectors.shape[1]), np.float16)
        found[some] = vectors
    assert found is not None
    return found


@cache
def _words(path: Path):  # type: ignore[no-untyped-def] # noqa: ANN202
    from omnisearch.training.towers.frozen import Words

    return Words(path.read_text("utf-8"))


READERS: dict[str, Callable[[pa.Table, Path], Features]] = {
    "picture": _pictures,
    "view": _views,
    "film": _films,
    "sound": _sounds,
    "text": _vectors,
}


def _open(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def pixels(image: Image.Image) -> npt.NDArray[np.float32]:
    """Give a picture as the tower reads it: (3, side, side), from 0 to 255."""
    if image.size != (SIDE, SIDE):
        image = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32).transpose(2, 0, 1)


def changed(image: Image.Image, seed: int, mirror: bool = True) -> Image.Image:
    """Turn, mirror, scale and tint a picture; the same seed gives the same picture."""
    random = np.random.default_rng(seed)
    corner = image.getpixel((0, 0))
    if random.uniform() < 0.5 and mirror:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = image.rotate(float(random.uniform(-18, 18)), Image.Resampling.BICUBIC, fillcolor=corner)
    side = image.width
    scaled = round(side * float(random.uniform(0.72, 1.2)))
    resized = image.resize((scaled, scaled), Image.Resampling.BICUBIC)
    canvas = Image.new("RGB", (side, side), corner)
    spare = side - scaled
    x, y = (round(float(random.uniform(min(0, spare), max(0, spare)))) for _ in range(2))
    canvas.paste(resized, (x, y))
    for kind in (ImageEnhance.Color, ImageEnhance.Brightness, ImageEnhance.Contrast):
        canvas = kind(canvas).enhance(float(random.uniform(0.75, 1.25)))
    return canvas


def _has_sides(title: str) -> bool:
    words = title.casefold()
    return "left" in words or "right" in words or "clockwise" in words


def _seed(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
