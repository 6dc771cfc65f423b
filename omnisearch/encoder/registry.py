"""Which encoders there are, and where: the shipped one, folders, models of the hub, servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from omnisearch.encoder.model import MODEL, PAPERS, ModelFiles
from omnisearch.encoder.protocol import check_threads
from omnisearch.errors import EncoderNotFoundError

if TYPE_CHECKING:
    from omnisearch.encoder.hub.source import Found
    from omnisearch.encoder.parts import Modality
    from omnisearch.encoder.protocol import Model

SHIPPED = "omni-mini"
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What is known of an encoder before it is loaded; None where only loading it would tell."""

    name: str
    modalities: tuple[Modality, ...] | None
    dim: int | None
    dims: tuple[int, ...] | None
    bytes: int
    licence: str
    fingerprint: str | None
    where: str


def load(name: str | Path, *, threads: int, say: Say, key: str | None = None) -> Model:
    """Load the model of a name, a folder or an address; `say` is told what a person should know.

    `key` is what a server wants to see; nothing else ever gets it.
    """
    check_threads(threads)
    folder = place(name)
    if folder is not None:
        from omnisearch.encoder.omni_mini import OmniMini

        return OmniMini.open(folder, threads=threads)
    if is_address(name):
        from omnisearch.encoder import http

        server = http.open(str(name), settings=http.Settings(key=key))
        say(f"{name}: {server.destination}")
        return server
    found = _of_hub(name)
    if found.folder is None:
        from omnisearch.encoder.hub.library import check_installed

        check_installed()
        size = f"{found.bytes / 1e6:,.0f} MB are fetched from the hub"
        say(f"{found.name}: {size}; licence: {found.licence}")
    from omnisearch.encoder.hub import model

    return model.open(found, threads=threads)


def describe(name: str | Path) -> EncoderInfo:
    """Tell what is known of an encoder without loading it."""
    folder = place(name)
    if folder is not None:
        return _of_folder(folder)
    if is_address(name):
        told = "no licence is told by servers"
        return EncoderInfo(str(name), ("text",), None, None, 0, told, None, "leaves this machine")
    return _info(_of_hub(name))


def known() -> list[EncoderInfo]:
    """List the shipped encoder and the models of the hub that lie on this machine."""
    folder = place(SHIPPED)
    assert folder is not None
    here = [_of_folder(folder)] if (folder / MODEL).is_file() else []
    from omnisearch.encoder.hub import source

    return [*here, *(_info(found) for found in source.cached())]


def place(name: str | Path) -> Path | None:
    """Tell where an encoder's own files are, or None if it has none of that kind."""
    if str(name) == SHIPPED:
        return Path(str(resources.files("omnisearch"))) / "weights" / SHIPPED
    if is_address(name):
        return None
    folder = Path(name)
    return folder if (folder / MODEL).is_file() else None


def is_address(name: str | Path) -> bool:
    """Tell whether a name is a server's."""
    return str(name).startswith(("http://", "https://"))


def _of_hub(name: str | Path) -> Found:
    from omnisearch.encoder.hub import source

    if not source.matches(name):
        raise EncoderNotFoundError(
            f"there is no encoder {str(name)!r}: name {SHIPPED}, a folder with {MODEL}, a model of "
            "the hub (org/name) or the address of a server (http://127.0.0.1:8000/v1#model)"
        )
    return source.find(name)


def _of_folder(folder: Path) -> EncoderInfo:
    model = ModelFiles(folder).model
    files = [file for file in folder.iterdir() if file.name not in PAPERS]
    size = sum(file.stat().st_size for file in files)
    told = "Apache-2.0; of the models in it: see NOTICE" if (folder / "NOTICE").is_file() else "-"
    dim = int(model["dim"])
    dims = tuple(model.get("dims", (dim,)))
    kinds = tuple(model["modalities"])
    name, fingerprint = str(model["name"]), str(model["fingerprint"])
    return EncoderInfo(name, kinds, dim, dims, size, told, fingerprint, str(folder))


def _info(found: Found) -> EncoderInfo:
    where = "on the hub, not fetched yet" if found.folder is None else str(found.folder)
    licence = str(found.licence)
    return EncoderInfo(found.name, None, None, None, found.bytes, licence, None, where)
