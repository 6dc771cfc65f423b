"""A model of vectors of sentence-transformers: loaded and asked.

Never with code of the model's own, never from a pickle, and from files on this machine only: what
is fetched was fetched and checked before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnisearch.encoder.hub.inputs import Input
from omnisearch.encoder.hub.library import libraries, loading
from omnisearch.encoder.hub.settings import Settings
from omnisearch.errors import MissingExtraError

if TYPE_CHECKING:
    from omnisearch.encoder.protocol import Role, Vectors

_MIXED = (6, 0)  # since then an input holds sounds and films beside others, and two of a modality
# read texts without a mask, so each as long as in training; padded to the longest of a batch, they
# find little (https://github.com/embeddings-benchmark/mteb/pull/1424)
_PADDED = ("siglip", "siglip2")
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")


class Runtime:
    """A loaded model of sentence-transformers."""

    def __init__(self, folder: Path, settings: Settings, threads: int) -> None:
        library, self._torch, self._version = libraries()
        self._process = os.getpid()
        self._torch.set_num_threads(threads)
        self.device = self._device(settings.device)
        self._model = self._load(library, folder, self._precision(settings.precision))
        self._length = self._prepare()
        self.prompts = {"query": settings.query_prompt, "document": settings.document_prompt}

    @property
    def modalities(self) -> frozenset[str]:
        """What the model takes, in the words of sentence-transformers."""
        return frozenset(one for one in self._model.modalities if isinstance(one, str))

    def joins(self, modalities: Sequence[str]) -> bool:
        """Tell whether inputs of these modalities become one vector inside the model.

        Two of one modality need a model that is spoken to in messages.
        """
        different = frozenset(modalities)
        if self._version < _MIXED and not different <= {"text", "image"}:
            return False
        if len(different) < len(modalities):
            beyond_text = {"message"} < self.modalities - {"text"}
            return self._version >= _MIXED and beyond_text and different <= self.modalities
        return bool(self._model.supports(tuple(sorted(different))))

    @property
    def dim(self) -> int | None:
        """How long vectors are, if the model says."""
        told = getattr(self._model, "get_embedding_dimension", None)
        told = told or self._model.get_sentence_embedding_dimension
        dim = told()
        return None if dim is None else int(dim)

    @property
    def document_prompts(self) -> list[str]:
        """Give what may be put before a document, of the settings or the model's own."""
        chosen = self.prompts["document"]
        if chosen is not None:
            return [chosen]
        own = self._model.prompts
        return [own[name] for name in ("document", "passage", "corpus") if own.get(name)]

    @property
    def tokens(self) -> int | None:
        """How many tokens of a text are read, if the model says."""
        if self._length is not None:
            return self._length
        told = self._model.get_max_seq_length()
        return told if isinstance(told, int) and told < 1_000_000 else None

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Give the span of each token of a text; of each letter where tokens have no places."""
        tokenizer = getattr(self._model, "tokenizer", None)
        if not getattr(tokenizer, "is_fast", False):
            return [(at, at + 1) for at in range(len(text))]
        assert tokenizer is not None
        how = {"return_offsets_mapping": True, "add_special_tokens": False, "truncation": False}
        found: list[tuple[int, int]] = tokenizer(text, verbose=False, **how)["offset_mapping"]
        return found

    @property
    def processors(self) -> list[Any]:
        """Give what prepares inputs: one object, or one for each route."""
        return [module.processor for module in self._modules if hasattr(module, "processor")]

    def check(self) -> None:
        """Refuse to be used in a fork, which has none of the threads."""
        if os.getpid() != self._process:
            raise RuntimeError(
                f"this encoder was loaded by process {self._process} and used in a fork of it, "
                "where its threads are gone: load it again in this process"
            )

    def encode(self, inputs: Sequence[Input], role: Role) -> Vectors:
        """Give vectors (n, dim) of inputs of one kind, all in one batch."""
        ask = self._model.encode_query if role == "query" else self._model.encode_document
        found = ask(
            list(inputs),
            prompt=self.prompts[role],
            batch_size=len(inputs),
            show_progress_bar=False,
            convert_to_tensor=True,
        )
        vectors: Vectors = found.float().cpu().numpy()
        return vectors

    def lacks_memory(self, error: BaseException) -> bool:
        """Tell whether memory is what was missing; then frees what nobody uses."""
        lacking = isinstance(error, MemoryError | self._torch.OutOfMemoryError)
        lacking = lacking or any(words in str(error) for words in _NO_MEMORY)
        if lacking and self.device.startswith("cuda"):
            self._torch.cuda.empty_cache()
        return lacking

    @property
    def _modules(self) -> list[Any]:
        """Give the modules that take inputs: the first, or the first of each route."""
        first = self._model[0]
        routes = getattr(first, "sub_modules", None)
        return [first] if routes is None else [route[0] for route in routes.values()]

    def _prepare(self) -> int | None:
        """Tell the modules what the library does not; gives the length of texts where it is one."""
        length = None
        for module in self._modules:
            module.register_forward_pre_hook(_in_its_precision)
            how = getattr(module, "processing_kwargs", None)
            if how is None:
                continue
            if "video" in self.modalities:  # frames are chosen when a film is read
                how["video"] = {**how.get("video", {}), "do_sample_frames": False}
            config = getattr(module, "config", None)
            if getattr(config, "model_type", None) in _PADDED:
                length = int(config.text_config.max_position_embeddings)  # type: ignore[union-attr]
                how["text"] = {"padding": "max_length", "max_length": length, **how.get("text", {})}
        return length

    def _device(self, wanted: str) -> str:
        present = self._torch.cuda.is_available()
        if wanted == "auto":
            return "cuda" if present else "cpu"
        if wanted.startswith("cuda") and not present:
            raise MissingExtraError(
                f"torch {self._torch.__version__} sees no CUDA device: use device='cpu', or "
                "install a build of torch with CUDA and a driver"
            )
        return wanted

    def _precision(self, wanted: str) -> Any:  # noqa: ANN401 - a dtype of torch
        if wanted == "auto":
            wanted = "bf16" if self.device.startswith("cuda") else "fp32"
        return self._torch.bfloat16 if wanted == "bf16" else self._torch.float32

    def _load(self, library: Any, folder: Path, precision: Any) -> Any:  # noqa: ANN401
        with loading(folder):
            return library.SentenceTransformer(
                str(folder),
                device=self.device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": precision},
            ).eval()


def _in_its_precision(module: Any, given: tuple[Any, ...]) -> None:  # noqa: ANN401
    """Bring features to the precision of the weights; not every network does (CLAP)."""
    weights = next((one.dtype for one in module.parameters() if one.is_floating_point()), None)
    (features,) = given
    for name, feature in list(features.items()):
        floats = hasattr(feature, "is_floating_point") and feature.is_floating_point()
        if floats and weights is not None:
            features[name] = feature.to(weights)
