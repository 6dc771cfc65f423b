"""Quotation marks: what stands in them is meant as it is written."""

from __future__ import annotations

import re
from typing import Final

# each has one mark before and one behind what is quoted
QUOTED: Final = re.compile(
    r'"[^"]*"'
    "|[\u201c\u201e][^\u201c\u201d\u201e]*[\u201c\u201d]"
    "|\u00ab[^\u00ab\u00bb]*\u00bb"
)
