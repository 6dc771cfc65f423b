"""HubModel: any model of sentence-transformers as an encoder, pinned to the bytes of its files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisearch.encoder.hub import contents, identity, source
from omnisearch.encoder.hub.batches import MOST_CPU, MOST_CUDA, Batches
from omnisearch.encoder.hub.inputs import Input, Inputs, size
from omnisearch.encoder.hub.library import REFUSALS, check_installed
from omnisearch.encoder.hub.runtime import Runtime
from omnisearch.encoder.hub.settings import Settings
from omnisearch.encoder.parts import Modality, Part, Row
from omnisearch.encoder.protocol import Asked, Role, check_threads
from omnisearch.encoder.space import Space
from omnisearch.encoder.text import check, counted, passages
from omnisearch.errors import EncoderFilesError, EncodingError, OmnisearchError, PartError

if TYPE_CHECKING:
    from omnisearch.encoder.hub.licence import Licence
    from omnisearch.encoder.hub.source import Found
    from omnisearch.encoder.protocol import Vector

DEFAULTS = Settings()
_ENDS = 2  # tokens that a tokenizer adds at most, with few exceptions
_PASSAGE = 512  # tokens: what is said in more blurs in one vector, however much a model can read
_HELD_BYTES = 512_000_000  # of pictures, sounds and films that are in memory at once


def open(
    name: str | Path | Found,
    *,
    threads: int = 1,
    settings: Settings = DEFAULTS,
    files: Mapping[str, str] | None = None,
) -> HubModel:
    """Open a model by id, folder or file, or as `source.find` gave it; fetches what is not there.

    `files` are hashes that were recorded: a model that differs in one of them is refused.
    """
    found = name if isinstance(name, source.Found) else source.find(name)
    if found.folder is None:
        check_installed()  # before gigabytes come
    return HubModel(source.fetch(found), threads, settings, files)


class HubModel:
    """Rows in, vectors out; which modalities there are, the model says."""

    def __init__(
        self,
        found: Found,
        threads: int,
        settings: Settings,
        expected: Mapping[str, str] | None = None,
    ) -> None:
        check_threads(threads)
        if found.folder is None:
            raise ValueError(f"{found.name} is still to be fetched: see `source.fetch`")
        self.found, self.settings = found, settings
        contents.check(found.folder)
        self.files = identity.hashes(found.folder)
        if expected is not None:
            identity.compare(found.folder, self.files, expected)
        self._runtime = Runtime(found.folder, settings, threads)
        self._inputs = _prepared(self._runtime, settings)
        self._dim = _dim(self._runtime, found.folder)
        most = MOST_CUDA if self._runtime.device.startswith("cuda") else MOST_CPU
        self._batches = Batches(most, settings.batch)

    @property
    def name(self) -> str:
        """A name that opens this model again: `id@commit`, or its folder."""
        return self.found.name

    @property
    def licence(self) -> Licence:
        """What its card says of rights."""
        return self.found.licence

    @property
    def device(self) -> str:
        """Where it runs."""
        return self._runtime.device

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it reads; anything else is refused, never guessed from something else."""
        return self._inputs.reads

    @property
    def dim(self) -> int:
        """How long its vectors are."""
        return self._dim

    @property
    def dims(self) -> tuple[int, ...]:
        """To which lengths its vectors may be cut: those that its configuration names."""
        assert self.found.folder is not None
        trained = _trained_dims(self.found.folder)
        return tuple(sorted({self.dim, *(dim for dim in trained if dim < self.dim)}))

    @property
    def space(self) -> Space:
        """Which vectors may be compared with its own: same files, prompts, frames and length."""
        how = {
            "kind": "sentence-transformers",
            "dim": self.dim,
            "frames": self.settings.frames if "video" in self.modalities else 0,
            "prompts": [self.settings.query_prompt, self.settings.document_prompt],
        }
        return Space(self.name, identity.fingerprint(self.files, how), self.dim)

    def joins(self, parts: Sequence[Part]) -> bool:
        """Tell whether it reads these together, as one."""
        return self._runtime.joins([self._inputs.modality(part) for part in parts])

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Cut a text into spans whose tokens it reads to the end, prompt and all."""
        check(text)
        prompts = [prompt for prompt in self._runtime.document_prompts if prompt]
        taken = max((len(self._runtime.offsets(prompt)) for prompt in prompts), default=0)
        room = (self._inputs.tokens or _PASSAGE) - taken - _ENDS
        return passages(text, self._runtime.offsets, min(max(room, 1), _PASSAGE))

    def tokens(self, text: str) -> int:
        """Count the tokens of a text."""
        return counted(text, self._runtime.offsets(text))

    def known(self) -> dict[str, Vector]:
        """Know no vectors beforehand: models of the hub come without."""
        return {}

    def embed(self, rows: Sequence[Row], asked: Asked) -> list[Vector | OmnisearchError]:
        """Give for each row a vector or what is wrong with it."""
        self._runtime.check()
        found: dict[int, Vector | OmnisearchError] = {}
        kinds: dict[tuple[str, ...], list[int]] = {}
        for place, row in enumerate(rows):
            kinds.setdefault(self._inputs.kind(row), []).append(place)
        for kind, places in kinds.items():
            found.update(self._embed([(place, rows[place]) for place in places], kind, asked.role))
        return [found[place] for place in range(len(rows))]

    def _embed(
        self, rows: Iterable[tuple[int, Row]], kind: tuple[str, ...], role: Role
    ) -> dict[int, Vector | OmnisearchError]:
        """Read rows of one kind and run them, some hundred megabytes at a time."""
        found: dict[int, Vector | OmnisearchError] = {}
        inputs: list[tuple[int, Input]] = []
        held = 0
        for place, row in rows:
            try:
                given = self._inputs.of(row)
            except OmnisearchError as error:
                found[place] = error
                continue
            except (TypeError, ValueError) as error:
                found[place] = PartError(str(error))
                continue
            inputs += [(place, one) for one in given]
            held += sum(size(one) for one in given)
            if held > _HELD_BYTES:
                found.update(self._vectors(inputs, kind, role))
                inputs, held = [], 0
        return {**found, **self._vectors(inputs, kind, role)}

    def _vectors(
        self, inputs: list[tuple[int, Input]], kind: tuple[str, ...], role: Role
    ) -> dict[int, Vector | OmnisearchError]:
        """Run inputs beside others of their length, the largest first; average windows of a row."""
        inputs.sort(key=lambda owned: size(owned[1]), reverse=True)
        found: dict[int, Vector | OmnisearchError] = {}
        seen: dict[int, list[Vector]] = {}
        for (place, _), one in zip(inputs, self._run(inputs, kind, role), strict=True):
            if isinstance(one, OmnisearchError):
                found[place] = one
            else:
                seen.setdefault(place, []).append(one)
        return {**{place: _mean(windows) for place, windows in seen.items()}, **found}

    def _run(
        self, inputs: Sequence[tuple[int, Input]], kind: tuple[str, ...], role: Role
    ) -> list[Vector | OmnisearchError]:
        """Run batches as large as memory allows; what breaks a batch is found by running alone."""
        done: list[Vector | OmnisearchError] = []
        while len(done) < len(inputs):
            count = self._inputs.together(kind, self._batches.size(kind))
            batch = [one for _, one in inputs[len(done) : len(done) + count]]
            try:
                done += list(self._runtime.encode(batch, role))
            except (*REFUSALS, MemoryError) as error:
                if len(batch) == 1:
                    done.append(self._refused(error))
                elif self._runtime.lacks_memory(error):
                    self._batches.failed(kind, len(batch))
                else:
                    done += [self._alone(one, role) for one in batch]
            else:
                self._batches.fitted(kind, len(batch))
        return done

    def _alone(self, one: Input, role: Role) -> Vector | OmnisearchError:
        """Run one input of a batch that was refused."""
        try:
            vector: Vector = self._runtime.encode([one], role)[0]
        except (*REFUSALS, MemoryError) as error:
            return self._refused(error)
        return vector

    def _refused(self, error: Exception) -> EncodingError:
        """Say why one input has no vector."""
        kind = type(error).__name__
        if self._runtime.lacks_memory(error):
            fault = f"{self.name} has no memory for it, even alone ({kind})"
            return EncodingError(f"{fault}: close other programs, or use a smaller model")
        return EncodingError(f"{self.name} refuses it ({kind}: {error}): leave this part out")


def _dim(runtime: Runtime, folder: Path) -> int:
    """Find how long vectors are: from one where it reads texts, else from what the files say."""
    try:
        probed = len(runtime.encode(["a"], "document")[0])
    except REFUSALS:
        probed = None
    dim = probed or runtime.dim
    if dim is None:
        raise EncoderFilesError(
            f"{folder} does not say how long its vectors are: use a model with a pooling layer"
        )
    return dim


def _prepared(runtime: Runtime, settings: Settings) -> Inputs:
    """Read from the feature extractor how sounds are to come."""
    found = Inputs(runtime.modalities, frames=settings.frames, tokens=runtime.tokens)
    for processor in runtime.processors:
        listener = getattr(processor, "feature_extractor", processor)
        if hasattr(listener, "sampling_rate"):
            return found.listening(listener, processor)
    return found


def _trained_dims(folder: Path) -> set[int]:
    """Read the lengths that the configuration says vectors may be cut to."""
    dims: set[int] = set()
    for name in ("config_sentence_transformers.json", "config.json"):
        path = folder / name
        told: Any = json.loads(path.read_bytes()) if path.is_file() else {}
        for key in ("matryoshka_dims", "matryoshka_dimensions"):
            given = told.get(key)
            dims |= {dim for dim in given if type(dim) is int} if isinstance(given, list) else set()
    return dims


def _mean(windows: Sequence[Vector]) -> Vector:
    """Average windows as directions; a wrong one stays wrong."""
    if len(windows) == 1:
        return windows[0]
    stacked = np.stack(windows)
    lengths = np.linalg.norm(stacked, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((stacked / lengths).mean(axis=0), np.float32)
