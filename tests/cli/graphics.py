"""What a terminal with graphics makes of an output: its pictures, and the text beside them."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
_KITTY = re.compile(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\")
_SIXEL = re.compile(r"\x1bPq(.*?)\x1b\\", re.DOTALL)
_TOKEN = re.compile(r'"1;1;(\d+);(\d+)|#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)(.)|([?-~])|([$-])')
_MOVES = re.compile(r"\x1b\[\d*[ABG]|\x1b[78]|\x1b\]8;;[^\x1b]*\x1b\\|\x1b\[\d*m|\r")


class Shown(NamedTuple):
    """Pictures in their order, and the lines of text without what moves the cursor."""

    pictures: list[Pixels]
    lines: list[str]


def shown(output: str) -> Shown:
    """Take an output apart."""
    pictures = [*_kitty(output), *(_sixels(body) for body in _SIXEL.findall(output))]
    text = _MOVES.sub("", _SIXEL.sub("", _KITTY.sub("", output)))
    return Shown(pictures, [line for line in text.split("\n") if line])


def _kitty(output: str) -> list[Pixels]:
    found, coded = list[Pixels](), ""
    for keys, piece in _KITTY.findall(output):
        told = dict(pair.split("=") for pair in keys.split(","))
        assert coded or {"a": "T", "f": "100", "C": "1", "q": "2"}.items() <= told.items()
        assert len(piece) <= 4096
        coded += piece
        if told["m"] == "0":
            found.append(np.array(Image.open(io.BytesIO(b64decode(coded, validate=True)))))
            coded = ""
    assert not coded
    return found


def _sixels(body: str) -> Pixels:
    """Paint what a DEC VT340 would: colours, runs, back to the left, down a band."""
    colours: dict[str, tuple[int, ...]] = {}
    canvas: Pixels = np.zeros((0, 0, 3), np.uint8)
    painted = np.zeros((0, 0), bool)
    left = top = end = 0
    colour = ""
    for token in _TOKEN.finditer(body):
        assert token.start() == end  # nothing else stands between
        end = token.end()
        wide, high, named, red, green, blue, chosen, times, run, one, move = token.groups()
        if wide:
            canvas = np.zeros((int(high), int(wide), 3), np.uint8)
            painted = np.zeros(canvas.shape[:2], bool)
        elif named:
            colours[named] = tuple(round(int(part) * 255 / 100) for part in (red, green, blue))
        elif chosen:
            colour = chosen
        elif move:
            left, top = 0, top + 6 * (move == "-")
        else:
            for _ in range(int(times or 1)):
                for bit in range(6):
                    if (ord(run or one) - 63) >> bit & 1:
                        canvas[top + bit, left] = colours[colour]
                        painted[top + bit, left] = True
                left += 1
    assert end == len(body) and painted.all()
    return canvas
