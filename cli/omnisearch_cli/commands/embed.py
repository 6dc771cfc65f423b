"""`omnisearch embed`: words and files as vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

import omnisearch as om
from omnisearch_cli import filters, lines, output, settings

EXAMPLES = """\b
Examples:
  omnisearch embed --text "a red bicycle" --out v.npy
  omnisearch embed photos/*.jpg notes.txt > vectors.jsonl
  omnisearch embed --joint --text "the same at night" street.jpg
  omnisearch embed --text "a dog that barks" --target audio
  curl -s https://example.org/cat.jpg | omnisearch embed -
  jq -r .title items.jsonl | omnisearch embed --lines - --out titles.npy
"""
SOME_FAILED = 3
_BATCH = 64
_NAME = 40  # columns of a table


class Wanted(TypedDict):
    """What is to be encoded, and how."""

    files: tuple[str, ...]
    texts: tuple[str, ...]
    lines: bool
    joint: bool
    target: Any
    dim: int | None
    encoder: str
    threads: int


@dataclass(frozen=True)
class Given:
    """A part and what it is called; or why it is none."""

    name: str
    part: Any = None
    fault: om.errors.OmnisearchError | None = None


@click.command("embed", epilog=EXAMPLES)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--text", "texts", multiple=True, metavar="WORDS", help="Words; may be repeated.")
@click.option("--lines", is_flag=True, help="Each line of the files is a text of its own.")
@click.option("--out", type=click.Path(path_type=Path), help="Write all vectors to a .npy file.")
@click.option("--joint", is_flag=True, help="Read everything together, as one vector.")
@click.option(
    "--target",
    type=click.Choice(filters.MODALITIES),
    help="Encode as a question for this modality.",
)
@click.option("--dim", type=click.IntRange(1), help="Cut the vectors, where that was trained.")
@settings.encoder
@settings.threads
@settings.json
@settings.quiet
def command(out: Path | None, json: bool | None, quiet: bool, **wanted: Unpack[Wanted]) -> int:
    """Encode words and files into vectors of length 1.

    FILE holds text, a picture, a sound, a film or a PDF (its first page), whatever it is called; -
    reads such a file from stdin. A text becomes one vector, of as much of its beginning as the
    encoder reads (omni-mini: about 180 words). With --lines every line is a text, in UTF-8; JSON
    is not looked into.

    In a pipe every vector is one line of JSON: {"name", "modality", "vector"}. A file that cannot
    be read is named, and the others go on; with --out nothing is written then.
    """
    if not wanted["files"] and not wanted["texts"]:
        raise click.UsageError('give --text "some words", or files, or - for stdin')
    load = partial(
        om.Encoder.load,
        wanted["encoder"],
        threads=wanted["threads"],
        dim=wanted["dim"],
        key=settings.encoder_key(),
        say=output.say,
    )
    vectors = _vectors(load, wanted, quiet)  # nothing is loaded before the first is asked for
    return _to_stdout(vectors, json) if out is None else _to_file(out, vectors, json)


def _given(wanted: Wanted) -> Iterator[Given]:
    """Open what is wanted, one after another, so that no more than a batch is held."""
    parts = _each(wanted)
    if not wanted["joint"]:
        yield from parts
        return
    together = list(parts)
    for one in together:
        if one.fault is not None:
            raise one.fault
    row = om.Row(*(one.part for one in together))
    yield Given(" + ".join(one.name for one in together), row)


def _each(wanted: Wanted) -> Iterator[Given]:
    for text in wanted["texts"]:
        yield Given(text, om.Text(text))
    for file in wanted["files"]:
        yield from _lines(file) if wanted["lines"] else [_file(file)]


def _file(file: str) -> Given:
    try:
        source = lines.stdin() if file == lines.STDIN else file
        return Given(file, om.part_of(source, characters=lines.CHARACTERS))
    except om.errors.MediaError as error:
        return Given(file, fault=error)


def _lines(file: str) -> Iterator[Given]:
    try:
        for line in lines.lines(file):
            if isinstance(line, str):
                yield Given(line, om.Text(line))
            else:
                yield Given(file, fault=line)
    except om.errors.MediaError as error:
        yield Given(file, fault=error)


def _encoded(loaded: om.Encoder, given: Sequence[Given], target: Any) -> list[Any]:  # noqa: ANN401
    """Give a vector or an error for each."""
    found = iter(loaded.encode_each([one.part for one in given if one.fault is None], target))
    return [next(found) if one.fault is None else one.fault for one in given]


def _vectors(
    load: Callable[[], om.Encoder], wanted: Wanted, quiet: bool
) -> Iterator[tuple[Given, Any]]:
    """Give each part with its vector or error, and show how far it came."""
    loaded, given = load(), _given(wanted)
    total = 0 if wanted["lines"] else len(wanted["texts"]) + len(wanted["files"])
    with output.progress(total, " parts", quiet) as bar:
        while some := list(islice(given, _BATCH)):
            yield from zip(some, _encoded(loaded, some, wanted["target"]), strict=True)
            bar.update(len(some))


def _to_file(out: Path, vectors: Iterator[tuple[Given, Any]], json: bool | None) -> int:
    if out.suffix != ".npy":
        raise click.UsageError(f"--out {out}: name a file that ends in .npy")
    count, dim = om.write_npy(out, _whole(vectors))
    if output.wants_json(json):
        output.line({"vectors": count, "dim": dim, "file": str(out.absolute())})
    else:
        noun = "vector" if count == 1 else "vectors"
        output.result(f"{count:,} {noun} of {dim} numbers written to {out}")
    return 0


def _whole(vectors: Iterator[tuple[Given, Any]]) -> Iterator[Any]:
    """Give every vector; the first that there is not ends it."""
    for one, vector in vectors:
        if isinstance(vector, om.errors.OmnisearchError):
            raise om.errors.PartError(f"{_told(one, vector)} (nothing was written)") from vector
        yield vector


def _to_stdout(vectors: Iterator[tuple[Given, Any]], json: bool | None) -> int:
    done, failed, rows = 0, 0, list[tuple[str, str, str]]()
    for one, vector in vectors:
        done += 1
        if isinstance(vector, om.errors.OmnisearchError):
            failed += 1
            output.complain(_told(one, vector))
        elif output.wants_json(json):
            output.line(_record(one, vector))
        else:
            rows.append((_modality(one), _short(one), _glimpse(vector)))
    if rows:
        output.table(("modality", "name", "vector"), rows)
    if failed == done:
        return 2
    return SOME_FAILED if failed else 0


def _record(one: Given, vector: Any) -> dict[str, Any]:  # noqa: ANN401
    numbers = [round(number, 8) for number in vector.tolist()]
    return {"name": one.name, "modality": _modality(one), "vector": numbers}


def _modality(one: Given) -> str:
    if isinstance(one.part, om.Row):
        return "+".join(part.modality for part in one.part.parts)
    return str(one.part.modality)


def _glimpse(vector: Any) -> str:  # noqa: ANN401
    first = " ".join(f"{number:.4f}" for number in vector[:4].tolist())
    return f"{first} … ({len(vector)} numbers)"


def _short(one: Given) -> str:
    """Cut what is too long for a line: words at their end, paths so that the name stays."""
    if len(one.name) <= _NAME:
        return one.name
    return one.name[: _NAME - 1] + "…" if _is_words(one) else "…" + one.name[1 - _NAME :]


def _told(one: Given, error: Exception) -> str:
    """Name the part, unless the message does: words by their beginning, a file whole."""
    said, name = str(error), _short(one) if _is_words(one) else one.name
    # as messages about files write it, so that it is found there
    name = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)
    name = "stdin" if name == lines.STDIN else name
    return said if name in said else f"{name}: {said}"


def _is_words(one: Given) -> bool:
    """Tell whether a part is called by its own words."""
    return isinstance(one.part, om.Text) and one.part.text == one.name
