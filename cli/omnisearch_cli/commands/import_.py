"""`omnisearch import`: a file of vectors into a collection, one durable batch after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

import omnisearch as om
from omnisearch_cli import discovery, interrupts, known, output, settings

EXAMPLES = """\b
Examples:
  omnisearch import vectors.npy
  omnisearch import vectors.fvecs --ids ids.jsonl --metadata metadata.parquet
  omnisearch import items.parquet --id-column sku --vector-column embedding
  omnisearch import items.jsonl --column taken=timestamp --index ./catalogue
  omnisearch import vectors.npy --resume
  omnisearch import ./backup --index ./again
  omnisearch embed photos/*.jpg > vectors.jsonl
  omnisearch import vectors.jsonl --id-column name --made-by omni-mini

\b
Parquet and JSON Lines hold an id, a vector and any other columns, which become
metadata. Without ids, rows are named by their number, from 0.
"""
_OWN = "own vectors"  # the space of vectors that no encoder is known to have made
_ROUNDING = 0.01  # of the square of a length that is 1, stored as half floats perhaps
COLUMN_TYPES = ("int", "float", "bool", "string", "timestamp", "strings", "json")


class Flags(TypedDict):
    """The options, as click gives them."""

    ids: Path | None
    metadata: Path | None
    id_column: str
    vector_column: str | None
    upsert: bool
    resume: bool
    columns: dict[str, str]
    metric: str | None
    kind: str | None
    made_by: str | None
    index: Path | None
    json: bool | None
    quiet: bool


@dataclass
class Progress:
    """What became of the rows so far."""

    seen: int = 0
    stored: int = 0
    unchanged: int = 0
    generation: int = 0


def _columns(
    context: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, str]:
    for pair in pairs:
        name, _, kind = pair.partition("=")
        if not name or kind not in COLUMN_TYPES:
            types = ", ".join(COLUMN_TYPES)
            raise click.BadParameter(f"{pair!r} is not NAME=TYPE, the type one of {types}")
    return {name: kind for name, _, kind in (pair.partition("=") for pair in pairs)}


@click.command("import", epilog=EXAMPLES)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--ids", metavar="FILE", type=click.Path(path_type=Path), help="Parquet or JSON Lines with ids."
)
@click.option(
    "--metadata",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Parquet or JSON Lines with metadata, and ids unless --ids is given.",
)
@click.option("--id-column", default="id", show_default=True, help="The column with the ids.")
@click.option("--vector-column", help="The column with the vectors. Default: vector.")
@click.option("--upsert", is_flag=True, help="Replace rows whose id is stored.")
@click.option("--resume", is_flag=True, help="Leave out rows whose id is stored.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=TYPE",
    callback=_columns,
    help=f"Fix a column of a new collection: {', '.join(COLUMN_TYPES)}.",
)
@click.option(
    "--made-by",
    metavar="ENCODER",
    help="The encoder that made the vectors, so that it may ask for them. Default: none is known.",
)
@settings.setting("--metric", type=click.Choice(settings.METRICS), help="Of a new collection.")
@settings.setting("--kind", type=click.Choice(settings.KINDS), help="Index of a new collection.")
@settings.index
@settings.json
@settings.quiet
def command(file: Path, **flags: Unpack[Flags]) -> None:
    """Store the vectors of a file.

    FILE is a .npy, .fvecs, .fbin, .parquet or .jsonl file, or a folder that export wrote. Every
    batch of rows is durable once it is counted. After an interruption, --resume goes on.
    """
    if flags["upsert"] and flags["resume"]:
        raise click.UsageError("--upsert and --resume exclude each other")
    source = om.read_vectors(
        file,
        ids=flags["ids"],
        metadata=flags["metadata"],
        id_column=flags["id_column"],
        vector_column=flags["vector_column"],
    )
    if source.lineage is not None:
        _check_nothing_changed(flags)
    path = discovery.for_writing(flags["index"])
    fresh, begun = not discovery.is_collection(path), time.perf_counter()
    with _told(source) as progress:
        if not flags["quiet"]:
            _announce(source, path, flags["index"])
        with om.open(path, **_creation(source, flags, fresh)) as col:
            if source.lineage is None:
                _check_space(col, path, flags["made_by"])
            _store(col, source, progress, flags)
    if progress.stored:
        known.remember(path)
    if fresh and progress.stored and not flags["quiet"]:
        output.say(f"made {path}")
    _report(progress, path, time.perf_counter() - begun, flags)


def _check_nothing_changed(flags: Flags) -> None:
    """Refuse to change what an encoder's export says of itself."""
    for name, flag in (("made_by", "--made-by"), ("columns", "--column"), ("ids", "--ids")):
        if flags[name]:  # type: ignore[literal-required]
            raise click.UsageError(f"an export of files says what {flag} would: leave it out")


def _announce(source: om.VectorFile, path: Path, index: Path | None) -> None:
    """Say what was not asked for: the names of rows, and a collection further up."""
    if source.numbered and source.rows:
        output.say(f"no ids given: rows are named by their number, 0 to {source.rows - 1}")
    if index is None and path.parent != Path.cwd():
        output.say(f"writing to {path}")
    if source.lineage is not None and source.lineage.folders:
        told = ", ".join(source.lineage.folders)
        output.say(f"it brings along where its files are: `ingest` will look at {told}")


def _creation(source: om.VectorFile, flags: Flags, fresh: bool) -> dict[str, Any]:
    """Say how a new collection is made; an export knows that of itself."""
    given: dict[str, Any] = {"metric": flags["metric"], "index": flags["kind"]}
    given["columns"] = flags["columns"] or None
    if flags["made_by"] is not None:
        given["encoder"] = _maker(flags["made_by"])
    if fresh:
        given["metric"] = given["metric"] or source.metric
        given["columns"] = {**(source.columns or {}), **flags["columns"]} or None
        given["private"] = flags["index"] is None
    return {name: value for name, value in given.items() if value is not None}


def _maker(name: str) -> om.Encoder | str:
    """Give an encoder, or the name by which a collection remembers it: a folder from anywhere."""
    if "://" in name:
        return om.Encoder.load(name, key=settings.encoder_key(), say=output.say)
    return str(Path(name).absolute()) if Path(name).is_dir() else name


def _check_space(col: om.Collection, path: Path, made_by: str | None) -> None:
    """Refuse vectors beside those of an encoder, unless the user says that it made them too."""
    space = col.stats().get("space", _OWN)
    if space != _OWN and made_by is None:
        maker = space.rsplit(" ", 2)[0]
        raise om.errors.SpaceMismatchError(
            f"{path} holds vectors that {maker} made, and nothing says that it made these: "
            f"if it did, give --made-by {maker}; if not, name another collection with --index"
        )


def _check_lengths(batch: om.VectorBatch, made_by: str) -> None:
    """Refuse vectors that no encoder gives: theirs have length 1."""
    squares = (batch.vectors**2).sum(axis=1)
    for row in (abs(squares - 1) > _ROUNDING).nonzero()[0][:1].tolist():
        raise om.errors.InputError(
            f"row {batch.first + row} has length {squares[row] ** 0.5:.3g}, and all vectors of "
            f"{made_by} have 1: leave --made-by out, or scale them if it did make them"
        )


def _store(col: om.Collection, source: om.VectorFile, progress: Progress, flags: Flags) -> None:
    write = _writing(col, flags["upsert"])
    with output.progress(source.rows, "row", flags["quiet"]) as bar:
        for batch in source.batches():
            wanted = batch
            if flags["resume"]:
                stored = col.get(batch.ids)
                wanted = batch.take([row for row, found in enumerate(stored) if found is None])
            if wanted.ids:
                with interrupts.held(), _placed(source, batch):
                    if flags["made_by"] is not None:
                        _check_lengths(batch, flags["made_by"])
                    progress.generation = write(wanted)
                    progress.stored += len(wanted.ids)
            progress.seen += len(batch.ids)
            progress.unchanged = progress.seen - progress.stored
            bar.update(len(batch.ids))


def _writing(col: om.Collection, upsert: bool) -> Callable[[om.VectorBatch], int]:
    """Give what stores a batch as what it is."""

    def write(batch: om.VectorBatch) -> int:
        if batch.lineage is not None:
            return col.restore(batch, replace=upsert)
        put = col.upsert if upsert else col.add_vectors
        return put(batch.ids, batch.vectors, metadata=batch.metadata)

    return write


@contextmanager
def _placed(source: om.VectorFile, batch: om.VectorBatch) -> Iterator[None]:
    """Add to a fault which rows of the file it is about."""
    try:
        yield
    except om.errors.InputError as error:
        last = batch.first + len(batch.ids) - 1
        raise om.errors.InputError(
            f"{source.path}, rows {batch.first} to {last}: {error}"
        ) from error


@contextmanager
def _told(source: om.VectorFile) -> Iterator[Progress]:
    """Say how far it came when it ends early."""
    progress = Progress()
    try:
        yield progress
    except BaseException:
        stored = f"{progress.stored:,} of {source.rows:,} rows are stored"
        output.say(
            f"{stored}: --resume goes on from there" if progress.stored else "nothing stored"
        )
        raise


def _report(progress: Progress, path: Path, seconds: float, flags: Flags) -> None:
    if output.wants_json(flags["json"]):
        output.line({**asdict(progress), "seconds": round(seconds, 3)})
        return
    unchanged = f", {progress.unchanged:,} were there" if progress.unchanged else ""
    output.result(f"{progress.stored:,} rows stored in {path} in {seconds:.1f} s{unchanged}")
