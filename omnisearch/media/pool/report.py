"""Whether decoders are locked up on this machine: what holds them, and what a trial found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnisearch.errors import DecoderError, PoolError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.pool import Pool
from omnisearch.media.sandbox.lockdown import Layers

TRIAL = "omnisearch.media.pool.trial:pieces"  # by name: it imports decoders, which none may here


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What was tried in a decoder on this machine, and what held it back."""

    complete: bool  # every layer holds, and nothing that was tried was done
    system: str
    layers: Mapping[str, Any]  # what the kernel lacks or refuses is False or 0
    refused: tuple[str, ...]
    allowed: tuple[str, ...]
    decoders: Mapping[str, str]  # the libraries and their versions
    remedy: str | None  # what to do where it is not complete


def sandbox() -> SandboxReport:
    """Start a decoder, try in it what none may do, and tell what happened; takes a second."""
    system = os.uname()
    name = f"{system.sysname} {system.release} {system.machine}"
    try:
        with Pool(TRIAL, workers=1) as pool, Path(__file__).open("rb") as file:
            layers = pool.layers()
            (piece,) = pool.decode(file.fileno(), Ask(Path(__file__).name))
    except (PoolError, DecoderError) as error:
        return SandboxReport(False, name, Layers().as_json(), (), (), {}, str(error))
    found = piece.fields
    refused, allowed = tuple(found["refused"]), tuple(found["allowed"])
    complete = layers.whole and not allowed
    return SandboxReport(
        complete=complete,
        system=name,
        layers=layers.as_json(),
        refused=refused,
        allowed=allowed,
        decoders=found["decoders"],
        remedy=None if complete else _remedy(layers, allowed),
    )


def _remedy(layers: Layers, allowed: tuple[str, ...]) -> str:
    missing = [one.replace("_", " ") for one, there in layers.as_json().items() if not there]
    faults = [f"these layers do not hold: {', '.join(missing)}"] if missing else []
    if allowed:
        faults.append(f"a decoder can {', '.join(allowed)}")
    fault = "; ".join(faults)
    return f"{fault}: take in files of strangers on Linux 5.13 or newer, on x86-64 or aarch64"
