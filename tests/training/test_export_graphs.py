"""Graphs one by one: rounding, the decoder's past, and the released speech model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn

from omnisearch.encoder.processor import saturates
from omnisearch.training.encoder.heads import InverseHead, LockedHead
from omnisearch.training.encoder.projectors import Bootstrapped
from omnisearch.training.export import checks, graphs, int8, rounding, speech
from omnisearch.training.export import stage as export
from omnisearch.training.export.exported import Exported
from omnisearch.training.lab import Lab, LabError
from omnisearch.training.towers import audio, frozen


def test_the_past_changes_nothing() -> None:
    torch.manual_seed(0)
    decoder = audio.SpeechDecoder(audio.TINY).eval()
    nn.init.normal_(decoder.encodings)
    cached = speech.CachedDecoder(decoder)
    ids, sound = torch.tensor([[1, 5, 3, 9]]), torch.randn(1, 20, 24)
    none = speech.empty(decoder, 1)
    with torch.no_grad():
        whole = decoder(ids, sound)
        first, past, heard = cached(ids[:, :2], sound, none, none)
        second, past, heard = cached(ids[:, 2:], sound[:, :0], past, heard)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)
    assert past.shape[4] == 4 and heard.shape[4] == 20


def test_bootstrapped_projectors_are_exported_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    width, rows = 48, 13
    head, inverse = LockedHead(240, 32, width), InverseHead(width, 64)
    projector = Bootstrapped("audio", head, inverse, (rows, 120)).eval()
    nn.init.normal_(projector.place.weight, std=0.1)
    graph = graphs.SoundGraph(projector, LockedHead(240, 32, width).eval())
    graphs.sound(graph, 24, tmp_path / "full.onnx")
    int8.quantise(tmp_path / "full.onnx", tmp_path / "small.onnx")
    last, early = torch.randn(3, 200, 24), torch.randn(3, 200, 24)
    with torch.no_grad():
        wanted = [part.numpy() for part in graph(last, early)]
    given = {"last": last.numpy(), "early": early.numpy()}
    found = checks.session(tmp_path / "small.onnx").run(None, given)
    for a, b in zip(wanted, found, strict=True):
        assert a.shape == b.shape
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.999


def test_bytes_and_scales_give_the_weights_back() -> None:
    weight = np.random.default_rng(0).normal(size=(10, 100)).astype(np.float32)
    weight[3] = 0
    rounded, scales = rounding.blocks(weight)
    assert rounded.shape == (10, 2, 64) and scales.dtype == np.float16
    back = ((rounded.astype(np.float32) - 128) * scales[..., None]).reshape(10, -1)[:, :100]
    assert np.abs(back - weight).max() < np.abs(weight).max() / 200
    assert not back[3].any()
    small, row = rounding.rows(weight.reshape(10, 4, 5, 5))
    assert small.dtype == np.int8 and row.shape == (10, 1, 1, 1)
    assert np.abs(small * row.astype(np.float32) - weight.reshape(small.shape)).max() < 0.02


def test_two_numbers_of_four_bits_share_a_byte() -> None:
    weight = np.array([[7, -7, 3, 0] * 8, [0.5, -0.5, 0.25, 0] * 8], np.float32)
    packed, scales = rounding.blocks(weight, 32, 4)
    assert packed.shape == (2, 1, 16)
    assert scales.ravel().tolist() == [1, pytest.approx(1 / 14, rel=1e-3)]
    assert packed[0, 0, :2].tolist() == [15 + 16 * 1, 11 + 16 * 8]  # the first is the low half
    assert packed[1, 0, :2].tolist() == [15 + 16 * 1, 12 + 16 * 8]


def test_the_scale_of_four_bits_loses_least() -> None:
    weight = np.random.default_rng(0).normal(size=(64, 96)).astype(np.float32)
    packed, scales = rounding.blocks(weight, 32, 4)
    numbers = np.stack([packed & 15, packed >> 4], -1).reshape(64, 3, 32).astype(np.float32) - 8
    lost = np.square(numbers * scales[..., None] - weight.reshape(64, 3, 32)).mean()
    widest = np.abs(weight.reshape(64, 3, 32)).max(2, keepdims=True) / 7
    plain = np.square(
        np.rint(weight.reshape(64, 3, 32) / widest) * widest - weight.reshape(64, 3, 32)
    )
    assert lost < 0.9 * plain.mean()


def test_what_is_named_coarse_has_four_bits(tmp_path: Path) -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(4200, 96)
            self.outer = nn.Linear(96, 200)

        def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
            states: Tensor = self.table(ids)
            return states, self.outer(states.sum(1))

    both, ids = Both().eval(), torch.tensor([[1, 2, 3], [7, 8, 4000]])
    full, paths = tmp_path / "full.onnx", [tmp_path / "fine.onnx", tmp_path / "coarse.onnx"]
    graphs.write(both, (ids,), {"ids": {}}, ["states", "vector"], full)
    for path, coarse in zip(paths, ((), ("table", "outer")), strict=True):
        int8.quantise(full, path, int8.Grain(coarse=coarse))
    fine, small = (path.stat().st_size for path in paths)
    assert small < 0.6 * fine
    found = checks.agreement(full, paths[1], {"ids": ids.numpy()})
    assert all(0.98 < one["least"] < 0.9999 for one in found.values())
    kinds = {node.op_type for node in onnx.load(paths[1]).graph.node}
    assert {"GatherBlockQuantized", "MatMulNBits"} <= kinds


def test_a_table_that_is_also_a_dense_map_is_kept_once(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(4200, 64)

        def forward(self, ids: Tensor) -> Tensor:
            logits: Tensor = self.table(ids) @ self.table.weight.T
            return logits

    tied = Tied().eval()
    ids = torch.tensor([[1, 2, 3], [7, 8, 4000]])
    graphs.write(tied, (ids,), {"ids": {}}, ["logits"], tmp_path / "full.onnx")
    int8.quantise(tmp_path / "full.onnx", tmp_path / "small.onnx")
    assert (tmp_path / "small.onnx").stat().st_size < 1.1 * 4200 * 64
    kinds = {node.op_type for node in onnx.load(tmp_path / "small.onnx").graph.node}
    assert {"MatMulNBits", "Gather"} <= kinds
    given = {"ids": ids.numpy()}
    found = checks.session(tmp_path / "small.onnx").run(None, given)[0]
    wanted = tied(ids).detach().numpy()
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.9999


class Twice(nn.Module):
    """Two maps that read the same rows, as queries and keys do."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(96, 128), nn.Linear(96, 128, bias=False)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Map rows (n, t, 96)."""
        return self.first(rows), self.second(rows)


@pytest.fixture
def by_row(tmp_path: Path) -> tuple[Path, Path]:
    torch.manual_seed(0)
    full, small = tmp_path / "full.onnx", tmp_path / "small.onnx"
    axes = {"rows": {0: torch.export.Dim("n", min=1, max=64)}}
    graphs.write(Twice().eval(), (torch.randn(2, 5, 96),), axes, ["first", "second"], full)
    int8.quantise(full, small, int8.Grain(None))
    return full, small


def test_rows_are_rounded_in_the_graph_once_for_all_maps(by_row: tuple[Path, Path]) -> None:
    kinds = [node.op_type for node in onnx.load(by_row[1]).graph.node]
    assert kinds.count("MatMulIntegerToFloat") == 2 and kinds.count("ReduceMax") == 1
    rows = np.random.default_rng(1).normal(size=(8, 5, 96)).astype(np.float32)
    rows[0] *= 1e4  # one row's size is nothing to another's
    found = checks.agreement(*by_row, {"rows": rows})
    assert all(one["least"] > 0.9998 for one in found.values())


def test_a_row_gives_the_same_alone_and_among_others(by_row: tuple[Path, Path]) -> None:
    rows = np.random.default_rng(2).normal(size=(16, 5, 96)).astype(np.float32)
    session = checks.session(by_row[1])
    together = session.run(None, {"rows": rows})
    for at in range(len(rows)):
        alone = session.run(None, {"rows": rows[at : at + 1]})
        for one, all_of_them in zip(alone, together, strict=True):
            assert np.array_equal(one[0], all_of_them[at])


def test_channels_that_are_always_large_are_evened(by_row: tuple[Path, Path]) -> None:
    full, small = by_row
    rows = np.random.default_rng(4).normal(size=(16, 5, 96)).astype(np.float32)
    rows[..., 7] *= 60
    before = checks.agreement(full, small, {"rows": rows[8:]})
    int8.quantise(full, small, int8.Grain(None), {"rows": rows[:8]})
    after = checks.agreement(full, small, {"rows": rows[8:]})
    for name, one in after.items():
        assert 1 - one["cosine"] < 0.5 * (1 - before[name]["cosine"])
    kinds = [node.op_type for node in onnx.load(small).graph.node]
    assert kinds.count("ReduceMax") == 1  # still once for both


def test_common_words_have_eight_bits(tmp_path: Path) -> None:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(4200, 96)

        def forward(self, ids: Tensor) -> Tensor:
            states: Tensor = self.table(ids)
            return states

    words, ids = Words().eval(), torch.tensor([[0, 1, 999, 1000, 1001, 4199]])
    full, small = tmp_path / "full.onnx", tmp_path / "small.onnx"
    graphs.write(words, (ids,), {"ids": {}}, ["states"], full)
    int8.quantise(full, small, int8.Grain(coarse=("table",), common=1000))
    found = checks.session(small).run(None, {"ids": ids.numpy()})[0][0]
    wanted = words(ids).detach().numpy()[0]
    lost = np.abs(found - wanted).max(1) / np.abs(wanted).max(1)
    assert lost[:3].max() < 0.005 < 0.02 < lost[3:].min() < lost[3:].max() < 0.15


def test_a_row_of_zeros_gives_the_bias(by_row: tuple[Path, Path]) -> None:
    rows = np.zeros((1, 5, 96), np.float32)
    wanted = checks.session(by_row[0]).run(None, {"rows": rows})
    found = checks.session(by_row[1]).run(None, {"rows": rows})
    assert np.array_equal(found[0], wanted[0]) and not found[1].any()


def test_processors_that_would_overflow_get_the_same_products(by_row: tuple[Path, Path]) -> None:
    rows = np.full((1, 5, 96), 3, np.float32)  # all bytes as large as they can be
    rows[0, :, ::2] = np.random.default_rng(3).normal(size=(5, 48))
    answers = []
    for wide in ("0", "1"):
        settings = onnxruntime.SessionOptions()
        settings.add_session_config_entry("session.x64quantprecision", wide)
        session = onnxruntime.InferenceSession(by_row[1], settings, ["CPUExecutionProvider"])
        answers.append(session.run(None, {"rows": rows}))
    if not saturates():
        assert all(np.array_equal(a, b) for a, b in zip(*answers, strict=True))
    found = checks.session(by_row[1]).run(None, {"rows": rows})
    assert all(np.array_equal(a, b) for a, b in zip(found, answers[1], strict=True))


def test_what_rounding_breaks_is_refused() -> None:
    checks.refuse_coarse("text", {"vector": {"cosine": 0.98, "least": 0.5}})
    with pytest.raises(LabError, match=r"text: vector in int8 have cosine 0\.96"):
        checks.refuse_coarse("text", {"vector": {"cosine": 0.96, "least": 0.5}})


@pytest.mark.slow
def test_released_whisper_hears_a_sentence(real_lab: Lab, tmp_path: Path) -> None:
    """Skipped, with the reason said, where the released towers are not."""
    spoken = real_lab.data / "sounds-speech.arrow"
    if not spoken.exists():
        pytest.skip(f"no {spoken}: run `omnisearch train data`")
    from omnisearch.training.data import tables

    tower, decoder = frozen.load_audio(real_lab)
    graphs.audio(tower, tmp_path / "audio32.onnx")
    graphs.speech(decoder, tmp_path / "speech32.onnx")
    for name in ("audio", "speech"):
        grain = export.GRAINS[name]
        int8.quantise(tmp_path / f"{name}32.onnx", tmp_path / f"{name}.onnx", grain)
    assert (tmp_path / "audio.onnx").stat().st_size < 10_000_000
    assert (tmp_path / "speech.onnx").stat().st_size < 30_600_000
    export.tables(real_lab, tmp_path)
    model = {"graphs": {name: {"file": f"{name}.onnx"} for name in ("audio", "speech")}}
    (tmp_path / "model.json").write_text(
        json.dumps({**model, **export.preprocessing(real_lab)}), "utf-8"
    )
    rows = tables.read(spoken, ["pcm", "transcript"]).slice(0, 40).to_pylist()
    encoder = Exported(tmp_path)
    heard = wanted = 0
    for row in rows[::4]:
        wave = np.frombuffer(row["pcm"], "<i2").astype(np.float32)
        words = set(encoder.transcribe(wave / np.float32(32768)).casefold().strip(".?!").split())
        truth = set(row["transcript"].casefold().split())
        heard, wanted = heard + len(words & truth), wanted + len(truth)
    assert heard > 0.5 * wanted
