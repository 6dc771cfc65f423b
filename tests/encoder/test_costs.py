"""What the encoder costs beside the graphs that it runs, and what it keeps in memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.model import ModelFiles
from omnisearch.encoder.parts import Audio, Image, Part, Text

ROOT = Path(__file__).parents[2]
_RANDOM = np.random.default_rng(0)
CASES: dict[str, list[Part]] = {
    "texts": [Text("a red dog runs over the green hill") for _ in range(32)],
    "pictures": [Image(_RANDOM.integers(0, 256, (224, 224, 3), np.uint8)) for _ in range(8)],
    "sounds": [Audio((_RANDOM.normal(0, 0.1, 64_000).astype(np.float32), 16_000))] * 4,
}
RESIDENT = """
import sys
import numpy as np
import omnisearch as om

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

encoder = om.Encoder.load()
encoder.encode(["a red dog runs over the green hill"] * 64 + ["a long text " * 200] * 8)
print(resident())
random = np.random.default_rng(0)
pixels = [om.Image(random.integers(0, 256, (224, 224, 3), np.uint8)) for _ in range(16)]
sounds = [om.Audio((random.normal(0, 0.1, 64_000).astype(np.float32), 16_000))] * 8
encoder.encode([*pixels, *sounds])
encoder.check()
encoder.transcribe(sounds[0])
print(resident())
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.alone
def test_little_is_added_to_the_graphs(
    case: str, mini: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interleaved with the same tensors through bare ONNX Runtime; the median of the ratios."""
    parts = CASES[case]
    runs = recorded(mini, parts, monkeypatch)
    ratios = []
    for _ in range(9):
        whole = timed(lambda: mini.encode(parts))
        bare = timed(lambda: [session.run(outputs, inputs) for session, outputs, inputs in runs])
        ratios.append(whole / bare)
    assert float(np.median(ratios)) <= 1.5


def recorded(
    mini: Encoder, parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Any, Any, Any]]:
    """Note which graphs are run with which tensors."""
    found, run = [], ModelFiles.run

    def noted(files: ModelFiles, graph: str, outputs: Any = None, /, **inputs: Any) -> Any:
        given = run(files, graph, outputs, **inputs)
        found.append((files._sessions[graph], outputs, inputs))
        return given

    with monkeypatch.context() as patched:
        patched.setattr(ModelFiles, "run", noted)
        mini.encode(parts)
    return found


def timed(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_small() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    texts, everything = (float(line) for line in done.stdout.split())
    assert texts <= 150 and everything <= 450
