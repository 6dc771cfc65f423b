"""Numbers of cells as they are shown: most as they are, some as dates, by their format."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta

from omnisearch.media.office.elements import NOTHING, Attributes

_DATES = frozenset(map(str, (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))))
_NO_SIGNS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')  # of a format: what stands as it is
_FIRST = datetime(1899, 12, 30)  # days are counted from here, since 1900 is taken for a leap year
_FIRST_1904 = datetime(1904, 1, 1)
_MOST = 100_000
_LONGEST = 9  # digits of the number of a style


class Formats:
    """Reads which styles of cells are dates."""

    wanted, unseen = frozenset(("x:numFmt", "x:cellXfs", "x:xf")), NOTHING

    def __init__(self) -> None:
        self._own: dict[str, str] = {}
        self._styles: list[str] = []
        self._cells = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Take formats, and the styles that use them."""
        if name == "x:numFmt" and len(self._own) < _MOST:
            self._own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:1_000]
        elif name == "x:cellXfs":
            self._cells = True
        elif name == "x:xf" and self._cells and len(self._styles) < _MOST:
            self._styles.append(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        """End the list of styles."""
        if name == "x:cellXfs":
            self._cells = False

    def text(self, data: str) -> None:
        """Take characters: there are none that count."""

    def date(self, style: str) -> bool:
        """Tell whether cells of a style are dates."""
        if not style.isdecimal() or len(style) > _LONGEST or int(style) >= len(self._styles):
            return False
        number = self._styles[int(style)]
        code = self._own.get(number)
        if code is None:
            return number in _DATES
        return re.search("[ymdhs]", _NO_SIGNS.sub("", code).lower()) is not None


def shown(number: str, *, date: bool, since_1904: bool) -> str:
    """Write a number as a person reads it: without noise behind its 15th digit."""
    number = number.strip()
    with suppress(ValueError, OverflowError):
        value = float(number)
        if date:
            when = (_FIRST_1904 if since_1904 else _FIRST) + timedelta(days=value)
            when = (when + timedelta(milliseconds=500)).replace(microsecond=0)
            if 0 <= value < 1:
                return f"{when:%H:%M:%S}"
            whole = when.hour == when.minute == when.second == 0
            return f"{when:%Y-%m-%d}" if whole else f"{when:%Y-%m-%d %H:%M:%S}"
        if len(number) > 15 and value == value and abs(value) < 1e15:
            return f"{value:.15g}"
    return number
