"""`omnisearch encoders`: which encoders there are, what is known of one, how fast one is."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence

import click

import omnisearch as om
from omnisearch_cli import output, settings

EXAMPLES = """\b
Examples:
  omnisearch encoders
  omnisearch encoders show omni-mini
  omnisearch encoders bench
  omnisearch encoders bench google/embeddinggemma-2 --threads 2
"""


@click.command("encoders", epilog=EXAMPLES)
@click.argument("action", type=click.Choice(["list", "show", "bench"]), default="list")
@click.argument("name", required=False)
@click.option(
    "--seconds",
    type=click.FloatRange(0.01, 3600),
    default=2.0,
    show_default=True,
    help="How long bench takes for each modality.",
)
@settings.encoder
@settings.threads
@settings.json
def command(
    action: str, name: str | None, seconds: float, encoder: str, threads: int, json: bool | None
) -> None:
    """List encoders, show one, or measure one.

    The list has what ships and the models of the hub that lie on this machine. NAME, else
    --encoder, is one of them, a folder, a model of the hub or a server.
    """
    wanted = name or encoder
    if action == "list":
        if name is not None:
            raise click.UsageError("list takes no NAME: use show")
        _list(om.Encoder.known(), json)
    elif action == "show":
        _show(om.Encoder.describe(wanted), json)
    else:
        key = settings.encoder_key()
        loaded = om.Encoder.load(wanted, threads=threads, key=key, say=output.say)
        _bench(loaded, seconds, json)


def _list(known: Sequence[om.EncoderInfo], json: bool | None) -> None:
    if output.wants_json(json):
        for one in known:
            output.line(dataclasses.asdict(one))
        return
    rows = [
        (_megabytes(one.bytes), _number(one.dim), one.name, _kinds(one), one.licence, one.where)
        for one in known
    ]
    header = ("size", "dim", "name", "modalities", "licence", "where")
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    if sum(widths) + 2 * len(widths) <= shutil.get_terminal_size().columns:
        output.table(header, rows, right=2)
        return
    for number, one in enumerate(known):  # too narrow for a table, in which nothing may be hidden
        if number:
            output.result("")
        output.facts(_told(one, ("name", "modalities", "dim", "bytes", "licence", "where")))


def _show(one: om.EncoderInfo, json: bool | None) -> None:
    if output.wants_json(json):
        output.line(dataclasses.asdict(one))
        return
    output.facts(_told(one, [field.name for field in dataclasses.fields(one)]))


def _bench(loaded: om.Encoder, seconds: float, json: bool | None) -> None:
    rows = []
    for one in loaded.speeds(seconds):
        if output.wants_json(json):
            output.line({**dataclasses.asdict(one), "per_s": round(one.per_s, 2)})
        else:
            rows.append((f"{one.per_s:,.1f}", f"{1000 / one.per_s:,.2f}", one.modality, one.item))
    if rows:
        output.table(("per second", "ms each", "modality", "item"), rows, right=2)


def _told(one: om.EncoderInfo, names: Sequence[str]) -> dict[str, object]:
    """Give facts as a person reads them."""
    shown = {"modalities": _kinds(one), "bytes": _megabytes(one.bytes)}
    pairs = ((name, shown.get(name, getattr(one, name))) for name in names)
    return {("size" if name == "bytes" else name): value for name, value in pairs}


def _kinds(one: om.EncoderInfo) -> str:
    return "known when loaded" if one.modalities is None else ", ".join(one.modalities)


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _megabytes(size: int) -> str:
    return "-" if not size else f"{size / 1e6:,.1f} MB"
