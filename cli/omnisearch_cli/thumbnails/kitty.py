"""A picture as the graphics protocol of kitty has it: a PNG in base64, in pieces."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

_PIECE = 4096  # characters of base64, at most
# transmit and show, as PNG; the cursor stays, and the terminal answers nothing
_SHOW = "a=T,f=100,C=1,q=2"


def drawn(picture: Any) -> str:  # noqa: ANN401 - of PIL, which media alone import
    """Write a picture so that the terminal draws it where the cursor is."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    coded = b64encode(file.getvalue()).decode("ascii")
    pieces = [coded[at : at + _PIECE] for at in range(0, len(coded), _PIECE)]
    last = len(pieces) - 1
    return "".join(
        f"\x1b_G{f'{_SHOW},' if not at else ''}m={int(at < last)};{piece}\x1b\\"
        for at, piece in enumerate(pieces)
    )
