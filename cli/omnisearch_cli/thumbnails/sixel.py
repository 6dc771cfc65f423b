"""A picture as sixels: bands of six rows, and in each band a line for every colour that is in it.

A character of a line stands for six pixels below each other, those of the line's colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

_BAND = 6
_COLOURS = 128
_NONE = 63  # the character without a pixel, `?`; each pixel adds its bit
_RUN = re.compile(rb"(.)\1{3,}", re.DOTALL)  # shorter ones are shorter as they are


def drawn(picture: Any) -> str:  # noqa: ANN401 - of PIL, which media alone import
    """Write a picture so that the terminal draws it where the cursor is."""
    few = picture.convert("RGB").quantize(_COLOURS)
    palette = few.getpalette() or []
    used = sorted(set(few.tobytes()))
    named = "".join(_colour(number, palette[3 * number : 3 * number + 3]) for number in used)
    bands = "-".join(_bands(few.tobytes(), few.width, few.height))
    return f'\x1bPq"1;1;{few.width};{few.height}{named}{bands}\x1b\\'


def _colour(number: int, rgb: Sequence[int]) -> str:
    """Name a colour, in hundredths."""
    shares = ";".join(str(round(value * 100 / 255)) for value in rgb)
    return f"#{number};2;{shares}"


def _bands(pixels: bytes, wide: int, high: int) -> Iterator[str]:
    for top in range(0, high, _BAND):
        rows = [pixels[at * wide : (at + 1) * wide] for at in range(top, min(top + _BAND, high))]
        colours = sorted(set(b"".join(rows)))
        yield "$".join(f"#{colour}{_line(rows, colour)}" for colour in colours)


def _line(rows: Sequence[bytes], colour: int) -> str:
    """Write where a band has a colour."""
    only, bits = bytes(one == colour for one in range(256)), 0
    for number, row in enumerate(rows):
        bits |= int.from_bytes(row.translate(only), "big") << number
    shown = bytes(_NONE + one for one in bits.to_bytes(len(rows[0]), "big")).rstrip(b"?")
    return _RUN.sub(lambda run: b"!%d%b" % (len(run[0]), run[1]), shown).decode("ascii")
