"""Pictures as bytes: convolutions, sums and pooling beside the same in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn

from omnisearch.encoder.processor import saturates
from omnisearch.training.export import checks, graphs, int8, rounding
from omnisearch.training.export.chain import Chain
from omnisearch.training.export.convolutions import as_bytes, ranges
from omnisearch.training.export.int8 import Grain
from omnisearch.training.towers.image import ImageSizes, ImageTower, Stage

SIDE = 64
# three blocks, of which two are added to what came before
SIZES = ImageSizes(8, (Stage(1, 3, 2, 2, 12), Stage(3, 5, 2, 2, 16)), 64, 10)


def pictures(count: int, seed: int) -> np.ndarray:
    """Give plain pictures with a patch, as icons are."""
    random = np.random.default_rng(seed)
    found = np.tile(random.uniform(0, 255, (count, 3, 1, 1)), (1, 1, SIDE, SIDE))
    found[:, :, 16:40, 20:50] = random.uniform(0, 255, (count, 3, 24, 30))
    return np.asarray(found.round(), np.float32)


def tower(seed: int = 0) -> ImageTower:
    torch.manual_seed(seed)
    made = ImageTower(SIZES)
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -0.5, 1)
    with torch.no_grad():  # the means and deviations that such pictures have
        made.train()(torch.from_numpy(pictures(64, 1)))
    return made.eval()


def exported(made: nn.Module, path: Path) -> Path:
    axes = {"pixels": {0: torch.export.Dim("n", min=1, max=64)}}
    example = (torch.full((2, 3, SIDE, SIDE), 127.0),)
    graphs.write(made, example, axes, ["features"], path)
    return path


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tower")
    full, small = exported(tower(), folder / "full.onnx"), folder / "small.onnx"
    int8.quantise(full, small, Grain(pictures=True), {"pixels": pictures(32, 2)})
    return full, small


def test_every_convolution_multiplies_bytes(both: tuple[Path, Path]) -> None:
    before, after = ([node.op_type for node in onnx.load(one).graph.node] for one in both)
    assert after.count("QLinearConv") == before.count("Conv") == 14
    assert after.count("QLinearAdd") == 2 and after.count("QuantizeLinear") == 1
    assert not {"Conv", "AveragePool"} & set(after)
    assert both[1].stat().st_size < 0.5 * both[0].stat().st_size


def test_bytes_say_what_numbers_say(both: tuple[Path, Path]) -> None:
    cosines = checks.agreement(*both, {"pixels": pictures(32, 3)})["features"]
    assert cosines["cosine"] > 0.999 and cosines["least"] > 0.99


def test_without_a_trial_nothing_is_known_of_scales(
    both: tuple[Path, Path], tmp_path: Path
) -> None:
    int8.quantise(both[0], tmp_path / "small.onnx", Grain(pictures=True))
    kinds = {node.op_type for node in onnx.load(tmp_path / "small.onnx").graph.node}
    assert "Conv" in kinds and "QLinearConv" not in kinds


def test_channels_of_any_size_have_their_own_steps(tmp_path: Path) -> None:
    made = tower()
    with torch.no_grad():  # what is added has channels a hundred times as large as others
        factors = torch.logspace(0, 2, 16)
        for block in list(made._blocks)[1:]:
            block.get_parameter("_bn2.weight").mul_(factors)
            block.get_parameter("_bn2.bias").mul_(factors)
        for block in list(made._blocks)[2:]:
            block.get_parameter("_expand_conv.weight").div_(factors[None, :, None, None])
        made._conv_head.weight /= factors[None, :, None, None]
    full, small = exported(made, tmp_path / "full.onnx"), tmp_path / "small.onnx"
    int8.quantise(full, small, Grain(pictures=True), {"pixels": pictures(32, 2)})
    given = {"pixels": pictures(32, 3)}
    wanted, found = (checks.session(one).run(None, given)[0][:, 0] for one in (full, small))
    cosine = (
        (wanted * found).sum(1) / np.linalg.norm(wanted, axis=1) / np.linalg.norm(found, axis=1)
    )
    assert cosine.min() > 0.99


def test_sums_are_exact(both: tuple[Path, Path]) -> None:
    model = onnx.load(both[0])
    chain = Chain(model)
    how = as_bytes(chain, ranges(model, chain.tensors, {"pixels": pictures(8, 2)}))
    assert len(chain.sums) == 2 and len(chain.bounds) == 10 and len(chain.given) == 1
    for name, (first, second) in chain.sums.items():
        assert np.array_equal(how[name].scales, how[first].scales)
        assert np.array_equal(how[name].middle, how[first].middle + how[second].middle)
        assert np.abs(how[name].middle).max() <= 127


def test_a_picture_gives_the_same_alone_and_among_others(both: tuple[Path, Path]) -> None:
    session, pixels = checks.session(both[1]), pictures(6, 4)
    together = session.run(None, {"pixels": pixels})[0]
    for at in range(len(pixels)):
        alone = session.run(None, {"pixels": pixels[at : at + 1]})[0]
        np.testing.assert_allclose(alone[0], together[at], rtol=1e-4, atol=1e-5)


def test_processors_that_would_overflow_get_the_same_pictures(both: tuple[Path, Path]) -> None:
    given, answers = {"pixels": pictures(4, 5)}, []
    for wide in ("0", "1"):
        settings = onnxruntime.SessionOptions()
        settings.add_session_config_entry("session.x64quantprecision", wide)
        session = onnxruntime.InferenceSession(both[1], settings, ["CPUExecutionProvider"])
        answers.append(session.run(None, given)[0])
    if not saturates():
        assert np.array_equal(*answers)
    found = checks.session(both[1]).run(None, given)[0]
    assert np.array_equal(found, answers[1])


def test_plain_surfaces_keep_their_sums() -> None:
    weight = np.random.default_rng(0).normal(size=(20, 3, 5, 5)).astype(np.float32)
    weight[4] = 0
    numbers, scales = rounding.kernels(weight, np.zeros(20, np.float32))
    assert numbers.dtype == np.int8 and not numbers[4].any()
    back = numbers * scales[:, None, None, None]
    assert np.abs(back - weight).max() < np.abs(weight).max() / 100
    lost = np.abs((back - weight).sum((2, 3)))
    assert (lost <= 0.5001 * scales[:, None]).all()
    plain = np.rint(weight / np.maximum(scales, 1e-9)[:, None, None, None])
    far = np.abs((plain * scales[:, None, None, None] - weight).sum((2, 3)))
    assert (far > 0.5001 * scales[:, None]).any()  # which rounding alone does not give


def test_tiles_are_pooled_as_they_were(tmp_path: Path) -> None:
    class Pooled(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return nn.functional.adaptive_avg_pool2d(pixels, 4)

    full, small = exported(Pooled(), tmp_path / "full.onnx"), tmp_path / "small.onnx"
    int8.quantise(full, small)
    assert "AveragePool" in {node.op_type for node in onnx.load(full).graph.node}
    assert "AveragePool" not in {node.op_type for node in onnx.load(small).graph.node}
    given = {"pixels": np.random.default_rng(0).uniform(0, 255, (3, 3, SIDE, SIDE))}
    given = {name: one.astype(np.float32) for name, one in given.items()}
    wanted, found = (checks.session(one).run(None, given)[0] for one in (full, small))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_attention_is_written_as_torch_has_it() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 7, 8)
    seen = torch.rand(2, 1, 1, 7) > 0.3
    seen[..., 0] = True
    own = torch.nn.functional.scaled_dot_product_attention
    with graphs._plain_attention():
        plain = torch.nn.functional.scaled_dot_product_attention
        assert plain is not own
        torch.testing.assert_close(plain(q, k, v, attn_mask=seen), own(q, k, v, attn_mask=seen))
        torch.testing.assert_close(plain(q, k, v), own(q, k, v))
    assert torch.nn.functional.scaled_dot_product_attention is own
