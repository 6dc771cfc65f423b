"""Natural recordings that only tests hear: sounds of a paint program's stamps and of a game.

They are under copyleft licences or unclear ones, so nothing is ever trained, chosen or calibrated
on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from omnisearch.training.data import packages
from omnisearch.training.data.instruments import decode
from omnisearch.training.data.packages import Package
from omnisearch.training.data.synthesis import pcm
from omnisearch.training.lab import Lab

STAMPS = Package(
    "debian",
    "tuxpaint-stamps-default",
    "2022.06.04-1",
    "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
    "GPL-2.0",
    "Tux Paint stamps",
    "usr/share/doc/tuxpaint-stamps-default/copyright",
    "GPL",
    "test",
)
GAME = Package(
    "debian",
    "wesnoth-1.16-data",
    "1:1.16.9-1",
    "1012b964bd412a6770685e3324ae3b61e176caff7846192d1ee63d55cd621e26",
    "GPL-2.0",
    "The Battle for Wesnoth",
    "usr/share/doc/wesnoth-1.16-data/copyright",
    "GPL",
    "test",
)
IN_STAMPS, _GAME = "usr/share/tuxpaint/stamps/", "usr/share/games/wesnoth/1.16/data/core/sounds/"
_SPOKEN = ("symbols/", "seasonal/hanukkah/")  # letters and what is on dice are spoken
_AUDIO = (".ogg", ".wav")


@dataclass(frozen=True)
class Recording:
    """One recording, what it is of, and its samples."""

    source: str
    name: str  # of its file
    title: str
    pcm: bytes


def natural(lab: Lab) -> list[Recording]:
    """Give all recordings with a description."""
    return [*stamps(lab), *game(lab)]


def stamps(lab: Lab) -> Iterator[Recording]:
    """Read the sounds of stamps, each under the description of its picture."""
    archive = packages.fetch(lab, STAMPS)
    found: dict[str, bytes] = {}
    for name, content in packages.members(archive, _of_a_stamp):
        found[name.removeprefix(IN_STAMPS)] = content
    for name, content in sorted(found.items()):
        words = found.get(str(PurePosixPath(name).with_suffix(".txt")))
        if name.endswith(_AUDIO) and words is not None:
            title = described(words.decode("utf-8", "replace"))
            yield Recording("stamps", name, title, _pcm(content))


def _of_a_stamp(name: str) -> bool:
    inside = name.removeprefix(IN_STAMPS)
    told = inside.endswith(".txt") or (inside.endswith(_AUDIO) and "_desc" not in inside)
    return name.startswith(IN_STAMPS) and told and not inside.startswith(_SPOKEN)


def described(text: str) -> str:
    """Give the English description of a stamp, its first line."""
    return text.partition("\n")[0].strip().rstrip(".!")


def game(lab: Lab) -> Iterator[Recording]:
    """Read the sounds of the game, each under the words of its file's name."""
    archive = packages.fetch(lab, GAME)
    wanted = packages.members(
        archive, lambda name: name.startswith(_GAME) and name.endswith(_AUDIO)
    )
    for name, content in sorted(wanted):
        yield Recording("game", name.removeprefix(_GAME), named(name), _pcm(content))


def named(path: str) -> str:
    """Turn a file's name into words: `wolf-growl-1.ogg` is a wolf growl."""
    stem = PurePosixPath(path).stem
    return " ".join(re.findall(r"[a-z]+", re.sub(r"(\D)\d+$", r"\1", stem.casefold())))


def _pcm(content: bytes) -> bytes:
    return pcm(decode(content))
