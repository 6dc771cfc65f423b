"""A zip archive read member by member, inflated in pieces and counted: no size is believed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from omnisearch.errors import MediaError
from omnisearch.media.office.directory import Member, members
from omnisearch.media.office.elements import Handler, Parser
from omnisearch.media.source import File, named, opened

_PIECE = 1 << 16
_STORED = 0
_FREE_BYTES = 1 << 20  # that a member may have whatever its ratio: tables of blanks pack well


@dataclass(slots=True)
class Budget:
    """How much may be unpacked, of all archives that share it."""

    bytes: int = 200_000_000  # the text of a book has 2 MB; pictures are packed already
    ratio: int = 200  # Deflate itself ends at 1,032
    elements: int = 1_000_000  # of XML: a thousand pages of Word have 500,000

    @property
    def truncated(self) -> bool:
        """Tell whether there were more elements than are read."""
        return self.elements < 0

    def take(self, count: int, name: str) -> None:
        """Count bytes that came out."""
        self.bytes -= count
        if self.bytes < 0:
            raise MediaError(f"{name} unpacks to more than is read: cut it into smaller documents")


class Archive:
    """An open archive; `name` is how messages call it."""

    def __init__(self, source: File, budget: Budget | None = None) -> None:
        self.name = named(source)
        self._file = opened(source)
        self._budget = budget or Budget()
        self._members = members(self._file, self.name)
        self._lower = {name.lower(): name for name in self._members}

    @property
    def names(self) -> list[str]:
        """List the members in the order of their bytes."""
        return list(self._members)

    def find(self, name: str) -> str | None:
        """Give the name as it is written there; programs mind no capitals."""
        return name if name in self._members else self._lower.get(name.lower())

    def pieces(self, name: str) -> Iterator[bytes]:
        """Unpack a member piece by piece; what is not what it says to be is an error."""
        found = self.find(name)
        if found is None:
            raise MediaError(f"{self.name} lacks {name!r}: it is damaged, save the document anew")
        member = self._members[found]
        size = checksum = 0
        for piece in self._stored(member) if member.method == _STORED else self._inflated(member):
            size += len(piece)
            self._budget.take(len(piece), self.name)
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if size != member.size or checksum != member.checksum:
            raise self._damaged(member)

    def read(self, name: str, most: int = 64 << 20) -> bytes:
        """Unpack a member whole, if it is no longer than that."""
        found = bytearray()
        for piece in self.pieces(name):
            found += piece
            if len(found) > most:
                fault = f"{self.name}: {name!r} has more than {most:,} bytes"
                raise MediaError(f"{fault}, make it smaller")
        return bytes(found)

    def told(self, name: str, handler: Handler, *, doctype: bool = False) -> None:
        """Tell a handler what a member holds as XML."""
        for _ in self.telling(name, handler, doctype=doctype):
            pass

    def telling(self, name: str, handler: Handler, *, doctype: bool = False) -> Iterator[None]:
        """Tell a handler piece by piece; it may be emptied in between.

        `doctype`: one may be named, as old books do; it is not looked up, and may declare nothing.
        """
        where, budget = f"{self.name}: {name!r}", self._budget
        parser = Parser(handler, where, budget.elements, doctype=doctype)
        for piece in self.pieces(name):
            if parser.over:
                break
            parser.feed(piece)
            yield
        parser.feed(b"", last=True)
        budget.elements = parser.left
        yield

    def holds(self, name: str, sign: bytes) -> bool:
        """Tell whether a member has some bytes anywhere."""
        tail = b""
        for piece in self.pieces(name):
            if sign in tail + piece:
                return True
            tail = piece[-len(sign) :]
        return False

    def _packed(self, member: Member) -> Iterator[bytes]:
        at, left = member.start, member.packed
        while left:
            self._file.seek(at)
            piece = self._file.read(min(_PIECE, left))
            if not piece:
                raise self._damaged(member)
            yield piece
            at, left = at + len(piece), left - len(piece)

    def _stored(self, member: Member) -> Iterator[bytes]:
        return self._packed(member)

    def _inflated(self, member: Member) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        came = went = 0
        try:
            for packed in self._packed(member):
                came += len(packed)
                while packed and not inflate.eof:
                    piece = inflate.decompress(packed, _PIECE)
                    packed = inflate.unconsumed_tail
                    went += len(piece)
                    if went > _FREE_BYTES + self._budget.ratio * came:
                        raise self._bomb(member)
                    if piece:
                        yield piece
            while not inflate.eof and (piece := inflate.decompress(b"", _PIECE)):
                yield piece
        except zlib.error as error:
            raise self._damaged(member) from error
        if not inflate.eof or inflate.unused_data:
            raise self._damaged(member)

    def _bomb(self, member: Member) -> MediaError:
        fault = f"{self.name}: {member.name!r} grows more than {self._budget.ratio} times"
        return MediaError(f"{fault} as it is unpacked, which no document does: leave it out")

    def _damaged(self, member: Member) -> MediaError:
        fault = f"{self.name}: {member.name!r} in it is damaged"
        return MediaError(f"{fault}: copy the document again from where it came")
