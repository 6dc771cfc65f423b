"""What a process that decodes may use; each bound is far above what sound files need."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one worker; past any of them it is killed, and the file is given up."""

    piece_s: float = 10.0  # from one piece to the next: a film is decoded 20 times as fast as shown
    item_s: float = 3600.0  # for one file in all, waited for: 12 hours of film take 36 minutes
    pieces: int = 100_000  # of one file: the longest text makes 12,000 passages
    piece_bytes: int = 64 << 20  # of the arrays of a piece: 8 frames of 1536 x 1536 have 54 MiB
    head_bytes: int = 2 << 20  # of the fields of a piece: 200,000 characters have 0.8 MB at most
    memory_bytes: int = 600 << 20  # a picture of 50 million pixels has 150 MB, decoded in 450
    items: int = 256  # then a fresh worker takes over: what decoders leak, or learnt, goes with it

    @property
    def processor_s(self) -> int:
        """Seconds of processor that a worker may use in its life, which the kernel holds it to."""
        return int(2 * self.item_s) + 1
