"""What the folder of a model may hold: weights as safetensors, no pickles, no code, all of it here.

A pickle runs whatever its author put into it when it is read, and so does a module that a model
brings along. Neither is ever opened; a model that cannot do without is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from omnisearch.errors import EncoderFilesError

PICKLED = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib"})
# what trainers leave beside a model; nothing reads it
_LEFT_OVER = ("training_args", "optimizer", "scheduler", "rng_state", "scaler")
# folders with weights for other programs, or of earlier steps of a training
_FOREIGN = re.compile(r"onnx|openvino|runs|checkpoint-.*|\..*")
_DECIDING = frozenset({".json", ".jinja", ".model", ".safetensors", ".spm", ".tiktoken", ".txt"})
# of sentence-transformers itself, or of its modules' folders; anything else is foreign code
_TRUSTED = "sentence_transformers."
_BARE = ".Normalize"  # has no files, and neither git nor the hub keeps an empty folder
# keys of configurations that may name another repository
_ELSEWHERE = ("tokenizer_name_or_path", "attn_implementation", "_attn_implementation")
FETCHED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "*.spm", "*.tiktoken", "*.md"]
NOT_FETCHED = ["onnx/*", "openvino/*", "*/onnx/*", "*/openvino/*", "checkpoint-*", "runs/*"]


def files(folder: Path) -> dict[str, Path]:
    """List the files that decide a vector, by their path inside the folder."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    return {name: path for name, path in found.items() if deciding(name) and path.is_file()}


def deciding(name: str) -> bool:
    """Tell whether a file of this name can change a vector; cards and licences cannot."""
    path = PurePosixPath(name)
    stem = path.stem.upper()
    aside = stem.startswith(("LICENSE", "NOTICE", "README", "MODEL_CARD"))
    return path.suffix in _DECIDING and not aside and not _foreign(path)


def refuse_pickles(model: str, names: Iterable[str]) -> None:
    """Refuse a model some of whose weights are there as a pickle only."""
    paths = [PurePosixPath(name) for name in names]
    paths = [path for path in paths if not _foreign(path)]
    safe = {path.parent for path in paths if path.suffix == ".safetensors"}
    for path in paths:
        left_over = path.name.startswith(_LEFT_OVER)
        if path.suffix in PICKLED and path.parent not in safe and not left_over:
            raise EncoderFilesError(
                f"{model} has its weights as a pickle ({path}), which can run any program when it "
                "is read, so it is not opened: take a revision with model.safetensors, or where "
                "you trust it convert it with `save_pretrained(..., safe_serialization=True)`"
            )


def check(folder: Path) -> None:
    """Refuse what brings code or pickles, and what is not all there."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    refuse_pickles(str(folder), names)
    for name in names:
        path = PurePosixPath(name)
        if path.suffix != ".json" or _foreign(path):
            continue
        if path.name == "adapter_config.json":
            raise _fault(folder, name, "is an adapter to another model", "merge it into its model")
        if path.name.endswith(".safetensors.index.json"):
            _check_index(folder, name)
        elif path.name in ("modules.json", "router_config.json", "config.json"):
            _check_modules(folder, name)
        if path.name.endswith("config.json"):
            _check_references(folder, name)
    if not any(name.endswith(".safetensors") and deciding(name) for name in names):
        remedy = "copy the whole folder again, or fetch it with `hf download`"
        raise EncoderFilesError(f"{folder} holds no weights (*.safetensors): {remedy}")


def _foreign(path: PurePosixPath) -> bool:
    return any(_FOREIGN.fullmatch(part) for part in path.parts[:-1])


def _check_index(folder: Path, name: str) -> None:
    """Find every piece of weights that were written in several files."""
    pieces = _json(folder, name).get("weight_map", {})
    for piece in sorted(set(pieces.values() if isinstance(pieces, dict) else ())):
        if not (folder / name).with_name(str(piece)).is_file():
            raise _fault(folder, name, f"names {piece}, which is not there", "copy all of it again")


def _check_modules(folder: Path, name: str) -> None:
    """Let modules be classes of sentence-transformers, in folders that are there."""
    for kind, place in _modules(_json(folder, name, dict | list)):
        if not kind.startswith(_TRUSTED):
            remedy = "use a model without, or one whose code is part of sentence-transformers"
            raise _fault(folder, name, f"asks for code of its own ({kind}), never run", remedy)
        inside = (folder / name).parent / place
        if not inside.resolve().is_relative_to(folder.resolve()):
            raise _fault(folder, name, f"names {place}, outside of it", "do not use this model")
        if place and not inside.is_dir() and not kind.endswith(_BARE):
            raise _fault(folder, name, f"names {place}/, which is not there", "copy all of it")


def _modules(told: dict[str, Any] | list[Any]) -> Iterator[tuple[str, str]]:
    """Yield class and folder of each module of modules.json, or of a router's."""
    if isinstance(told, list):
        for module in told:
            if isinstance(module, dict):
                yield str(module.get("type", "")), str(module.get("path", ""))
    elif isinstance(kinds := told.get("types"), dict):
        for place, kind in kinds.items():
            yield str(kind), str(place)


def _check_references(folder: Path, name: str) -> None:
    """Refuse what would be fetched from elsewhere: another tokenizer, compiled kernels."""
    waiting: list[Any] = [_json(folder, name)]
    while waiting:
        told = waiting.pop()
        waiting += [value for value in told.values() if isinstance(value, dict)]
        for key in _ELSEWHERE:
            value = told.get(key)
            if isinstance(value, str) and "/" in value:
                fault = f"wants {key} from elsewhere ({value})"
                raise _fault(folder, name, fault, "use a model that brings all of its files")


def _json(folder: Path, name: str, kind: Any = dict) -> Any:  # noqa: ANN401 - JSON of any form
    try:
        found = json.loads((folder / name).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _fault(folder, name, f"does not read ({error})", "copy the folder again") from error
    if not isinstance(found, kind):
        raise _fault(folder, name, f"holds a {type(found).__name__}", "copy the folder again")
    return found


def _fault(folder: Path, name: str, fault: str, remedy: str) -> EncoderFilesError:
    return EncoderFilesError(f"{folder / name} {fault}: {remedy}")
