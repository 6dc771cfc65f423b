"""What a question is made of: flags and words of the command line as parts of omnisearch."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import click

import omnisearch as om
from omnisearch_cli import lines, output, weights

STDIN = lines.STDIN
Say = Callable[[str], object]
# The weight of what is not wanted, beside wants of weight 1: at 0.5 the right ones suffer as well,
# of 45 in 100 that are found 39 stay, and 44 at this
AWAY = 0.25
MEDIA = ("image", "audio", "video", "document")
_PARTS: Mapping[str, Callable[..., Any]] = {
    "image": om.Image,
    "audio": om.Audio,
    "video": om.Video,
    "document": om.Document,
    "text": om.Document,  # a file with words is cut as a document is
}
_NAMES = {
    "image": "a picture",
    "audio": "a sound",
    "video": "a film",
    "document": "a PDF",
    "text": "a text",
}
_BEGINNINGS = ("./", "../", "/", "~/")
_SHORT = 1_000  # characters from stdin that are a question; more are a text to compare with
_MOST = 500_000_000  # bytes from stdin


class Pieces(TypedDict):
    """Which piece of a file is meant."""

    box: tuple[float, float, float, float] | None
    from_s: float | None
    to_s: float | None
    page: int | None


class Flags(TypedDict):
    """Parts as the command line has them."""

    words: tuple[str, ...]
    text: tuple[str, ...]
    image: tuple[str, ...]
    audio: tuple[str, ...]
    video: tuple[str, ...]
    document: tuple[str, ...]
    not_text: tuple[str, ...]
    not_image: tuple[str, ...]
    not_audio: tuple[str, ...]
    not_video: tuple[str, ...]
    not_document: tuple[str, ...]


def parts(flags: Flags, pieces: Pieces, *, quiet: bool) -> list[Any]:
    """Make the parts of a question; what is wrong with one is said with its flag."""
    given: Mapping[str, Any] = flags
    files: list[tuple[str, str, Any, float]] = []  # flag, modality, source, weight
    found: list[Any] = []
    said = list[str]()
    say = (lambda _: None) if quiet else output.say
    for word in flags["words"]:
        if word == STDIN:
            _add_stdin(found, files)
        elif (kind := _kind(word, say)) is not None:
            files.append((word, kind, _expanded(word), 1.0))
            name = output.escape(word)
            say(f"asking with the file {name} ({_NAMES[kind]}); for the words use --text")
        else:
            said.append(word)
    if said:
        found.append(_text("the question", " ".join(said), 1.0))
    for sign, away in (("", False), ("not_", True)):
        for one in given[f"{sign}text"]:
            found.append(_worded(f"--{_flag(sign)}text", one, away, say))
        for modality in MEDIA:
            for one in given[f"{sign}{modality}"]:
                name, weight = weights.of_name(one)
                flag = f"--{_flag(sign)}{modality} {one}"
                if away:
                    weight = -AWAY if name == one else _away(flag, weight)
                source = _stdin() if name == STDIN else _expanded(name)
                files.append((flag, modality, source, weight))
    return [*found, *_media(files, pieces)]


def of_file(kind: str, name: str) -> Any:  # noqa: ANN401
    """Make a part of a file."""
    return _PARTS[kind](_expanded(name))


def _flag(sign: str) -> str:
    return sign.replace("_", "-")


def _away(flag: str, weight: float) -> float:
    """Give the weight of what is not wanted, which is below 0."""
    if not 0 < weight < math.inf:
        raise click.UsageError(
            f"{flag}: weight is {weight:g}: give one above 0, since the flag leads away by it, "
            "or leave not- out"
        )
    return -weight


def _worded(flag: str, given: str, away: bool, say: Say) -> Any:  # noqa: ANN401
    if given == STDIN:
        return _text(flag, _words_of(_stdin()), -AWAY if away else 1.0)
    words, weight = weights.of_words(given)
    if words == given:
        return _text(flag, words, -AWAY if away else weight)
    found = _text(flag, words, _away(f"{flag} {given}", weight) if away else weight)
    say(f"{flag}: {output.escape(words)!r} has the weight {weight:g}")
    return found


def _text(flag: str, words: str, weight: float) -> Any:  # noqa: ANN401
    if not words.strip():
        raise click.UsageError(f"{flag} has no words: leave it out, or give some")
    return _made(flag, om.Text, words, {"weight": weight})


def _made(flag: str, kind: Callable[..., Any], source: object, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    try:
        return kind(source, **options)
    except ValueError as error:
        raise click.UsageError(f"{flag}: {error}") from error


def _media(files: Sequence[tuple[str, str, Any, float]], pieces: Pieces) -> Iterator[Any]:
    """Make the parts of files; a piece is taken from the only file that can have one."""
    owners = {
        "box": _owner(files, ("image",), "--box", pieces["box"]),
        "from_s": _owner(files, ("audio", "video"), "--from", pieces["from_s"]),
        "to_s": _owner(files, ("audio", "video"), "--to", pieces["to_s"]),
        "page": _owner(files, ("document",), "--page", pieces["page"]),
    }
    wanted: Mapping[str, Any] = pieces
    for place, (flag, modality, source, weight) in enumerate(files):
        mine = {name: wanted[name] for name, owner in owners.items() if owner == place}
        yield _made(flag, _PARTS[modality], source, {**mine, "weight": weight})


def _owner(
    files: Sequence[tuple[str, str, Any, float]],
    modalities: Sequence[str],
    flag: str,
    value: object,
) -> int | None:
    """Find the file that a piece is taken from."""
    if value is None:
        return None
    places = [at for at, (_, modality, _, _) in enumerate(files) if modality in modalities]
    if len(places) == 1:
        return places[0]
    kinds = " or ".join(_NAMES[one] for one in modalities)
    if not places:
        raise click.UsageError(f"{flag} needs the file that it is taken from: give {kinds}")
    raise click.UsageError(f"{flag} is unclear, there are {len(places)} files: give {kinds} alone")


def _kind(word: str, say: Say) -> str | None:
    """Tell what a word is if it is a file: one that is there, or that is written as a path."""
    written = word.startswith(_BEGINNINGS)
    name = _expanded(word)
    try:
        there = os.path.lexists(name) and not Path(name).is_dir()
    except (OSError, ValueError):  # words may be too long for a name
        there = False
    if not there and not written:
        return None
    try:
        return om.kind_of(name)
    except om.errors.MediaError as error:
        if written:
            raise
        say(f"{str(error).partition(': ')[0]}: {output.escape(word)} is asked as words")
        return None


def _expanded(name: str) -> str:
    return str(Path(name).expanduser()) if name.startswith("~/") else name


def _add_stdin(found: list[Any], files: list[tuple[str, str, Any, float]]) -> None:
    """Take what comes in: words to ask with, or what a file holds."""
    content = _stdin()
    kind = om.kind_of(content)
    words = _words_of(content) if kind == "text" and len(content) <= 4 * _SHORT else ""
    if words and len(words) <= _SHORT:
        found.append(_text("stdin", words, 1.0))
    else:
        files.append(("stdin", kind, content, 1.0))


def _stdin() -> bytes:
    content = lines.stdin().read(_MOST + 1)
    if not content:
        raise click.UsageError("nothing came through stdin: give words, or what a file holds")
    if len(content) > _MOST:
        raise click.UsageError(f"over {_MOST:,} bytes came through stdin: give the name of a file")
    return content


def _words_of(content: bytes) -> str:
    part = om.part_of(content, characters=lines.CHARACTERS)
    if not isinstance(part, om.Text):
        raise click.UsageError("stdin holds no words: give it as - or to the flag of what it is")
    return part.text.strip()
