"""Memory that allocators keep after a seal or a merge: 290 of 390 MB at 40,000 passages."""

from __future__ import annotations

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Let the system have what nobody uses; it takes some milliseconds."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc only
        trim(ctypes.c_size_t(0))
