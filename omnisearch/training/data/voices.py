"""Speech made by espeak-ng: its library is called here, in this process, and nowhere else.

The tool is GPL-3, what it says is free. It comes with its voices in the wheel `espeakng-loader`.
"""

from __future__ import annotations

import ctypes
import zlib
from functools import cache

import numpy as np

from omnisearch.training.data.splits import Split
from omnisearch.training.data.synthesis import Wave, resample
from omnisearch.training.lab import LabError

ACCENTS = (
    "en-us",
    "en",  # British
    "en-gb-scotland",
    "en-gb-x-rp",
    "en-029",
    "en-gb-x-gbclan",
    "en-us-nyc",
)
WOMEN = "f1 f2 f3 f4 f5 Alicia Andrea Annie anika aunty belinda linda shelby steph grandma"
MEN = "m1 m2 m3 m4 m5 m6 m7 m8 Alex Andy Denis Gene Lee Marco Michael adam antonio benjamin boris"
MORE_MEN = "caleb david edward iven john max michel mike2 paul pedro quincy rob robert grandpa"
HELD_OUT: dict[str, Split] = {  # voices that no training clip speaks with
    **dict.fromkeys(("f5", "Annie", "steph", "m8", "Gene", "adam", "edward", "paul"), "test"),
    **dict.fromkeys(("f2", "linda", "m3", "boris", "rob"), "validation"),
}
_RETRIEVAL, _UTF8, _SPEED, _PITCH, _RANGE = 1, 1, 1, 3, 4
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def voices(split: Split) -> list[tuple[str, str]]:
    """Give the voices of a split, each with `woman` or `man`."""
    everyone = [(name, "woman") for name in WOMEN.split()]
    everyone += [(name, "man") for name in f"{MEN} {MORE_MEN}".split()]
    return [(name, who) for name, who in everyone if HELD_OUT.get(name, "train") == split]


class Speaker:
    """The synthesiser; a process has one, since the library keeps its state in globals."""

    def __init__(self, library: str, data: str) -> None:
        self._library = ctypes.CDLL(library)
        rate = self._library.espeak_Initialize(_RETRIEVAL, 0, data.encode(), 0)
        if rate <= 0:
            raise LabError(f"espeak-ng does not start with {data}: reinstall espeakng-loader")
        self.rate = int(rate)
        self._samples: list[bytes] = []
        self._receive = _CALLBACK(self._take)  # kept, or C would call what is gone
        self._library.espeak_SetSynthCallback(self._receive)

    def say(self, text: str, voice: str, speed: int, pitch: int, liveliness: int) -> Wave:
        """Speak a text at 16 kHz; speed in words a minute, pitch and liveliness from 0 to 99."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise LabError(f"espeak-ng has no voice {voice!r}: reinstall espeakng-loader")
        for setting, value in ((_SPEED, speed), (_PITCH, pitch), (_RANGE, liveliness)):
            self._library.espeak_SetParameter(setting, value, 0)
        seed = zlib.crc32(f"{voice} {text}".encode())  # breath and flutter are random
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        self._samples = []
        spoken = text.encode() + b"\0"
        size = ctypes.c_size_t(len(spoken))
        self._library.espeak_Synth(spoken, size, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        wave = np.frombuffer(b"".join(self._samples), "<i2").astype(np.float64) / 32768
        return resample(wave, self.rate)

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _: object) -> int:
        if samples and count > 0:
            self._samples.append(ctypes.string_at(samples, 2 * count))
        return 0


@cache
def speaker() -> Speaker:
    """Start espeak-ng."""
    import espeakng_loader

    return Speaker(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
