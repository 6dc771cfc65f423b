"""The file that a moment goes to: what it is called, and that nothing is overwritten unasked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from omnisearch.records import Hit, PageSpan, RegionSpan, Span, TextSpan, TimeSpan

_LONGEST = 100  # bytes of what a name begins with; file systems take 255
_WHOLE = (0.0, 0.0, 1.0, 1.0)
_AWKWARD = re.compile(r"[^\w.,+@()\[\] -]+")
_EVERYBODY = 0o666  # less what the user's mask takes


@dataclass(frozen=True, slots=True)
class Target:
    """Where a moment goes; a name that was picked here lacks its ending and may get a number."""

    folder: Path
    name: str
    picked: bool
    force: bool = False

    @classmethod
    def of(cls, given: str | os.PathLike[str] | None, hit: Hit, *, force: bool) -> Target:
        """Read what the user said: a file, a folder, or nothing, which is this folder."""
        path = Path() if given is None else Path(given)
        if given is None or path.is_dir() or str(given).endswith(os.sep):
            return cls(path, _picked(hit), picked=True, force=force)
        target = cls(path.parent, path.name, picked=False, force=force)
        target.check()
        return target

    @property
    def ending(self) -> str | None:
        """Give the form that the user chose."""
        return None if self.picked else Path(self.name).suffix.lower()

    def check(self) -> None:
        """Refuse a file that is there."""
        path = self.folder / self.name
        if not self.force and os.path.lexists(path):
            raise FileExistsError(
                17, "there is such a file already, which stays as it is", str(path)
            )

    def paths(self, ending: str) -> Iterator[Path]:
        """Give the names that it may have, the first that is free is taken."""
        if not self.picked:
            yield self.folder / self.name
            return
        yield self.folder / f"{self.name}{ending}"
        if not self.force:
            yield from (self.folder / f"{self.name}-{number}{ending}" for number in count(2))


class Draft:
    """A file without its name yet; what is not finished is removed again."""

    def __init__(self, file: BinaryIO, path: Path, target: Target) -> None:
        self.file = file
        self._path, self._target = path, target

    def finish(self, ending: str) -> Path:
        """Give it its name, all at once."""
        self.file.flush()
        for path in self._target.paths(ending):
            if self._target.force:
                self._path.replace(path)
                return path
            try:
                _link(self._path, path)
            except FileExistsError:
                if not self._target.picked:
                    self._target.check()
                    raise
                continue
            return path
        raise AssertionError("names with numbers do not run out")


@contextmanager
def draft(target: Target) -> Iterator[Draft]:
    """Open a file in the folder that it goes to."""
    path = target.folder / f".omnisearch-{os.getpid()}-{os.urandom(4).hex()}.part"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, _EVERYBODY), "w+b") as file:
        try:
            yield Draft(file, path, target)
        finally:
            with suppress(FileNotFoundError):  # it has its name
                path.unlink()


def _link(draft: Path, path: Path) -> None:
    """Give a file a name that none has."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: a moment too late is possible there
        if os.path.lexists(path):
            raise FileExistsError(17, "there is such a file already", str(path)) from None
        draft.rename(path)


def _picked(hit: Hit) -> str:
    """Call a moment after its file, or its item, and where in it it is."""
    raw = unquote_to_bytes(hit.uri.rpartition("/")[2]) if hit.uri else hit.item.encode()
    name = Path(raw.decode("utf-8", "replace")).stem
    plain = _AWKWARD.sub("_", name).strip(" .-")
    while len(plain.encode()) > _LONGEST:
        plain = plain[:-1]
    return f"{plain or 'moment'}{_place(hit.span)}"


def _place(span: Span | None) -> str:
    match span:
        case TimeSpan(start_s, end_s):
            return f"_{_clock(start_s)}-{_clock(end_s)}"
        case PageSpan(page, box):
            return f"_page{page}{'' if box is None else _box(box)}"
        case RegionSpan(box) if box != _WHOLE:
            return _box(box)
        case TextSpan(start, end):
            return f"_{start}-{end}"
    return ""


def _clock(seconds: float) -> str:
    """Write a time so that names sort by it, and no system minds."""
    whole = int(seconds)
    hours = f"{whole // 3600}h" if whole >= 3600 else ""
    return f"{hours}{whole % 3600 // 60:02}m{whole % 60:02}s"


def _box(box: tuple[float, float, float, float]) -> str:
    return "_" + "-".join(f"{100 * side:.0f}" for side in box)
