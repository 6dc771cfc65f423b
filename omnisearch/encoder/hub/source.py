"""Where a model is: a folder, or an id of the hub at one revision; found before it is fetched.

`HF_HOME`, `HF_HUB_OFFLINE` and `HF_TOKEN` are read by huggingface_hub itself. What lies in its
cache is used without asking the network; only a model that is not there is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from omnisearch.encoder.hub import contents, licence
from omnisearch.encoder.hub.licence import Licence
from omnisearch.errors import EncoderFilesError, EncoderNotFoundError, MissingExtraError

_ID = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?")
_MARKS = ("modules.json", "config.json")


@dataclass(frozen=True, slots=True)
class Found:
    """A model of which nothing was loaded yet."""

    name: str  # a folder's path, or id@commit, so that it names these files for good
    licence: Licence
    bytes: int  # of its files
    folder: Path | None = None  # None: it is still to be fetched
    commit: str | None = None  # None: a folder
    revision: str | None = None  # as it was asked for; the cache keeps it beside the commit

    @property
    def id(self) -> str:
        """What it is called on the hub."""
        return self.name.removesuffix(f"@{self.commit}")


def matches(name: str | Path) -> bool:
    """Tell whether a name can be a model's: a folder or file of one, or an id of the hub."""
    if _exists(name):
        return _folder(name) is not None
    return _ID.fullmatch(str(name)) is not None


def find(name: str | Path) -> Found:
    """Find a model by folder, file, `org/name` or `org/name@revision`; weights stay where they are.

    A revision is a branch, a tag or a commit, of the hub's main branch if none is given.
    """
    _library()
    folder = _folder(name)
    if folder is not None:
        return _in_folder(folder)
    parsed = None if _exists(name) else _ID.fullmatch(str(name))
    if parsed is None:
        raise EncoderNotFoundError(
            f"{str(name)!r} is no model: name a folder with modules.json or config.json, one of "
            "its files, or an id of the hub such as google/embeddinggemma-2"
        )
    model, revision = parsed[1], parsed[2]
    fault: EncoderFilesError | None = None
    try:
        cached = _in_cache(model, revision)
    except EncoderFilesError as error:  # a part of it, or pickles: the hub may have the rest
        cached, fault = None, error
    try:
        return cached or _on_hub(model, revision)
    except EncoderNotFoundError:
        if fault is not None:
            raise fault from None
        raise


def cached() -> list[Found]:
    """List what lies whole in the hub's cache, each revision apart; nothing without the extra."""
    try:
        library = _library()
    except MissingExtraError:
        return []
    listed = []
    for folder in sorted(Path(library.constants.HF_HUB_CACHE).glob("models--*--*/snapshots/*")):
        model = "/".join(folder.parent.parent.name.split("--")[1:3])
        try:
            listed += [] if _unmarked(folder) else [_at_commit(model, folder)]
        except EncoderFilesError:  # cut short, or nothing that would be opened
            continue
    return listed


def fetch(found: Found) -> Found:
    """Give the same model with its files on this machine."""
    if found.folder is not None:
        return found
    library = _library()
    with _hub_errors(found.id, found.revision):
        told = library.snapshot_download(
            found.id,
            revision=found.revision,
            allow_patterns=contents.FETCHED,
            ignore_patterns=contents.NOT_FETCHED,
        )
    folder = Path(told)  # named by its commit: the revision may have moved since it was found
    return replace(found, name=f"{found.id}@{folder.name}", folder=folder, commit=folder.name)


def _folder(name: str | Path) -> Path | None:
    """Find the folder of a model that a path stands for, itself or above a file of it."""
    if not _exists(name):
        return None
    path = Path(name).expanduser().resolve()
    if path.is_file():
        return next((up for up in path.parents if _marked(up)), None)
    return path if _marked(path) else None


def _exists(name: str | Path) -> bool:
    """Tell whether a name is a path; what is one is never asked of the hub."""
    try:
        return Path(name).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long, a zero byte, no such home
        return False


def _marked(folder: Path) -> bool:
    """Tell whether a model begins here, not in the middle of one."""
    if (folder / "modules.json").is_file():
        return True
    inside_one = any((up / "modules.json").is_file() for up in list(folder.parents)[:3])
    return (folder / "config.json").is_file() and not inside_one


def _in_folder(folder: Path) -> Found:
    size = sum(path.stat().st_size for path in contents.files(folder).values())
    return Found(str(folder), licence.of_folder(folder), size, folder)


def _in_cache(model: str, revision: str | None) -> Found | None:
    """Look into the hub's cache; a fetch that was cut does not count."""
    library = _library()
    try:
        told = library.snapshot_download(
            model,
            revision=revision,
            local_files_only=True,
            allow_patterns=contents.FETCHED,
            ignore_patterns=contents.NOT_FETCHED,
        )
    except library.errors.LocalEntryNotFoundError:
        return None
    folder = Path(told)
    return None if _unmarked(folder) else replace(_at_commit(model, folder), revision=revision)


def _at_commit(model: str, folder: Path) -> Found:
    """Read a snapshot, a folder that is called as its commit."""
    contents.check(folder)
    return replace(_in_folder(folder), name=f"{model}@{folder.name}", commit=folder.name)


def _unmarked(folder: Path) -> bool:
    return not any((folder / mark).is_file() for mark in _MARKS)


def _on_hub(model: str, revision: str | None) -> Found:
    """Ask the hub for the commit, the card and the sizes; pickles are refused before a fetch."""
    library = _library()
    with _hub_errors(model, revision):
        told = library.HfApi().model_info(model, revision=revision, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in told.siblings or []}
    contents.refuse_pickles(model, sizes)
    card = told.card_data.to_dict() if told.card_data else {}
    size = sum(count for name, count in sizes.items() if contents.deciding(name))
    about = licence.of_card(card)
    return Found(f"{model}@{told.sha}", about, size, commit=str(told.sha), revision=revision)


@contextmanager
def _hub_errors(model: str, revision: str | None) -> Iterator[None]:
    """Say what stands between this machine and a model."""
    errors = _library().errors
    transport = errors.HfHubHTTPError.__bases__[0]  # of the library below: timeouts, no route
    wanted = f"{model} at {revision}" if revision else model
    try:
        yield
    except errors.GatedRepoError as error:
        remedy = f"accept its licence at https://huggingface.co/{model}, then `hf auth login`"
        raise EncoderNotFoundError(f"{wanted} is given only to who agrees: {remedy}") from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        remedy = "check its name, and `hf auth login` if it is private"
        raise EncoderNotFoundError(f"the hub has no {wanted}: {remedy}") from error
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        raise EncoderNotFoundError(
            f"{wanted} is not on this machine and the hub is not asked: unset HF_HUB_OFFLINE, or "
            f"run `hf download {model}` where there is a network and copy HF_HOME"
        ) from error
    except (transport, OSError) as error:
        remedy = f"try again, or run `hf download {model}` elsewhere and copy HF_HOME"
        fault = f"{wanted} cannot be fetched ({type(error).__name__}: {error})"
        raise EncoderNotFoundError(f"{fault}: {remedy}") from error


def _library() -> Any:  # noqa: ANN401 - a module
    try:
        import huggingface_hub.constants
        import huggingface_hub.errors
    except ImportError as error:
        raise MissingExtraError(
            "models of the hub need sentence-transformers: pip install 'omnisearch[hub]'"
        ) from error
    return huggingface_hub
