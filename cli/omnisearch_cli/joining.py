"""What joins a collection: the encoder that was named, and folders only after a yes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import asking, output, settings


def encoder(name: str | None) -> om.Encoder | None:
    """Load the encoder that was named; none was: the collection knows."""
    if name is None:
        return None
    return om.Encoder.load(name, key=settings.encoder_key(), say=output.say)


def agreed(path: Path, wanted: Sequence[bytes], index: Path | None, *, yes: bool) -> bool:
    """Ask before a new root joins a collection that was only found above."""
    if index is not None or path.parent == Path.cwd() or yes:
        return True
    with om.open(path, create=False, mode="r") as col:
        roots = col.files.roots
    fresh = [os.fsdecode(one) for one in wanted if not _known(one, roots)]
    if not fresh:
        return True
    told = f"add {', '.join(fresh)} to the collection {path}"
    if not sys.stdin.isatty():
        raise click.UsageError(f"to {told}, name it with --index {path}, or add --yes")
    return asking.agreed(f"{told[0].upper()}{told[1:]}?")


def _known(path: bytes, roots: Sequence[bytes]) -> bool:
    real = os.path.realpath(path)
    return any(real == root or real.startswith(root.rstrip(b"/") + b"/") for root in roots)
