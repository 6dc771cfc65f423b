"""What the processor does with bytes: some add their products in 16 bits, which overflows."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path
from typing import Any

_INTEL = ("x86_64", "amd64", "i386", "i686")
_WIDE = {"avx512_vnni", "avx_vnni"}  # products of bytes are added in 32 bits
_KNOWN = Path("/proc/cpuinfo")


@cache
def saturates() -> bool:
    """Tell whether products of bytes are cut off at 16 bits unless onnxruntime is told to care."""
    if platform.machine().lower() not in _INTEL:
        return False
    try:
        return not wide(_KNOWN.read_text("ascii", "replace"))
    except OSError:
        return True  # slower, and right whatever it is


def wide(told: str) -> bool:
    """Read from what the kernel says of processors whether each adds in 32 bits."""
    flags = [line.split() for line in told.splitlines() if line.startswith("flags")]
    return bool(flags) and all(_WIDE & set(one) for one in flags)


def settle(settings: Any) -> None:  # noqa: ANN401 - a class of onnxruntime, untyped
    """Make a session's products of bytes exact on any processor, so that vectors are the same."""
    if saturates():
        settings.add_session_config_entry("session.x64quantprecision", "1")
