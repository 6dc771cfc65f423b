"""Words in pictures: lines of print, found and read by two small models that rapidocr brings along.

The models are named by their files and checked by their hashes: rapidocr fetches what it misses,
and nothing here may touch the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.errors import EncodingError, MissingExtraError
from omnisearch.media.order import in_order

if TYPE_CHECKING:
    from omnisearch.media.lines import Box, Line

RGB = npt.NDArray[np.uint8]
INSTALL = "pip install 'omnisearch[ocr]'"
_MODELS = {
    "Det": (
        "PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    ),
    "Rec": (
        "PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    ),
}
_LONGEST = 1_600  # pixels of a side; what is larger is shrunk, or a strip would take gigabytes
_SURE = 0.75  # below, lines of drawn pages are wrong, and most patterns that are no print
_WORD = 3  # letters: what has fewer may be a window or a wheel, however sure the model is
_LAID = 0.85  # pages that lie upside down are read with less, upright ones with more
_LAX = 0.03  # lines that lie on one side are turned and read as well, but in the wrong order
_SEVERAL = 2  # lines of words that a picture needs before it is turned


@dataclass(frozen=True, slots=True)
class _Read:
    """A line as it was read, its box as fractions of the picture."""

    words: str
    confidence: float
    box: Box

    @property
    def signs(self) -> int:
        """Count letters and digits."""
        return sum(sign.isalnum() for sign in self.words)


def installed() -> bool:
    """Tell whether the extra is there, without loading any of it."""
    return find_spec("rapidocr") is not None


class Reader:
    """Reads print on one thread at a time for each caller; any number of threads may call it."""

    def __init__(self) -> None:
        self._engine = _engine(_models())

    def read(self, picture: RGB) -> list[Line]:
        """Give the lines of a picture (h, w, 3) in the order of reading, each with its box.

        A picture that makes little sense is turned. None are given where there is not one word.
        """
        best, turned = self._lines(picture), 0
        for quarters in _turns(best, *picture.shape[:2]):
            other = self._lines(np.rot90(picture, quarters))
            if _sureness(other) > _sureness(best) - (0 if turned else _LAX):
                best, turned = other, quarters
        sure = [line for line in best if line.confidence >= _SURE]
        if not any(line.signs >= _WORD for line in sure):
            return []
        lines = in_order([(line.words, line.box) for line in sure])
        return [type(line)(line.words, _back(line.box, turned)) for line in lines]

    def _lines(self, picture: RGB) -> list[_Read]:
        height, width = picture.shape[:2]
        try:
            found = self._engine(np.ascontiguousarray(picture[:, :, ::-1]))  # it takes blue first
        except Exception as error:  # of OpenCV, of Shapely, of ONNX Runtime
            fault = f"its words could not be read ({type(error).__name__}: {error})"
            raise EncodingError(f"{fault}: leave them out with --no-ocr") from error
        texts, scores = getattr(found, "txts", None), getattr(found, "scores", None)
        if texts is None or scores is None or found.boxes is None:
            return []
        scale = np.array([width, height])
        boxes = [_box(np.asarray(corners) / scale) for corners in found.boxes]
        return [
            _Read(" ".join(str(words).split()), float(score), box)
            for words, score, box in zip(texts, scores, boxes, strict=True)
            if str(words).strip() and box is not None
        ]


def _turns(lines: Sequence[_Read], height: int, width: int) -> tuple[int, ...]:
    """Say how a picture is to be turned that may lie on its side or upside down, in quarters."""
    if sum(line.signs >= _WORD for line in lines) < _SEVERAL:
        return ()
    if 2 * sum(line.box[3] * height > line.box[2] * width for line in lines) > len(lines):
        return 1, 3
    return (2,) if _sureness(lines) < _LAID else ()


def _sureness(lines: Sequence[_Read]) -> float:
    """Give the mean confidence of a letter."""
    signs = sum(line.signs for line in lines)
    return sum(line.signs * line.confidence for line in lines) / signs if signs else 0.0


def _box(corners: npt.NDArray[np.float64]) -> Box | None:
    """Give the upright box around four corners, which may lie aslant."""
    left, top = (round(float(side), 4) for side in corners.min(axis=0).clip(0, 1))
    right, bottom = (round(float(side), 4) for side in corners.max(axis=0).clip(0, 1))
    if right <= left or bottom <= top:
        return None
    return left, top, round(right - left, 4), round(bottom - top, 4)


def _back(box: Box | None, quarters: int) -> Box | None:
    """Give a box of a picture that was turned so often to the left as a box of the picture."""
    for _ in range(quarters if box is not None else 0):
        x, y, w, h = box  # type: ignore[misc]
        box = (round(max(1 - y - h, 0.0), 4), x, h, w)
    return box


def _models() -> dict[str, Path]:
    """Find the models in the package, and check that they are those that were measured."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise MissingExtraError(f"To read what pictures show, {INSTALL}")
    folder, found = Path(spec.origin).parent / "models", dict[str, Path]()
    for part, (name, sha256) in _MODELS.items():
        found[part] = folder / name
        try:
            with found[part].open("rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            same = False
        if not same:
            fault = f"{found[part]} of rapidocr is not the model that was measured"
            raise MissingExtraError(f"{fault}: {INSTALL} --force-reinstall")
    return found


def _engine(models: dict[str, Path]) -> Any:  # noqa: ANN401 - rapidocr tells no types
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        fault = f"rapidocr does not load ({error})"
        raise MissingExtraError(f"{fault}: {INSTALL}") from error
    return RapidOCR(
        params={
            **{f"{part}.model_path": str(path) for part, path in models.items()},
            "Global.use_cls": False,  # it turns lines that stand upright; whole pages are turned
            "Global.text_score": 0.0,
            "Global.max_side_len": _LONGEST,
            "Global.log_level": "critical",
            "Det.limit_type": "max",  # enlarged, small pictures take ten times as long
            "Det.limit_side_len": _LONGEST,
            "Rec.rec_batch_num": 1,  # on one thread, several at once take memory and no less time
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
