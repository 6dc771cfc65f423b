"""`omnisearch embed`: words and files as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import omnisearch as om
from omnisearch_cli import output, settings

EXAMPLES = """\b
Examples:
  omnisearch embed --text "a red bicycle" --out v.npy
  omnisearch embed photos/*.jpg notes.txt > vectors.jsonl
  omnisearch embed --joint --text "the same at night" street.jpg
  omnisearch embed --text "a dog that barks" --target audio
"""
SOME_FAILED = 3
MODALITIES = ("text", "image", "audio", "video", "document")
_BATCH = 64


@dataclass(frozen=True)
class Given:
    """A part and what it is called; or why it is none."""

    name: str
    part: Any = None
    fault: om.errors.OmnisearchError | None = None


@click.command("embed", epilog=EXAMPLES)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--text", "texts", multiple=True, metavar="WORDS", help="Words; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path), help="Write all vectors to a .npy file.")
@click.option("--joint", is_flag=True, help="Read everything together, as one vector.")
@click.option(
    "--target",
    type=click.Choice(MODALITIES),
    help="Encode as a question for this modality.",
)
@click.option("--dim", type=click.IntRange(1), help="Cut the vectors, where that was trained.")
@settings.encoder
@settings.threads
@settings.json
@settings.quiet
def command(
    files: Sequence[str],
    texts: Sequence[str],
    out: Path | None,
    joint: bool,
    target: Any,  # noqa: ANN401 - one of MODALITIES
    dim: int | None,
    encoder: str,
    threads: int,
    json: bool | None,
    quiet: bool,
) -> int:
    """Encode words and files into vectors of length 1.

    FILE holds text, a picture, a sound, a film or a PDF (its first page). In a pipe every vector is
    one line of JSON: {"name", "modality", "vector"}. A file that cannot be read is named, and the
    others go on; with --out nothing is written then.
    """
    if not files and not texts:
        raise click.UsageError('give --text "some words", or files')
    loaded = om.Encoder.load(
        encoder, threads=threads, dim=dim, key=settings.encoder_key(), say=output.say
    )
    given = [Given(text, om.Text(text)) for text in texts] + [_open(file) for file in files]
    if joint:
        given = [_joined(given)]
    if out is not None:
        return _to_file(loaded, given, target, out, json)
    return _to_stdout(loaded, given, target, json, quiet)


def _open(file: str) -> Given:
    try:
        return Given(file, om.part_of(file))
    except om.errors.MediaError as error:
        return Given(file, fault=error)


def _joined(given: Sequence[Given]) -> Given:
    for one in given:
        if one.fault is not None:
            raise one.fault
    return Given(" + ".join(one.name for one in given), om.Row(*(one.part for one in given)))


def _encoded(loaded: om.Encoder, given: Sequence[Given], target: Any) -> list[Any]:  # noqa: ANN401
    """Give a vector or an error for each."""
    found = iter(loaded.encode_each([one.part for one in given if one.fault is None], target))
    return [next(found) if one.fault is None else one.fault for one in given]


def _to_file(
    loaded: om.Encoder,
    given: Sequence[Given],
    target: Any,  # noqa: ANN401
    out: Path,
    json: bool | None,
) -> int:
    if out.suffix != ".npy":
        raise click.UsageError(f"--out {out}: name a file that ends in .npy")
    vectors: list[Any] = []
    for at in range(0, len(given), _BATCH):
        some = given[at : at + _BATCH]
        for one, vector in zip(some, _encoded(loaded, some, target), strict=True):
            if isinstance(vector, om.errors.OmnisearchError):
                raise om.errors.PartError(f"{_told(one, vector)} (nothing was written)") from vector
            vectors.append(vector)
    om.write_npy(out, vectors)
    if output.wants_json(json):
        output.line({"vectors": len(vectors), "dim": loaded.dim, "file": str(out.absolute())})
    else:
        noun = "vector" if len(vectors) == 1 else "vectors"
        output.result(f"{len(vectors):,} {noun} of {loaded.dim} numbers written to {out}")
    return 0


def _to_stdout(
    loaded: om.Encoder,
    given: Sequence[Given],
    target: Any,  # noqa: ANN401
    json: bool | None,
    quiet: bool,
) -> int:
    failed, rows = list[Any](), list[tuple[str, str, str]]()
    with output.progress(len(given), "part", quiet) as bar:
        for at in range(0, len(given), _BATCH):
            some = given[at : at + _BATCH]
            for one, vector in zip(some, _encoded(loaded, some, target), strict=True):
                if isinstance(vector, om.errors.OmnisearchError):
                    failed.append(vector)
                    output.complain(_told(one, vector))
                elif output.wants_json(json):
                    output.line(_record(one, vector))
                else:
                    rows.append((_modality(one), output.short(one.name), _glimpse(vector)))
            bar.update(len(some))
    if rows:
        output.table(("modality", "name", "vector"), rows)
    if len(failed) == len(given):
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


def _told(one: Given, error: Exception) -> str:
    """Name the part, unless the message does."""
    said = str(error)
    return said if one.name in said else f"{one.name[:40]}: {said}"
