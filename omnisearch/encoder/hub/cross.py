"""Cross: a CrossEncoder of sentence-transformers, which reads a question and a candidate together.

It is found, checked and loaded as models of vectors are: safetensors only, no code of its own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from omnisearch.encoder.hub import contents, source
from omnisearch.encoder.hub.inputs import Inputs
from omnisearch.encoder.hub.library import REFUSALS, check_installed, libraries, loading
from omnisearch.encoder.parts import Row, Text
from omnisearch.errors import EncoderFilesError, EncoderNotFoundError, RerankerError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from omnisearch.encoder.hub.source import Found
    from omnisearch.encoder.parts import Part

TOGETHER_CPU, TOGETHER_CUDA = 4, 32  # on a CPU more gains little, and the clock waits for it
_TURN_S = 0.05  # between two looks whether somebody still waits
_KIND = "CrossEncoder"
_HEADS = ("ForSequenceClassification", "ForCausalLM")  # of others the last layer would be drawn
# what is called on scores is named in files, so only what is known to do no more than that
_ACTIVATION = re.compile(r"torch\.nn\.modules\.(activation|linear)\.[A-Z]\w*")
_ACTIVATIONS = ("activation_fn", "sbert_ce_default_activation_function")


def open(name: str, *, say: Callable[[str], object]) -> Cross:
    """Open a model by folder or id; `say` is told of one that is fetched, and of its licence."""
    check_installed()
    if not source.matches(name):
        raise EncoderNotFoundError(
            f"there is no cross-encoder {name!r}: name a folder with config.json, or an id of the "
            "hub such as cross-encoder/ms-marco-MiniLM-L6-v2"
        )
    found = source.find(name)
    if found.folder is None:
        size = f"{found.bytes / 1e6:,.0f} MB are fetched from the hub"
        say(f"{found.name}: {size}; licence: {found.licence}")
    return Cross(source.fetch(found))


class Cross:
    """Scores of pairs; larger fits better, within one question."""

    def __init__(self, found: Found) -> None:
        assert found.folder is not None
        contents.check(found.folder)
        _check_kind(found.folder)
        self.name, self._process, self._lock = found.name, os.getpid(), Lock()
        library, torch, _ = libraries()
        cuda = torch.cuda.is_available()
        with loading(found.folder):
            self._model: Any = library.CrossEncoder(
                str(found.folder),
                device="cuda" if cuda else "cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={
                    "use_safetensors": True,
                    "dtype": "auto" if cuda else torch.float32,
                },
            ).eval()
        if self._model.num_labels != 1:
            raise EncoderFilesError(
                f"{found.folder} gives {self._model.num_labels} numbers for a pair, not one score: "
                "use a cross-encoder that was made for ranking"
            )
        kinds = frozenset(one for one in self._model.modalities if isinstance(one, str))
        self._inputs = Inputs(kinds, tokens=_tokens(self._model))
        self.sees = "image" in kinds
        self.joins = self.sees and bool(self._model.supports(("image", "text")))
        self.together = TOGETHER_CUDA if cuda else TOGETHER_CPU

    @contextmanager
    def turn(self, stopped: Callable[[], bool]) -> Iterator[None]:
        """Wait until no other thread uses it, or nobody waits any more."""
        while not (mine := self._lock.acquire(timeout=_TURN_S)) and not stopped():
            pass
        try:
            yield
        finally:
            if mine:
                self._lock.release()

    def scores(self, text: str, candidates: Sequence[Sequence[Part]]) -> npt.NDArray[np.float32]:
        """Judge candidates of the same kinds of parts, all in one batch."""
        if os.getpid() != self._process:
            raise RuntimeError(f"{self.name} was loaded by another process: load it again in this")
        (asked,) = self._inputs.of(Row(Text(text)))
        pairs = [(asked, self._inputs.of(Row(*parts))[0]) for parts in candidates]
        try:
            found = self._model.predict(
                pairs, batch_size=len(pairs), show_progress_bar=False, convert_to_tensor=True
            )
        except (*REFUSALS, MemoryError) as error:
            told = f"{type(error).__name__}: {error}"
            raise RerankerError(
                f"{self.name} refuses the question beside {len(pairs)} hits ({told}): use another "
                "cross-encoder, or no rerank"
            ) from error
        scores: npt.NDArray[np.float32] = found.float().cpu().numpy()
        return scores


def _tokens(model: Any) -> int | None:  # noqa: ANN401 - of sentence-transformers
    told = model.max_seq_length
    return told if isinstance(told, int) and told < 1_000_000 else None


def _check_kind(folder: Path) -> None:
    """Refuse models of vectors, and activations that are none."""
    config = _told(folder / "config.json")
    own = _told(folder / "config_sentence_transformers.json")
    heads = [str(one) for one in config.get("architectures") or ()]
    if own.get("model_type") != _KIND and not any(one.endswith(_HEADS) for one in heads):
        what = own.get("model_type") or ", ".join(heads) or "a model without a name of its kind"
        raise EncoderFilesError(
            f"{folder} is no cross-encoder ({what}): take one that was trained to rank, such as "
            "cross-encoder/ms-marco-MiniLM-L6-v2"
        )
    nested = config.get("sentence_transformers")
    for told in (config, own, nested if isinstance(nested, dict) else {}):
        for key in _ACTIVATIONS:
            called = told.get(key)
            if called is not None and not _ACTIVATION.fullmatch(str(called)):
                raise EncoderFilesError(
                    f"{folder} calls {called} on its scores, which is none of torch.nn's "
                    "activations: use another cross-encoder"
                )


def _told(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_bytes()) if path.is_file() else {}
    return found if isinstance(found, dict) else {}
