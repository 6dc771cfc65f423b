"""Quotation marks: what stands in them is meant as it is written."""

from __future__ import annotations

import re
from typing import Final

# Each has one mark before and one behind what is quoted. A straight one right behind a letter or
# digit begins nothing: 5" is a length. Only from Thai on do scripts write without spaces.
QUOTED: Final = re.compile(
    r'(?<![^\W_\u0e00-\U0010ffff])"[^"]*"'
    "|[\u201c\u201e][^\u201c\u201d\u201e]*[\u201c\u201d]"
    "|\u00ab[^\u00ab\u00bb]*\u00bb"
)
