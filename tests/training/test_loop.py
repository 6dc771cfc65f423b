from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from omnisearch.training import loop


def fitted(rate: float, steps: int, trace: Path, spoil: int = -1) -> tuple[list[float], float]:
    value = torch.nn.Parameter(torch.tensor([5.0]))

    def loss_of(batch: loop.Batch) -> torch.Tensor:
        target = float("nan") if batch["x"][0] == spoil else 2.0
        return (value - target).square().sum()

    losses = loop.fit(
        [loop.Group([value], rate), loop.Group([], 1.0)],
        lambda step: {"x": np.array([step])},
        loss_of,
        loop.Schedule(steps, warm_up=5, decay=0.0),
        trace,
    )
    return losses, float(value.detach())


def test_a_minimum_is_found(tmp_path: Path) -> None:
    losses, value = fitted(0.2, 120, tmp_path / "batch.npz")
    assert losses[0] == pytest.approx(9.0) and value == pytest.approx(2.0, abs=0.05)
    assert not (tmp_path / "batch.npz").exists()


def test_a_loss_that_is_no_number_stops_with_the_batch_saved(tmp_path: Path) -> None:
    with pytest.raises(loop.NonFiniteLossError, match="is nan at step 7"):
        fitted(0.1, 20, tmp_path / "batch.npz", spoil=7)
    kept = np.load(tmp_path / "batch.npz")
    assert int(kept["step"]) == 7 and kept["x"].tolist() == [7]


def test_rates_rise_then_fall() -> None:
    schedule = loop.Schedule(100, warm_up=10)
    rates = [loop.rate_at(step, schedule) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == 1.0 and rates[10] == 1.0
    assert rates[55] == pytest.approx(0.5) and rates[99] < 0.001
    assert loop.rate_at(0, loop.Schedule(3)) == 1.0
