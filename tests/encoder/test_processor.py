"""Products of bytes are right on every processor."""

from __future__ import annotations

import platform

import onnxruntime
import pytest

from omnisearch.encoder import processor


def test_what_the_kernel_tells_of_processors() -> None:
    assert processor.wide("model name : x\nflags\t\t: fpu avx2 avx512_vnni\n")
    assert processor.wide("flags : avx2 avx_vnni\nflags : avx2 avx_vnni\n")
    assert not processor.wide("flags : avx2 avx_vnni\nflags : avx2\n")  # one of them is enough
    assert not processor.wide("flags : fpu avx2 avx512f\n")
    assert not processor.wide("")


@pytest.mark.parametrize(("saturates", "told"), [(True, "1"), (False, None)])
def test_a_session_is_told_where_it_matters(
    monkeypatch: pytest.MonkeyPatch, saturates: bool, told: str | None
) -> None:
    monkeypatch.setattr(processor, "saturates", lambda: saturates)
    settings = onnxruntime.SessionOptions()
    processor.settle(settings)
    if told is None:
        with pytest.raises(RuntimeError):
            settings.get_session_config_entry("session.x64quantprecision")
    else:
        assert settings.get_session_config_entry("session.x64quantprecision") == told


def test_other_machines_never_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    processor.saturates.cache_clear()
    try:
        assert not processor.saturates()
    finally:
        processor.saturates.cache_clear()
