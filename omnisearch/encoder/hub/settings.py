"""How a model of the hub is run; nothing here is read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be chosen for a model; the defaults suit every one of them.

    Prompts and `frames` decide vectors and so are part of the space; the rest is not.
    """

    device: str = "auto"  # CUDA where torch sees it, else the CPU; "cpu", "cuda", "cuda:1"
    precision: Precision = "auto"  # bf16 on CUDA, where it is twice as fast; fp32 on the CPU
    batch: int | None = None  # None: found by trying
    query_prompt: str | None = None  # None: what the model's own files say
    document_prompt: str | None = None
    frames: int = 16  # of a film, evenly spread: models see about one a second of short clips

    def __post_init__(self) -> None:
        if self.precision not in ("auto", "fp32", "bf16"):
            raise ValueError(f"precision is {self.precision!r}: auto, fp32 or bf16")
        if self.batch is not None and self.batch < 1:
            raise ValueError(f"batch is {self.batch}: 1 or more")
        if self.frames < 1:
            raise ValueError(f"frames is {self.frames}: 1 or more")
