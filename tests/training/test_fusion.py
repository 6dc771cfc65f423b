import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from omnisearch.training import checkpoints
from omnisearch.training.fusion.arithmetic import (
    Method,
    Settings,
    Tensors,
    digest,
    fuse,
    geometry,
)
from omnisearch.training.fusion.checks import FusionError

BASE = {"w": torch.tensor([[1.0, 1.0], [1.0, 1.0]])}
# task vectors: a = [[4, -1], [2, 0]], b = [[2, 3], [-4, 0]]
A = {"w": torch.tensor([[5.0, 0.0], [3.0, 1.0]])}
B = {"w": torch.tensor([[3.0, 4.0], [-3.0, 1.0]])}
BOTH = {"a": A, "b": B}


def fused(method: Method, coefficients: dict[str, float] | None, **settings: float) -> torch.Tensor:
    return fuse(BASE, BOTH, method, coefficients, Settings(**settings)).tensors["w"]  # type: ignore[arg-type]


def test_average_is_the_mean_of_the_specialists() -> None:
    assert fused("average", None).tolist() == [[4.0, 2.0], [0.0, 1.0]]


def test_task_arithmetic_has_a_coefficient_for_each() -> None:
    # 1 + 0.5 * a + 0.25 * b
    found = fused("task", {"a": 0.5, "b": 0.25})
    assert found.tolist() == [[3.5, 1.25], [1.0, 1.0]]
    assert fused("task", {"a": 0.0, "b": 0.0}).tolist() == BASE["w"].tolist()
    assert fused("task", {"a": 1.0, "b": 0.0}).tolist() == A["w"].tolist()


def test_ties_keeps_the_largest_and_averages_those_that_agree() -> None:
    # half of four entries: a keeps 4 and 2, b keeps 3 and -4.
    # 0,0: only a → 4. 0,1: only b → 3. 1,0: 2 against -4, elected minus → -4. 1,1: none.
    assert fused("ties", None, density=0.5).tolist() == [[5.0, 4.0], [-3.0, 1.0]]
    # all kept. 0,0: mean of 4 and 2. 0,1: -1 against 3 → 3.
    assert fused("ties", None, density=1.0).tolist() == [[4.0, 4.0], [-3.0, 1.0]]


def test_ties_weighs_votes_and_means() -> None:
    # weights 0.9 and 0.3: 1,0 is elected by 0.9 * 2 > 0.3 * 4; times the sum of the weights, 1.2
    found = fused("ties", {"a": 0.9, "b": 0.3}, density=1.0)
    first = 1 + 1.2 * (0.9 * 4 + 0.3 * 2) / 1.2
    assert found.flatten().tolist() == pytest.approx([first, 1 - 1.2, 1 + 1.2 * 2, 1.0])


def test_dare_drops_and_scales_what_is_left() -> None:
    generator = torch.Generator().manual_seed(0)
    base = {"w": torch.zeros(200, 200)}
    one = {"w": torch.randn(200, 200, generator=generator) + 3}
    found = fuse(base, {"a": one}, "dare", {"a": 1.0}, Settings(drop=0.75, seed=1)).tensors["w"]
    kept = found != 0
    assert kept.float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert torch.allclose(found[kept], 4 * one["w"][kept])
    again = fuse(base, {"a": one}, "dare", {"a": 1.0}, Settings(drop=0.75, seed=1)).tensors["w"]
    other = fuse(base, {"a": one}, "dare", {"a": 1.0}, Settings(drop=0.75, seed=2)).tensors["w"]
    assert torch.equal(found, again) and not torch.equal(found, other)
    assert fused("dare", {"a": 0.5, "b": 0.25}, drop=0.0).tolist() == [[3.5, 1.25], [1.0, 1.0]]


def test_regmean_is_least_squares_on_the_inputs_of_each() -> None:
    # each specialist sees one input dimension only, so each column is taken from whom it belongs to
    grams = {
        "a": {"w": torch.diag(torch.tensor([1.0, 0.0]))},
        "b": {"w": torch.diag(torch.tensor([0.0, 1.0]))},
    }
    found = fuse(BASE, BOTH, "regmean", None, Settings(grams=grams)).tensors["w"]
    assert found.flatten().tolist() == pytest.approx([5.0, 4.0, 3.0, 1.0], abs=1e-4)


def test_regmean_minimises_what_it_says() -> None:
    generator = torch.Generator().manual_seed(3)
    inputs = {name: torch.randn(40, 2, generator=generator).double() for name in BOTH}
    grams = {name: {"w": x.T @ x} for name, x in inputs.items()}
    found = fuse(BASE, BOTH, "regmean", None, Settings(grams=grams, shrink=1.0)).tensors["w"]

    def loss(weight: torch.Tensor) -> float:
        misses = [x @ (weight - BOTH[name]["w"]).double().T for name, x in inputs.items()]
        return sum(float(miss.square().sum()) for miss in misses)

    best = loss(found)
    for row, column in np.ndindex(2, 2):
        for step in (-0.01, 0.01):
            moved = found.clone()
            moved[row, column] += step
            assert loss(moved) > best


def test_a_tensor_whose_inputs_are_not_known_is_the_weighted_sum_in_regmean() -> None:
    base, a, b = ({**one, "v": one["w"]} for one in (BASE, A, B))
    grams = {name: {"w": torch.eye(2)} for name in BOTH}
    grams["a"]["v"] = torch.eye(2)  # of one specialist only
    made = fuse(
        base, {"a": a, "b": b}, "regmean", {"a": 0.5, "b": 0.25}, Settings(grams=grams)
    ).tensors
    assert made["v"].tolist() == [[3.5, 1.25], [1.0, 1.0]]
    assert made["w"].tolist() != made["v"].tolist()


@pytest.mark.parametrize(
    ("grams", "message"),
    [
        ({}, "wants the inputs of every specialist, those of a are missing"),
        ({"a": {"w": torch.eye(2)}}, "those of b are missing"),
        ({"a": {"w": torch.eye(2)}, "c": {}}, "a gram for c, which is no specialist"),
        ({"a": {"w": torch.eye(2)}, "b": {"other": torch.eye(2)}}, "share no key"),
        ({"a": {"w": torch.eye(3)}, "b": {"w": torch.eye(2)}}, r"w of a has the shape \(3, 3\)"),
        ({"a": {"w": torch.eye(2)}, "b": {"w": math.nan * torch.eye(2)}}, "w of b is not finite"),
    ],
)
def test_regmean_is_no_average_for_want_of_grams(
    grams: dict[str, dict[str, torch.Tensor]], message: str
) -> None:
    with pytest.raises(FusionError, match=message):
        fuse(BASE, BOTH, "regmean", None, Settings(grams=grams))


def test_geometry_by_hand() -> None:
    norms, cosines = geometry(BASE, BOTH)
    assert norms == pytest.approx({"a": math.sqrt(21) / 2, "b": math.sqrt(29) / 2})
    assert cosines == pytest.approx({"a b": (8 - 3 - 8) / math.sqrt(21 * 29)})


def test_what_the_base_lacks_is_copied_bit_by_bit() -> None:
    grafted = torch.tensor([float("nan"), -0.0, 1e-42])
    made = fuse(BASE, {"a": A, "b": {**B, "projector.audio": grafted}}, "average")
    raw = grafted.numpy().tobytes()
    assert made.tensors["projector.audio"].numpy().tobytes() == raw
    wanted = hashlib.sha256(b"torch.float32 (3,) " + raw).hexdigest()
    assert made.copied == {"projector.audio": wanted}
    assert made.tensors["projector.audio"].data_ptr() != grafted.data_ptr()


def test_two_of_the_same_name_must_be_the_same() -> None:
    grafted = torch.ones(2)
    both = {"a": {**A, "p": grafted}, "b": {**B, "p": grafted.clone()}}
    assert fuse(BASE, both, "average").copied == {"p": digest(grafted)}
    both["b"]["p"][0] = 2
    with pytest.raises(FusionError, match="p of b differs"):
        fuse(BASE, both, "average")


def test_types_and_untouched_tensors_stay() -> None:
    base = {"half": torch.ones(3, dtype=torch.bfloat16), "places": torch.arange(5)}
    one = {"half": torch.full((3,), 2.0, dtype=torch.bfloat16), "places": torch.arange(5)}
    made = fuse(base, {"a": one}, "task", {"a": 0.5}).tensors
    assert made["half"].dtype == torch.bfloat16 and made["half"].tolist() == [1.5] * 3
    assert torch.equal(made["places"], base["places"])


@pytest.mark.parametrize(
    ("specialists", "method", "coefficients", "message"),
    [
        ({}, "task", None, "nothing to fuse"),
        ({"a": {}}, "task", None, "a lacks w"),
        ({"a": {"w": torch.ones(3)}}, "task", None, r"w of a has the shape \(3,\)"),
        ({"a": {"w": torch.full((2, 2), math.nan)}}, "task", None, "w of a is not finite"),
        ({"a": A}, "slerp", None, "no method 'slerp'"),
        ({"a": A}, "average", {"a": 0.3}, "an average takes no coefficients"),
        ({"a": A}, "task", {"c": 0.3}, "a coefficient for c"),
        ({"a": A}, "task", {"a": math.nan}, "the coefficient of a is nan: give a finite number"),
        ({"a": A}, "task", {"a": math.inf}, "the coefficient of a is inf"),
    ],
)
def test_what_cannot_be_fused_is_said(
    specialists: dict[str, Tensors],
    method: Method,
    coefficients: dict[str, float] | None,
    message: str,
) -> None:
    with pytest.raises(FusionError, match=message):
        fuse(BASE, specialists, method, coefficients)


@pytest.mark.parametrize("kind", [torch.int64, torch.complex64, torch.float8_e4m3fn, torch.bool])
def test_what_has_no_task_vector_is_kept_where_all_are_equal(kind: torch.dtype) -> None:
    base = {"w": BASE["w"], "other": torch.tensor([0.0, 1.0]).to(kind)}
    one = {"w": A["w"], "other": base["other"].clone()}
    assert digest(fuse(base, {"a": one}, "task").tensors["other"]) == digest(base["other"])
    one["other"] = torch.tensor([1.0, 1.0]).to(kind)
    with pytest.raises(FusionError, match=f"other of a is {str(kind)[6:]}.* and differs"):
        fuse(base, {"a": one}, "task")


def test_a_base_must_hold_finite_numbers() -> None:
    with pytest.raises(FusionError, match="the base holds no tensors"):
        fuse({}, {"a": A}, "task")
    with pytest.raises(FusionError, match="w of the base is not finite"):
        fuse({"w": torch.full((2, 2), math.inf)}, {"a": A}, "task")


def test_what_its_type_cannot_hold_is_refused() -> None:
    base, one = ({"w": torch.tensor([x], dtype=torch.float16)} for x in (0.0, 60000.0))
    assert fuse(base, {"a": one}, "task", {"a": 1.0}).tensors["w"].tolist() == [60000.0]
    with pytest.raises(FusionError, match="w is not finite in float16 after fusing: lower"):
        fuse(base, {"a": one}, "task", {"a": 5.0})


def test_checkpoints_come_back_bit_by_bit(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 4), "b": torch.arange(4), "c": torch.randn(4).bfloat16()}
    checkpoints.save(tmp_path / "one.safetensors", tensors, {"seed": "0"})
    found = checkpoints.load(tmp_path / "one.safetensors")
    assert found.keys() == tensors.keys()
    assert all(digest(found[key]) == digest(tensors[key]) for key in tensors)
    assert [path.name for path in tmp_path.iterdir()] == ["one.safetensors"]
    assert (tmp_path / "one.safetensors").stat().st_mode & 0o777 == 0o644


def test_a_folder_is_one_checkpoint(tmp_path: Path) -> None:
    checkpoints.save(tmp_path / "model-1.safetensors", {"a": torch.ones(1)})
    checkpoints.save(tmp_path / "model-2.safetensors", {"b": torch.zeros(1)})
    assert sorted(checkpoints.Checkpoint(tmp_path)) == ["a", "b"]


def test_two_whole_copies_in_a_folder_are_no_checkpoint(tmp_path: Path) -> None:
    for name in ("model", "model.fp16"):
        checkpoints.save(tmp_path / f"{name}.safetensors", {"a": torch.ones(1)})
    told = r"holds a twice, in model.fp16.safetensors and in model.safetensors: name the file"
    with pytest.raises(checkpoints.CheckpointError, match=told):
        checkpoints.Checkpoint(tmp_path)


def test_bad_checkpoints_are_refused(tmp_path: Path) -> None:
    with pytest.raises(checkpoints.CheckpointError, match="holds no"):
        checkpoints.Checkpoint(tmp_path / "none.safetensors")
    (tmp_path / "pickle.bin").write_bytes(b"cos\nsystem")
    with pytest.raises(checkpoints.CheckpointError, match="pickles run code"):
        checkpoints.Checkpoint(tmp_path / "pickle.bin")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{")
    with pytest.raises(checkpoints.CheckpointError, match="is damaged"):
        checkpoints.Checkpoint(tmp_path / "cut.safetensors")
