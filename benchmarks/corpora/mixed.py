"""A folder as people have them: `python -m benchmarks.corpora.mixed FOLDER --files 2000`.

Texts, pictures, PDFs, sounds, short films, copies, broken files, nested folders and odd names, all
from a seed: the same bytes for the same number and versions of the libraries that encode.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.corpora import contents, texts
from benchmarks.corpora.made import Made

FILES = 2_000
SHARES: Mapping[str, float] = {  # of a hundred files
    "text": 40,
    "image": 34,
    "document": 8,
    "audio": 7,
    "video": 3,
    "copy": 5,
    "broken": 2,
    "other": 1,
}
_FOLDERS = (
    "",
    "holiday",
    "holiday/day 2",
    "work/2025/reports",
    "work/2026",
    "music",
    "a/b/c/d/e/f",
)
_ODD = (  # what stands in a name before its number
    "notes",
    "IMG_",
    "Übersicht ",
    "naïve café-",
    "-rf ",
    "two\nlines",
    "'quoted' \"twice\" ",
    "\u202egnp",
    "🎈",
    "~",
    "%41",
    b"not utf-8 \xff\xfe ",
    "n" * 200,
)
_ODD_SHARE = 0.06


@dataclass
class Folder:
    """What was written so far, so that copies can be made."""

    made: Made
    seed: int
    written: list[tuple[str, bytes]] = field(default_factory=list)  # ending and bytes

    def write(self, number: int, kind: str) -> None:
        """Write the file of a number."""
        rng = np.random.default_rng((self.seed, number))
        end, content = _CONTENTS[kind](self, rng, number)
        if kind not in ("copy", "broken"):
            self.written.append((end, content))
        self.made.add(kind, _path(rng, number, end), content)

    def drawn(self, rng: np.random.Generator) -> tuple[str, bytes]:
        """Draw one of the files that were written."""
        return self.written[int(rng.integers(len(self.written)))]


def make(folder: Path, files: int = FILES, seed: int = 0) -> Made:
    """Write the folder; kinds come in the shares above, mixed."""
    found = Folder(Made(folder), seed)
    for number, kind in enumerate(_kinds(files, seed)):
        found.write(number, kind)
    return found.made


def _kinds(files: int, seed: int) -> Iterator[str]:
    whole = sum(SHARES.values())
    counts = {kind: round(files * share / whole) for kind, share in SHARES.items()}
    counts["text"] += files - sum(counts.values())
    kinds = np.repeat(list(counts), list(counts.values()))
    np.random.default_rng(seed).shuffle(kinds)
    first = int(np.argmax(kinds == "text"))
    kinds[[0, first]] = kinds[[first, 0]]  # something must be there before it is copied
    return map(str, kinds)


def _path(rng: np.random.Generator, number: int, end: str) -> str | bytes:
    folder = f"{number // 500:03d}/{rng.choice(np.array(_FOLDERS))}".strip("/")
    if rng.uniform() >= _ODD_SHARE:
        return f"{folder}/{number:06d}{end}"
    odd = _ODD[int(rng.integers(len(_ODD)))]
    start = odd if isinstance(odd, bytes) else odd.encode()
    return b"%b/%b%06d%b" % (folder.encode(), start, number, end.encode())


def _text(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    end = str(rng.choice(np.array([".txt", ".md", ".html", ".csv", ".py"])))
    paragraphs = [texts.note(rng, number) for _ in range(int(rng.integers(1, 12)))]
    return end, contents.dressed(end, paragraphs)


def _image(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    return contents.picture(rng)


def _document(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    pages = [[texts.note(rng, number).decode()] * 6 for _ in range(int(rng.integers(1, 9)))]
    return ".pdf", contents.paper(pages)


def _audio(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    return contents.sound(rng)


def _video(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    return contents.film(rng)


def _copy(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    return folder.drawn(rng)


def _broken(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    end, content = (".png", contents.noise(rng, 300)) if number % 2 else folder.drawn(rng)
    return end, content[: len(content) // 2]


def _other(folder: Folder, rng: np.random.Generator, number: int) -> tuple[str, bytes]:
    end = str(rng.choice(np.array([".zip", ".exe", ".docx", ".bin"])))
    return end, b"PK\3\4" + contents.noise(rng, 500)


_CONTENTS: Mapping[str, Callable[[Folder, np.random.Generator, int], tuple[str, bytes]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "audio": _audio,
    "video": _video,
    "copy": _copy,
    "broken": _broken,
    "other": _other,
}


def main() -> None:
    """Write the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    made = make(given.folder, given.files, given.seed)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(made.kinds.items()))
    print(f"{made.files:,} files, {made.size:,} bytes in {made.folder}: {told}")


if __name__ == "__main__":
    main()
