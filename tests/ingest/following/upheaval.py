"""A folder that changes at random, as people, editors and programs change theirs."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

WORDS = "red dog snow boat night garden violin storm bakery lighthouse".split()
NAMES = [*"abcdefgh", "é", "e\u0301", "with space", "-rf"]


class Upheaval:
    """Makes so many changes below a folder; the same seed makes the same ones."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._random, self._made = folder, random.Random(seed), 0

    def go(self, changes: int) -> None:
        """Change."""
        for _ in range(changes):
            kinds = (self._write, self._again, self._move, self._delete, self._folders)
            self._random.choices(kinds, (50, 20, 15, 12, 3))[0]()

    def _write(self) -> None:
        folder = self._a_folder()
        name = f"{self._random.choice(NAMES)}{self._random.randrange(400)}.txt"
        (folder / name).write_text(self._text())

    def _again(self) -> None:
        path = self._a_file()
        if path is not None:
            with path.open("a") as stream:
                stream.write(self._text())

    def _move(self) -> None:
        path = self._a_file()
        if path is not None:
            path.rename(self._a_folder() / f"moved{self._random.randrange(400)}.txt")

    def _delete(self) -> None:
        path = self._a_file()
        if path is not None:
            path.unlink()

    def _folders(self) -> None:
        path = self._a_folder()
        what = self._random.randrange(4)
        if what == 0 and path != self._folder and len(list(path.iterdir())) < 40:
            shutil.rmtree(path)
        elif what == 1 and path != self._folder:
            target = self._folder / f"{path.name}{self._random.randrange(100)}"
            if not target.exists():
                path.rename(target)
        else:
            below = path / f"folder{self._random.randrange(30)}" / self._random.choice(NAMES)
            below.mkdir(parents=True, exist_ok=True)

    def _text(self) -> str:
        self._made += 1
        return f"{' '.join(self._random.sample(WORDS, 4))} {self._made}\n"

    def _a_folder(self) -> Path:
        path = self._folder
        while self._random.random() < 0.6:
            below = sorted(one for one in path.iterdir() if one.is_dir())
            if not below:
                break
            path = self._random.choice(below)
        return path

    def _a_file(self) -> Path | None:
        files = sorted(one for one in self._a_folder().iterdir() if one.is_file())
        return self._random.choice(files) if files else None
