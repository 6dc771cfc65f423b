"""Encodings of the web by the names that files call them, looked up while they can be.

A process that decodes can open no file later, and Python reads an encoding when it is first named.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping

LAST_RESORT = "cp1252"  # Windows-1252, as browsers take what says nothing
_NAMES = """
    us-ascii ascii latin1 iso-8859-1 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6
    iso-8859-7 iso-8859-8 iso-8859-9 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15
    iso-8859-16 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255
    windows-1256 windows-1257 windows-1258 koi8-r koi8-u ibm866 macintosh
    gb2312 gbk gb18030 big5 euc-jp shift_jis iso-2022-jp euc-kr tis-620
""".split()
_AS_BROWSERS = ("iso-8859-1", "latin1", "us-ascii", "ascii")
# what files are in that are in no Unicode
BY_NAME: Mapping[str, str] = {
    name: codecs.lookup(LAST_RESORT if name in _AS_BROWSERS else name).name for name in _NAMES
}
_UNICODE = {name: codecs.lookup(name).name for name in ("utf-8", "utf8", "utf-16", "utf-8-sig")}


def decoded(content: bytes, charset: str | None) -> str:
    """Read bytes as they say that they are, else as UTF-8, else as the web does."""
    said = (charset or "").strip().lower()
    known = _UNICODE.get(said) or BY_NAME.get(said)
    for encoding in (known, "utf-8"):
        if encoding is not None:
            try:
                return content.decode(encoding)
            except UnicodeError:
                continue
    return content.decode(LAST_RESORT if known is None else known, "replace")
