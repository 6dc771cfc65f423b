"""sentence-transformers as a library: imported quietly, and what is said if a model fails to load.

What reads models of the hub begins here, so each of them says the same of what is missing.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omnisearch.errors import EncoderFilesError, MissingExtraError

LEAST = (5, 4)  # since then there are modalities
# what networks, tokenizers and feature extractors raise on what they cannot take
REFUSALS = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError)
REFUSALS += (TypeError, ValueError)  # type: ignore[assignment]


def check_installed() -> None:
    """Refuse where the extra is not installed, without loading any of it."""
    if not all(find_spec(name) for name in ("sentence_transformers", "torch")):
        raise _without_extra()


def _without_extra() -> MissingExtraError:
    return MissingExtraError(
        "models of the hub need sentence-transformers: pip install 'omnisearch[hub]'"
    )


def libraries() -> tuple[Any, Any, tuple[int, ...]]:
    """Import sentence-transformers and torch, and give them with the version of the first."""
    with quiet():
        try:
            import sentence_transformers
            import torch
        except ImportError as error:
            raise _without_extra() from error
    told = str(sentence_transformers.__version__)
    version = tuple(int(number) for number in told.split(".")[:2])
    if version < LEAST:
        raise MissingExtraError(
            f"sentence-transformers {told} is too old, {LEAST[0]}.{LEAST[1]} tells modalities: "
            "pip install -U 'omnisearch[hub]'"
        )
    return sentence_transformers, torch, version


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """Load a model quietly; what it lacks, or what is wrong with it, is said in one line."""
    _, torch, _ = libraries()
    with quiet():
        try:
            yield
        except ImportError as error:
            raise _lacking(folder, error, str(torch.__version__)) from error
        except (*REFUSALS, _damaged_weights()) as error:
            raise _unloadable(folder, error) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep bars and warnings of the libraries below off the screen; the CLI has its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from transformers.utils import logging
        except ImportError:  # told of where the model is loaded
            yield
            return
        bars: Any = logging
        shown = bars.is_progress_bar_enabled()
        bars.disable_progress_bar()
        try:
            yield
        finally:
            if shown:
                bars.enable_progress_bar()


def _damaged_weights() -> type[Exception]:
    from safetensors import SafetensorError

    return SafetensorError


def _unloadable(folder: Path, error: BaseException) -> EncoderFilesError:
    told = str(error)
    if "trust_remote_code" in told:
        fault = f"{folder} cannot be used without running code that it brings"
        remedy = "omnisearch never does that: use a model whose code is part of transformers"
        return EncoderFilesError(f"{fault}; {remedy}")
    fault = f"{folder} does not load ({type(error).__name__}: {_first_line(error)})"
    return EncoderFilesError(f"{fault}: copy the whole folder again, or update transformers")


def _lacking(folder: Path, error: ImportError, torch: str) -> MissingExtraError:
    """Name what a model needs beside the extra, and the build of it that goes with torch."""
    told = _first_line(error).split(". ")[0]
    if "torchvision" not in told.lower():
        return MissingExtraError(
            f"{folder} needs a package that is not installed ({told}): "
            "pip install it beside 'omnisearch[hub]'"
        )
    build = torch.partition("+")[2]
    index = f" --index-url https://download.pytorch.org/whl/{build}" if build else ""
    return MissingExtraError(
        f"{folder} looks at films with torchvision, which is not installed: pip install torchvision"
        f"{index} (of the same build as torch, here {torch}; a build for CUDA beside torch for the "
        "CPU breaks it, and the other way round)"
    )


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")
