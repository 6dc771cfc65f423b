"""`omnisearch delete`: rows and files out of a collection; no file of the user's is touched."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import click

import omnisearch as om
from omnisearch_cli import asking, discovery, names, once, output, settings

EXAMPLES = """\b
Examples:
  omnisearch delete ./photos/blurred.jpg ./drafts
  omnisearch delete --root ~/old-corpus
  omnisearch delete shoe-7 shoe-8
  omnisearch delete --where "file.type = 'gif'"
  omnisearch delete --where "brand = 'a'" --yes --purge
  omnisearch delete - < ids.txt
"""
_ID = re.compile("[0-9a-f]{32}(#[0-9a-f]{16}(~words)?)?")  # of a file's item, segment or row


class Flags(TypedDict):
    """The options, as click gives them."""

    where: str | None
    roots: tuple[Path, ...]
    yes: bool
    purge: bool
    index: Path | None
    json: bool | None


@dataclass(frozen=True, slots=True)
class _Done:
    """What went: rows, the files that were named, and those that belonged to the rows alone."""

    rows: int
    forgotten: int
    alone: int


@click.command("delete", epilog=EXAMPLES)
@click.argument("given", nargs=-1, metavar="[PATH|ID]...")
@once.where("Delete the rows that pass; asks first.")
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Forget a folder or file that was given to ingest; asks first.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--purge", is_flag=True, help="Leave no byte of them on the disk; takes longer.")
@settings.index
@settings.json
def command(given: tuple[str, ...], **flags: Unpack[Flags]) -> int:
    """Delete from the collection by id, by path, or by filter; your files stay as they are.

    A PATH is a file or folder that was taken in. What is deleted is left alone by ingest from then
    on; ingest --include PATH takes it in again. With - for the names, they are read from stdin, one
    a line or each ended by NUL. Exits 1 when nothing was deleted.
    """
    if [bool(given), flags["where"] is not None, bool(flags["roots"])].count(True) != 1:
        raise click.UsageError("give either names, --where FILTER or --root DIR")
    wanted = [os.fsdecode(one) for one in names.read("-")] if given == ("-",) else list(given)
    path = discovery.writable(discovery.for_reading(flags["index"]))
    with om.open(path, create=False) as col:
        if flags["where"] is not None:
            return _rows(col, flags)
        roots = [_root(col, root) for root in flags["roots"]]
        ids, paths = _told_apart(col, wanted)
        files = _files(col, [*paths, *roots], flags)
        if files is None:
            return 1
        rows, alone = _delete(col, ids, flags) if ids else (0, 0)
    return _tell(_Done(rows + files.rows, files.files, alone), flags)


def _told_apart(col: om.Collection, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell stored ids from paths; what is neither is taken for an id."""
    possible = [name for name in wanted if _is_text(name)]
    stored = col.get(possible) if possible else []
    ids = {
        name
        for name, record in zip(possible, stored, strict=True)
        if record is not None or _ID.fullmatch(name)
    }
    roots = col.files.roots
    paths = {name: None for name in wanted if name not in ids and _is_path(col, name, roots)}
    return [name for name in possible if name not in paths], list(paths)


def _is_text(name: str) -> bool:
    """Tell whether a name can be an id; a path may hold bytes that are no UTF-8."""
    return not any("\ud800" <= one <= "\udfff" for one in name)


def _is_path(col: om.Collection, name: str, roots: Sequence[bytes]) -> bool:
    """Tell whether something is or was in a folder that was taken in."""
    real = os.fsencode(os.path.realpath(name))
    given = [os.fsdecode(root) for root in roots if _within(root, real)]
    if given and not Path(given[0]).is_file():  # forgotten, what was deleted in it would come back
        remedy = "".join(f" --root {root}" for root in given)
        raise click.UsageError(f"{name} is or holds what ingest was given: forget it with{remedy}")
    if not any(_within(real, root) for root in roots):
        return False
    return os.path.lexists(name) or col.forget(name, dry_run=True).files > 0


def _within(path: bytes, root: bytes) -> bool:
    return path == root or path.startswith(root.rstrip(b"/") + b"/")


def _root(col: om.Collection, path: Path) -> str:
    """Check that a folder was given to ingest, as it is."""
    real = os.path.realpath(path)
    if os.fsencode(real) not in col.files.roots:
        known = ", ".join(os.fsdecode(root) for root in col.files.roots) or "none"
        raise click.UsageError(f"--root {path} was not given to ingest (these were: {known})")
    return real


def _files(col: om.Collection, paths: Sequence[str], flags: Flags) -> om.Forgotten | None:
    """Forget files once the person agrees; None where they do not."""
    if not paths:
        return om.Forgotten(0, 0, 0)
    found = col.forget(*paths, dry_run=True)
    told = f"{_counted(found.files, 'file')} from the collection (the files themselves stay)"
    nothing = not found.files and not flags["roots"]
    if not (nothing or flags["yes"] or _agreed(f"Delete {told}?", f"{told} would be deleted")):
        return None
    return col.forget(*paths, purge=flags["purge"])


def _rows(col: om.Collection, flags: Flags) -> int:
    """Delete by a filter."""
    where = flags["where"]
    assert where is not None
    count = col.count(where=where)
    told = f"{count:,} of {col.count():,} rows"
    if count and not (flags["yes"] or _agreed(f"Delete {told}?", f"{told} pass")):
        return 1
    rows, alone = _delete(col, where, flags)
    return _tell(_Done(rows, 0, alone), flags)


def _delete(col: om.Collection, chosen: str | Sequence[str], flags: Flags) -> tuple[int, int]:
    """Delete by ids or a filter; gives the rows, and how many files are left alone from now on."""
    before = len(col.files.ignored)
    if isinstance(chosen, str):
        rows = col.delete(where=chosen, purge=flags["purge"])
    else:
        rows = col.delete(chosen, purge=flags["purge"])
    return rows, len(col.files.ignored) - before


def _agreed(question: str, fact: str) -> bool:
    """Ask the person at the terminal."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"{fact}: add --yes to delete them")
    return asking.agreed(question)


def _tell(done: _Done, flags: Flags) -> int:
    """Say what was done; gives the exit code."""
    files, rows = done.forgotten + done.alone, _counted(done.rows, "row")
    if output.wants_json(flags["json"]):
        output.line({"deleted": done.rows, "files": files})
    elif not (done.rows or files):
        output.result("nothing to delete")
    elif flags["roots"]:
        told = f"{_counted(files, 'file')} forgotten, {rows} deleted"
        output.result(f"{told}; the files are as they were")
    elif files:
        alone = f"ingest leaves {_counted(files, 'file')} alone from now on"
        output.result(f"{rows} deleted; {alone}; they are as they were")
    else:
        output.result(f"{rows} deleted")
    return 0 if done.rows or files else 1


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
