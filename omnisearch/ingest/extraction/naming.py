"""What the name of a file says: its words, without the numbers that machines give."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200  # characters
# a word of one script, or a year; numbers of cameras and phones say nothing
_WORD = re.compile(r"(?:(?!\d|_)\w)+|(?<!\d)(?:19|20)\d\d(?!\d)")
# where two words meet without a blank: beachHoliday, HTMLPage
_SEAM = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MADE_BY_MACHINES = frozenset(
    (
        "img dsc dscf dscn dcim pxl mvi vid mov wp gopr pano screenshot scan rec aud ptt wa "
        "untitled unnamed copy final edited tmp new"
    ).split()
)


def words_of(name: str) -> str:
    """Give the words of a file name, its ending left out; none where a machine made it."""
    stem = unicodedata.normalize("NFC", name).rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    found = [word for part in _WORD.findall(stem) for word in _SEAM.split(part)]
    said = [word for word in found if len(word) > 1 or not word.isascii()]
    if not [w for w in said if w.lower() not in _MADE_BY_MACHINES and not w.isdigit()]:
        return ""
    return " ".join(word for word in said if word.lower() not in _MADE_BY_MACHINES)[:LONGEST]
