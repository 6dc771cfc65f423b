from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from omnisearch.evaluation import retrieval
from omnisearch.training import measures
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.fusion.arithmetic import digest
from omnisearch.training.lab import LabError
from omnisearch.training.recovery import steps
from tests.training import toy

REPAIR = steps.Repair(steps=60, batch=48, rate=2e-3, bank=2, half=False)
REHEARSAL = steps.Rehearsal(steps=50, each=24, backbone_rate=5e-4, projector_rate=1e-3, half=False)


@pytest.fixture(scope="module")
def repaired(world: toy.Decoupled) -> Omni:
    return steps.step_1(world.model, "audio", world.train, REPAIR, run())


def run() -> steps.Run:
    return steps.Run(0, Path("/nonexistent/batch.npz"))


def gain(better: Omni, worse: Omni, world: toy.Decoupled, kind: str) -> retrieval.Interval:
    """Compare reciprocal ranks, paired by query."""
    sides = [measures.measure(model, world.test[kind])["ranks"] for model in (better, worse)]
    a, b = (1 / np.array(ranks) for ranks in sides)
    return retrieval.paired_bootstrap(a, b, seed=0, resamples=2000)


def test_fusion_makes_sounds_drift_though_their_projector_is_copied(world: toy.Decoupled) -> None:
    expert = world.experts["audio"]
    lost = gain(expert, world.model, world, "audio")
    assert lost.low > 0.05
    theirs, ours = expert.state_dict(), world.model.state_dict()
    copied = [key for key in theirs if key.startswith("projector.audio.")]
    assert copied and all(digest(theirs[key]) == digest(ours[key]) for key in copied)
    assert world.fused.copied == {key: digest(theirs[key]) for key in sorted(copied)}


def test_step_1_repairs_it(world: toy.Decoupled, repaired: Omni) -> None:
    assert gain(repaired, world.model, world, "audio").low > 0.03


def test_step_1_leaves_all_else_as_it_was(world: toy.Decoupled, repaired: Omni) -> None:
    before, after = world.model.state_dict(), repaired.state_dict()
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    assert moved and all(key.startswith("projector.audio.") for key in moved)
    for kind in ("text", "image"):
        one = world.test[kind]
        for side in (one.query, one.candidate):
            assert world.model.encode(side).tobytes() == repaired.encode(side).tobytes()


def test_what_moves_in_step_1_is_noticed(world: toy.Decoupled) -> None:
    entangled = world.model.with_tensors(world.model.tensors())
    shared = entangled.projector["audio"].get_submodule("outer")
    entangled.projector["visual"].register_module("outer", shared)
    with pytest.raises(steps.MovedError, match="changed in step 1"):
        steps.step_1(
            entangled, "audio", world.train, steps.Repair(steps=1, batch=8, half=False), run()
        )


def test_step_1_needs_pairs_of_its_channel(world: toy.Decoupled) -> None:
    only_text = {"text": world.train["text"]}
    with pytest.raises(LabError, match="no pairs pass the audio projector"):
        steps.step_1(world.model, "audio", only_text, REPAIR, run())


def test_step_2_lifts_what_fusion_diluted(world: toy.Decoupled, repaired: Omni) -> None:
    rehearsed = steps.step_2(repaired, world.train, REHEARSAL, run())
    assert gain(rehearsed, repaired, world, "image").low > 0.1
    before, after = repaired.state_dict(), rehearsed.state_dict()
    words = "backbone.embeddings.word_embeddings.weight"
    assert torch.equal(before[words], after[words])
    assert rehearsed.encode(world.test["audio"].candidate).shape == (192, toy.WIDTH)


def test_the_same_seed_gives_the_same_model(world: toy.Decoupled) -> None:
    short = steps.Repair(steps=3, batch=8, half=False)
    first, second = (
        steps.step_1(world.model, "audio", world.train, short, run()).state_dict() for _ in range(2)
    )
    assert all(torch.equal(first[key], second[key]) for key in first)
