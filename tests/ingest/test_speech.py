from pathlib import Path

import pytest

from benchmarks import speech as benchmark
from benchmarks.corpora import speech

pytestmark = pytest.mark.slow


def test_what_is_said_is_found_by_its_text_at_the_right_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("espeakng_loader", reason="speaks with espeak-ng: install extra train")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said = speech.make(tmp_path / "recordings", speech.SENTENCES[:6], alone=2)
    found = benchmark.measured(tmp_path, said)
    assert (found.recordings, found.kinds) == (3, {"alone": 2, "pauses": 4})
    assert found.in_time["words"] >= 5, found.missed
    assert found.longest_span_s <= 10
