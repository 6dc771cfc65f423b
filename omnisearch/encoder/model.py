"""The files of an encoder: `model.json`, checked bytes, graphs of ONNX Runtime opened when needed.

`files.json` has the SHA-256 of every file but the papers. `model.json` has the fingerprint of those
that decide a vector, so a changed file is found even where its hash was changed with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnisearch.encoder import processor
from omnisearch.encoder.protocol import check_threads
from omnisearch.errors import EncoderFilesError, EncoderNotFoundError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Content = bytes  # `Stored` has a field of that name
MODEL, FILES, CANARIES = "model.json", "files.json", "canaries.npz"
PAPERS = frozenset({"MODEL_CARD.md", "NOTICE", "data.json"})
# Graphs that keep what their largest run took: little, and less than what malloc keeps otherwise.
# For sounds it would be 140 MB once speech is heard, and spare 2 % of the time.
_KEEPS = frozenset({"text", "image"})
NEEDED = ("name", "dim", "modalities", "graphs", "fingerprint")  # of MODEL
# what lies beside the graphs and decides no vector
ASIDE = PAPERS | {MODEL, FILES, CANARIES}


@dataclass(frozen=True, slots=True)
class Stored:
    """One file as it was written."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, content: Content) -> Stored:
        """Measure what is to be written."""
        return cls(len(content), hashlib.sha256(content).hexdigest())


class ModelFiles:
    """The folder of an encoder; every file is checked before its first use."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        check_threads(threads)
        self.folder, self.threads = folder, threads
        self._process = os.getpid()
        self._sessions: dict[str, Any] = {}
        self._opening = threading.Lock()
        if not (folder / MODEL).is_file():
            raise EncoderNotFoundError(
                f"{folder} holds no {MODEL}, so it is no encoder: name a folder made by "
                "`omnisearch train export`"
            )
        self.model: dict[str, Any] = _json(folder / MODEL, self._bytes(folder / MODEL))
        self.stored = self._stored()
        self.read(MODEL)
        self._check_fingerprint()

    def run(
        self, graph: str, outputs: Sequence[str] | None = None, /, **inputs: npt.NDArray[Any]
    ) -> list[npt.NDArray[np.float32]]:
        """Run a graph, opening it first where nobody did; gives all outputs, or those named."""
        found: list[npt.NDArray[np.float32]] = self._session(graph).run(outputs, inputs)
        return found

    def read(self, name: str) -> bytes:
        """Read a file and check it against what was written."""
        content = self._bytes(self.folder / name)
        self._compare(name, Stored.of(content))
        return content

    def array(self, name: str) -> npt.NDArray[Any]:
        """Read a file of numbers."""
        import numpy as np

        try:
            found: npt.NDArray[Any] = np.load(BytesIO(self.read(name)), allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise self._fault(name, f"is no array of numbers ({error})") from error
        return found

    @property
    def opened(self) -> frozenset[str]:
        """Which graphs are in memory."""
        return frozenset(self._sessions)

    def open(self, graph: str) -> None:
        """Bring a graph into memory before it is needed."""
        self._session(graph)

    def adopt(self) -> None:
        """Go on in a fork of the process that opened it, which had no other thread."""
        if self.threads > 1:
            raise RuntimeError("an encoder with threads of its own does not outlive a fork")
        self._process = os.getpid()

    def _session(self, graph: str) -> Any:  # noqa: ANN401 - a class of onnxruntime, untyped
        if os.getpid() != self._process:  # also where no thread waits: it must not depend on that
            raise RuntimeError(
                f"this encoder was loaded by process {self._process} and used in a fork of it, "
                "where its threads are gone: load it again in this process"
            )
        if graph not in self._sessions:
            with self._opening:
                if graph not in self._sessions:
                    self._sessions[graph] = self._open(graph)
        return self._sessions[graph]

    def _open(self, graph: str) -> Any:  # noqa: ANN401
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = self.threads
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 3  # errors
        settings.enable_cpu_mem_arena = settings.enable_mem_pattern = graph in _KEEPS
        for pool in ("intra", "inter"):  # waiting threads sleep: others may need the core
            settings.add_session_config_entry(f"session.{pool}_op.allow_spinning", "0")
        processor.settle(settings)
        name = self.model["graphs"][graph]["file"]
        with self._held(name) as path:
            try:
                return onnxruntime.InferenceSession(path, settings, ["CPUExecutionProvider"])
            except _refusals() as error:
                fault = f"is not read by onnxruntime {onnxruntime.__version__} ({error})"
                needed = self.model.get("onnxruntime", "a newer one")
                raise self._fault(name, f"{fault}; it needs {needed}") from error

    @contextmanager
    def _held(self, name: str) -> Iterator[str]:
        """Check a file and give a path to it, where there is one to just these bytes.

        A graph that is given as bytes stays in memory twice.
        """
        try:
            file = (self.folder / name).open("rb")
        except OSError as error:
            raise self._unread(self.folder / name, error) from error
        with file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._compare(name, Stored(os.fstat(file.fileno()).st_size, digest))
            same = Path(f"/proc/self/fd/{file.fileno()}")
            yield str(same if same.exists() else self.folder / name)

    def _compare(self, name: str, found: Stored) -> None:
        stored = self.stored.get(name)
        if stored is None:
            raise self._fault(name, f"is not listed in {FILES}")
        if found.bytes != stored.bytes:
            raise self._fault(name, f"has {found.bytes:,} bytes, not {stored.bytes:,}")
        if found.sha256 != stored.sha256:
            raise self._fault(name, "is not what was written: its SHA-256 differs")

    @cached_property
    def fingerprint(self) -> str:
        """What tells vectors of this encoder from those of another one."""
        return str(self.model["fingerprint"])

    def _stored(self) -> dict[str, Stored]:
        path = self.folder / FILES
        listed = _json(path, self._bytes(path))
        try:
            return {
                name: Stored(int(one["bytes"]), bytes.fromhex(one["sha256"]).hex())
                for name, one in listed.items()
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._fault(FILES, f"does not read ({error!r})") from error

    def _check_fingerprint(self) -> None:
        """Compare with what the export hashed."""
        lacking = [name for name in NEEDED if name not in self.model]
        if lacking:
            raise self._fault(MODEL, f"has no {', '.join(lacking)}")
        told = self.model.get("fingerprint")
        found = fingerprint(self.model, self.stored)
        if told != found:
            raise self._fault(MODEL, f"has fingerprint {told}, its files have {found}")

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise self._unread(path, error) from error

    def _unread(self, path: Path, error: OSError) -> EncoderFilesError:
        return self._fault(path.name, f"cannot be read ({error.strerror or error})")

    def _fault(self, name: str, fault: str) -> EncoderFilesError:
        remedy = "install omnisearch again, or copy the whole folder again"
        return EncoderFilesError(f"{self.folder / name} {fault}: {remedy}")


def fingerprint(model: Mapping[str, Any], stored: Mapping[str, Stored]) -> str:
    """Hash what decides a vector: graphs, tokenizer, mel bank, and how they are to be used."""
    total = hashlib.blake2b(digest_size=16)
    how = {key: value for key, value in model.items() if key not in ("fingerprint", "calibration")}
    total.update(json.dumps(how, sort_keys=True).encode())
    spoken = _speech(model)
    for name in sorted(stored.keys() - ASIDE - spoken):
        total.update(name.encode() + bytes.fromhex(stored[name].sha256))
    return total.hexdigest()


def _speech(model: Mapping[str, Any]) -> frozenset[str]:
    """Name the files that write words down, and so decide no vector."""
    if "speech" not in model:
        return frozenset()
    return frozenset({model["graphs"]["speech"]["file"], model["speech"]["tokenizer"]})


def _refusals() -> tuple[type[Exception], ...]:
    """Name what onnxruntime raises on a graph; there is no class above them."""
    from onnxruntime.capi import onnxruntime_pybind11_state as raised

    return (
        raised.Fail,
        raised.InvalidArgument,
        raised.InvalidGraph,
        raised.InvalidProtobuf,
        raised.NotImplemented,
        raised.RuntimeException,
    )


def _json(path: Path, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise EncoderFilesError(f"{path} is not JSON ({error}): copy the folder again") from error
    if not isinstance(found, dict):
        raise EncoderFilesError(f"{path} holds no object: copy the whole folder again")
    return found
