"""Zip archives that lie: bombs, members that overlap, lead outside, or are not what they say."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.hostile.case import Outcome, hostile

TEXT = "The lighthouse keeper counts the boats."
BODY = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body>{}</w:body></w:document>"
)
MAIN = "word/document.xml"


@dataclass(frozen=True)
class Member:
    """A member as it is written, and what its headers say of it."""

    name: bytes
    data: bytes
    method: int = 8
    flags: int = 0
    local: bytes | None = None  # its name in the header before its bytes
    size: int | None = None
    checksum: int | None = None
    at: int | None = None  # where the directory says that it begins
    packed: int | None = None
    extra: bytes = b""
    attributes: int = 0
    described: bool = False  # sizes stand behind the bytes


def member(name: str, text: str | bytes) -> Member:
    return Member(name.encode(), text.encode() if isinstance(text, str) else text)


def zipped(members: Sequence[Member], count: int | None = None, tail: bytes = b"") -> bytes:
    """Write an archive as the members say."""
    out, directory = bytearray(), bytearray()
    for one in members:
        at = len(out)
        stored = _packed(one.data) if one.method == 8 else one.data
        size = len(one.data) if one.size is None else one.size
        packed = len(stored) if one.packed is None else one.packed
        checksum = zlib.crc32(one.data) if one.checksum is None else one.checksum
        flags = one.flags | (8 if one.described else 0)
        called = one.name if one.local is None else one.local
        sizes = (0, 0, 0) if one.described else (checksum, packed, size)
        out += struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, flags, one.method, 0, 33, *sizes, len(called), 0
        )
        out += called + stored
        if one.described:
            out += struct.pack("<4s3L", b"PK\7\10", checksum, packed, size)
        begins = at if one.at is None else one.at
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 0x0314, 20, flags, one.method, 0, 33, checksum, packed, size,
            len(one.name), len(one.extra), 0, 0, 0, one.attributes, begins,
        )  # fmt: skip
        directory += one.name + one.extra
    told = len(members) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, told, told, len(directory), len(out), 0)
    return bytes(out + directory + end + tail)


def _packed(data: bytes) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()


def document(text: str = TEXT) -> Member:
    return member(MAIN, BODY.format(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"))


WHOLE = zipped([document()])


def _archive(name: str, make: Callable[[], bytes], *may: Outcome) -> None:
    hostile(f"{name}.docx", "archive", *may)(make)


def _lying(name: str, change: Callable[[Member], Member], *may: Outcome) -> None:
    _archive(name, lambda: zipped([change(document())]), *may)


def _zeros(megabytes: int) -> bytes:
    return bytes(megabytes << 20)


_archive("bomb-of-zeros", lambda: zipped([member(MAIN, _zeros(100))]), "failed")
_archive(
    "bomb-in-a-table-of-types",
    lambda: zipped([document(), member("[Content_Types].xml", _zeros(50))]),
    "failed",
)
_archive(
    "bomb-that-nothing-names",
    lambda: zipped([document(), member("word/media/image9.png", _zeros(100))]),
    "stored",
)
_archive(
    "bomb-of-members",
    lambda: zipped([document(), *(member(f"{n}.bin", bytes(1 << 16)) for n in range(1900))]),
    "stored",
)
_archive(
    "members-2001",
    lambda: zipped([document(), *(member(f"{n}", b"") for n in range(2000))]),
    "failed",
)
_lying("says-10-bytes", lambda one: replace(one, size=10), "failed")
_lying("says-4-gigabytes", lambda one: replace(one, size=0xFFFFFFFE), "failed")
_lying("wrong-checksum", lambda one: replace(one, checksum=7), "failed")
_lying("packed-beyond-the-end", lambda one: replace(one, packed=0x7FFFFFFF), "failed")
_lying("packed-short", lambda one: replace(one, packed=20), "failed")
_lying("begins-nowhere", lambda one: replace(one, at=0xFFFFFFF0), "failed")
_lying("begins-inside-itself", lambda one: replace(one, at=9), "failed")
_lying("two-names", lambda one: replace(one, local=b"word/harmless.xml"), "failed")
_lying("encrypted", lambda one: replace(one, flags=1), "failed")
_lying("strongly-encrypted", lambda one: replace(one, flags=0x41), "failed")
_lying("bzip2", lambda one: replace(one, method=12), "failed")
_lying("lzma", lambda one: replace(one, method=14), "failed")
_lying("aes", lambda one: replace(one, method=99, flags=1), "failed")
_lying("garbage-as-deflate", lambda one: replace(one, method=8, data=b""), "failed")
_lying("described-behind", lambda one: replace(one, described=True), "stored")
_lying("stored-plain", lambda one: replace(one, method=0), "stored")
_lying("link", lambda one: replace(one, attributes=0o120777 << 16, data=b"/etc/hostname"), "failed")
for _number, _name in enumerate(
    (b"../../../etc/cron.d/x", b"..\\..\\x", b"/etc/passwd", b"C:\\x", b"a\0b", b"a/../../b", b"")
):
    _archive(
        f"leads-outside-{_number}",
        lambda name=_name: zipped([document(), Member(name, b"x")]),  # type: ignore[misc]
        "failed",
    )
_archive("twice", lambda: zipped([document(), document("another")]), "failed")
_archive("cut-in-half", lambda: WHOLE[: len(WHOLE) // 2], "failed")
_archive("cut-by-one", lambda: WHOLE[:-1], "failed")
_archive("more-behind", lambda: WHOLE + b"garbage", "failed")
_archive("only-an-end", lambda: zipped([]), "failed")
_archive("empty", lambda: b"", "failed")
_archive("one-byte", lambda: b"P", "failed")
_archive("count-of-65535", lambda: zipped([document()], count=65_534), "failed")
_archive("count-of-none", lambda: zipped([document()], count=0), "failed")
_archive("garbage", lambda: b"PK\3\4" + bytes(range(256)) * 40, "failed")
_archive("ends-in-its-comment", lambda: _two_ends(), "failed")
_archive("in-several-parts", lambda: WHOLE[:-18] + b"\1\0\1\0" + WHOLE[-14:], "failed")


def _two_ends() -> bytes:
    """Two last records, the second in the comment of the first."""
    fake = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 46, 0, 0)
    return WHOLE[:-2] + struct.pack("<H", len(fake)) + fake


@hostile("members-that-overlap.docx", "archive", "failed")
def _overlap() -> bytes:
    """A hundred members of the same bytes."""
    one = document()
    return zipped([one, *(replace(one, name=b"%d" % n, at=0, local=b"%d" % n) for n in range(99))])


@hostile("members-in-members.docx", "archive", "failed")
def _inside() -> bytes:
    """A member whose stored bytes hold the header of the next."""
    inner = zipped([document("inner")])
    outer = Member(b"outer", inner, method=0)
    at = len(zipped([outer])) - len(inner) - 22 - 46 - 5
    return zipped([outer, replace(document(), at=at)])


@hostile("holds-itself.docx", "archive", "failed")
def _itself() -> bytes:
    """A stored member that is the whole archive."""
    return zipped([replace(document(), method=0, at=0, packed=len(WHOLE))])


@hostile("archives-in-archives.docx", "archive", "stored")
def _nested() -> bytes:
    inner = b"x"
    for depth in range(60):
        inner = zipped([member(f"word/embeddings/{depth}.docx", inner), document()])
    return inner


@hostile("blocks-of-nothing.docx", "archive", "failed")
def _nothing() -> bytes:
    """Deflate blocks that hold no byte: only the input grows."""
    blocks = b"\0\0\0\xff\xff" * 400_000
    return zipped([Member(MAIN.encode(), blocks, method=0, size=10)]).replace(
        b"\0\0\0\0\0\0!\0", b"\0\0\x08\0\0\0!\0", 1
    )


def _wide(size: int, packed: int, at: int) -> bytes:
    return struct.pack("<HHQQQ", 1, 24, size, packed, at)


def _zip64(size: int, packed: int, at: int) -> bytes:
    full = 0xFFFFFFFF
    one = replace(document(), extra=_wide(size, packed, at), size=full, packed=full, at=full)
    whole = bytearray(zipped([one]))
    stored = _packed(one.data)
    whole[18:26] = struct.pack("<LL", len(stored), len(one.data))  # the header before the bytes
    return bytes(whole)


hostile("zip64.docx", "archive", "stored")(
    lambda: _zip64(len(document().data), len(_packed(document().data)), 0)
)
hostile("zip64-of-8-exabytes.docx", "archive", "failed")(lambda: _zip64(2**63, 2**63, 0))
hostile("zip64-beyond.docx", "archive", "failed")(lambda: _zip64(300, 200, 2**63 - 1))
_lying("zip64-without-sizes", lambda one: replace(one, size=0xFFFFFFFF), "failed")


@hostile("zip64-directory-nowhere.docx", "archive", "failed")
def _nowhere() -> bytes:
    whole = zipped([document()])
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 2**62, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return whole[:-22] + locator + end


@hostile("zip64-of-a-trillion-members.docx", "archive", "failed")
def _trillion() -> bytes:
    whole = zipped([document()])
    at = len(whole) - 22
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**40, 2**40, 60, at - 60)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return whole[:-22] + record + locator + end
